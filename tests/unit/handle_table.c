/* SPDX-License-Identifier: MIT
 *
 * The handle table against an array of handles: blocks are filled before new ones are made, freed slots are used again,
 * and a handle finds its block.
 */
#include "gc/state/handle_table.h"

#include "tests/support/account.h"
#include "tests/support/handle_slots.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { MOST = 1000, OPERATIONS = 20000 };

struct model {
    struct pfi_handle_table table;
    struct pf_handle *handles[MOST];
    uintptr_t objects[MOST];
    size_t count;
    size_t peak;
};

static size_t block_count(const struct pfi_handle_table *table) {
    size_t count = 0;
    for (int age = 0; age < PINFOLD_HANDLE_AGES; ++age) {
        count += handle_slots_blocks(table, PINFOLD_HANDLE_STRONG, age);
    }
    return count;
}

static size_t slots_in_use(const struct pfi_handle_table *table) {
    size_t count = 0;
    for (int age = 0; age < PINFOLD_HANDLE_AGES; ++age) {
        for (const struct pfi_handle_block *block = table->blocks[PINFOLD_HANDLE_STRONG][age]; block != NULL;
             block = block->next) {
            count += pfi_bits_count(~block->free);
        }
    }
    return count;
}

static void add(struct model *model, struct random *random) {
    uintptr_t object = random_next(random) & ~(uintptr_t)7;
    struct pf_handle *handle = handle_slots_add(&model->table, PINFOLD_HANDLE_STRONG, object);
    ck_assert_ptr_nonnull(handle);
    for (size_t index = 0; index < model->count; ++index) {
        if (model->handles[index] == handle) {
            replay_fail("a handle was given out twice");
        }
    }
    model->handles[model->count] = handle;
    model->objects[model->count++] = object;
    model->peak = model->count > model->peak ? model->count : model->peak;
}

static void take_away(struct model *model, struct random *random) {
    size_t index = random_below(random, model->count);
    struct pf_handle *handle = model->handles[index];
    handle_slots_remove(&model->table, handle);
    if (pfi_handle_block_of(handle) != NULL || handle->object != 0) {
        replay_fail("a removed handle still looks like one");
    }
    model->handles[index] = model->handles[--model->count];
    model->objects[index] = model->objects[model->count];
}

static void check_same(const struct model *model) {
    size_t most_blocks = (model->peak + PINFOLD_HANDLES_PER_BLOCK - 1) / PINFOLD_HANDLES_PER_BLOCK;
    size_t counted = model->table.count[PINFOLD_HANDLE_STRONG];
    if (counted != model->count || slots_in_use(&model->table) != model->count) {
        replay_fail("%zu handles are counted as %zu, in %zu slots", model->count, counted, slots_in_use(&model->table));
    }
    if (block_count(&model->table) > most_blocks) {
        replay_fail("%zu blocks, though never more than %zu handles", block_count(&model->table), model->peak);
    }
}

static void check_handles(const struct model *model) {
    for (size_t index = 0; index < model->count; ++index) {
        if (model->handles[index]->object != model->objects[index] ||
            pfi_handle_block_of(model->handles[index]) == NULL) {
            replay_fail("handle %zu lost its object or its block", index);
        }
    }
}

START_TEST(the_table_agrees_with_an_array_of_handles_and_uses_freed_slots_again) {
    static struct model model;
    struct seed_range seeds = settings_seeds(3);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin("handles", seed);
        memset(&model, 0, sizeof model);
        pfi_handle_table_init(&model.table, test_account());
        for (uint64_t operation = 0; operation < OPERATIONS; ++operation) {
            unsigned growing = operation / 2000 % 2 == 0 ? 70 : 30;
            replay_operation(operation);
            if (model.count == 0 || (model.count < MOST && random_chance(&random, growing))) {
                add(&model, &random);
            } else {
                take_away(&model, &random);
            }
            check_same(&model);
        }
        check_handles(&model);
        pfi_handle_table_finish(&model.table);
    }
}
END_TEST

START_TEST(a_full_block_is_followed_by_a_second_one) {
    struct pfi_handle_table table;
    pfi_handle_table_init(&table, test_account());
    for (size_t count = 0; count < PINFOLD_HANDLES_PER_BLOCK; ++count) {
        ck_assert_ptr_nonnull(handle_slots_add(&table, PINFOLD_HANDLE_STRONG, 16));
    }
    ck_assert_uint_eq(block_count(&table), 1);
    ck_assert_uint_eq(table.blocks[PINFOLD_HANDLE_STRONG][0]->free, 0);
    ck_assert_ptr_nonnull(handle_slots_add(&table, PINFOLD_HANDLE_STRONG, 16));
    ck_assert_uint_eq(block_count(&table), 2);
    pfi_handle_table_finish(&table);
}
END_TEST

START_TEST(only_the_address_of_a_used_slot_is_a_handle) {
    struct pfi_handle_table table;
    pfi_handle_table_init(&table, test_account());
    struct pf_handle *handle = handle_slots_add(&table, PINFOLD_HANDLE_STRONG, 16);
    struct pfi_handle_block *block = pfi_handle_block_of(handle);
    ck_assert_ptr_eq(block, table.blocks[PINFOLD_HANDLE_STRONG][0]);
    ck_assert_ptr_null(pfi_handle_block_of(handle + 1));                                       /* not in use */
    ck_assert_ptr_null(pfi_handle_block_of((struct pf_handle *)(void *)((char *)handle + 1))); /* not a slot */
    ck_assert_ptr_null(pfi_handle_block_of((struct pf_handle *)(void *)block));                /* the header */
    ck_assert_ptr_null(pfi_handle_block_of(&block->slots[PINFOLD_HANDLES_PER_BLOCK]));
    pfi_handle_table_finish(&table);
}
END_TEST

