/* SPDX-License-Identifier: MIT
 *
 * The pin queue: pinned plugs, and the records that must not be written into the heap because no dead bytes lie before
 * their plug, or because the bytes before it are pinned: plugs that touch a pinned plug from behind, and plugs that
 * begin right behind a live older object at a generation's start.
 *
 *     heap    AAA PPP BB ... QQ        P, Q pinned        entries   P: end, hole 0    B: record    Q: end, hole 3
 *
 * Entries are in the order of the plug walk: segments in chain order, addresses ascending within one. Written by plan
 * and expand, read until the end of the collection. Room is made when a pin is made, so planning cannot fail for want
 * of memory.
 */
#ifndef PINFOLD_GC_PIN_QUEUE_H
#define PINFOLD_GC_PIN_QUEUE_H

#include <stdbool.h>

#include "alloc/bookkeeping.h"
#include "alloc/platform/check.h"
#include "gc/state/plug_record.h"

enum {
    PINFOLD_BOUNDARY_ENTRIES =
        3, /* plugs at a generation's start: gen2's part, gen1 and gen0 of the ephemeral segment */
    PINFOLD_ENTRIES_PER_PIN = 2, /* its own plug, and the one that touches it from behind */
};

struct pfi_pin_entry {
    uintptr_t plug;
    uintptr_t end; /* of a pinned plug; 0: not pinned, only the record lies here */
    size_t hole;   /* free bytes before a pinned plug after compaction: 0, or at least a smallest object */
    struct pfi_plug_record record;
};

struct pfi_pin_queue {
    struct pfi_pin_entry *entries;
    size_t count;
    size_t capacity;
    struct pfi_account *account;
};

/* Makes room for no pins. false: no memory. */
bool pfi_pin_queue_init(struct pfi_pin_queue *queue, struct pfi_account *account);
void pfi_pin_queue_finish(struct pfi_pin_queue *queue);
void pfi_pin_queue_clear(struct pfi_pin_queue *queue);

/* Room for `pins` pinned objects. Not between plan and the end of a collection. false: no memory, nothing changed. */
bool pfi_pin_queue_reserve(struct pfi_pin_queue *queue, size_t pins);

/* What is charged for it. */
static inline size_t pfi_pin_queue_bytes(const struct pfi_pin_queue *queue) {
    return queue->capacity * sizeof *queue->entries;
}

/* Adds an entry behind all others; its room was reserved. */
static inline struct pfi_pin_entry *pfi_pin_queue_add(struct pfi_pin_queue *queue, uintptr_t plug) {
    PINFOLD_REQUIRE(queue->count < queue->capacity, "the pin queue is full at plug %#zx", (size_t)plug);
    struct pfi_pin_entry *entry = &queue->entries[queue->count++];
    *entry = (struct pfi_pin_entry){.plug = plug};
    return entry;
}

/* The entry of the plug that starts at `plug`, among the entries [first, end), whose addresses ascend; NULL when it is
 * not queued. */
struct pfi_pin_entry *pfi_pin_queue_find(const struct pfi_pin_queue *queue, size_t first, size_t end, uintptr_t plug);

#endif
