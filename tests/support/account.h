/* SPDX-License-Identifier: MIT
 *
 * The account that structures charge which a test makes without a heap.
 */
#ifndef TESTS_SUPPORT_ACCOUNT_H
#define TESTS_SUPPORT_ACCOUNT_H

#include "alloc/account.h"

/* One for the whole program; unlimited until a test limits it. */
struct pfi_account *test_account(void);

#endif
