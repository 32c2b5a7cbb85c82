/* SPDX-License-Identifier: MIT */
#include "alloc/lookup.h"

#include "alloc/object.h"
#include "alloc/object_starts.h"

/* The end of the open context that `address` lies in; 0 when it lies in none. */
static uintptr_t context_end(const struct pf_thread *threads, uintptr_t address) {
    uintptr_t nearest = UINTPTR_MAX;
    for (const struct pf_thread *thread = threads; thread != NULL; thread = thread->next) {
        uintptr_t end = (uintptr_t)thread->alloc_limit + PINFOLD_MIN_OBJECT;
        nearest = thread->alloc_limit != NULL && end > address ? pfi_min(nearest, end) : nearest;
    }
    return nearest == UINTPTR_MAX ? 0 : nearest;
}

/* The last place before `address` that is known to begin an object: `start`, or the end of an open context behind it.
 * So the walk meets no context but the one that `address` lies in: in others, threads are making objects right now. */
static uintptr_t skip_contexts(const struct pf_thread *threads, uintptr_t start, uintptr_t address) {
    for (const struct pf_thread *thread = threads; thread != NULL; thread = thread->next) {
        uintptr_t end = (uintptr_t)thread->alloc_limit + PINFOLD_MIN_OBJECT;
        if (thread->alloc_limit != NULL && end <= address) {
            start = pfi_max(start, end);
        }
    }
    return start;
}

/* Side by side from a known start on. Memory that reads as zero is the unused end of a context (a gap that was handed
 * out a moment ago and is not cleared yet still reads as a free object); what lies behind it is found again at the
 * context's end. */
static uintptr_t walk_to(const struct pf_thread *threads, uintptr_t object, uintptr_t address) {
    while (object != 0 && object <= address) {
        if (pfi_object_type(object) == NULL) {
            object = context_end(threads, object);
            continue;
        }
        uintptr_t next = object + pfi_object_size(object);
        if (next > address) {
            return object;
        }
        object = next;
    }
    return 0;
}

/* Large objects begin at pages, so the table names them directly; what is left of the last page is no part of them. */
static uintptr_t large_around(uintptr_t object, uintptr_t address) {
    bool is_inside = pfi_object_type(object) != NULL && address - object < pfi_object_size(object);
    return is_inside ? object : 0;
}

static uintptr_t find(const struct pfi_arena *arena, const struct pfi_segment *segment, const struct pf_thread *threads,
                      uintptr_t address) {
    if (segment == NULL || address < segment->first || address >= pfi_segment_allocated_now(segment)) {
        return 0;
    }
    uintptr_t start = pfi_object_starts_before(arena->object_starts, segment->first, address);
    bool is_large = segment->kind == PINFOLD_SEGMENT_LARGE;
    uintptr_t object =
        is_large ? large_around(start, address) : walk_to(threads, skip_contexts(threads, start, address), address);
    return object == 0 || pfi_object_is_free(object) ? 0 : object;
}

uintptr_t pfi_lookup_object_in(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t address) {
    return find(arena, segment, NULL, address);
}

uintptr_t pfi_lookup_object(const struct pfi_arena *arena, uintptr_t address) {
    return find(arena, pfi_arena_segment_of(arena, address), NULL, address);
}

uintptr_t pfi_lookup_object_held(struct pfi_share *share, const struct pf_thread *threads, uintptr_t address) {
    pfi_mutex_lock(&share->small_lock);
    pfi_mutex_lock(&share->old_lock);
    const struct pfi_segment *segment = pfi_arena_segment_of(share->arena, address);
    uintptr_t object = find(share->arena, segment, threads, address);
    pfi_mutex_unlock(&share->old_lock);
    pfi_mutex_unlock(&share->small_lock);
    return object;
}
