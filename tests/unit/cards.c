/* SPDX-License-Identifier: MIT
 *
 * The card pass against a plain count: in a segment full of objects of all layouts, every slot on a card of
 * interest is visited exactly once, and no other. Relocation depends on it, for it must not see a slot twice.
 */
#include "gc/root/cards.h"

#include <stdlib.h>

#include "alloc/card_table.h"
#include "alloc/object_starts.h"
#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { ARENA = 8 << 20, SEGMENT = 2 << 20, WORD = sizeof(uintptr_t) };

/* Elements of four words, the third and fourth of them references, behind a fixed part with one reference. */
static const struct pf_run fixed_run = {16, 1};
static const struct pf_run element_run = {2 * WORD, 2};
static struct pf_type record_type;

struct pass {
    struct pfi_arena arena;
    struct pfi_segment *segment;
    bool is_slot[SEGMENT / WORD];
    uint8_t visits[SEGMENT / WORD];
    bool makes_dirty_again; /* what the visitor does to every card it sees */
};

static struct pass pass;

static size_t word_number(uintptr_t address) {
    return (address - pass.segment->base) / WORD;
}

static void open_pass(enum pf_segment_kind kind) {
    char message[200];
    ck_assert_int_eq(pf_type_init(&record_type, "record", 16 + WORD, 4 * WORD, &fixed_run, 1, &element_run, 1, message,
                                  sizeof message),
                     PINFOLD_OK);
    memset(&pass, 0, sizeof pass);
    ck_assert(pfi_arena_init(&pass.arena, ARENA, PINFOLD_UNIT));
    pass.segment = pfi_segment_create(&pass.arena, SEGMENT, kind);
    ck_assert(pass.segment != NULL && pfi_segment_commit(&pass.arena, pass.segment, pass.segment->end));
}

static void close_pass(void) {
    pfi_segment_release(&pass.arena, pass.segment);
    pfi_arena_finish(&pass.arena);
}

static void note_slots(uintptr_t first, size_t count) {
    memset(&pass.is_slot[word_number(first)], true, count);
}

static void note_record_slots(uintptr_t object, size_t length) {
    uintptr_t elements = object + record_type.base_size;
    note_slots(object + 16, 1);
    for (size_t index = 0; index < length; ++index) {
        note_slots(elements + index * 4 * WORD + 2 * WORD, 2);
    }
}

/* Writes an object behind the others and notes its slots, as its layout says. */
static void put(const struct pf_type *type, size_t length) {
    uintptr_t object = pass.segment->allocated;
    pfi_words(object)[0] = (uintptr_t)type;
    if (type != &node_type) {
        pfi_words(object)[1] = length;
    }
    size_t size = pfi_object_size(object);
    pass.segment->allocated += pass.segment->kind == PINFOLD_SEGMENT_LARGE ? pfi_align_up(size, PINFOLD_PAGE) : size;
    pfi_object_starts_set(pass.arena.object_starts, object, pass.segment->allocated);
    if (type == &node_type) {
        note_slots(object + WORD, 2);
    } else if (type == &vector_type) {
        note_slots(object + 16, length);
    } else if (type == &record_type) {
        note_record_slots(object, length);
    }
}

static void put_random(struct random *random) {
    static const struct pf_type *const types[] = {&node_type, &vector_type, &bytes_type, &record_type};
    size_t length = random_below(random, random_chance(random, 10) ? 700 : 12);
    put(types[random_below(random, 4)], length);
}

static void count_visits(void *context, uintptr_t slots, size_t count) {
    (void)context;
    for (size_t index = 0; index < count; ++index) {
        ++pass.visits[word_number(slots) + index];
        if (pass.makes_dirty_again) {
            pfi_card_dirty(pass.arena.cards, slots + index * WORD);
        }
    }
}

/* A collection of generation 0 passes remembered cards by; one of generation 1 looks at all. */
static void dirty_some_cards(struct random *random, int condemned, bool *was_dirty) {
    unsigned density = random_chance(random, 20) ? 100 : (unsigned)random_below(random, 60);
    uintptr_t first = pass.segment->base >> PINFOLD_CARD_SHIFT;
    for (size_t card = 0; card < SEGMENT / PINFOLD_CARD; ++card) {
        static const uint8_t values[] = {PINFOLD_CARD_DIRTY, PINFOLD_CARD_REMEMBERED};
        size_t value = random_below(random, 2);
        bool is_set = random_chance(random, density);
        was_dirty[card] = is_set && (value == 0 || condemned > 0);
        pass.arena.cards[first + card] = is_set ? values[value] : 0;
    }
}

/* Every slot in [from, to) on a card that was of interest: once. All others: never. */
static void check_visits(const bool *was_dirty, uintptr_t from, uintptr_t to) {
    for (uintptr_t slot = pass.segment->base; slot < pass.segment->end; slot += WORD) {
        size_t number = word_number(slot);
        bool wanted = slot >= from && slot < to && pass.is_slot[number] && was_dirty[number * WORD / PINFOLD_CARD];
        if (pass.visits[number] != wanted) {
            replay_fail("the slot at offset %zu was visited %d times instead of %d", number * WORD, pass.visits[number],
                        wanted);
        }
    }
}

