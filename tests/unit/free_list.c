/* SPDX-License-Identifier: MIT
 *
 * Free lists against arrays: the same operations on a list in memory and on one array a bin.
 */
#include "alloc/free_list.h"

#include <stdlib.h>

#include "alloc/object.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { ITEMS = 200, LARGEST = 1 << 15, OPERATIONS = 4000 };

/* The bins as arrays, in list order; items that are in no bin. */
struct model {
    struct pfi_free_list list;
    char *memory;
    uintptr_t bins[PINFOLD_MAX_BINS][ITEMS];
    size_t counts[PINFOLD_MAX_BINS];
    uintptr_t outside[ITEMS];
    size_t outside_count;
};

static unsigned slow_bin(const struct model *model, size_t size) {
    unsigned bin = 0;
    size_t limit = model->list.first_limit;
    while (bin + 1 < model->list.bin_count && size >= limit) {
        limit *= 2;
        ++bin;
    }
    return bin;
}

static void model_open(struct model *model, struct random *random, unsigned bins, size_t first_limit) {
    pfi_free_list_init(&model->list, bins, first_limit);
    memset(model->counts, 0, sizeof model->counts);
    model->memory = malloc((size_t)ITEMS * LARGEST);
    ck_assert_ptr_nonnull(model->memory);
    model->outside_count = ITEMS;
    for (size_t index = 0; index < ITEMS; ++index) {
        /* Sizes from every power of two alike, so that every bin gets its share. */
        size_t top = (size_t)PINFOLD_MIN_FREE_ITEM << random_below(random, 11);
        size_t size = random_between(random, top / 2, top) & ~(size_t)(PINFOLD_GRANULE - 1);
        model->outside[index] = (uintptr_t)model->memory + index * LARGEST;
        pfi_free_object_format(model->outside[index], size < PINFOLD_MIN_FREE_ITEM ? PINFOLD_MIN_FREE_ITEM : size);
    }
}

static uintptr_t model_remove(struct model *model, unsigned bin, size_t index) {
    uintptr_t item = model->bins[bin][index];
    --model->counts[bin];
    memmove(&model->bins[bin][index], &model->bins[bin][index + 1],
            (model->counts[bin] - index) * sizeof model->bins[bin][0]);
    model->outside[model->outside_count++] = item;
    return item;
}

/* First item that is large enough, in the bins from that of the size on. */
static uintptr_t model_take(struct model *model, size_t size) {
    for (unsigned bin = slow_bin(model, size); bin < model->list.bin_count; ++bin) {
        for (size_t index = 0; index < model->counts[bin]; ++index) {
            if (pfi_object_size(model->bins[bin][index]) >= size) {
                return model_remove(model, bin, index);
            }
        }
    }
    return 0;
}

static bool serves(uintptr_t item, size_t size) {
    size_t room = pfi_object_size(item);
    return room == size || room >= size + PINFOLD_MIN_OBJECT;
}

/* Front items only; those that do not serve are dropped. */
static uintptr_t model_pop(struct model *model, size_t size) {
    for (unsigned bin = slow_bin(model, size); bin < model->list.bin_count; ++bin) {
        while (model->counts[bin] != 0) {
            uintptr_t item = model_remove(model, bin, 0);
            if (serves(item, size)) {
                return item;
            }
        }
    }
    return 0;
}

static void model_add(struct model *model, struct random *random, bool at_front) {
    size_t chosen = random_below(random, model->outside_count);
    uintptr_t item = model->outside[chosen];
    unsigned bin = slow_bin(model, pfi_object_size(item));
    model->outside[chosen] = model->outside[--model->outside_count];
    if (at_front) {
        memmove(&model->bins[bin][1], &model->bins[bin][0], model->counts[bin] * sizeof model->bins[bin][0]);
        model->bins[bin][0] = item;
        pfi_free_list_push(&model->list, item);
    } else {
        model->bins[bin][model->counts[bin]] = item;
        pfi_free_list_append(&model->list, item);
    }
    ++model->counts[bin];
}

