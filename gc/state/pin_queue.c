/* SPDX-License-Identifier: MIT */
#include "gc/state/pin_queue.h"

#include <stdlib.h>

#include "alloc/platform/check.h"

bool pfi_pin_queue_init(struct pfi_pin_queue *queue) {
    queue->count = 0;
    queue->capacity = PINFOLD_BOUNDARY_ENTRIES;
    queue->entries = calloc(queue->capacity, sizeof *queue->entries);
    return queue->entries != NULL;
}

void pfi_pin_queue_finish(struct pfi_pin_queue *queue) {
    free(queue->entries);
}

void pfi_pin_queue_clear(struct pfi_pin_queue *queue) {
    queue->count = 0;
}

struct pfi_plug_record *pfi_pin_queue_add(struct pfi_pin_queue *queue, uintptr_t plug) {
    PINFOLD_REQUIRE(queue->count < queue->capacity, "the pin queue is full at plug %#zx", (size_t)plug);
    PINFOLD_ASSERT(queue->count == 0 || queue->entries[queue->count - 1].plug < plug);
    struct pfi_pin_entry *entry = &queue->entries[queue->count++];
    *entry = (struct pfi_pin_entry){plug, {0, 0}};
    return &entry->record;
}

struct pfi_plug_record *pfi_pin_queue_find(const struct pfi_pin_queue *queue, uintptr_t plug) {
    size_t low = 0;
    size_t high = queue->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (queue->entries[middle].plug == plug) {
            return &queue->entries[middle].record;
        }
        if (queue->entries[middle].plug < plug) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}
