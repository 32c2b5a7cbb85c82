/* SPDX-License-Identifier: MIT */
#include "gc/phase/mark.h"

#include "alloc/card_table.h"
#include "alloc/lookup.h"
#include "alloc/platform/check.h"
#include "gc/phase/mark_together.h"
#include "gc/phase/mark_trace.h"
#include "gc/root/cards.h"

/* Entries that are followed before others are called: they take a tenth of a millisecond, and waking a thread half. */
enum { PATIENCE = 8192 };

static void visit_root_slots(void *context, uintptr_t slots, size_t count) {
    visit_slots_alone(context, slots, count);
}

/* The condemned object around an address; 0 when there is none. Nothing has moved yet, so every address has an answer.
 */
static inline uintptr_t condemned_around(const struct pfi_marker *marker, uintptr_t address) {
    bool is_inside = address - marker->condemned_low < marker->condemned_size;
    return is_inside ? pfi_lookup_object(marker->share->arena, address) : 0;
}

static void visit_interior_slots(void *context, uintptr_t slots, size_t count) {
    struct pfi_marker *marker = context;
    for (size_t index = 0; index < count; ++index) {
        uintptr_t object = condemned_around(marker, pfi_words(slots)[index]);
        if (object != 0) {
            enqueue(marker, object, false);
        }
    }
}

static inline void prefetch_bits(const struct pfi_marker *marker, uintptr_t object) {
    __builtin_prefetch(&marker->mark_words[object >> PINFOLD_CARD_SHIFT], 1);
    __builtin_prefetch(&marker->pin_words[object >> PINFOLD_CARD_SHIFT], 1);
}

static inline bool is_pinned(const struct pfi_marker *marker, uintptr_t object) {
    return pfi_bits_test(marker->pin_words, object >> PINFOLD_GRANULE_SHIFT);
}

/* A pinned object: marked, and marked as staying. Of large objects only the first granule has bits. */
static void pin_object(struct pfi_marker *marker, uintptr_t object) {
    if (is_pinned(marker, object)) {
        return;
    }
    size_t size = pfi_object_size(object);
    size_t granules = size < marker->large_threshold ? size >> PINFOLD_GRANULE_SHIFT : 1;
    mark_object(marker, object, false);
    pfi_bits_set_run(marker->pin_words, object >> PINFOLD_GRANULE_SHIFT, granules);
    ++marker->pinned_objects;
    marker->pinned_holders += pfi_object_type(object)->scan != PINFOLD_SCAN_NONE;
    marker->pinned_bytes += size;
}

/* The same for a small object without references of which the size is known: it is not touched. */
static void pin_plain_object(struct pfi_marker *marker, uintptr_t object, size_t granules) {
    size_t granule = object >> PINFOLD_GRANULE_SHIFT;
    if (!is_pinned(marker, object)) {
        pfi_bits_set_run(marker->mark_words, granule, granules);
        pfi_bits_set_run(marker->pin_words, granule, granules);
        ++marker->pinned_objects;
        marker->pinned_bytes += granules << PINFOLD_GRANULE_SHIFT;
    }
}

static void visit_pinning_slots(void *context, uintptr_t slots, size_t count) {
    struct pfi_marker *marker = context;
    uintptr_t object;
    for (size_t index = 0; index < count; ++index) {
        if (is_condemned(marker, pfi_words(slots)[index], &object)) {
            pin_object(marker, object);
        }
    }
}

/* The object that a word of a conservative stack may refer to; 0 when there is none. */
static uintptr_t possible_object(const struct pfi_marker *marker, uintptr_t word) {
    const struct pf_options *options = marker->share->options;
    if (options->conservative_interior) {
        return condemned_around(marker, word);
    }
    uintptr_t object;
    bool is_exact = is_condemned(marker, word, &object) && pfi_lookup_object(marker->share->arena, object) == object;
    return is_exact ? object : 0;
}

static void visit_possible_words(void *context, uintptr_t words, size_t count) {
    struct pfi_marker *marker = context;
    for (size_t index = 0; index < count; ++index) {
        uintptr_t object = possible_object(marker, pfi_words(words)[index]);
        if (object != 0) {
            pin_object(marker, object);
        }
    }
}

