/* SPDX-License-Identifier: MIT
 *
 * Free objects of a generation, in bins by size class.
 *
 *     bin 0: size < first_limit   bin i: size < first_limit << i   last bin: the rest
 *
 * `nonempty` has a bit for each bin that holds something. Items are linked through their third word; sweeps append
 * (address order), allocation pushes remainders to the front. Only items of PINFOLD_MIN_FREE_ITEM bytes or more are
 * threaded. Owner: the heap share; under its allocator lock, or with the world stopped.
 */
#ifndef PINFOLD_ALLOC_FREE_LIST_H
#define PINFOLD_ALLOC_FREE_LIST_H

#include <stdbool.h>

#include "alloc/layout.h"

enum { PINFOLD_MAX_BINS = 12 };

struct pfi_free_list {
    size_t first_limit; /* a power of two; 0 with one bin */
    unsigned bin_count;
    uint32_t nonempty;
    size_t bytes; /* of all items */
    struct {
        uintptr_t head;
        uintptr_t tail;
    } bins[PINFOLD_MAX_BINS];
};

void pfi_free_list_init(struct pfi_free_list *list, unsigned bin_count, size_t first_limit);
void pfi_free_list_clear(struct pfi_free_list *list);

/* The bin in which an item of `size` belongs. */
unsigned pfi_free_list_bin(const struct pfi_free_list *list, size_t size);

/* Size of the largest item; 0 when there is none. Looks at all of one bin. */
size_t pfi_free_list_largest(const struct pfi_free_list *list);

/* First bin in which every item holds at least `size` bytes; bin_count when only luck would help. */
unsigned pfi_free_list_sure_bin(const struct pfi_free_list *list, size_t size);

/* `item` must be formatted and at least PINFOLD_MIN_FREE_ITEM bytes. */
void pfi_free_list_append(struct pfi_free_list *list, uintptr_t item);
void pfi_free_list_push(struct pfi_free_list *list, uintptr_t item);

/* Moves the items of a bin that lie behind `before` (0: from the first on) up to `last` to its end, in their order. */
void pfi_free_list_rotate(struct pfi_free_list *list, unsigned bin, uintptr_t before, uintptr_t last);

/* For requests that must not search: takes the first item, from the bin of its own class on, that serves `size` bytes:
 * exactly, or with a smallest object or more to spare. Items that do not serve are dropped on the way, in its own class
 * and where 8 bytes would be left: they stay free objects, but nobody looks at them again. 0: none. */
uintptr_t pfi_free_list_pop(struct pfi_free_list *list, size_t size);

/* Takes the first item of at least `size` bytes out of the list, beginning with the bin of its own class; 0 if none. */
uintptr_t pfi_free_list_take(struct pfi_free_list *list, size_t size);

/* The same where size is not all: of the items of at least `size` bytes takes the first that `fits` the request, after
 * looking at no more than `tries` items of each bin. */
typedef bool pfi_free_list_fits(const void *request, uintptr_t item);
uintptr_t pfi_free_list_take_fitting(struct pfi_free_list *list, size_t size, size_t tries, pfi_free_list_fits *fits,
                                     const void *request);

#endif
