/* SPDX-License-Identifier: MIT */
#include "gc/observe/pin_events.h"

#include "alloc/walk.h"

static void send_found(const struct pfi_events *events, uintptr_t object) {
    PINFOLD_SEND(events, pin_found, (void *)object, pfi_object_size(object));
}

/* Every object of a pinned plug is pinned. */
static void send_plug(const struct pfi_events *events, const struct pfi_pin_entry *entry, bool compacts) {
    for (uintptr_t object = entry->plug; object < entry->end; object += pfi_object_size(object)) {
        send_found(events, object);
    }
    PINFOLD_SEND(events, pinned_plug, (void *)entry->plug, entry->end - entry->plug,
                 compacts ? entry->hole : entry->record.gap);
}

struct large_pins {
    const struct pfi_events *events;
    const struct pfi_arena *arena;
};

static int send_large(void *context, const struct pfi_segment *segment, uintptr_t object, size_t size) {
    const struct large_pins *pins = context;
    (void)segment;
    (void)size;
    if (pfi_bits_test(pins->arena->pin_words, object >> PINFOLD_GRANULE_SHIFT)) {
        send_found(pins->events, object);
    }
    return 0;
}

void pfi_send_pins(const struct pfi_events *events, const struct pfi_move_plan *plan, bool compacts) {
    const struct pf_listener *listener = events->listener;
    if (plan->pinned_objects == 0 || listener == NULL ||
        (listener->pin_found == NULL && listener->pinned_plug == NULL)) {
        return;
    }
    const struct pfi_pin_queue *queue = plan->queue;
    for (const struct pfi_pin_entry *entry = queue->entries; entry < queue->entries + queue->count; ++entry) {
        if (entry->end != 0) {
            send_plug(events, entry, compacts);
        }
    }
    if (plan->condemned == 2) {
        struct large_pins pins = {events, plan->share->arena};
        for (struct pfi_segment *segment = plan->share->large_segments; segment != NULL; segment = segment->next) {
            pfi_walk_range(segment, segment->first, segment->allocated, send_large, &pins);
        }
    }
}
