/* SPDX-License-Identifier: MIT
 *
 * A list of registrations for finalization, first in, first out. A node is in one list at most. One whose registration
 * was suppressed holds 0, stays in its list until a collection looks at that, and is not counted.
 */
#ifndef PINFOLD_GC_FINALIZER_LIST_H
#define PINFOLD_GC_FINALIZER_LIST_H

#include <stddef.h>
#include <stdint.h>

struct pfi_finalizer {
    struct pfi_finalizer *next;
    uintptr_t value; /* a reference as slots hold it; 0: suppressed */
    uint64_t number; /* registrations before it: their order */
};

struct pfi_finalizer_list {
    struct pfi_finalizer *first; /* NULL: empty, and `last` says nothing */
    struct pfi_finalizer *last;
    size_t count; /* of nodes that are not suppressed */
};

static inline void pfi_finalizer_list_append(struct pfi_finalizer_list *list, struct pfi_finalizer *node) {
    node->next = NULL;
    if (list->first == NULL) {
        list->first = node;
    } else {
        list->last->next = node;
    }
    list->last = node;
    ++list->count;
}

/* The first node, which must not be suppressed; NULL when there is none. */
struct pfi_finalizer *pfi_finalizer_list_take(struct pfi_finalizer_list *list);

/* Moves all nodes of `tail` behind those of `list`. */
void pfi_finalizer_list_join(struct pfi_finalizer_list *list, struct pfi_finalizer_list *tail);

/* Into the order of registration. In proportion to n where the list is made of a few sorted runs, n log n at most; no
 * memory. No node is suppressed. */
void pfi_finalizer_list_sort(struct pfi_finalizer_list *list);

#endif