static void check_bin(const struct model *model, unsigned bin, size_t *bytes) {
    uintptr_t item = model->list.bins[bin].head;
    for (size_t index = 0; index < model->counts[bin]; ++index, item = *pfi_free_object_link(item)) {
        if (item != model->bins[bin][index]) {
            replay_fail("item %zu of bin %u is not where it should be", index, bin);
        }
        *bytes += pfi_object_size(item);
    }
    uintptr_t last = model->counts[bin] == 0 ? 0 : model->bins[bin][model->counts[bin] - 1];
    bool is_listed = (model->list.nonempty >> bin) & 1;
    if (item != 0 || model->list.bins[bin].tail != last || is_listed != (model->counts[bin] != 0)) {
        replay_fail("bin %u ends wrong, or its bit is", bin);
    }
}

static void check_same(const struct model *model) {
    size_t bytes = 0;
    for (unsigned bin = 0; bin < model->list.bin_count; ++bin) {
        check_bin(model, bin, &bytes);
    }
    if (bytes != model->list.bytes) {
        replay_fail("%zu bytes counted as %zu", bytes, model->list.bytes);
    }
}

static void operate(struct model *model, struct random *random) {
    size_t choice = random_below(random, 10);
    size_t size = random_between(random, PINFOLD_MIN_OBJECT, (size_t)64 << random_below(random, 10));
    uintptr_t got = 0;
    uintptr_t wanted = 0;
    if (choice < 6 && model->outside_count > 0) {
        model_add(model, random, choice < 3);
    } else if (choice == 9) {
        wanted = model_pop(model, size & ~(size_t)(PINFOLD_GRANULE - 1));
        got = pfi_free_list_pop(&model->list, size & ~(size_t)(PINFOLD_GRANULE - 1));
    } else {
        wanted = model_take(model, size);
        got = pfi_free_list_take(&model->list, size);
    }
    if (got != wanted) {
        replay_fail("got the item at %#zx instead of %#zx", (size_t)got, (size_t)wanted);
    }
}

static void run(unsigned bins, size_t first_limit) {
    static struct model model;
    struct seed_range seeds = settings_seeds(5);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin("free list", seed);
        model_open(&model, &random, bins, first_limit);
        for (uint64_t operation = 0; operation < OPERATIONS; ++operation) {
            replay_operation(operation);
            operate(&model, &random);
            check_same(&model);
        }
        free(model.memory);
    }
}

START_TEST(a_list_of_one_bin_agrees_with_an_array) {
    run(1, 0);
}
END_TEST

START_TEST(a_list_of_many_bins_agrees_with_arrays) {
    run(12, 256);
    run(7, 1 << 16);
}
END_TEST

START_TEST(a_bin_begins_at_its_lower_limit) {
    struct pfi_free_list list;
    pfi_free_list_init(&list, 4, 256);
    ck_assert_uint_eq(pfi_free_list_bin(&list, 32), 0);
    ck_assert_uint_eq(pfi_free_list_bin(&list, 248), 0);
    ck_assert_uint_eq(pfi_free_list_bin(&list, 256), 1);
    ck_assert_uint_eq(pfi_free_list_bin(&list, 504), 1);
    ck_assert_uint_eq(pfi_free_list_bin(&list, 512), 2);
    ck_assert_uint_eq(pfi_free_list_bin(&list, 1024), 3);
    ck_assert_uint_eq(pfi_free_list_bin(&list, 1 << 20), 3);
}
END_TEST

/* The sure bin is the first whose smallest item is large enough, for every size. */
START_TEST(every_item_of_the_sure_bin_fits_and_some_item_of_the_bin_below_does_not) {
    struct pfi_free_list list;
    pfi_free_list_init(&list, 12, 256);
    for (size_t size = PINFOLD_MIN_OBJECT; size <= (size_t)1 << 20; size += PINFOLD_GRANULE) {
        unsigned bin = pfi_free_list_sure_bin(&list, size);
        ck_assert_uint_ge(bin, 1);
        size_t smallest = (size_t)256 << (bin - 1);
        size_t smallest_below = bin == 1 ? PINFOLD_MIN_FREE_ITEM : smallest / 2;
        bool is_beyond_all = bin == 12 && size > (size_t)256 << 10;
        if (!is_beyond_all && (smallest < size || (bin > 1 && smallest_below >= size))) {
            ck_abort_msg("bin %u is not the sure one for %zu bytes", bin, size);
        }
    }
}
END_TEST

static bool is_wanted(const void *request, uintptr_t item) {
    return item == *(const uintptr_t *)request;
}

