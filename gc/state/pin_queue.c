/* SPDX-License-Identifier: MIT */
#include "gc/state/pin_queue.h"

enum { SMALLEST_CAPACITY = 64 };

bool pfi_pin_queue_init(struct pfi_pin_queue *queue, struct pfi_account *account) {
    *queue = (struct pfi_pin_queue){.account = account};
    return pfi_pin_queue_reserve(queue, 0);
}

void pfi_pin_queue_finish(struct pfi_pin_queue *queue) {
    pfi_bookkeeping_give(queue->account, queue->entries, pfi_pin_queue_bytes(queue));
}

void pfi_pin_queue_clear(struct pfi_pin_queue *queue) {
    queue->count = 0;
}

bool pfi_pin_queue_reserve(struct pfi_pin_queue *queue, size_t pins) {
    if (pins > SIZE_MAX / (4 * PINFOLD_ENTRIES_PER_PIN * sizeof *queue->entries)) {
        return false; /* sums and products below cannot be represented */
    }
    size_t needed = PINFOLD_BOUNDARY_ENTRIES + PINFOLD_ENTRIES_PER_PIN * pins;
    if (needed <= queue->capacity) {
        return true;
    }
    size_t capacity = queue->capacity == 0 ? SMALLEST_CAPACITY : queue->capacity;
    while (capacity < needed) {
        capacity *= 2;
    }
    struct pfi_pin_entry *entries =
        pfi_bookkeeping_grow(queue->account, queue->entries, pfi_pin_queue_bytes(queue), capacity * sizeof *entries);
    if (entries == NULL) {
        return false;
    }
    queue->entries = entries;
    queue->capacity = capacity;
    return true;
}

struct pfi_pin_entry *pfi_pin_queue_find(const struct pfi_pin_queue *queue, size_t first, size_t end, uintptr_t plug) {
    size_t low = first;
    size_t high = end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (queue->entries[middle].plug == plug) {
            return &queue->entries[middle];
        }
        if (queue->entries[middle].plug < plug) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}
