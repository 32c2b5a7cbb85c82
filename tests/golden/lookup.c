/* SPDX-License-Identifier: MIT
 *
 * Slides: where a card's first live granule goes, for cards whose live granules move as one block, and the mark
 * "irregular" for those that part company. A card has 32 cells; the segment's own cell is the first of card 0, so the
 * drawing's cell 31 begins card 1.
 *
 *     card 0: to 0@4     the first live cell on the card goes to cell 4 of segment 0
 *     card 1: to 0@25 irregular
 *     card 2: nothing    nothing alive on it
 */
#include "tests/golden/golden.h"
#include "tests/support/suite.h"

static bool card_is_live(const struct pfi_move_plan *plan, uintptr_t card) {
    return plan->share->arena->mark_words[card] != 0;
}

static void show_slides(struct text *text, const struct pfi_move_plan *plan) {
    const struct pfi_share *share = plan->share;
    const struct pfi_segment *segment = share->ephemeral;
    uintptr_t first = segment->base >> PINFOLD_CARD_SHIFT;
    text->length = 0;
    for (uintptr_t card = first; card <= (segment->allocated - 1) >> PINFOLD_CARD_SHIFT; ++card) {
        uintptr_t slide = share->arena->slides[card];
        text_add(text, "card %zu: ", (size_t)(card - first));
        if (!card_is_live(plan, card)) {
            text_add(text, "nothing\n");
        } else {
            const struct pfi_segment *target = pfi_arena_segment_of(share->arena, slide);
            text_add(text, "to %zu@%zu%s\n", segment_number(share, target), cell_number(target, slide),
                     (slide & PINFOLD_SLIDE_IRREGULAR) != 0 ? " irregular" : "");
        }
    }
}

/* Every granule of every plug: the quick lookup, the search and the record agree. */
static void check_lookups(const struct pfi_move_plan *plan) {
    struct pfi_plug_walk walk;
    struct pfi_plug plug;
    pfi_plug_walk_open(&walk, plan);
    while (pfi_plug_walk_next(&walk, &plug)) {
        uintptr_t distance = (uintptr_t)plug.record->distance;
        for (uintptr_t address = plug.start; address < plug.end; ++address) {
            if (pfi_move_plan_new_address(plan, address) != address + distance ||
                pfi_move_plan_search(plan, address) != address + distance) {
                ck_abort_msg("byte %zu of the plug is looked up wrong", (size_t)(address - plug.start));
            }
        }
    }
}

static void check_slides(const char *before, int condemned, const char *expected) {
    static struct drawing drawing;
    static struct text actual;
    struct pfi_move_plan plan;
    drawing_open(&drawing, before, NULL, NULL);
    drawing_plan(&drawing, condemned, &plan);
    show_slides(&actual, &plan);
    text_expect("the slides", expected, &actual);
    check_lookups(&plan);
    drawing_sweep(&drawing, &plan);
    drawing_close(&drawing);
}

/* Plugs that slide close up behind one another: on each card they form one block. */
START_TEST(cards_of_plugs_that_close_up_are_regular) {
    check_slides("gen2 | gen1 | gen0 ..AA.BBB.C..D*40.E", 0,
                 "card 0: to 0@0\n"
                 "card 1: to 0@25\n");
}
END_TEST

START_TEST(a_card_without_anything_alive_needs_no_slide) {
    check_slides("gen2 | gen1 | gen0 A.*70B", 0,
                 "card 0: to 0@0\n"
                 "card 1: nothing\n"
                 "card 2: to 0@1\n");
}
END_TEST

/* B goes into the free item, C slides: both are on card 0. */
START_TEST(a_card_whose_plugs_part_company_is_irregular) {
    check_slides("gen2 Af*16 | gen1 .BB | gen0 .C", 1, "card 0: to 0@1 irregular\n");
}
END_TEST

/* Card 0 holds the start of B, which goes to the end of the older segment, card 1 its end and C, which slides. Card 2
 * belongs to C alone. */
START_TEST(regular_and_irregular_cards_may_lie_side_by_side) {
    check_slides("gen2 Z\n"
                 "gen2 A | gen1 .*9B*30 | gen0 .C*40",
                 1,
                 "card 0: to 0@1\n"
                 "card 1: to 0@22 irregular\n"
                 "card 2: to 1@23\n");
}
END_TEST

/* Once irregular, a card stays so, also when a later plug happens to continue an earlier one. */
START_TEST(a_card_stays_irregular) {
    check_slides("gen2 Af*16H | gen1 .BB | gen0 .C.D.E", 1, "card 0: to 0@1 irregular\n");
}
END_TEST

/* A covers cards 0 to 3; each has the slide of its own first cell. */
START_TEST(a_plug_over_several_cards_gives_each_its_slide) {
    check_slides("gen2 | gen1 | gen0 ..A*100", 0,
                 "card 0: to 0@0\n"
                 "card 1: to 0@29\n"
                 "card 2: to 0@61\n"
                 "card 3: to 0@93\n");
}
END_TEST

SUITE("golden/lookup", cards_of_plugs_that_close_up_are_regular, a_card_without_anything_alive_needs_no_slide,
      a_card_whose_plugs_part_company_is_irregular, regular_and_irregular_cards_may_lie_side_by_side,
      a_card_stays_irregular, a_plug_over_several_cards_gives_each_its_slide)
