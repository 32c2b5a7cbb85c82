/* SPDX-License-Identifier: MIT
 *
 * Records that must not be written into the heap, because no dead bytes lie before their plug: plugs that begin right
 * behind a live older object at a generation's start (and, with pins, pinned plugs and the plugs that touch them).
 * Entries are in address order. Written by plan, read until the end of the collection. Room is made before the world
 * stops, so planning cannot fail for want of memory.
 */
#ifndef PINFOLD_GC_PIN_QUEUE_H
#define PINFOLD_GC_PIN_QUEUE_H

#include <stdbool.h>

#include "gc/state/plug_record.h"

/* A plug at a generation's start: at most gen2's part, gen1 and gen0 of the one ephemeral segment. */
enum { PINFOLD_BOUNDARY_ENTRIES = 3 };

struct pfi_pin_entry {
    uintptr_t plug;
    struct pfi_plug_record record;
};

struct pfi_pin_queue {
    struct pfi_pin_entry *entries;
    size_t count;
    size_t capacity;
};

/* false: no memory. */
bool pfi_pin_queue_init(struct pfi_pin_queue *queue);
void pfi_pin_queue_finish(struct pfi_pin_queue *queue);
void pfi_pin_queue_clear(struct pfi_pin_queue *queue);

/* Adds an entry behind all others; its room was reserved. */
struct pfi_plug_record *pfi_pin_queue_add(struct pfi_pin_queue *queue, uintptr_t plug);

/* The record of the plug that starts at `plug`; NULL when it is not queued. */
struct pfi_plug_record *pfi_pin_queue_find(const struct pfi_pin_queue *queue, uintptr_t plug);

#endif
