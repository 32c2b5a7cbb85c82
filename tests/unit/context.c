/* SPDX-License-Identifier: MIT
 *
 * Allocation contexts: chunks, what becomes of their rests, and that what they hand out is zero and belongs to nobody
 * else.
 */
#include "alloc/context.h"

#include <string.h>

#include "alloc/object.h"
#include "alloc/object_starts.h"
#include "alloc/sampler.h"
#include "alloc/walk.h"
#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"
#include "tests/unit/resident.h"

enum { CONTEXTS = 3, BUDGET = 200000, OPERATIONS = 4000 };

static struct pfi_arena arena;
static struct pfi_share share;
static struct pf_options options;
static struct pf_thread threads[CONTEXTS];

static void open_share(size_t quantum) {
    options = fixture_tiny_options();
    options.allocation_quantum = quantum;
    ck_assert(pfi_arena_init(&arena, 8 * PINFOLD_UNIT, PINFOLD_UNIT));
    ck_assert_int_eq(pfi_share_init(&share, &arena, &options), PINFOLD_OK);
    share.generations[0].budget_left = BUDGET;
    memset(threads, 0, sizeof threads);
    for (size_t index = 0; index < CONTEXTS; ++index) {
        threads[index].sample_left = PINFOLD_SAMPLE_NEVER;
    }
}

static void close_share(void) {
    ck_assert(pfi_share_is_valid(&share));
    pfi_segment_release(&arena, share.ephemeral);
    pfi_arena_finish(&arena);
}

/* What a fast path does; false when the context has no room. */
static bool bump(struct pf_thread *thread, size_t size, uintptr_t *object) {
    if (size > (size_t)(thread->alloc_limit - thread->alloc_ptr)) {
        return false;
    }
    *object = (uintptr_t)thread->alloc_ptr;
    thread->alloc_ptr += size;
    pfi_words(*object)[0] = (uintptr_t)&bytes_type;
    pfi_words(*object)[1] = size - PINFOLD_MIN_OBJECT;
    return true;
}

static uintptr_t allocate(struct pf_thread *thread, size_t size) {
    uintptr_t object = 0;
    if (!bump(thread, size, &object)) {
        ck_assert_int_eq(pfi_context_refill(&share, thread, size), PINFOLD_EXHAUSTED_NOT);
        ck_assert(bump(thread, size, &object));
    }
    return object;
}

START_TEST(an_object_may_span_two_adjacent_chunks) {
    open_share(256);
    uintptr_t first = allocate(&threads[0], 200);
    uintptr_t rest = (uintptr_t)threads[0].alloc_ptr;
    uintptr_t second = allocate(&threads[0], 1000); /* longer than the rest and than a quantum */
    ck_assert_uint_eq(second, rest);
    ck_assert_uint_eq(second, first + 200);
    ck_assert_uint_eq(share.generations[0].free_bytes, 0);
    pfi_context_close(&share, &threads[0]);
    ck_assert_uint_eq(share.ephemeral->allocated, second + 1000);
    uintptr_t found = pfi_object_starts_find(arena.object_starts, share.ephemeral->first, second + 900);
    ck_assert_uint_eq(found, second);
    close_share();
}
END_TEST

START_TEST(the_rest_of_the_topmost_context_goes_back_to_the_segment_and_the_budget) {
    open_share(4096);
    uintptr_t object = allocate(&threads[0], 64);
    ck_assert_uint_gt(share.ephemeral->allocated, object + 64);
    pfi_context_close(&share, &threads[0]);
    ck_assert(pfi_context_is_closed(&threads[0]));
    ck_assert_uint_eq(share.ephemeral->allocated, object + 64);
    ck_assert_int_eq(share.generations[0].budget_left, BUDGET - 64);
    ck_assert_uint_eq(share.allocated_bytes, 64);
    ck_assert_uint_eq(share.generations[0].free_bytes, 0);
    close_share();
}
END_TEST

