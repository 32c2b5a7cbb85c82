/* SPDX-License-Identifier: MIT
 *
 * What plan writes down about a plug: two words, in the last bytes of the gap before it, or in the pin queue where no
 * gap is or a pinned object lies before it. Words, because it shares memory with free objects, which are words too: a
 * compiler may take accesses by types of different sizes for accesses to different places.
 *
 *     ... live | gap of dead bytes ......... [ distance | gap ] | plug ...
 *
 * Written by plan and expand, read until the end of compaction or sweep.
 */
#ifndef PINFOLD_GC_PLUG_RECORD_H
#define PINFOLD_GC_PLUG_RECORD_H

#include <stdbool.h>

#include "alloc/layout.h"

struct pfi_plug_record {
    uintptr_t distance; /* bytes to add to an old address; wraps around for moves downwards */
    uintptr_t gap;      /* dead bytes before the plug */
};
static_assert(sizeof(struct pfi_plug_record) <= PINFOLD_MIN_OBJECT, "a record fits the smallest gap");

struct pfi_plug {
    uintptr_t start;
    uintptr_t end;
    struct pfi_plug_record *record;
    bool is_pinned;
};

static inline struct pfi_plug_record *pfi_plug_record_before(uintptr_t plug) {
    return (struct pfi_plug_record *)(plug - sizeof(struct pfi_plug_record));
}

static inline uintptr_t pfi_plug_place(const struct pfi_plug *plug) {
    return plug->start + plug->record->distance;
}

#endif