/* Any item can be asked for; an item further back in its bin than the tries reach is not found. */
START_TEST(what_fits_is_more_than_a_matter_of_size) {
    enum { COUNT = 10, SIZE = 64 };
    static uint64_t memory[COUNT * SIZE / 8];
    struct pfi_free_list list;
    pfi_free_list_init(&list, 12, 256);
    for (uintptr_t index = 0; index < COUNT; ++index) {
        pfi_free_object_format((uintptr_t)memory + index * SIZE, SIZE);
        pfi_free_list_append(&list, (uintptr_t)memory + index * SIZE);
    }
    uintptr_t sixth = (uintptr_t)memory + 5 * SIZE;
    ck_assert_uint_eq(pfi_free_list_take_fitting(&list, 16, 5, is_wanted, &sixth), 0);
    ck_assert_uint_eq(pfi_free_list_take_fitting(&list, SIZE + 8, SIZE_MAX, is_wanted, &sixth), 0);
    ck_assert_uint_eq(list.bytes, COUNT * SIZE);
    ck_assert_uint_eq(pfi_free_list_take_fitting(&list, 16, 6, is_wanted, &sixth), sixth);
    ck_assert_uint_eq(list.bytes, (COUNT - 1) * SIZE);
    ck_assert_uint_eq(pfi_free_list_take_fitting(&list, 16, SIZE_MAX, is_wanted, &sixth), 0);
}
END_TEST

START_TEST(clearing_empties_every_bin_and_keeps_the_classes) {
    static struct model model;
    struct random random = {1};
    model_open(&model, &random, 12, 256);
    for (size_t index = 0; index < ITEMS; ++index) {
        model_add(&model, &random, false);
    }
    pfi_free_list_clear(&model.list);
    memset(model.counts, 0, sizeof model.counts);
    replay_begin("cleared list", 1);
    check_same(&model);
    ck_assert_uint_eq(model.list.bin_count, 12);
    ck_assert_uint_eq(model.list.first_limit, 256);
    ck_assert_uint_eq(pfi_free_list_take(&model.list, 16), 0);
    free(model.memory);
}
END_TEST

/* Items of these sizes, one behind the other in the heap and in the list, which has the bins of generation 0. */
enum { POP_ITEMS = 6, POP_STRIDE = 1024 };
static uint64_t pop_memory[POP_ITEMS * POP_STRIDE / 8];

static uintptr_t item_number(uintptr_t number) {
    return (uintptr_t)pop_memory + number * POP_STRIDE;
}

static void open_for_pop(struct pfi_free_list *list, const size_t sizes[POP_ITEMS]) {
    pfi_free_list_init(list, 12, 256);
    for (uintptr_t number = 0; number < POP_ITEMS && sizes[number] != 0; ++number) {
        pfi_free_object_format(item_number(number), sizes[number]);
        pfi_free_list_append(list, item_number(number));
    }
}

START_TEST(an_item_is_popped_that_fits_exactly_or_leaves_a_free_object) {
    struct pfi_free_list list;
    open_for_pop(&list, (const size_t[POP_ITEMS]){64});
    ck_assert_uint_eq(pfi_free_list_pop(&list, 64), item_number(0));
    open_for_pop(&list, (const size_t[POP_ITEMS]){64});
    ck_assert_uint_eq(pfi_free_list_pop(&list, 48), item_number(0));
    open_for_pop(&list, (const size_t[POP_ITEMS]){64});
    ck_assert_uint_eq(pfi_free_list_pop(&list, 56), 0); /* 8 bytes cannot be a free object */
    ck_assert_uint_eq(list.bytes, 0);
    ck_assert_uint_eq(list.nonempty, 0);
    ck_assert_uint_eq(pfi_free_list_pop(&list, 16), 0);
}
END_TEST

START_TEST(popping_drops_what_is_too_small_on_the_way_and_leaves_what_lies_behind) {
    struct pfi_free_list list;
    open_for_pop(&list, (const size_t[POP_ITEMS]){64, 104, 200, 32, 240});
    ck_assert_uint_eq(pfi_free_list_pop(&list, 96), item_number(2));
    ck_assert_uint_eq(list.bytes, 32 + 240);
    ck_assert_uint_eq(list.bins[0].head, item_number(3));
    ck_assert_uint_eq(list.bins[0].tail, item_number(4));
    ck_assert_uint_eq(pfi_object_size(item_number(0)), 64); /* still a free object, only not in the list */
    ck_assert_uint_eq(pfi_free_list_pop(&list, 96), item_number(4));
    ck_assert_uint_eq(list.nonempty, 0);
    ck_assert_uint_eq(list.bytes, 0);
}
END_TEST

