/* SPDX-License-Identifier: MIT
 *
 * The mark phase from roots to complete bits, for tests that go on with a phase behind it.
 */
#ifndef TESTS_SUPPORT_MARK_ALL_H
#define TESTS_SUPPORT_MARK_ALL_H

#include "gc/heap.h"
#include "gc/phase/mark.h"

static inline void mark_all(struct pf_heap *heap, struct pfi_move_plan *plan) {
    struct pfi_marker marker;
    pfi_mark_open(&marker, plan, &heap->mark_team, &heap->workers, heap->tags);
    pfi_mark_roots(&marker, &heap->roots);
    pfi_mark_drain(&marker);
    pfi_mark_close(&marker, plan);
}

#endif
