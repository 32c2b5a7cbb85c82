/* SPDX-License-Identifier: MIT */
#include "alloc/account.h"

void pfi_account_init(struct pfi_account *account) {
    *account = (struct pfi_account){.limit = UINTPTR_MAX};
    for (int space = 0; space < PINFOLD_SPACES; ++space) {
        account->space_limits[space] = UINTPTR_MAX;
    }
}

/* Raises a sum if it stays at or below the limit. */
static bool raise(uintptr_t *sum, size_t size, const uintptr_t *limit) {
    uintptr_t seen = pfi_word_load(sum);
    for (;;) {
        uintptr_t most = pfi_word_load(limit);
        if (seen > most || size > most - seen) {
            return false;
        }
        uintptr_t found = pfi_word_compare_and_swap(sum, seen, seen + size);
        if (found == seen) {
            return true;
        }
        seen = found;
    }
}

bool pfi_account_charge(struct pfi_account *account, enum pfi_space space, size_t size) {
    if (!raise(&account->spaces[space], size, &account->space_limits[space])) {
        pfi_word_store(&account->refusal, PINFOLD_REFUSED_BY_SPACE_LIMIT);
        return false;
    }
    if (!raise(&account->total, size, &account->limit)) {
        pfi_word_subtract(&account->spaces[space], size);
        pfi_word_store(&account->refusal, PINFOLD_REFUSED_BY_LIMIT);
        return false;
    }
    pfi_word_store(&account->refusal, PINFOLD_REFUSED_NOT);
    return true;
}

void pfi_account_add(struct pfi_account *account, enum pfi_space space, size_t size) {
    pfi_word_add(&account->spaces[space], size);
    pfi_word_add(&account->total, size);
}

void pfi_account_subtract(struct pfi_account *account, enum pfi_space space, size_t size) {
    pfi_word_subtract(&account->spaces[space], size);
    pfi_word_subtract(&account->total, size);
}

static size_t room(const uintptr_t *sum, const uintptr_t *limit) {
    size_t used = pfi_word_load(sum);
    size_t most = pfi_word_load(limit);
    return used < most ? most - used : 0;
}

size_t pfi_account_room(const struct pfi_account *account, enum pfi_space space) {
    size_t in_all = room(&account->total, &account->limit);
    size_t in_space = room(&account->spaces[space], &account->space_limits[space]);
    return in_all < in_space ? in_all : in_space;
}

void pfi_account_set_limit(struct pfi_account *account, size_t limit) {
    pfi_word_store(&account->limit, limit);
}

void pfi_account_set_space_limit(struct pfi_account *account, enum pfi_space space, size_t limit) {
    pfi_word_store(&account->space_limits[space], limit);
}

size_t pfi_account_limit(const struct pfi_account *account, enum pfi_space space) {
    size_t whole = pfi_word_load(&account->limit);
    size_t own = pfi_word_load(&account->space_limits[space]);
    return own < whole ? own : whole;
}

bool pfi_account_is_above_limit(const struct pfi_account *account) {
    bool is_above = pfi_word_load(&account->total) > pfi_word_load(&account->limit);
    for (int space = 0; space < PINFOLD_SPACES; ++space) {
        is_above |= pfi_word_load(&account->spaces[space]) > pfi_word_load(&account->space_limits[space]);
    }
    return is_above;
}