/* Neighbours of one block, so all bits and objects that will be looked at can be fetched first. */
static void visit_pinned_handles(void *context, uintptr_t slots, size_t count) {
    struct pfi_marker *marker = context;
    const struct pf_handle *handles = (const struct pf_handle *)slots;
    const struct pfi_handle_block *block = pfi_handle_block_around(handles);
    const uint16_t *plain_granules = &block->plain_granules[handles - block->slots];
    uintptr_t object;
    for (size_t index = 0; index < count; ++index) {
        if (is_condemned(marker, handles[index].object, &object)) {
            prefetch_bits(marker, object);
            if (plain_granules[index] == 0) {
                __builtin_prefetch((const void *)object);
            }
        }
    }
    for (size_t index = 0; index < count; ++index) {
        if (is_condemned(marker, handles[index].object, &object)) {
            if (plain_granules[index] != 0) {
                pin_plain_object(marker, object, plain_granules[index]);
            } else {
                pin_object(marker, object);
            }
        }
    }
}

static void visit_pins(struct pfi_marker *marker, struct pfi_roots *roots, int condemned) {
    for (const struct pf_thread *thread = roots->threads; thread != NULL; thread = thread->next) {
        pfi_frames_visit_pins(thread, visit_pinning_slots, marker);
    }
    pfi_handles_visit(&roots->handles, PINFOLD_HANDLE_PINNED, condemned, visit_pinned_handles, marker);
}

struct card_pass {
    struct pfi_marker *marker;
    struct pfi_mark_round round;
};

/* A card that refers to the condemned stays dirty, so that relocation finds it again; one that refers only to a younger
 * generation that is not collected is remembered. */
PINFOLD_INLINE void visit_card(struct pfi_marker *marker, uintptr_t slots, size_t count, bool is_shared) {
    for (uintptr_t slot = slots; slot < slots + count * sizeof(uintptr_t); slot += sizeof(uintptr_t)) {
        uintptr_t object;
        if (is_condemned(marker, *pfi_words(slot), &object)) {
            pfi_card_dirty(marker->cards, slot);
            enqueue(marker, object, is_shared);
        } else if (object - marker->young_low < marker->young_size &&
                   pfi_tags_is_reference(marker->tags, *pfi_words(slot))) {
            pfi_card_remember(marker->cards, slot);
        }
    }
}

/* While worker 0 goes over the cards, the others follow what it finds, once that has become much. */
static void visit_card_slots(void *context, uintptr_t slots, size_t count) {
    struct card_pass *pass = context;
    struct pfi_marker *marker = pass->marker;
    if (pfi_mark_is_together(marker)) {
        visit_card(marker, slots, count, true);
        pfi_mark_share(marker);
    } else {
        visit_card(marker, slots, count, false);
        if (PINFOLD_UNLIKELY((size_t)(marker->stack->top - marker->stack->bottom) > marker->patience)) {
            pfi_mark_begin_together(marker, &pass->round);
        }
    }
}

static void visit_cards(struct pfi_marker *marker) {
    struct card_pass pass;
    pass.marker = marker;
    pfi_cards_visit_older(marker->share, marker->condemned, visit_card_slots, &pass);
    if (pfi_mark_is_together(marker)) {
        pfi_mark_end_together(marker);
    }
}

/* false: the patience is at its end before the stack is. */
static bool drain_stack(struct pfi_marker *marker, size_t *patience) {
    struct pfi_mark_stack *stack = marker->stack;
    size_t left = *patience;
    while (!pfi_mark_stack_is_empty(stack)) {
        if (left-- == 0) {
            return false;
        }
        scan_entry(marker, false);
    }
    *patience = left;
    return true;
}

