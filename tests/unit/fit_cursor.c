/* SPDX-License-Identifier: MIT
 *
 * The fit cursor against a model with arrays: the same choices while planning, the same list after a commit, and an
 * untouched list when the plan is thrown away.
 */
#include "gc/state/fit_cursor.h"

#include <stdlib.h>
#include <string.h>

#include "alloc/object.h"
#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { MOST_ITEMS = 200, MOST_PLUGS = 2000, BINS = 12, FIRST_LIMIT = PINFOLD_WORD_BITS == 64 ? 256 : 128 };

struct item {
    uintptr_t start;
    size_t size;
};

/* A bin as an array, in list order; `next` is the first item that the plan has not touched. */
struct bin {
    struct item items[MOST_ITEMS];
    size_t count;
    size_t next;
};

struct model {
    struct pfi_arena arena;
    struct pf_options options;
    struct pfi_share share;
    struct bin bins[BINS];
    struct item region; /* what the plan fills at present */
    uintptr_t ptr;
    uintptr_t rests[MOST_ITEMS]; /* of the regions, in the order of bins and items */
    struct item plugs[MOST_PLUGS];
    size_t plug_count;
};

static struct model model;

static struct pfi_free_list *list_of(void) {
    return &model.share.generations[2].free_list;
}

static void put_object(uintptr_t start, size_t size) {
    pfi_words(start)[0] = (uintptr_t)&bytes_type;
    pfi_words(start)[1] = size - PINFOLD_MIN_OBJECT;
}

static size_t random_size(struct random *random, size_t smallest, size_t doublings) {
    size_t top = smallest << random_below(random, doublings);
    return pfi_max(random_between(random, smallest, top) & ~(size_t)(PINFOLD_GRANULE - 1), smallest);
}

/* Free objects of all sizes with an object between any two. */
static void open_model(struct random *random) {
    memset(&model, 0, sizeof model);
    model.options = fixture_tiny_options();
    model.options.segment_size = (size_t)1 << 20;
    ck_assert(pfi_arena_init(&model.arena, (size_t)2 << 20, PINFOLD_UNIT));
    ck_assert_int_eq(pfi_share_init(&model.share, &model.arena, &model.options), PINFOLD_OK);
    struct pfi_segment *segment = model.share.ephemeral;
    ck_assert(pfi_segment_commit(&model.arena, segment, segment->end));
    uintptr_t address = segment->first;
    for (size_t count = random_between(random, 0, MOST_ITEMS); count > 0; --count) {
        size_t size = random_size(random, PINFOLD_MIN_FREE_ITEM, 9);
        if (address + size + PINFOLD_MIN_OBJECT > segment->end) {
            break;
        }
        pfi_share_thread_gap(&model.share, 2, address, size);
        struct bin *bin = &model.bins[pfi_free_list_bin(list_of(), size)];
        bin->items[bin->count++] = (struct item){address, size};
        put_object(address + size, PINFOLD_MIN_OBJECT);
        address += size + PINFOLD_MIN_OBJECT;
    }
    segment->used = segment->allocated = address;
    model.share.start[0] = model.share.start[1] = address;
}

static void close_model(void) {
    pfi_segment_release(&model.arena, model.share.ephemeral);
    pfi_arena_finish(&model.arena);
}

/* The next item of the first bin that has one left and whose smallest item holds the plug and a smallest object. */
static bool model_open_region(size_t size) {
    for (unsigned bin = 1; bin < BINS; ++bin) {
        struct bin *items = &model.bins[bin];
        if (items->next < items->count && ((size_t)FIRST_LIMIT << (bin - 1)) >= size + PINFOLD_MIN_OBJECT) {
            model.region = items->items[items->next++];
            model.ptr = model.region.start;
            return true;
        }
    }
    return false;
}

static uintptr_t model_take(size_t size) {
    size_t room = model.region.start + model.region.size - model.ptr;
    bool fits = room == size || room >= size + PINFOLD_MIN_OBJECT;
    if (!fits && !model_open_region(size)) {
        return 0;
    }
    uintptr_t place = model.ptr;
    model.ptr += size;
    return place;
}

static void plan(struct pfi_fit_cursor *cursor, struct random *random) {
    size_t doublings = random_between(random, 1, 9);
    for (size_t count = random_between(random, 0, MOST_PLUGS); count > 0; --count) {
        size_t size = random_size(random, PINFOLD_MIN_OBJECT, doublings);
        uintptr_t wanted = model_take(size);
        uintptr_t got = pfi_fit_cursor_take(cursor, size);
        if (got != wanted) {
            replay_fail("a plug of %zu bytes goes to %#zx instead of %#zx", size, (size_t)got, (size_t)wanted);
        }
        if (got != 0) {
            model.plugs[model.plug_count++] = (struct item){got, size};
        }
    }
}

static void check_list(unsigned bin, const struct item *items, size_t count) {
    uintptr_t item = list_of()->bins[bin].head;
    for (size_t index = 0; index < count; ++index, item = *pfi_free_object_link(item)) {
        if (item != items[index].start || pfi_object_size(item) != items[index].size) {
            replay_fail("item %zu of bin %u is wrong", index, bin);
        }
    }
    uintptr_t last = count == 0 ? 0 : items[count - 1].start;
    if (item != 0 || list_of()->bins[bin].tail != last || ((list_of()->nonempty >> bin) & 1) != (count != 0)) {
        replay_fail("bin %u ends wrong, or its bit is", bin);
    }
}

