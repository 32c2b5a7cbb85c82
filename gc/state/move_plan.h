/* SPDX-License-Identifier: MIT
 *
 * What plan hands on to decide, expand, relocate, compact and sweep: which ranges are condemned, where their plugs go,
 * and the figures to decide by. The plugs themselves are the runs of one bits in the mark bitmap; their new places are
 * in their records, and, for quick lookups, in the slides.
 *
 * A slide is the new address of a card's first live granule. As long as everything live on a card moves as one block
 * (nearly always), the new address of any byte on it is
 *
 *     slide + 8 * (live granules before it on the card)        two loads from side tables, no heap memory
 *
 * A card whose plugs part company has a slide that is marked irregular: it still tells where the first plug on the card
 * goes; for another one its bits say where the plug starts, and so where its record lies. Where the first thing on the
 * card is pinned, nobody has to ask where it goes, and the slide of an irregular card is the number of a pin queue's
 * entry instead, from which on those of the plugs behind it on the card are found.
 */
#ifndef PINFOLD_GC_MOVE_PLAN_H
#define PINFOLD_GC_MOVE_PLAN_H

#include "alloc/platform/bitmap.h"
#include "alloc/share.h"
#include "gc/state/fit_cursor.h"
#include "gc/state/pin_queue.h"
#include "gc/state/plug_list.h"

enum {
    PINFOLD_SLIDE_NONE = 0,      /* nothing on the card moves: it holds no small object of a condemned generation */
    PINFOLD_SLIDE_IRREGULAR = 1, /* a bit */
    PINFOLD_SLIDE_ENTRY = 2,     /* with that bit: the rest is the number of an entry */
    PINFOLD_SLIDE_BITS = 3,
};

struct pfi_move_plan {
    struct pfi_share *share;
    int condemned;           /* generations 0..condemned are collected */
    uintptr_t condemned_low; /* references into [low, low + size) are subject to this collection */
    uintptr_t condemned_size;
    struct pfi_pin_queue *queue;
    struct pfi_plug_list *list;
    struct pfi_fit_cursor cursor;
    uintptr_t new_start[2];               /* of generation 0 and 1 after compaction */
    struct pfi_segment *new_ephemeral;    /* the present one unless expanded */
    bool demotes;                         /* pins that nothing slides past stay young */
    bool needs_fresh;                     /* where expanded, new_ephemeral must be one without objects */
    bool reuses;                          /* new_ephemeral was a segment of generation 2 */
    bool promotes_in_place;               /* what would be generation 1 becomes generation 2 */
    bool ignores_pins;                    /* nothing will move: see pfi_move_plan_reserve_pins */
    size_t survived[PINFOLD_GENERATIONS]; /* bytes, by the generation they came from */
    size_t pinned_objects;                /* found by marking, with the bytes they take */
    size_t pinned_bytes;
    size_t pinned_holders;            /* of these objects, those that may hold references */
    unsigned mark_workers;            /* threads that took part in marking */
    size_t pinned_survived;           /* bytes of pinned plugs, as above all together */
    size_t demoted[3];                /* bytes of pins that become younger than due, by their old generation */
    size_t held[PINFOLD_GENERATIONS]; /* free bytes before pins after compaction, by their new generation */
    size_t largest_hole;              /* of those that generation 0 gets */
    size_t moved;                     /* bytes that compaction would move */
    size_t gaps;                      /* dead bytes before plugs: what a sweep would leave as free objects */
    uintptr_t swept_end;              /* where the ephemeral segment would end after a sweep */
};

/* A part of a segment that is condemned, all of one generation. */
struct pfi_condemned_range {
    struct pfi_segment *segment;
    int generation;
    uintptr_t start;
    uintptr_t end;
};

/* The ranges from old to young: generation 2's segments in chain order, then the ephemeral segment's parts. */
void pfi_condemned_range_first(const struct pfi_share *share, int condemned, struct pfi_condemned_range *range);
bool pfi_condemned_range_next(const struct pfi_share *share, struct pfi_condemned_range *range);

/* First live granule at or after `address`; `limit` when there is none. The run it begins ends at the next dead one. */
static inline uintptr_t pfi_next_live(const struct pfi_arena *arena, uintptr_t address, uintptr_t limit) {
    return pfi_bits_find_one(arena->mark_words, address >> PINFOLD_GRANULE_SHIFT, limit >> PINFOLD_GRANULE_SHIFT)
           << PINFOLD_GRANULE_SHIFT;
}
static inline uintptr_t pfi_next_dead(const struct pfi_arena *arena, uintptr_t address, uintptr_t limit) {
    return pfi_bits_find_zero(arena->mark_words, address >> PINFOLD_GRANULE_SHIFT, limit >> PINFOLD_GRANULE_SHIFT)
           << PINFOLD_GRANULE_SHIFT;
}

