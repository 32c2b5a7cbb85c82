/* SPDX-License-Identifier: MIT
 *
 * The mark stack: last in, first out; two words for the rest of an array; a range for what found no room.
 */
#include "gc/state/mark_stack.h"

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
        ck_assert(pfi_mark_stack_init(&stack, SIZE));
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
    ck_assert(pfi_mark_stack_init(&stack, 5000));
    ck_assert_uint_eq(stack.size, 8192);
    ck_assert(pfi_mark_stack_is_empty(&stack));
    ck_assert(!pfi_mark_stack_has_overflow(&stack));
    pfi_mark_stack_finish(&stack);
}
END_TEST

START_TEST(a_trimmed_stack_can_be_filled_again) {
    enum { DEEP = 4 << 20 };
    struct pfi_mark_stack stack;
    ck_assert(pfi_mark_stack_init(&stack, DEEP));
    for (int round = 0; round < 2; ++round) {
        size_t pushed = 0;
        for (; !pfi_mark_stack_has_overflow(&stack); ++pushed) {
            pfi_mark_stack_push(&stack, (pushed + 1) * PINFOLD_GRANULE);
        }
        ck_assert_uint_eq(pushed, DEEP / sizeof(uintptr_t) - 1);
        for (size_t left = pushed - 1; left > 0; --left) {
            if (*--stack.top != left * PINFOLD_GRANULE) {
                ck_abort_msg("entry %zu was lost", left);
            }
        }
        pfi_mark_stack_clear_overflow(&stack);
        pfi_mark_stack_trim(&stack);
    }
    pfi_mark_stack_finish(&stack);
}
END_TEST

SUITE("unit/mark_stack", the_stack_agrees_with_an_array_and_widens_its_range_when_it_is_full,
      a_stack_takes_whole_pages_and_begins_empty_and_without_overflow, a_trimmed_stack_can_be_filled_again)