static void for_each_seed(void (*check)(struct pfi_fit_cursor *cursor, struct random *random)) {
    struct seed_range seeds = settings_seeds(100);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        struct pfi_fit_cursor cursor;
        replay_begin("fit cursor", seed);
        open_model(&random);
        pfi_fit_cursor_open(&cursor, list_of(), NULL);
        plan(&cursor, &random);
        check(&cursor, &random);
        close_model();
    }
}

static void check_untouched(struct pfi_fit_cursor *cursor, struct random *random) {
    (void)random;
    size_t bytes = 0;
    for (unsigned bin = 0; bin < BINS; ++bin) {
        check_list(bin, model.bins[bin].items, model.bins[bin].count);
        for (size_t index = 0; index < model.bins[bin].count; ++index) {
            bytes += model.bins[bin].items[index].size;
        }
    }
    if (list_of()->bytes != bytes || model.share.generations[2].free_bytes != bytes) {
        replay_fail("planning changed the list's bytes");
    }
    pfi_fit_cursor_open(cursor, list_of(), NULL); /* and it can be planned with anew */
}

START_TEST(a_plan_that_is_thrown_away_leaves_the_list_untouched) {
    for_each_seed(check_untouched);
}
END_TEST

/* Everything in the segment, walked: objects and plugs and free objects without a hole or an overlap. */
static size_t walk_free_bytes(void) {
    const struct pfi_segment *segment = model.share.ephemeral;
    size_t bytes = 0;
    for (uintptr_t object = segment->first; object < segment->allocated;) {
        size_t size = pfi_object_size(object);
        if (size < PINFOLD_MIN_OBJECT || size % PINFOLD_GRANULE != 0) {
            replay_fail("no object at offset %zu", (size_t)(object - segment->first));
        }
        bytes += pfi_object_is_free(object) ? size : 0;
        object += size;
    }
    return bytes;
}

/* What a plan leaves of an item: found by looking at the plugs. */
static uintptr_t rest_of(const struct item *item) {
    uintptr_t rest = item->start;
    for (size_t index = 0; index < model.plug_count; ++index) {
        if (model.plugs[index].start == rest && rest < item->start + item->size) {
            rest += model.plugs[index].size;
        }
    }
    return rest;
}

/* The list that commit must leave: untouched items in order, and before them the rests, the last returned first. */
static void model_commit(struct bin *after) {
    for (unsigned bin = 0; bin < BINS; ++bin) {
        struct bin *before = &model.bins[bin];
        after[bin].count = before->count - before->next;
        memcpy(after[bin].items, before->items + before->next, after[bin].count * sizeof before->items[0]);
    }
    for (unsigned bin = 0; bin < BINS; ++bin) {
        for (size_t index = 0; index < model.bins[bin].next; ++index) {
            const struct item *item = &model.bins[bin].items[index];
            uintptr_t rest = rest_of(item);
            size_t size = item->start + item->size - rest;
            if (size >= PINFOLD_MIN_FREE_ITEM) {
                struct bin *to = &after[pfi_free_list_bin(list_of(), size)];
                memmove(&to->items[1], &to->items[0], to->count++ * sizeof to->items[0]);
                to->items[0] = (struct item){rest, size};
            }
        }
    }
}

static void check_committed(struct pfi_fit_cursor *cursor, struct random *random) {
    static struct bin after[BINS];
    (void)random;
    model_commit(after);
    size_t placed = 0;
    size_t free_before = model.share.generations[2].free_bytes;
    pfi_fit_cursor_commit(cursor, &model.share);
    for (size_t index = 0; index < model.plug_count; ++index) {
        put_object(model.plugs[index].start, model.plugs[index].size);
        placed += model.plugs[index].size;
    }
    size_t listed = 0;
    for (unsigned bin = 0; bin < BINS; ++bin) {
        check_list(bin, after[bin].items, after[bin].count);
        for (size_t index = 0; index < after[bin].count; ++index) {
            listed += after[bin].items[index].size;
        }
    }
    if (listed != list_of()->bytes || walk_free_bytes() != free_before - placed ||
        model.share.generations[2].free_bytes != free_before - placed) {
        replay_fail("%zu bytes were free, %zu were placed, %zu are free", free_before, placed,
                    model.share.generations[2].free_bytes);
    }
}

START_TEST(a_committed_plan_takes_exactly_what_it_used_and_returns_the_rests) {
    for_each_seed(check_committed);
}
END_TEST

/* 8 bytes cannot be a free object. */
START_TEST(a_plug_that_would_leave_8_bytes_goes_to_another_item) {
    struct pfi_fit_cursor cursor;
    struct random random = {1};
    open_model(&random); /* whatever it drew is forgotten and overwritten */
    pfi_free_list_clear(list_of());
    uintptr_t first = model.share.ephemeral->first;
    pfi_share_thread_gap(&model.share, 2, first, 256);
    pfi_share_thread_gap(&model.share, 2, first + 1024, 256);
    pfi_fit_cursor_open(&cursor, list_of(), NULL);
    ck_assert_uint_eq(pfi_fit_cursor_take(&cursor, 128), first);
    ck_assert_uint_eq(pfi_fit_cursor_take(&cursor, 120), first + 1024);
    ck_assert_uint_eq(pfi_fit_cursor_take(&cursor, 136), first + 1024 + 120); /* exactly */
    ck_assert_uint_eq(pfi_fit_cursor_take(&cursor, 16), 0);
    close_model();
}
END_TEST

SUITE("unit/fit_cursor", a_plan_that_is_thrown_away_leaves_the_list_untouched,
      a_committed_plan_takes_exactly_what_it_used_and_returns_the_rests,
      a_plug_that_would_leave_8_bytes_goes_to_another_item)
