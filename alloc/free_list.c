/* SPDX-License-Identifier: MIT */
#include "alloc/free_list.h"

#include "alloc/object.h"
#include "alloc/platform/bitmap.h"
#include "alloc/platform/check.h"

enum { CACHE_LINE = 64, MOST_FETCHED = 2048 };

void pfi_free_list_init(struct pfi_free_list *list, unsigned bin_count, size_t first_limit) {
    memset(list, 0, sizeof *list);
    list->bin_count = bin_count;
    list->first_limit = first_limit;
}

void pfi_free_list_clear(struct pfi_free_list *list) {
    pfi_free_list_init(list, list->bin_count, list->first_limit);
}

unsigned pfi_free_list_bin(const struct pfi_free_list *list, size_t size) {
    unsigned bin = 0;
    while (bin + 1 < list->bin_count && size >= list->first_limit << bin) {
        ++bin;
    }
    return bin;
}

size_t pfi_free_list_largest(const struct pfi_free_list *list) {
    size_t largest = 0;
    if (list->nonempty == 0) {
        return 0;
    }
    unsigned bin = pfi_bits_highest(list->nonempty);
    for (uintptr_t item = list->bins[bin].head; item != 0; item = *pfi_free_object_link(item)) {
        largest = pfi_max(largest, pfi_object_size(item));
    }
    return largest;
}

unsigned pfi_free_list_sure_bin(const struct pfi_free_list *list, size_t size) {
    unsigned bin = 1;
    while (bin < list->bin_count && size > list->first_limit << (bin - 1)) {
        ++bin;
    }
    return bin;
}

void pfi_free_list_append(struct pfi_free_list *list, uintptr_t item) {
    size_t size = pfi_object_size(item);
    unsigned bin = pfi_free_list_bin(list, size);
    PINFOLD_ASSERT(size >= PINFOLD_MIN_FREE_ITEM);
    *pfi_free_object_link(item) = 0;
    if (list->bins[bin].head == 0) {
        list->bins[bin].head = item;
    } else {
        *pfi_free_object_link(list->bins[bin].tail) = item;
    }
    list->bins[bin].tail = item;
    list->nonempty |= 1u << bin;
    list->bytes += size;
}

void pfi_free_list_push(struct pfi_free_list *list, uintptr_t item) {
    size_t size = pfi_object_size(item);
    unsigned bin = pfi_free_list_bin(list, size);
    PINFOLD_ASSERT(size >= PINFOLD_MIN_FREE_ITEM);
    *pfi_free_object_link(item) = list->bins[bin].head;
    if (list->bins[bin].head == 0) {
        list->bins[bin].tail = item;
    }
    list->bins[bin].head = item;
    list->nonempty |= 1u << bin;
    list->bytes += size;
}

void pfi_free_list_rotate(struct pfi_free_list *list, unsigned bin, uintptr_t before, uintptr_t last) {
    uintptr_t *link = before == 0 ? &list->bins[bin].head : pfi_free_object_link(before);
    uintptr_t first = *link;
    uintptr_t rest = *pfi_free_object_link(last);
    if (rest == 0) {
        return; /* they are the end */
    }
    *link = rest;
    *pfi_free_object_link(list->bins[bin].tail) = first;
    *pfi_free_object_link(last) = 0;
    list->bins[bin].tail = last;
}

/* Unlinks the item behind `previous` (0 = the head). */
static uintptr_t unlink_after(struct pfi_free_list *list, unsigned bin, uintptr_t previous) {
    uintptr_t item = previous == 0 ? list->bins[bin].head : *pfi_free_object_link(previous);
    uintptr_t next = *pfi_free_object_link(item);
    if (previous == 0) {
        list->bins[bin].head = next;
    } else {
        *pfi_free_object_link(previous) = next;
    }
    if (next == 0) {
        list->bins[bin].tail = previous;
    }
    if (list->bins[bin].head == 0) {
        list->nonempty &= ~(1u << bin);
    }
    list->bytes -= pfi_object_size(item);
    return item;
}

/* Items lie far apart and have not been looked at for long, so what the next call will hand out, to be zeroed at once,
 * is fetched now: as much as an item of this bin surely has. */
static void fetch_next(const struct pfi_free_list *list, unsigned bin) {
    uintptr_t next = list->bins[bin].head;
    uintptr_t size = bin == 0 ? CACHE_LINE : pfi_min(list->first_limit << (bin - 1), MOST_FETCHED);
    for (uintptr_t line = next; next != 0 && line < next + size; line += CACHE_LINE) {
        __builtin_prefetch((const void *)line, 0, 2); /* not too near: more than the nearest cache can await */
    }
}

uintptr_t pfi_free_list_pop(struct pfi_free_list *list, size_t size) {
    unsigned first = pfi_free_list_bin(list, size);
    for (uint32_t bins = list->nonempty & ~((1u << first) - 1); bins != 0; bins &= bins - 1) {
        unsigned bin = (unsigned)__builtin_ctz(bins);
        while (list->bins[bin].head != 0) {
            uintptr_t item = unlink_after(list, bin, 0);
            size_t room = pfi_object_size(item);
            fetch_next(list, bin);
            if (pfi_leaves_no_splinter(room, size)) {
                return item;
            }
        }
    }
    return 0;
}

PINFOLD_INLINE uintptr_t take(struct pfi_free_list *list, size_t size, size_t tries, pfi_free_list_fits *fits,
                              const void *request) {
    unsigned first = pfi_free_list_bin(list, size);
    for (uint32_t bins = list->nonempty & ~((1u << first) - 1); bins != 0; bins &= bins - 1) {
        unsigned bin = (unsigned)__builtin_ctz(bins);
        uintptr_t previous = 0;
        size_t tried = 0;
        for (uintptr_t item = list->bins[bin].head; item != 0 && tried < tries; item = *pfi_free_object_link(item)) {
            if (pfi_object_size(item) >= size && fits(request, item)) {
                return unlink_after(list, bin, previous);
            }
            previous = item;
            ++tried;
        }
    }
    return 0;
}

static inline bool fits_by_size(const void *request, uintptr_t item) {
    (void)request;
    (void)item;
    return true;
}

uintptr_t pfi_free_list_take(struct pfi_free_list *list, size_t size) {
    return take(list, size, SIZE_MAX, fits_by_size, NULL);
}

uintptr_t pfi_free_list_take_fitting(struct pfi_free_list *list, size_t size, size_t tries, pfi_free_list_fits *fits,
                                     const void *request) {
    return take(list, size, tries, fits, request);
}
