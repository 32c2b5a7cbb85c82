/* SPDX-License-Identifier: MIT
 *
 * Trying out generation 2's free list without changing it: a planned promotion reads items through a cursor. When the
 * collection compacts, the cursor is committed (what was used leaves the list, remainders return to it); when it
 * sweeps, the cursor is thrown away and the list was never touched. That replaces the ancestor's undo lists.
 *
 *     bin:  item -> item -> item -> item          current region
 *           `-- consumed --'   ^ next[bin]        | plugs ... ptr -> ... end |
 */
#ifndef PINFOLD_GC_FIT_CURSOR_H
#define PINFOLD_GC_FIT_CURSOR_H

#include "alloc/share.h"

struct pfi_fit_cursor {
    const struct pfi_free_list *list;
    uintptr_t next[PINFOLD_MAX_BINS];
    uint32_t nonempty;
    uintptr_t item; /* the current region's free object; 0 = none */
    uintptr_t ptr;
    uintptr_t end;
    struct pfi_account *account; /* NULL: no item has pages that were given back */
    size_t charged;              /* such pages of the items that are planned with: a plan must not fail later */
};

/* Pages that were given back are charged to the account (NULL: there are none) when an item is planned with; one that a
 * limit refuses is not. */
void pfi_fit_cursor_open(struct pfi_fit_cursor *cursor, const struct pfi_free_list *list, struct pfi_account *account);

/* Room for `size` bytes such that what is left of the item is nothing or a free object; 0 when there is none. */
uintptr_t pfi_fit_cursor_take(struct pfi_fit_cursor *cursor, size_t size);

/* Makes the planned use of the items of generation 2 of `share` real. Before anything moves into them. */
void pfi_fit_cursor_commit(struct pfi_fit_cursor *cursor, struct pfi_share *share);

/* Gives up the plan, which has changed nothing but the account. */
void pfi_fit_cursor_abandon(struct pfi_fit_cursor *cursor);

#endif
