/* SPDX-License-Identifier: MIT */
#include "alloc/context.h"

#include "alloc/object.h"
#include "alloc/object_starts.h"
#include "alloc/platform/check.h"

static bool is_topmost(const struct pfi_share *share, const struct pf_thread *thread) {
    return !pfi_context_is_closed(thread) &&
           (uintptr_t)thread->alloc_limit + PINFOLD_MIN_OBJECT == share->ephemeral->allocated;
}

size_t pfi_context_rest(const struct pf_thread *thread) {
    bool is_empty = thread == NULL || pfi_context_is_closed(thread);
    return is_empty ? 0 : (size_t)(thread->alloc_limit - thread->alloc_ptr) + PINFOLD_MIN_OBJECT;
}

void pfi_context_close(struct pfi_share *share, struct pf_thread *thread) {
    if (pfi_context_is_closed(thread)) {
        return;
    }
    uintptr_t rest = (uintptr_t)thread->alloc_ptr;
    size_t size = pfi_context_rest(thread);
    if (is_topmost(share, thread)) {
        share->ephemeral->allocated = rest;
        share->generations[0].budget_left += (int64_t)size;
    } else {
        pfi_share_format_gap(share, 0, rest, size);
    }
    share->allocated_bytes -= size;
    thread->alloc_ptr = NULL;
    thread->alloc_limit = NULL;
}

/* The end of the chunk at `start`: the quantum if it fits, never less than the request, and never so much that an
 * object of the large-object threshold would fit into the context. */
static uintptr_t chunk_end(const struct pfi_share *share, uintptr_t start, uintptr_t needed_end) {
    uintptr_t most = start + share->options->large_threshold + PINFOLD_MIN_OBJECT - PINFOLD_GRANULE;
    uintptr_t end = share->ephemeral->allocated + share->quantum;
    return pfi_max(needed_end, pfi_min(end, pfi_min(most, share->ephemeral->end)));
}

enum pfi_exhausted pfi_context_refill(struct pfi_share *share, struct pf_thread *thread, size_t size) {
    struct pfi_segment *segment = share->ephemeral;
    struct pfi_generation *youngest = &share->generations[0];
    if (youngest->budget_left <= 0) {
        return PINFOLD_EXHAUSTED_BUDGET;
    }
    bool adjacent = is_topmost(share, thread);
    uintptr_t start = adjacent ? (uintptr_t)thread->alloc_ptr : segment->allocated;
    uintptr_t needed_end = start + size + PINFOLD_MIN_OBJECT;
    if (needed_end > segment->end) {
        return PINFOLD_EXHAUSTED_SPACE;
    }
    uintptr_t end = chunk_end(share, start, needed_end);
    if (!pfi_segment_commit(share->arena, segment, end)) {
        return PINFOLD_EXHAUSTED_COMMIT;
    }
    if (!adjacent) {
        pfi_context_close(share, thread);
    }
    uintptr_t fresh = segment->allocated;
    segment->allocated = end;
    youngest->budget_left -= (int64_t)(end - fresh);
    share->allocated_bytes += end - fresh;
    pfi_segment_clear(segment, fresh, end);
    pfi_object_starts_set(share->arena->object_starts, start, end);
    thread->alloc_ptr = (char *)start;
    thread->alloc_limit = (char *)(end - PINFOLD_MIN_OBJECT);
    return PINFOLD_EXHAUSTED_NOT;
}
