/* SPDX-License-Identifier: MIT
 *
 * The mark stack: last in, first out; two words for the rest of an array; a range for what found no room.
 */
#include "gc/state/mark_stack.h"

#include "tests/support/account.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { SIZE = 8192, ENTRIES = SIZE / sizeof(uintptr_t), OPERATIONS = 20000 };

struct entry {
    uintptr_t object;
    size_t index; /* SIZE_MAX: a whole object */
};

static struct entry model[ENTRIES];
static size_t model_count;
static uintptr_t lost_low;
static uintptr_t lost_high;

static struct entry pop(struct pfi_mark_stack *stack) {
    struct entry entry;
    entry.object = pfi_mark_stack_pop(stack, &entry.index);
    return entry;
}

static size_t words_of(const struct entry *entry) {
    return entry->index == SIZE_MAX ? 1 : 2;
}

static void push(struct pfi_mark_stack *stack, struct random *random, size_t *words) {
    struct entry entry = {random_between(random, 2, 1 << 20) * PINFOLD_GRANULE, SIZE_MAX};
    if (random_chance(random, 30)) {
        entry.index = random_below(random, 1 << 20);
        pfi_mark_stack_push_rest(stack, entry.object, entry.index);
    } else {
        pfi_mark_stack_push(stack, entry.object);
    }
    if (*words >= ENTRIES - 2) { /* room for one more entry of two words is always kept */
        lost_low = pfi_min(lost_low, entry.object);
        lost_high = pfi_max(lost_high, entry.object);
        return;
    }
    model[model_count++] = entry;
    *words += words_of(&entry);
}

static void check_overflow(const struct pfi_mark_stack *stack) {
    bool lost = lost_low <= lost_high;
    if (pfi_mark_stack_has_overflow(stack) != lost ||
        (lost && (stack->overflow_low != lost_low || stack->overflow_high != lost_high))) {
        replay_fail("the range of what found no room is wrong");
    }
}

static void forget_overflow(struct pfi_mark_stack *stack) {
    pfi_mark_stack_clear_overflow(stack);
    lost_low = UINTPTR_MAX;
    lost_high = 0;
}

static void pop_and_compare(struct pfi_mark_stack *stack, size_t *words) {
    struct entry entry = pop(stack);
    struct entry wanted = model[--model_count];
    *words -= words_of(&wanted);
    if (entry.object != wanted.object || entry.index != wanted.index) {
        replay_fail("popped the wrong entry");
    }
}

START_TEST(the_stack_agrees_with_an_array_and_widens_its_range_when_it_is_full) {
    struct seed_range seeds = settings_seeds(5);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        struct pfi_mark_stack stack;
        size_t words = 0;
        replay_begin("mark stack", seed);
        ck_assert(pfi_mark_stack_init(&stack, test_account(), SIZE));
        model_count = 0;
        forget_overflow(&stack);
        for (uint64_t operation = 0; operation < OPERATIONS; ++operation) {
            bool grows = operation / 2500 % 2 == 0;
            replay_operation(operation);
            if (random_chance(&random, grows ? 80 : 20)) {
                push(&stack, &random, &words);
            } else if (model_count > 0) {
                pop_and_compare(&stack, &words);
            } else if (random_chance(&random, 10)) {
                forget_overflow(&stack);
            }
            check_overflow(&stack);
            if (pfi_mark_stack_is_empty(&stack) != (model_count == 0)) {
                replay_fail("empty and is not, or the other way round");
            }
        }
        pfi_mark_stack_finish(&stack);
    }
}
END_TEST

START_TEST(a_stack_takes_whole_pages_and_begins_empty_and_without_overflow) {
    struct pfi_mark_stack stack;
    ck_assert(pfi_mark_stack_init(&stack, test_account(), 5000));
    ck_assert_uint_eq(stack.memory.size, 8192);
    ck_assert(pfi_mark_stack_is_empty(&stack));
    ck_assert(!pfi_mark_stack_has_overflow(&stack));
    pfi_mark_stack_finish(&stack);
}
END_TEST

enum { DEEP = 4 << 20 };

static void fill_twice(struct pfi_mark_stack *stack, size_t size_of_trimmed) {
    for (int round = 0; round < 2; ++round) {
        size_t pushed = 0;
        for (; !pfi_mark_stack_has_overflow(stack); ++pushed) {
            pfi_mark_stack_push(stack, (pushed + 1) * PINFOLD_GRANULE);
        }
        ck_assert_uint_eq(pushed, DEEP / sizeof(uintptr_t) - 1);
        for (size_t left = pushed - 1; left > 0; --left) {
            if (*--stack->top != left * PINFOLD_GRANULE) {
                ck_abort_msg("entry %zu was lost", left);
            }
        }
        pfi_mark_stack_clear_overflow(stack);
        pfi_mark_stack_trim(stack);
        ck_assert_uint_eq(stack->memory.size, size_of_trimmed);
    }
    pfi_mark_stack_finish(stack);
}

