/* SPDX-License-Identifier: MIT */
#include "alloc/lookup.h"

#include "alloc/object.h"
#include "alloc/object_starts.h"

/* Side by side from a known start on. Memory that reads as zero is the unused end of a context. */
static uintptr_t walk_to(uintptr_t object, uintptr_t address) {
    while (pfi_object_type(object) != NULL) {
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

uintptr_t pfi_lookup_object_in(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t address) {
    if (segment == NULL || address < segment->first || address >= segment->allocated) {
        return 0;
    }
    uintptr_t start = pfi_object_starts_before(arena->object_starts, segment->first, address);
    uintptr_t object = segment->kind == PINFOLD_SEGMENT_LARGE ? large_around(start, address) : walk_to(start, address);
    return object == 0 || pfi_object_is_free(object) ? 0 : object;
}

uintptr_t pfi_lookup_object(const struct pfi_arena *arena, uintptr_t address) {
    return pfi_lookup_object_in(arena, pfi_arena_segment_of(arena, address), address);
}
