/* SPDX-License-Identifier: MIT
 *
 * The plugs that a plan moves, or could move, one behind the other, as long as they are few. Between many pins the
 * bitmap is long and says little: relocation and compaction then read this list instead of walking it again. Where the
 * list is full, memory for more is refused, or expansion has given plugs other places, it is not complete, and the
 * bitmap is walked.
 *
 * Owner: a heap; written by plan, read until the end of compaction. Its memory grows as it is used, and is kept.
 */
#ifndef PINFOLD_GC_PLUG_LIST_H
#define PINFOLD_GC_PLUG_LIST_H

#include "alloc/bookkeeping.h"

enum { PINFOLD_LISTED_PLUGS = 1 << 15 };

struct pfi_listed_plug {
    uintptr_t start;
    uintptr_t end;
    uintptr_t place;
};

struct pfi_plug_list {
    struct pfi_listed_plug *plugs;
    size_t count;
    size_t capacity;
    struct pfi_extent memory;
    bool is_complete;
};

/* false: no memory. */
bool pfi_plug_list_init(struct pfi_plug_list *list, struct pfi_account *account);
void pfi_plug_list_finish(struct pfi_plug_list *list);

/* For a full list. false: it stays full, and is not complete any more. */
bool pfi_plug_list_grow(struct pfi_plug_list *list);

/* Gives back what was needed for more plugs than usual. Not between plan and the end of compaction. */
void pfi_plug_list_release(struct pfi_plug_list *list);

static inline void pfi_plug_list_clear(struct pfi_plug_list *list) {
    list->count = 0;
    list->is_complete = true;
}

static inline void pfi_plug_list_add(struct pfi_plug_list *list, uintptr_t start, uintptr_t end, uintptr_t place) {
    if (PINFOLD_UNLIKELY(list->count == list->capacity) && !pfi_plug_list_grow(list)) {
        return;
    }
    list->plugs[list->count++] = (struct pfi_listed_plug){start, end, place};
}

#endif
