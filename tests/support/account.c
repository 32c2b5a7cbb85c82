/* SPDX-License-Identifier: MIT */
#include "tests/support/account.h"

struct pfi_account *test_account(void) {
    static struct pfi_account account;
    if (account.limit == 0) {
        pfi_account_init(&account);
    }
    return &account;
}
