/* SPDX-License-Identifier: MIT */
#include "alloc/window.h"

#include "alloc/platform/os_memory.h"
#include "alloc/side_tables.h"

enum {
    /* With 64-bit addresses: places from 64 GiB on, behind programs that are linked to fixed addresses, up to 64 TiB,
     * behind the shadow memory of sanitizers; all far below what the system hands out. */
    LOWEST_SHIFT = 36,
    HIGHEST_SHIFT = 46,
    PLACES = 256, /* tried at each power of two, if there are so many */
    SHARE = 3,    /* no window is more than 1/2^3 of the addresses to choose from */
    HOLES = 16,   /* a window is so many times larger than what it may hold: so little are foreign mappings felt */
};

bool pfi_window_is_short(void) {
    return PINFOLD_WORD_BITS == 32 || pfi_os_address_space_limit() != SIZE_MAX;
}

size_t pfi_window_largest(void) {
    uint64_t memory = pfi_os_physical_memory();
    uint64_t size = 4 * memory > UINT64_C(64) << 30 ? 4 * memory : UINT64_C(64) << 30;
    return size < PINFOLD_LARGEST_ARENA ? (size_t)size : PINFOLD_LARGEST_ARENA;
}

static size_t window_size(size_t most) {
    uint64_t choice = (UINT64_C(1) << PINFOLD_CHOICE_SHIFT) >> SHARE;
    size_t largest = choice < pfi_window_largest() ? (size_t)choice : pfi_window_largest();
    size_t use = pfi_min(pfi_min(most, pfi_os_address_space_limit()), largest / HOLES);
    return pfi_align_up(pfi_max(use * HOLES, (size_t)1 << 30), PINFOLD_CHUNK);
}

/* The first place to try differs from run to run as addresses do, and from heap to heap. */
static size_t first_place(const void *any) {
    return (size_t)(((uint64_t)(uintptr_t)any >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 56);
}

size_t pfi_window_places(unsigned shift, uint64_t size) {
    uint64_t room = shift >= PINFOLD_CHOICE_SHIFT ? 0 : (UINT64_C(1) << PINFOLD_CHOICE_SHIFT) - (UINT64_C(1) << shift);
    return room / size < PLACES ? (size_t)(room / size) : PLACES;
}

static bool choose_among_many(size_t most, struct pfi_window *window) {
    size_t size = window_size(most);
    size_t whole = pfi_align_up(size + pfi_side_tables_size(size), PINFOLD_CHUNK);
    for (unsigned shift = LOWEST_SHIFT; shift <= HIGHEST_SHIFT; ++shift) {
        size_t places = pfi_window_places(shift, whole);
        for (size_t place = 0; place < places; ++place) {
            uint64_t base = (UINT64_C(1) << shift) + (first_place(window) + place) % places * whole;
            if (pfi_os_is_free((uintptr_t)base, whole)) {
                *window = (struct pfi_window){(uintptr_t)base, (uintptr_t)base + size, (uintptr_t)base + size};
                return true;
            }
        }
    }
    return false;
}

/* All 32-bit addresses but those at both ends: NULL is outside, and sums of an address and the size of a small object
 * do not wrap around. The system hands out addresses from the top, where the stack is, and a program's break grows from
 * the bottom: the tables lie between. */
static bool choose_all(struct pfi_window *window) {
    const uintptr_t base = PINFOLD_CHUNK;
    const uintptr_t end = (uintptr_t)0 - ((uintptr_t)128 << 20);
    const uintptr_t step = (uintptr_t)16 << 20;
    size_t size = pfi_side_tables_size(end - base);
    for (uintptr_t tables = (uintptr_t)512 << 20; tables < (uintptr_t)3 << 30; tables += step) {
        if (pfi_os_is_free(tables, size)) {
            *window = (struct pfi_window){base, end, tables};
            return true;
        }
    }
    return false;
}

bool pfi_window_choose(size_t most, struct pfi_window *window) {
    return PINFOLD_WORD_BITS == 32 ? choose_all(window) : choose_among_many(most, window);
}
