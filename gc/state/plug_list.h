/* SPDX-License-Identifier: MIT
 *
 * The plugs that a plan moves, or could move, one behind the other, as long as they are few. Between many pins the
 * bitmap is long and says little: relocation and compaction then read this list instead of walking it again. Where the
 * list is full, or expansion has given plugs other places, it is not complete, and the bitmap is walked.
 *
 * Owner: a heap; written by plan, read until the end of compaction. Its memory is taken from the system as it is used,
 * and kept.
 */
#ifndef PINFOLD_GC_PLUG_LIST_H
#define PINFOLD_GC_PLUG_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PINFOLD_LISTED_PLUGS = 1 << 15 };

struct pfi_listed_plug {
    uintptr_t start;
    uintptr_t end;
    uintptr_t place;
};

struct pfi_plug_list {
    struct pfi_listed_plug *plugs;
    size_t count;
    bool is_complete;
};

/* false: no memory. */
bool pfi_plug_list_init(struct pfi_plug_list *list);
void pfi_plug_list_finish(struct pfi_plug_list *list);

static inline void pfi_plug_list_clear(struct pfi_plug_list *list) {
    list->count = 0;
    list->is_complete = true;
}

static inline void pfi_plug_list_add(struct pfi_plug_list *list, uintptr_t start, uintptr_t end, uintptr_t place) {
    if (list->count == PINFOLD_LISTED_PLUGS) {
        list->is_complete = false;
        return;
    }
    list->plugs[list->count++] = (struct pfi_listed_plug){start, end, place};
}

#endif