START_TEST(a_trimmed_stack_can_be_filled_again) {
    struct pfi_mark_stack stack;
    ck_assert(pfi_mark_stack_init(&stack, test_account(), DEEP));
    ck_assert_uint_eq(stack.memory.size, DEEP);
    fill_twice(&stack, DEEP);
}
END_TEST

START_TEST(a_stack_that_begins_short_becomes_as_long_as_any_and_is_short_again_when_it_is_trimmed) {
    struct pfi_mark_stack stack;
    ck_assert(pfi_mark_stack_init_short(&stack, test_account(), DEEP));
    ck_assert_uint_eq(stack.memory.size, PINFOLD_SHORT_MARK_STACK);
    fill_twice(&stack, PINFOLD_SHORT_MARK_STACK);
}
END_TEST

/* Number n is an object at granule n, every third a rest from index 7 n on. Counts how often each is popped. */
static size_t count_popped(struct pfi_mark_stack *stack, uint8_t *popped, size_t most) {
    size_t count = 0;
    for (; !pfi_mark_stack_is_empty(stack); ++count) {
        size_t index;
        uintptr_t object = pfi_mark_stack_pop(stack, &index);
        size_t number = object / PINFOLD_GRANULE;
        ck_assert_uint_lt(number, most);
        ck_assert_msg(index == (number % 3 == 0 ? number * 7 : SIZE_MAX), "entry %zu has index %zu", number, index);
        ++popped[number];
    }
    return count;
}

static void push_numbers(struct pfi_mark_stack *stack, size_t from, size_t to) {
    for (size_t number = from; number < to; ++number) {
        if (number % 3 == 0) {
            pfi_mark_stack_push_rest(stack, number * PINFOLD_GRANULE, number * 7);
        } else {
            pfi_mark_stack_push(stack, number * PINFOLD_GRANULE);
        }
    }
}

START_TEST(a_split_takes_every_second_of_the_oldest_entries_and_none_is_lost) {
    enum { MOST = 200, TAKEN = 64 };
    for (size_t entries = 0; entries <= MOST; ++entries) {
        uint8_t popped[MOST + 1] = {0};
        uintptr_t words[2 * TAKEN];
        struct pfi_mark_stack giver;
        struct pfi_mark_stack taker;
        ck_assert(pfi_mark_stack_init(&giver, test_account(), SIZE) && pfi_mark_stack_init(&taker, test_account(), 1));
        push_numbers(&giver, 1, entries + 1);
        size_t count = pfi_mark_stack_split(&giver, words, TAKEN);
        pfi_mark_stack_push_all(&taker, words, count);
        size_t taken = count_popped(&taker, popped, MOST + 1);
        ck_assert_uint_eq(taken, pfi_min(entries / 2, TAKEN));
        for (size_t number = 1; number <= 2 * taken; ++number) {
            ck_assert_msg(popped[number] == number % 2, "entry %zu of %zu was taken %u times", number, entries,
                          popped[number]);
        }
        ck_assert_uint_eq(count_popped(&giver, popped, MOST + 1), entries - taken);
        for (size_t number = 1; number <= entries; ++number) {
            ck_assert_msg(popped[number] == 1, "entry %zu of %zu was seen %u times", number, entries, popped[number]);
        }
        pfi_mark_stack_finish(&taker);
        pfi_mark_stack_finish(&giver);
    }
}
END_TEST

START_TEST(room_that_splits_have_left_at_the_bottom_is_used_before_anything_overflows) {
    enum { HALF = ENTRIES / 2, TAKEN = 64 };
    struct pfi_mark_stack stack;
    uintptr_t words[2 * TAKEN];
    ck_assert(pfi_mark_stack_init(&stack, test_account(), SIZE));
    size_t pushed = 0;
    for (; stack.top < stack.limit; ++pushed) {
        pfi_mark_stack_push(&stack, (pushed + 1) * PINFOLD_GRANULE);
    }
    while (stack.bottom - stack.entries < HALF) {
        ck_assert_uint_ne(pfi_mark_stack_split(&stack, words, TAKEN), 0);
    }
    for (size_t more = 0; more < HALF / 2; ++more) {
        pfi_mark_stack_push(&stack, (++pushed) * PINFOLD_GRANULE);
    }
    ck_assert(!pfi_mark_stack_has_overflow(&stack));
    for (size_t newest = 0; newest < HALF / 2; ++newest) {
        size_t index;
        ck_assert_uint_eq(pfi_mark_stack_pop(&stack, &index), (pushed - newest) * PINFOLD_GRANULE);
    }
    pfi_mark_stack_finish(&stack);
}
END_TEST

SUITE("unit/mark_stack", a_split_takes_every_second_of_the_oldest_entries_and_none_is_lost,
      room_that_splits_have_left_at_the_bottom_is_used_before_anything_overflows,
      the_stack_agrees_with_an_array_and_widens_its_range_when_it_is_full,
      a_stack_takes_whole_pages_and_begins_empty_and_without_overflow, a_trimmed_stack_can_be_filled_again,
      a_stack_that_begins_short_becomes_as_long_as_any_and_is_short_again_when_it_is_trimmed)