/* Alone at first: most stacks are empty before others would be awake. Alone always while each object is watched for. */
static void drain(struct pfi_marker *marker) {
    size_t patience = marker->watched != NULL ? SIZE_MAX : marker->patience;
    do {
        if (!drain_stack(marker, &patience)) {
            struct pfi_mark_round round;
            pfi_mark_begin_together(marker, &round);
            pfi_mark_end_together(marker);
            return;
        }
        drain_fifo(marker, false);
    } while (!pfi_mark_stack_is_empty(marker->stack));
}

static void follow_marked(struct pfi_marker *marker, const struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    uintptr_t object = low < high ? pfi_next_live(arena, low, high) : high;
    while (object < high) {
        size_t size = pfi_object_size(object);
        if (pfi_object_type(object)->scan != PINFOLD_SCAN_NONE) {
            scan_object(marker, object, false);
            drain(marker);
        }
        object = pfi_next_live(arena, pfi_min(object + size, high), high);
    }
}

/* Between segments there are no tables to look at. */
static void follow_marked_on(struct pfi_marker *marker, const struct pfi_segment *segment, uintptr_t low,
                             uintptr_t high) {
    for (; segment != NULL; segment = segment->next) {
        follow_marked(marker, marker->share->arena, pfi_max(low, segment->first), pfi_min(high, segment->allocated));
    }
}

/* Follows every marked object in the range in which the stack had no room; repeats until nothing is new. */
static void process_overflow(struct pfi_marker *marker) {
    const struct pfi_share *share = marker->share;
    struct pfi_mark_stack *stack = marker->stack;
    while (pfi_mark_stack_has_overflow(stack)) {
        uintptr_t low = stack->overflow_low;
        uintptr_t high = stack->overflow_high + PINFOLD_GRANULE;
        pfi_mark_stack_clear_overflow(stack);
        follow_marked_on(marker, share->segments, low, high);
        follow_marked_on(marker, share->large_segments, low, high);
        follow_marked_on(marker, share->pinned_segments, low, high);
    }
}

void pfi_mark_open(struct pfi_marker *marker, const struct pfi_move_plan *plan, struct pfi_mark_team *team,
                   struct pfi_workers *workers, struct pfi_tags tags) {
    const struct pfi_share *share = plan->share;
    struct pfi_mark_stack *stack = &team->stacks[0];
    PINFOLD_REQUIRE(pfi_mark_stack_is_empty(stack), "the mark stack is not empty when marking begins");
    *marker = (struct pfi_marker){
        .condemned_low = plan->condemned_low,
        .condemned_size = plan->condemned_size,
        .tags = tags,
        .mark_words = share->arena->mark_words,
        .pin_words = share->arena->pin_words,
        .stack = stack,
        .team = team,
        .workers = workers,
        .patience = workers->most == 1                ? SIZE_MAX
                    : share->options->stress.parallel ? 0
                                                      : PATIENCE,
        .took_part = 1,
        .large_threshold = share->options->large_threshold,
        .young_low = share->start[1],
        .young_size = share->ephemeral->end - share->start[1],
        .cards = share->arena->cards,
        .share = share,
        .condemned = plan->condemned,
    };
}

void pfi_mark_roots(struct pfi_marker *marker, struct pfi_roots *roots) {
    pfi_roots_visit(roots, marker->condemned,
                    (struct pfi_root_visits){visit_root_slots, visit_interior_slots, visit_possible_words, marker});
    visit_pins(marker, roots, marker->condemned);
    drain(marker);
    visit_cards(marker);
}

void pfi_mark_slots(struct pfi_marker *marker, uintptr_t slots, size_t count) {
    visit_slots_alone(marker, slots, count);
}

void pfi_mark_drain(struct pfi_marker *marker) {
    drain(marker);
    process_overflow(marker);
}

void pfi_mark_close(const struct pfi_marker *marker, struct pfi_move_plan *plan) {
    PINFOLD_REQUIRE(pfi_mark_stack_is_empty(marker->stack), "the mark stack is not empty when marking ends");
    plan->pinned_objects = marker->pinned_objects;
    plan->pinned_holders = marker->pinned_holders;
    plan->pinned_bytes = marker->pinned_bytes;
    plan->mark_workers = marker->took_part;
}
