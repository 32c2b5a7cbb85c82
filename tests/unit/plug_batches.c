/* SPDX-License-Identifier: MIT
 *
 * Plugs a few at a time, on random heaps: the list says what the bitmap says, with pinned plugs among them or without.
 */
#include "gc/phase/expand.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/unit/planned_world.h"

/* The next plug of a row of batches; false at the end. */
struct reader {
    struct pfi_plug_batches batches;
    size_t count;
    size_t next;
};

static bool read_plug(struct reader *reader, struct pfi_listed_plug *plug) {
    if (reader->next == reader->count) {
        reader->count = pfi_plug_batches_next(&reader->batches);
        reader->next = 0;
        ck_assert_uint_le(reader->count, PINFOLD_PLUG_BATCH);
    }
    if (reader->count == 0) {
        return false;
    }
    *plug = reader->batches.plugs[reader->next++];
    return true;
}

static bool is_same(const struct pfi_listed_plug *a, const struct pfi_listed_plug *b) {
    return a->start == b->start && a->end == b->end && a->place == b->place;
}

/* The plugs that are not pinned, three times: from the list, from the bitmap, and from the bitmap among the pinned. */
static size_t compare_batches(const struct pfi_move_plan *plan) {
    static struct pfi_plug_list no_list;
    struct pfi_move_plan without_list = *plan;
    struct reader listed = {.count = 0};
    struct reader walked = {.count = 0};
    struct reader all = {.count = 0};
    struct pfi_listed_plug plugs[3];
    size_t pinned = 0;
    without_list.list = &no_list;
    ck_assert(plan->list->is_complete && !no_list.is_complete);
    pfi_plug_batches_open(&listed.batches, plan, false);
    pfi_plug_batches_open(&walked.batches, &without_list, false);
    pfi_plug_batches_open(&all.batches, plan, true);
    while (read_plug(&all, &plugs[2])) {
        if (pfi_bits_test(plan->share->arena->pin_words, plugs[2].start >> PINFOLD_GRANULE_SHIFT)) {
            ++pinned;
            if (plugs[2].place != plugs[2].start) {
                replay_fail("the pinned plug at %#zx would move", (size_t)plugs[2].start);
            }
        } else if (!read_plug(&listed, &plugs[0]) || !read_plug(&walked, &plugs[1]) || !is_same(&plugs[0], &plugs[2]) ||
                   !is_same(&plugs[1], &plugs[2])) {
            replay_fail("the plug at %#zx is another in the list, or in the bitmap", (size_t)plugs[2].start);
        }
    }
    if (read_plug(&listed, &plugs[0]) || read_plug(&walked, &plugs[1])) {
        replay_fail("the list goes on behind the last plug");
    }
    return pinned;
}

START_TEST(the_list_of_plugs_says_what_the_bitmap_says) {
    struct seed_range seeds = settings_seeds(60);
    size_t pinned = 0;
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        struct pfi_move_plan plan;
        replay_begin("batches", seed);
        open_world(&random);
        if (seed % 4 != 0) {
            pin_some(&random);
        }
        make_plan(&plan, (int)(seed % 3));
        pinned += compare_batches(&plan);
        compact(&plan);
        close_world();
    }
    ck_assert_msg(pinned > 0 || seeds.count == 1, "no plug was pinned");
}
END_TEST

/* What expansion has planned anew is not what the list says. */
START_TEST(after_an_expansion_batches_come_from_the_bitmap) {
    struct random random = {3};
    struct pfi_move_plan plan;
    replay_begin("batches after expansion", 3);
    open_world(&random);
    make_plan(&plan, 1);
    ck_assert(plan.list->is_complete);
    pfi_expand(&plan, 0);
    ck_assert(!plan.list->is_complete);
    struct reader reader = {.count = 0};
    struct pfi_listed_plug plug;
    size_t in_new_segment = 0;
    pfi_plug_batches_open(&reader.batches, &plan, false);
    while (read_plug(&reader, &plug)) {
        in_new_segment += plug.place - plan.new_ephemeral->first < plan.new_ephemeral->end - plan.new_ephemeral->first;
        ck_assert_uint_eq(pfi_move_plan_new_address(&plan, plug.start), plug.place);
    }
    ck_assert_uint_gt(in_new_segment, 0);
    compact(&plan);
    close_world();
}
END_TEST

SUITE("unit/plug_batches", the_list_of_plugs_says_what_the_bitmap_says, after_an_expansion_batches_come_from_the_bitmap)
