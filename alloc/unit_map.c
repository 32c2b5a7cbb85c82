/* SPDX-License-Identifier: MIT */
#include "alloc/unit_map.h"

#include <string.h>

#include "alloc/platform/os_memory.h"
#include "alloc/segment.h"

struct pfi_header_page {
    struct pfi_header_page *next;
    struct pfi_segment headers[(PINFOLD_PAGE - sizeof(void *)) / sizeof(struct pfi_segment)];
};
enum { HEADERS = sizeof((struct pfi_header_page *)NULL)->headers / sizeof(struct pfi_segment) };
static_assert(sizeof(struct pfi_header_page) <= PINFOLD_PAGE, "a page of headers is a page");

bool pfi_arena_charge(struct pfi_arena *arena, size_t size) {
    if (size != 0 && !pfi_account_charge(&arena->account, PINFOLD_SPACE_BOOKKEEPING, size)) {
        return false;
    }
    pfi_word_add(&arena->table_bytes, size);
    return true;
}

void pfi_arena_discharge(struct pfi_arena *arena, size_t size) {
    pfi_account_subtract(&arena->account, PINFOLD_SPACE_BOOKKEEPING, size);
    pfi_word_subtract(&arena->table_bytes, size);
}

struct pfi_segment *pfi_unit_owner(const struct pfi_arena *arena, size_t unit) {
    size_t entry = (arena->base >> PINFOLD_UNIT_SHIFT) + unit;
    return unit < arena->used_units ? (struct pfi_segment *)pfi_word_load(&arena->unit_owners[entry]) : NULL;
}

static void set_owner(struct pfi_arena *arena, size_t unit, struct pfi_segment *segment) {
    pfi_word_store(&arena->unit_owners[(arena->base >> PINFOLD_UNIT_SHIFT) + unit], (uintptr_t)segment);
}

void pfi_unit_map_own(struct pfi_arena *arena, struct pfi_segment *segment, size_t first, size_t count) {
    segment->base = pfi_unit_base(arena, first);
    segment->end = pfi_unit_base(arena, first + count);
    segment->described = segment->base;
    for (size_t unit = first; unit < first + count; ++unit) {
        set_owner(arena, unit, segment);
    }
    arena->used_units = pfi_max(arena->used_units, first + count);
}

void pfi_unit_map_disown(struct pfi_arena *arena, const struct pfi_segment *segment) {
    size_t end = pfi_unit_of(arena, segment->end);
    for (size_t unit = pfi_unit_of(arena, segment->base); unit < end; ++unit) {
        set_owner(arena, unit, NULL);
    }
}

size_t pfi_unit_map_find_free(const struct pfi_arena *arena, size_t from, size_t count) {
    size_t run = 0;
    for (size_t unit = from; unit < arena->unit_count; ++unit) {
        if (unit >= arena->used_units) { /* nothing is carved from here on */
            size_t start = unit - run;
            return count <= arena->unit_count - start ? start : arena->unit_count;
        }
        run = pfi_unit_owner(arena, unit) == NULL ? run + 1 : 0;
        if (run == count) {
            return unit + 1 - count;
        }
    }
    return arena->unit_count;
}

size_t pfi_unit_map_longest_free(const struct pfi_arena *arena) {
    size_t largest = 0;
    size_t run = 0;
    for (size_t unit = 0; unit < arena->used_units; ++unit) {
        run = pfi_unit_owner(arena, unit) == NULL ? run + 1 : 0;
        largest = pfi_max(largest, run);
    }
    return pfi_max(largest, run + arena->unit_count - arena->used_units);
}

void pfi_header_free(struct pfi_arena *arena, struct pfi_segment *header) {
    header->next = arena->free_headers;
    arena->free_headers = header;
}

static bool add_header_page(struct pfi_arena *arena) {
    if (!pfi_arena_charge(arena, PINFOLD_PAGE)) {
        return false;
    }
    struct pfi_header_page *page = (struct pfi_header_page *)pfi_os_map_lazy(PINFOLD_PAGE);
    if (page == NULL) {
        pfi_arena_discharge(arena, PINFOLD_PAGE);
        return false;
    }
    pfi_arena_occupy(arena, PINFOLD_PAGE);
    page->next = arena->header_pages;
    arena->header_pages = page;
    for (size_t index = HEADERS; index-- > 0;) {
        pfi_header_free(arena, &page->headers[index]);
    }
    return true;
}

struct pfi_segment *pfi_header_take(struct pfi_arena *arena) {
    if (arena->free_headers == NULL && !add_header_page(arena)) {
        return NULL;
    }
    struct pfi_segment *header = arena->free_headers;
    arena->free_headers = header->next;
    memset(header, 0, sizeof *header);
    return header;
}

bool pfi_unit_map_know(struct pfi_arena *arena, size_t count) {
    size_t known = arena->known_size >> PINFOLD_UNIT_SHIFT;
    if (count <= known) {
        return true;
    }
    uintptr_t from = arena->owners + pfi_align_up(known * sizeof *arena->unit_owners, PINFOLD_PAGE);
    uintptr_t to = arena->owners + pfi_align_up(count * sizeof *arena->unit_owners, PINFOLD_PAGE);
    if (!pfi_arena_charge(arena, to - from)) {
        return false;
    }
    if (!pfi_os_commit(from, to - from)) {
        pfi_arena_discharge(arena, to - from);
        return false;
    }
    size_t units = pfi_min((to - arena->owners) / sizeof *arena->unit_owners, arena->unit_count);
    pfi_word_store_release(&arena->known_size, units << PINFOLD_UNIT_SHIFT);
    return true;
}

void pfi_headers_finish(struct pfi_arena *arena) {
    while (arena->header_pages != NULL) {
        struct pfi_header_page *page = arena->header_pages;
        arena->header_pages = page->next;
        pfi_os_release((uintptr_t)page, PINFOLD_PAGE);
    }
}