START_TEST(popping_leaves_smaller_classes_alone_and_goes_on_to_larger_ones) {
    struct pfi_free_list list;
    open_for_pop(&list, (const size_t[POP_ITEMS]){248, 256, 1000, 1024, 520});
    ck_assert_uint_eq(list.nonempty, 1u << 0 | 1u << 1 | 1u << 2 | 1u << 3);
    ck_assert_uint_eq(pfi_free_list_pop(&list, 400), item_number(2)); /* bin 1 has 256, which is dropped */
    ck_assert_uint_eq(list.nonempty, 1u << 0 | 1u << 2 | 1u << 3);
    ck_assert_uint_eq(list.bytes, 248 + 1024 + 520);
    ck_assert_uint_eq(pfi_free_list_pop(&list, 512), item_number(3)); /* 8 bytes more than asked for: 520 is dropped */
    ck_assert_uint_eq(list.nonempty, 1u << 0);
    ck_assert_uint_eq(pfi_free_list_pop(&list, 256), 0);
    ck_assert_uint_eq(pfi_free_list_pop(&list, 16), item_number(0));
}
END_TEST

START_TEST(items_of_a_class_are_popped_in_the_order_of_the_list) {
    struct pfi_free_list list;
    open_for_pop(&list, (const size_t[POP_ITEMS]){64, 64, 64});
    pfi_free_object_format(item_number(3), 64);
    pfi_free_list_push(&list, item_number(3));
    static const uintptr_t order[] = {3, 0, 1, 2};
    for (size_t index = 0; index < 4; ++index) {
        ck_assert_uint_eq(pfi_free_list_pop(&list, 48), item_number(order[index]));
    }
    ck_assert_uint_eq(pfi_free_list_pop(&list, 48), 0);
}
END_TEST

/* The list's items, each of 64 bytes, must be these. */
static void check_order(const struct pfi_free_list *list, const uintptr_t *order, size_t count) {
    uintptr_t item = list->bins[0].head;
    for (size_t index = 0; index < count; ++index) {
        ck_assert_uint_eq(item, item_number(order[index]));
        item = *pfi_free_object_link(item);
    }
    ck_assert_uint_eq(item, 0);
    ck_assert_uint_eq(list->bins[0].tail, item_number(order[count - 1]));
    ck_assert_uint_eq(list->bytes, count * 64);
}

START_TEST(rotating_moves_a_stretch_of_a_bin_to_its_end) {
    struct pfi_free_list list;
    open_for_pop(&list, (const size_t[POP_ITEMS]){64, 64, 64, 64, 64});
    pfi_free_list_rotate(&list, 0, 0, item_number(1));
    check_order(&list, (const uintptr_t[]){2, 3, 4, 0, 1}, 5);
    pfi_free_list_rotate(&list, 0, item_number(2), item_number(4));
    check_order(&list, (const uintptr_t[]){2, 0, 1, 3, 4}, 5);
    pfi_free_list_rotate(&list, 0, item_number(1), item_number(4)); /* the end already */
    check_order(&list, (const uintptr_t[]){2, 0, 1, 3, 4}, 5);
    pfi_free_list_rotate(&list, 0, 0, item_number(4));
    check_order(&list, (const uintptr_t[]){2, 0, 1, 3, 4}, 5);
}
END_TEST

SUITE("unit/free_list", a_list_of_one_bin_agrees_with_an_array, a_list_of_many_bins_agrees_with_arrays,
      a_bin_begins_at_its_lower_limit, every_item_of_the_sure_bin_fits_and_some_item_of_the_bin_below_does_not,
      what_fits_is_more_than_a_matter_of_size, clearing_empties_every_bin_and_keeps_the_classes,
      an_item_is_popped_that_fits_exactly_or_leaves_a_free_object,
      popping_drops_what_is_too_small_on_the_way_and_leaves_what_lies_behind,
      popping_leaves_smaller_classes_alone_and_goes_on_to_larger_ones,
      items_of_a_class_are_popped_in_the_order_of_the_list, rotating_moves_a_stretch_of_a_bin_to_its_end)