START_TEST(the_rest_of_a_context_that_is_not_topmost_becomes_a_free_object) {
    open_share(4096);
    uintptr_t object = allocate(&threads[0], 64);
    size_t rest = pfi_context_rest(&threads[0]);
    uintptr_t above = allocate(&threads[1], 64);
    ck_assert_uint_eq(above, object + 64 + rest);
    pfi_context_close(&share, &threads[0]);
    ck_assert(pfi_object_is_free(object + 64));
    ck_assert_uint_eq(pfi_object_size(object + 64), rest);
    ck_assert_uint_eq(share.generations[0].free_bytes, rest);
    pfi_context_close(&share, &threads[1]);
    ck_assert_uint_eq(share.ephemeral->allocated, above + 64);
    ck_assert_uint_eq(share.allocated_bytes, 128); /* what was given out and not used is no allocation */
    close_share();
}
END_TEST

/* 16 bytes are always kept below the end of what the context owns. */
START_TEST(the_rest_of_a_full_context_still_makes_a_free_object) {
    open_share(4096);
    (void)allocate(&threads[0], 64);
    (void)allocate(&threads[0], (size_t)(threads[0].alloc_limit - threads[0].alloc_ptr));
    ck_assert_ptr_eq(threads[0].alloc_ptr, threads[0].alloc_limit);
    uintptr_t rest = (uintptr_t)threads[0].alloc_ptr;
    (void)allocate(&threads[1], 64);
    pfi_context_close(&share, &threads[0]);
    ck_assert(pfi_object_is_free(rest));
    ck_assert_uint_eq(pfi_object_size(rest), PINFOLD_MIN_OBJECT);
    pfi_context_close(&share, &threads[1]);
    close_share();
}
END_TEST

START_TEST(a_closed_context_owns_nothing_and_closing_it_again_does_nothing) {
    open_share(4096);
    ck_assert_uint_eq(pfi_context_rest(NULL), 0);
    ck_assert_uint_eq(pfi_context_rest(&threads[0]), 0);
    pfi_context_close(&share, &threads[0]);
    ck_assert_uint_eq(share.ephemeral->allocated, share.ephemeral->first);
    (void)allocate(&threads[0], 64);
    pfi_context_close(&share, &threads[0]);
    pfi_context_close(&share, &threads[0]);
    ck_assert_uint_eq(pfi_segment_bytes(share.ephemeral), 64);
    ck_assert_uint_eq(share.allocated_bytes, 64);
    close_share();
}
END_TEST

START_TEST(a_spent_budget_is_told_and_nothing_is_taken) {
    open_share(4096);
    share.generations[0].budget_left = 0;
    ck_assert_int_eq(pfi_context_refill(&share, &threads[0], 64), PINFOLD_EXHAUSTED_BUDGET);
    ck_assert(pfi_context_is_closed(&threads[0]));
    ck_assert_uint_eq(pfi_segment_bytes(share.ephemeral), 0);
    close_share();
}
END_TEST

START_TEST(a_full_segment_is_told_and_the_context_keeps_what_it_has) {
    open_share(4096);
    share.generations[0].budget_left = INT64_MAX;
    size_t objects = 0;
    enum pfi_exhausted why = PINFOLD_EXHAUSTED_NOT;
    while (why == PINFOLD_EXHAUSTED_NOT) {
        uintptr_t object;
        while (bump(&threads[0], 3000, &object)) {
            ++objects;
        }
        char *before = threads[0].alloc_ptr;
        why = pfi_context_refill(&share, &threads[0], 3000);
        ck_assert(why == PINFOLD_EXHAUSTED_NOT || threads[0].alloc_ptr == before);
    }
    ck_assert_int_eq(why, PINFOLD_EXHAUSTED_SPACE);
    size_t room = share.ephemeral->end - share.ephemeral->first - PINFOLD_MIN_OBJECT;
    ck_assert_uint_eq(objects, room / 3000);
    ck_assert_uint_le(share.ephemeral->allocated, share.ephemeral->end);
    pfi_context_close(&share, &threads[0]);
    close_share();
}
END_TEST

