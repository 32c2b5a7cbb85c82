/* SPDX-License-Identifier: MIT
 *
 * What collections do to cards. A row of cards is drawn with one character a card, from the segment's base to the end
 * of its objects; a card has 32 cells, and the segment's own cell is the first of card 0.
 *
 *     .   clean      r   remembered: may refer to generation 1      S   stored: may refer to generation 0 as well
 */
#include "alloc/card_table.h"
#include "tests/golden/golden.h"
#include "tests/support/suite.h"

static char card_character(uint8_t card) {
    return card == 0 ? '.' : card == PINFOLD_CARD_REMEMBERED ? 'r' : 'S';
}

static void expect_cards(const struct drawing *drawing, const char *when, const char *expected) {
    static struct text actual;
    actual.length = 0;
    for (const struct pfi_segment *segment = drawing->share->segments; segment != NULL; segment = segment->next) {
        for (uintptr_t card = segment->base; card < segment->allocated; card += PINFOLD_CARD) {
            text_add(&actual, "%c", card_character(drawing->share->arena->cards[card >> PINFOLD_CARD_SHIFT]));
        }
        text_add(&actual, "\n");
    }
    text_expect(when, expected, &actual);
}

static void collect(struct drawing *drawing, int generation, enum pf_collect_mode mode, const char *after,
                    const char *cards) {
    pf_collect(drawing->fixture.thread, generation, mode);
    drawing_expect(drawing, "the heap", after);
    expect_cards(drawing, "its cards", cards);
}

/* A refers to B, which stays in generation 1 while generation 0 is collected: the card must not be forgotten, and the
 * collection of generation 1 must find it. A sweep does not look at references again: its card stays remembered
 * although B is old now. The next collection of generation 1 cleans it. */
START_TEST(a_reference_to_generation_1_is_remembered_by_collections_of_generation_0) {
    static const enum pf_collect_mode modes[] = {PINFOLD_COLLECT_COMPACT, PINFOLD_COLLECT_SWEEP};
    for (int index = 0; index < 2; ++index) {
        static struct drawing drawing;
        drawing_open(&drawing, "gen2 A*40 | gen1 BB | gen0 C", "AB", NULL);
        expect_cards(&drawing, "after the store", "S.");
        collect(&drawing, 0, modes[index], "gen2 A*40 | gen1 BBC | gen0", "r.");
        collect(&drawing, 0, modes[index], "gen2 A*40 | gen1 BBC | gen0", "r.");
        pf_collect(drawing.fixture.thread, 1, modes[index]);
        drawing_expect(&drawing, "the heap", "gen2 A*40BBC | gen1 | gen0");
        expect_cards(&drawing, "its cards", modes[index] == PINFOLD_COLLECT_COMPACT ? ".." : "r.");
        collect(&drawing, 1, modes[index], "gen2 A*40BBC | gen1 | gen0", "..");
        drawing_close(&drawing);
    }
}
END_TEST

START_TEST(a_reference_to_what_becomes_generation_1_is_remembered) {
    static struct drawing drawing;
    drawing_open(&drawing, "gen2 A*40 | gen1 | gen0 .BB", "AB", NULL);
    collect(&drawing, 0, PINFOLD_COLLECT_COMPACT, "gen2 A*40 | gen1 BB | gen0", "r.");
    collect(&drawing, 1, PINFOLD_COLLECT_COMPACT, "gen2 A*40BB | gen1 | gen0", "..");
    drawing_close(&drawing);

    drawing_open(&drawing, "gen2 A*40 | gen1 | gen0 .BB", "AB", NULL);
    collect(&drawing, 0, PINFOLD_COLLECT_SWEEP, "gen2 A*40 | gen1 fBB | gen0", "r.");
    collect(&drawing, 1, PINFOLD_COLLECT_SWEEP, "gen2 A*40fBB | gen1 | gen0", "r.");
    drawing_close(&drawing);
}
END_TEST

/* B becomes generation 2 and refers to C, which becomes generation 1; its card is made at the place it moves to. In the
 * second collection that card lies half in the old part and half in the condemned one: it stays as it was found. */
START_TEST(a_survivor_that_grows_old_before_its_target_gets_a_card_at_its_new_place) {
    static struct drawing drawing;
    drawing_open(&drawing, "gen2 A*31 | gen1 .*40BB | gen0 .CC", "BC", NULL);
    collect(&drawing, 1, PINFOLD_COLLECT_COMPACT, "gen2 A*31BB | gen1 CC | gen0", ".r");
    collect(&drawing, 1, PINFOLD_COLLECT_COMPACT, "gen2 A*31BBCC | gen1 | gen0", ".S");
    drawing_close(&drawing);

    drawing_open(&drawing, "gen2 A*31 | gen1 .*40BB | gen0 .CC", "BC", NULL);
    collect(&drawing, 1, PINFOLD_COLLECT_SWEEP, "gen2 A*31f*40BB | gen1 fCC | gen0", "..r");
    drawing_close(&drawing);
}
END_TEST

/* The barrier asks where the young generations are: it must know the new segment. */
START_TEST(after_an_expansion_stores_of_young_objects_still_dirty_their_cards) {
    static struct drawing drawing;
    drawing_open(&drawing, "gen2 A*40 | gen1 | gen0 BB", NULL, "expand");
    collect(&drawing, 1, PINFOLD_COLLECT_COMPACT, "gen2 A*40\ngen2 | gen1 BB | gen0", "..\n.");
    enum { SECOND_CARD = 480 / sizeof(uintptr_t) };
    uintptr_t *slot = pfi_words(drawing.roots[0]) + HEADER_WORDS + SECOND_CARD;
    pf_store(drawing.fixture.thread, slot, (void *)drawing.roots[1]);
    expect_cards(&drawing, "after the store", ".S\n.");
    drawing.roots[1] = 0; /* only A holds it now */
    pf_collect(drawing.fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
    ck_assert_int_eq(pf_generation_of(drawing.fixture.heap, (void *)*slot), 2);
    ck_assert_str_eq(pf_type_of((void *)*slot)->name, "B");
    *slot = letter_word(0, SECOND_CARD);
    drawing_close(&drawing);
}
END_TEST

START_TEST(after_a_full_collection_old_references_to_old_objects_have_clean_cards) {
    static struct drawing drawing;
    drawing_open(&drawing, "gen2 A*40.B*40 | gen1 .CC | gen0 .DD", "AB AC BC BD", NULL);
    expect_cards(&drawing, "after the stores", "SS.");
    collect(&drawing, 2, PINFOLD_COLLECT_COMPACT, "gen2 A*40B*40CC | gen1 DD | gen0", ".r.");
    drawing_close(&drawing);
}
END_TEST

SUITE("golden/cards", a_reference_to_generation_1_is_remembered_by_collections_of_generation_0,
      a_reference_to_what_becomes_generation_1_is_remembered,
      a_survivor_that_grows_old_before_its_target_gets_a_card_at_its_new_place,
      after_an_expansion_stores_of_young_objects_still_dirty_their_cards,
      after_a_full_collection_old_references_to_old_objects_have_clean_cards)