/* Walks the plugs of all condemned ranges in the order in which plan placed them. */
struct pfi_plug_walk {
    const struct pfi_move_plan *plan;
    struct pfi_condemned_range range;
    uintptr_t position;
    struct pfi_pin_entry *queue_next;
    struct pfi_pin_entry *queue_end;
    bool is_done;
};
void pfi_plug_walk_open(struct pfi_plug_walk *walk, const struct pfi_move_plan *plan);
/* Only from the first plug of this generation's range on the ephemeral segment on. */
void pfi_plug_walk_open_at(struct pfi_plug_walk *walk, const struct pfi_move_plan *plan, int generation);
bool pfi_plug_walk_next(struct pfi_plug_walk *walk, struct pfi_plug *plug);

/* The plugs that move, or could, in the same order, a few at a time while their first bytes are on their way: plugs lie
 * far apart, and hardware does not see where the walk goes. From the list of plugs when that is complete. With pinned
 * plugs if `with_pinned`. */
enum { PINFOLD_PLUG_BATCH = 8 };
struct pfi_plug_batches {
    struct pfi_plug_walk walk;
    size_t listed; /* plugs of the list that were handed out */
    bool with_pinned;
    struct pfi_listed_plug plugs[PINFOLD_PLUG_BATCH];
};
void pfi_plug_batches_open(struct pfi_plug_batches *batches, const struct pfi_move_plan *plan, bool with_pinned);
/* How many plugs there are now; 0: no more. */
size_t pfi_plug_batches_next(struct pfi_plug_batches *batches);

/* Makes room in the queue for the pins that marking has found. Those of handles and frames have room already; how many
 * stacks will seem to hold nobody knows before. Without memory the pins are forgotten: nothing may move then, and a
 * sweep needs to know of no pin. */
void pfi_move_plan_reserve_pins(struct pfi_move_plan *plan);

/* Clears the mark and pin bits of all condemned ranges; before the segments' ends change. */
void pfi_move_plan_clear_marks(const struct pfi_move_plan *plan);

/* Writes the new place of a plug into its record and the slides of its cards. */
void pfi_move_plan_place(const struct pfi_move_plan *plan, const struct pfi_plug *plug, uintptr_t place);

/* Bytes of pins that this compaction leaves younger than due. */
static inline size_t pfi_move_plan_demoted(const struct pfi_move_plan *plan) {
    return plan->demoted[0] + plan->demoted[1] + plan->demoted[2];
}

/* What the planned places of pins come to: demoted, held, largest_hole. After plan, and again after expand. */
void pfi_move_plan_sum_pins(struct pfi_move_plan *plan);

/* The same for a sweep: what lies before pins rises with them. */
void pfi_move_plan_sum_swept(struct pfi_move_plan *plan);

/* The pin queue's entry of a plug that has one; NULL for others. */
struct pfi_pin_entry *pfi_move_plan_entry(const struct pfi_move_plan *plan, uintptr_t plug);

/* Not for the hot path: the new address of something on an irregular card, or on none. */
uintptr_t pfi_move_plan_search(const struct pfi_move_plan *plan, uintptr_t address);

/* The new address of any byte of a live object that lies in a condemned range. */
static inline uintptr_t pfi_move_plan_new_address(const struct pfi_move_plan *plan, uintptr_t address) {
    const struct pfi_arena *arena = plan->share->arena;
    uintptr_t card = address >> PINFOLD_CARD_SHIFT;
    uintptr_t slide = arena->slides[card];
    if (PINFOLD_UNLIKELY(slide == PINFOLD_SLIDE_NONE || (slide & PINFOLD_SLIDE_IRREGULAR) != 0)) {
        return pfi_move_plan_search(plan, address);
    }
    unsigned bit = (unsigned)(address >> PINFOLD_GRANULE_SHIFT) % PINFOLD_MARK_WORD_GRANULES;
    uint64_t before = arena->mark_words[card] & pfi_bits_below(bit);
    return slide + pfi_bits_count(before) * PINFOLD_GRANULE + address % PINFOLD_GRANULE;
}

/* Where generations 1 and 0 will lie after compaction: references to it from older objects need a card. */
static inline uintptr_t pfi_move_plan_young_low(const struct pfi_move_plan *plan) {
    return plan->new_start[1];
}
static inline uintptr_t pfi_move_plan_young_size(const struct pfi_move_plan *plan) {
    return plan->new_ephemeral->end - plan->new_start[1];
}

/* The generation to which an address of the small objects will belong after compaction. */
static inline int pfi_move_plan_new_generation(const struct pfi_move_plan *plan, uintptr_t address) {
    if (address - plan->new_start[1] >= pfi_move_plan_young_size(plan)) {
        return 2;
    }
    return address < plan->new_start[0] ? 1 : 0;
}

#endif