static void fill(struct random *random, uintptr_t *from, uintptr_t *to) {
    uintptr_t end = pass.segment->end - PINFOLD_PAGE * 8;
    *from = pass.segment->first;
    *to = 0;
    while (pass.segment->allocated < end) {
        if (*to == 0 && pass.segment->allocated > end - random_below(random, SEGMENT)) {
            *to = pass.segment->allocated; /* some object begins here: where the younger ones begin */
        }
        put_random(random);
    }
    *to = *to == 0 ? pass.segment->allocated : *to;
}

static void check_cards_after(int condemned, const bool *was_dirty, uintptr_t from, uintptr_t to) {
    for (uintptr_t address = from; address < to; address += PINFOLD_CARD) {
        uintptr_t start = pfi_align_down(address, PINFOLD_CARD);
        bool is_shared = start + PINFOLD_CARD > to;
        bool is_dirty = pfi_card_covers(pass.arena.cards, start, condemned);
        bool wanted = is_shared && was_dirty[(start - pass.segment->base) / PINFOLD_CARD];
        if (is_dirty != wanted) {
            replay_fail("the card at offset %zu is %s after the pass", (size_t)(start - pass.segment->base),
                        is_dirty ? "dirty" : "clean");
        }
    }
}

START_TEST(every_slot_on_a_card_of_interest_is_visited_once_and_no_other_slot_is) {
    static bool was_dirty[SEGMENT / PINFOLD_CARD];
    struct seed_range seeds = settings_seeds(10);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        int condemned = (int)(seed % 2);
        uintptr_t from;
        uintptr_t to;
        replay_begin("cards", seed);
        open_pass(PINFOLD_SEGMENT_SMALL);
        pass.makes_dirty_again = random_chance(&random, 50);
        fill(&random, &from, &to);
        dirty_some_cards(&random, condemned, was_dirty);
        pfi_cards_visit(&pass.arena, pass.segment, from, to, pfi_card_interest(condemned), count_visits, NULL);
        check_visits(was_dirty, from, to);
        if (!pass.makes_dirty_again) {
            check_cards_after(condemned, was_dirty, from, to);
        }
        close_pass();
    }
}
END_TEST

START_TEST(of_a_large_array_only_the_slots_on_dirty_cards_are_visited) {
    static bool was_dirty[SEGMENT / PINFOLD_CARD];
    open_pass(PINFOLD_SEGMENT_LARGE);
    put(&vector_type, 1000);
    put(&vector_type, (1 << 20) / WORD);
    put(&vector_type, 1000);
    static const size_t dirty[] = {0, 40, 41, 1000, 2055};
    memset(was_dirty, 0, sizeof was_dirty);
    for (size_t index = 0; index < sizeof dirty / sizeof dirty[0]; ++index) {
        was_dirty[dirty[index]] = true;
        pfi_card_dirty(pass.arena.cards, pass.segment->base + dirty[index] * PINFOLD_CARD);
    }
    replay_begin("a large array", 0);
    pfi_cards_visit(&pass.arena, pass.segment, pass.segment->first, pass.segment->allocated, pfi_card_interest(0),
                    count_visits, NULL);
    check_visits(was_dirty, pass.segment->first, pass.segment->allocated);
    close_pass();
}
END_TEST

/* The card holds the end of an old object and the beginning of a young one: only the old slots are visited, and the
 * card stays dirty, for nothing is known about the rest. */
START_TEST(a_card_shared_with_younger_objects_is_visited_for_the_old_ones_and_stays_dirty) {
    static bool was_dirty[SEGMENT / PINFOLD_CARD];
    open_pass(PINFOLD_SEGMENT_SMALL);
    put(&vector_type, 20);
    uintptr_t boundary = pass.segment->allocated;
    put(&vector_type, 10);
    memset(was_dirty, 0, sizeof was_dirty);
    was_dirty[0] = true;
    pfi_card_dirty(pass.arena.cards, pass.segment->base);
    replay_begin("a shared card", 0);
    pfi_cards_visit(&pass.arena, pass.segment, pass.segment->first, boundary, pfi_card_interest(0), count_visits, NULL);
    check_visits(was_dirty, pass.segment->first, boundary);
    ck_assert(pfi_card_covers(pass.arena.cards, pass.segment->base, 0));
    close_pass();
}
END_TEST

START_TEST(clean_cards_cost_no_visit) {
    static bool was_dirty[SEGMENT / PINFOLD_CARD];
    struct random random = {3};
    uintptr_t from;
    uintptr_t to;
    open_pass(PINFOLD_SEGMENT_SMALL);
    fill(&random, &from, &to);
    memset(was_dirty, 0, sizeof was_dirty);
    replay_begin("clean cards", 0);
    pfi_cards_visit(&pass.arena, pass.segment, from, to, pfi_card_interest(1), count_visits, NULL);
    check_visits(was_dirty, from, to);
    close_pass();
}
END_TEST

SUITE("unit/cards", every_slot_on_a_card_of_interest_is_visited_once_and_no_other_slot_is,
      of_a_large_array_only_the_slots_on_dirty_cards_are_visited,
      a_card_shared_with_younger_objects_is_visited_for_the_old_ones_and_stays_dirty, clean_cards_cost_no_visit)