/* The fast path does not look whether an object is large, so there must never be room for one. */
START_TEST(no_context_ever_has_room_for_an_object_at_the_large_threshold) {
    for (size_t quantum = 64; quantum <= 65536; quantum *= 4) {
        struct random random = {quantum};
        open_share(quantum);
        share.generations[0].budget_left = INT64_MAX;
        while (share.ephemeral->end - share.ephemeral->allocated > 2 * options.large_threshold) {
            size_t size = random_between(&random, 2, options.large_threshold / PINFOLD_GRANULE - 1) * PINFOLD_GRANULE;
            uintptr_t object;
            while (bump(&threads[0], size, &object)) {
            }
            ck_assert_int_eq(pfi_context_refill(&share, &threads[0], size), PINFOLD_EXHAUSTED_NOT);
            size_t room = (size_t)(threads[0].alloc_limit - threads[0].alloc_ptr);
            if (room >= options.large_threshold || room < size) {
                ck_abort_msg("quantum %zu, %zu bytes wanted: room for %zu", quantum, size, room);
            }
        }
        pfi_context_close(&share, &threads[0]);
        close_share();
    }
}
END_TEST

struct tally {
    size_t objects;
    size_t free_bytes;
    size_t bytes;
};

static int count(void *context, const struct pfi_segment *segment, uintptr_t object, size_t size) {
    struct tally *tally = context;
    (void)segment;
    bool is_free = pfi_object_is_free(object);
    tally->objects += !is_free;
    tally->free_bytes += is_free ? size : 0;
    tally->bytes += size;
    return 0;
}

/* The segment holds garbage up to the end: whatever is handed out must have been cleared. */
static void soil_segment(void) {
    struct pfi_segment *segment = share.ephemeral;
    ck_assert(pfi_segment_commit(&arena, segment, segment->end));
    memset((void *)segment->first, 0xEE, segment->end - segment->first);
    segment->used = segment->end;
}

static void run_contexts(struct random *random, struct tally *wanted) {
    for (uint64_t operation = 0; operation < OPERATIONS && share.generations[0].budget_left > 8192; ++operation) {
        struct pf_thread *thread = &threads[random_below(random, CONTEXTS)];
        size_t most = random_chance(random, 5) ? 400 : 8;
        size_t size = random_between(random, 2, most) * PINFOLD_GRANULE;
        replay_operation(operation);
        if (random_chance(random, 1)) {
            pfi_context_close(&share, thread);
            continue;
        }
        uintptr_t object = allocate(thread, size);
        if (!is_zero(object + PINFOLD_MIN_OBJECT, object + size) ||
            !is_zero((uintptr_t)thread->alloc_ptr, (uintptr_t)thread->alloc_limit)) {
            replay_fail("what was handed out is not zero");
        }
        memset((void *)(object + PINFOLD_MIN_OBJECT), 0xAA, size - PINFOLD_MIN_OBJECT);
        ++wanted->objects;
        wanted->bytes += size;
    }
}

START_TEST(several_contexts_hand_out_zeroed_memory_and_leave_a_walkable_segment) {
    struct seed_range seeds = settings_seeds(10);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        struct tally wanted = {0, 0, 0};
        struct tally found = {0, 0, 0};
        replay_begin("contexts", seed);
        open_share((size_t)64 << random_below(&random, 7));
        soil_segment();
        run_contexts(&random, &wanted);
        for (size_t index = 0; index < CONTEXTS; ++index) {
            pfi_context_close(&share, &threads[index]);
        }
        pfi_walk_share(&share, count, &found);
        if (found.objects != wanted.objects || found.bytes - found.free_bytes != wanted.bytes ||
            found.free_bytes != share.generations[0].free_bytes || share.allocated_bytes != wanted.bytes) {
            replay_fail("%zu objects of %zu bytes became %zu of %zu", wanted.objects, wanted.bytes, found.objects,
                        found.bytes - found.free_bytes);
        }
        close_share();
    }
}
END_TEST

SUITE("unit/context", an_object_may_span_two_adjacent_chunks,
      the_rest_of_the_topmost_context_goes_back_to_the_segment_and_the_budget,
      the_rest_of_a_context_that_is_not_topmost_becomes_a_free_object,
      the_rest_of_a_full_context_still_makes_a_free_object,
      a_closed_context_owns_nothing_and_closing_it_again_does_nothing, a_spent_budget_is_told_and_nothing_is_taken,
      a_full_segment_is_told_and_the_context_keeps_what_it_has,
      no_context_ever_has_room_for_an_object_at_the_large_threshold,
      several_contexts_hand_out_zeroed_memory_and_leave_a_walkable_segment)