/* The object may be of generation 0, so the block must be looked at by the next collection whatever its age was. */
START_TEST(a_new_handle_makes_its_block_young) {
    struct pfi_handle_table table;
    pfi_handle_table_init(&table, test_account());
    struct pfi_handle_block *block = pfi_handle_block_around(handle_slots_add(&table, PINFOLD_HANDLE_STRONG, 16));
    for (int age = PINFOLD_OLDEST_AGE; age > 0; --age) {
        pfi_handle_block_set_age_locked(block, age);
        ck_assert_ptr_eq(table.blocks[PINFOLD_HANDLE_STRONG][age], block);
        (void)handle_slots_add(&table, PINFOLD_HANDLE_STRONG, 32);
        ck_assert_int_eq(pfi_handle_block_age(block), 0);
        ck_assert_ptr_eq(table.blocks[PINFOLD_HANDLE_STRONG][0], block);
        ck_assert_ptr_null(table.blocks[PINFOLD_HANDLE_STRONG][age]);
    }
    pfi_handle_table_finish(&table);
}
END_TEST

/* Every place in a list: first, in the middle, last. */
START_TEST(blocks_are_listed_by_their_age) {
    enum { BLOCKS = 5 };
    struct pfi_handle_table table;
    struct pfi_handle_block *blocks[BLOCKS];
    struct random random = {7};
    pfi_handle_table_init(&table, test_account());
    for (int i = 0; i < BLOCKS * PINFOLD_HANDLES_PER_BLOCK; i++) {
        blocks[i / PINFOLD_HANDLES_PER_BLOCK] =
            pfi_handle_block_around(handle_slots_add(&table, PINFOLD_HANDLE_WEAK, 16));
    }
    for (int step = 0; step < 1000; step++) {
        size_t count[PINFOLD_HANDLE_AGES] = {0};
        pfi_handle_block_set_age_locked(blocks[random_below(&random, BLOCKS)], (int)random_below(&random, 3));
        for (int i = 0; i < BLOCKS; i++) {
            ++count[pfi_handle_block_age(blocks[i])];
        }
        for (int age = 0; age < PINFOLD_HANDLE_AGES; age++) {
            ck_assert_uint_eq(handle_slots_blocks(&table, PINFOLD_HANDLE_WEAK, age), count[age]);
        }
    }
    pfi_handle_table_finish(&table);
}
END_TEST

START_TEST(a_dependent_handle_has_a_value_of_its_own) {
    enum { COUNT = 3 * PINFOLD_HANDLES_PER_BLOCK };
    static struct pf_handle *handles[COUNT];
    struct pfi_handle_table table;
    pfi_handle_table_init(&table, test_account());
    for (uintptr_t i = 0; i < COUNT; i++) {
        handles[i] = handle_slots_add(&table, PINFOLD_HANDLE_DEPENDENT, 8 * i + 8);
        pfi_handle_value(handles[i])->object = 8 * i + 1;
    }
    for (uintptr_t i = 0; i < COUNT; i++) {
        ck_assert_uint_eq(handles[i]->object, 8 * i + 8);
        ck_assert_uint_eq(pfi_handle_value(handles[i])->object, 8 * i + 1);
    }
    handle_slots_remove(&table, handles[1]);
    ck_assert_uint_eq(pfi_handle_value(handles[1])->object, 0);
    pfi_handle_table_finish(&table);
}
END_TEST

START_TEST(a_freed_handle_is_used_again_at_once_however_many_full_blocks_there_are) {
    enum { BLOCKS = 2000, COUNT = BLOCKS * PINFOLD_HANDLES_PER_BLOCK };
    static struct pf_handle *handles[COUNT];
    struct pfi_handle_table table;
    pfi_handle_table_init(&table, test_account());
    for (size_t i = 0; i < COUNT; i++) {
        handles[i] = handle_slots_add(&table, PINFOLD_HANDLE_STRONG, 0);
        ck_assert_ptr_nonnull(handles[i]);
    }
    ck_assert_ptr_null(table.with_room[PINFOLD_HANDLE_STRONG]);
    for (size_t i = 0; i < COUNT; i++) { /* in the order of creation: the oldest block first */
        struct pf_handle *freed = handles[i];
        handle_slots_remove(&table, freed);
        handles[i] = handle_slots_add(&table, PINFOLD_HANDLE_STRONG, 0);
        ck_assert_ptr_eq(handles[i], freed);
    }
    ck_assert_uint_eq(block_count(&table), BLOCKS);
    pfi_handle_table_finish(&table);
}
END_TEST

SUITE("unit/handle_table", the_table_agrees_with_an_array_of_handles_and_uses_freed_slots_again,
      a_full_block_is_followed_by_a_second_one, only_the_address_of_a_used_slot_is_a_handle,
      a_new_handle_makes_its_block_young, blocks_are_listed_by_their_age, a_dependent_handle_has_a_value_of_its_own,
      a_freed_handle_is_used_again_at_once_however_many_full_blocks_there_are)
