/* SPDX-License-Identifier: MIT
 *
 * Allocation in the gaps between pins: contexts take their chunks from there first, and large small objects take a gap
 * of their own. What is handed out is zero, touches no neighbour, is charged byte by byte, and the heap can be walked.
 */
#include "alloc/context.h"

#include <stdlib.h>
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

enum { BUDGET = 1 << 20, MOST_OBJECTS = 20000, OPERATIONS = 3000, CONTEXTS = 2, PIN = 64 };

static struct pfi_arena arena;
static struct pfi_share share;
static struct pf_options options;
static struct pf_thread threads[CONTEXTS];
static struct pfi_generation *const youngest = &share.generations[0];

/* Everything that is no gap: what was there before, and what has been handed out. */
static struct {
    uintptr_t start;
    size_t size;
    uint8_t pattern;
} objects[MOST_OBJECTS];
static size_t object_count;
static size_t handed_out; /* bytes */

static void open_share(size_t quantum, bool poison) {
    options = fixture_tiny_options();
    options.allocation_quantum = quantum;
    options.stress.poison = poison;
    ck_assert(pfi_arena_init(&arena, 8 * PINFOLD_UNIT, PINFOLD_UNIT));
    ck_assert_int_eq(pfi_share_init(&share, &arena, &options), PINFOLD_OK);
    ck_assert(pfi_segment_commit(&arena, share.ephemeral, share.ephemeral->end));
    youngest->budget_left = BUDGET;
    memset(threads, 0, sizeof threads);
    for (size_t index = 0; index < CONTEXTS; ++index) {
        threads[index].sample_left = PINFOLD_SAMPLE_NEVER;
    }
    object_count = 0;
    handed_out = 0;
}

static void note_object(uintptr_t start, size_t size) {
    ck_assert_uint_lt(object_count, MOST_OBJECTS);
    objects[object_count].start = start;
    objects[object_count].size = size;
    objects[object_count].pattern = (uint8_t)(object_count % 251 + 1);
    pfi_words(start)[0] = (uintptr_t)&bytes_type;
    pfi_words(start)[1] = size - PINFOLD_MIN_OBJECT;
    memset((void *)(start + PINFOLD_MIN_OBJECT), objects[object_count].pattern, size - PINFOLD_MIN_OBJECT);
    ++object_count;
}

static void put_object(size_t size) {
    uintptr_t start = share.ephemeral->allocated;
    note_object(start, size);
    pfi_object_starts_set(arena.object_starts, start, start + size);
    share.ephemeral->allocated += size;
    share.ephemeral->used = share.ephemeral->allocated;
}

/* A gap full of what was there before. Returns where it begins. */
static uintptr_t put_gap(size_t size) {
    uintptr_t start = share.ephemeral->allocated;
    memset((void *)start, 0xEE, size);
    pfi_share_thread_gap(&share, 0, start, size);
    share.ephemeral->allocated += size;
    share.ephemeral->used = share.ephemeral->allocated;
    return start;
}

static void close_contexts(void) {
    for (size_t index = 0; index < CONTEXTS; ++index) {
        pfi_context_close(&share, &threads[index]);
    }
}

/* ---- What must hold when no context is open ---------------------------------------------------------------------- */

struct tally {
    size_t objects;
    size_t object_bytes;
    size_t free_bytes;
};

/* Lookups lead to what the walk finds, from the first to the last byte. */
static int check_walked(void *context, const struct pfi_segment *segment, uintptr_t object, size_t size) {
    struct tally *tally = context;
    bool is_free = pfi_object_is_free(object);
    tally->objects += !is_free;
    tally->object_bytes += is_free ? 0 : size;
    tally->free_bytes += is_free ? size : 0;
    if (is_free && options.stress.poison) {
        for (uintptr_t byte = object + PINFOLD_MIN_FREE_ITEM; byte < object + size; ++byte) {
            if (*(const uint8_t *)byte != PINFOLD_POISON) {
                replay_fail("the free object at %#zx is not poisoned at %#zx", (size_t)object, (size_t)byte);
            }
        }
    }
    for (uintptr_t address = object; address < object + size; address = pfi_align_up(address + 1, PINFOLD_CARD)) {
        if (pfi_object_starts_find(arena.object_starts, segment->first, address) != object) {
            replay_fail("a lookup of %#zx does not lead to %#zx", (size_t)address, (size_t)object);
        }
    }
    if (pfi_object_starts_find(arena.object_starts, segment->first, object + size - 1) != object) {
        replay_fail("a lookup of the last byte of %#zx leads elsewhere", (size_t)object);
    }
    return 0;
}

static void check_objects(void) {
    for (size_t index = 0; index < object_count; ++index) {
        const uint8_t *bytes = (const uint8_t *)objects[index].start;
        bool is_whole = pfi_object_size(objects[index].start) == objects[index].size;
        for (size_t offset = PINFOLD_MIN_OBJECT; offset < objects[index].size && is_whole; ++offset) {
            is_whole = bytes[offset] == objects[index].pattern;
        }
        if (!is_whole) {
            replay_fail("object %zu at %#zx was overwritten", index, (size_t)objects[index].start);
        }
    }
}

static size_t listed_bytes(void) {
    size_t bytes = 0;
    for (unsigned bin = 0; bin < youngest->free_list.bin_count; ++bin) {
        for (uintptr_t item = youngest->free_list.bins[bin].head; item != 0; item = *pfi_free_object_link(item)) {
            ck_assert(pfi_object_is_free(item));
            bytes += pfi_object_size(item);
        }
    }
    return bytes;
}

static void check_closed_share(void) {
    struct tally tally = {0, 0, 0};
    size_t bytes = 0;
    check_objects();
    ck_assert_int_eq(pfi_walk_share(&share, check_walked, &tally), 0);
    for (size_t index = 0; index < object_count; ++index) {
        bytes += objects[index].size;
    }
    ck_assert_uint_eq(tally.objects, object_count);
    ck_assert_uint_eq(tally.object_bytes, bytes);
    ck_assert_uint_eq(tally.free_bytes, youngest->free_bytes);
    ck_assert_uint_eq(listed_bytes(), youngest->free_list.bytes);
    ck_assert_uint_eq(share.allocated_bytes, handed_out);
}

static void close_share(void) {
    ck_assert(pfi_share_is_valid(&share));
    pfi_segment_release(&arena, share.ephemeral);
    pfi_arena_finish(&arena);
}

/* ---- Requests ---------------------------------------------------------------------------------------------------- */

static size_t room_of(const struct pf_thread *thread) {
    return (size_t)(thread->alloc_limit - thread->alloc_ptr);
}

/* A refill pays for the chunk that it takes. Where it gets one out of a gap, and gives back no end of the segment, the
 * free bytes become fewer by as many. */
static void refill(struct pf_thread *thread, size_t size) {
    size_t free_before = youngest->free_bytes + pfi_context_rest(thread);
    int64_t budget_before = youngest->budget_left;
    uintptr_t end_before = share.ephemeral->allocated;
    ck_assert_int_eq(pfi_context_refill(&share, thread, size), PINFOLD_EXHAUSTED_NOT);
    size_t chunk = pfi_context_rest(thread);
    if (room_of(thread) < size || room_of(thread) >= options.large_threshold) {
        replay_fail("%zu bytes wanted, room for %zu", size, room_of(thread));
    }
    bool is_gap = share.ephemeral->allocated == end_before && (uintptr_t)thread->alloc_ptr < end_before;
    if (is_gap &&
        (youngest->free_bytes != free_before - chunk || budget_before - youngest->budget_left != (int64_t)chunk)) {
        replay_fail("a chunk of %zu bytes was charged %lld, and %zd free bytes went", chunk,
                    (long long)(budget_before - youngest->budget_left),
                    (ptrdiff_t)(free_before - youngest->free_bytes));
    }
    if (!is_zero((uintptr_t)thread->alloc_ptr, (uintptr_t)thread->alloc_limit)) {
        replay_fail("a chunk of %zu bytes is not zero", chunk);
    }
}

static void allocate(struct pf_thread *thread, size_t size) {
    if (pfi_context_is_closed(thread) || size > room_of(thread)) {
        refill(thread, size);
    }
    uintptr_t object = (uintptr_t)thread->alloc_ptr;
    thread->alloc_ptr += size;
    handed_out += size;
    note_object(object, size);
}

static uintptr_t take_gap(size_t size) {
    size_t free_before = youngest->free_bytes;
    int64_t budget_before = youngest->budget_left;
    uint64_t allocated_before = share.allocated_bytes;
    pfi_mutex_lock(&share.small_lock);
    uintptr_t object = pfi_context_take_gap_locked(&share, size);
    pfi_mutex_unlock(&share.small_lock);
    size_t taken = object == 0 ? 0 : size;
    if (free_before - youngest->free_bytes != taken || budget_before - youngest->budget_left != (int64_t)taken ||
        share.allocated_bytes - allocated_before != taken) {
        replay_fail("%zu bytes at %#zx were charged wrong", size, (size_t)object);
    }
    if (object != 0) {
        handed_out += size;
        note_object(object, size);
    }
    return object;
}

/* ---- Single gaps ------------------------------------------------------------------------------------------------- */

/* One gap of this size between two objects. */
static uintptr_t open_with_gap(size_t size, size_t quantum) {
    open_share(quantum, false);
    replay_begin("one gap", size);
    put_object(PIN);
    uintptr_t gap = put_gap(size);
    put_object(PIN);
    return gap;
}

START_TEST(a_gap_that_fits_exactly_is_taken_whole) {
    uintptr_t gap = open_with_gap(1000, 8192);
    ck_assert_uint_eq(take_gap(1000), gap);
    ck_assert_uint_eq(youngest->free_bytes, 0);
    ck_assert_uint_eq(youngest->free_list.nonempty, 0);
    check_closed_share();
    close_share();
}
END_TEST

START_TEST(what_is_left_of_a_gap_is_listed_when_it_is_a_useful_item) {
    for (size_t rest = PINFOLD_MIN_OBJECT; rest <= 64; rest += PINFOLD_GRANULE) {
        uintptr_t gap = open_with_gap(1000 + rest, 8192);
        ck_assert_uint_eq(take_gap(1000), gap);
        ck_assert(pfi_object_is_free(gap + 1000));
        ck_assert_uint_eq(pfi_object_size(gap + 1000), rest);
        ck_assert_uint_eq(youngest->free_bytes, rest);
        ck_assert_uint_eq(youngest->free_list.bytes, rest < PINFOLD_MIN_FREE_ITEM ? 0 : rest);
        check_closed_share();
        close_share();
    }
}
END_TEST

START_TEST(a_gap_that_would_leave_eight_bytes_is_not_taken) {
    (void)open_with_gap(1008, 8192);
    ck_assert_uint_eq(take_gap(1000), 0);
    ck_assert_uint_eq(youngest->free_bytes, 1008);
    check_closed_share();
    close_share();
}
END_TEST

START_TEST(without_a_budget_or_a_gap_nothing_is_taken) {
    (void)open_with_gap(1000, 8192);
    youngest->budget_left = 0;
    ck_assert_uint_eq(take_gap(1000), 0);
    ck_assert_int_eq(pfi_context_refill(&share, &threads[0], 64), PINFOLD_EXHAUSTED_BUDGET);
    ck_assert_uint_eq(youngest->free_list.bytes, 1000); /* and nothing is lost */
    youngest->budget_left = 8;
    ck_assert_uint_ne(take_gap(1000), 0);
    youngest->budget_left = 8;
    ck_assert_uint_eq(take_gap(1000), 0);
    check_closed_share();
    close_share();
}
END_TEST

START_TEST(a_context_prefers_a_gap_to_the_end_of_the_segment) {
    uintptr_t gap = open_with_gap(1000, 256);
    uintptr_t end = share.ephemeral->allocated;
    allocate(&threads[0], 200);
    ck_assert_uint_eq(objects[2].start, gap);
    ck_assert_uint_eq(share.ephemeral->allocated, end);
    while (youngest->free_list.nonempty != 0) {
        allocate(&threads[0], 200);
        ck_assert_uint_lt(objects[object_count - 1].start, end);
    }
    allocate(&threads[0], 200);
    allocate(&threads[0], 200);
    ck_assert_uint_ge(objects[object_count - 1].start, end);
    close_contexts();
    check_closed_share();
    close_share();
}
END_TEST

/* Every size of a gap below and around the limits that matter to a chunk, some between them. */
static size_t next_gap(size_t gap) {
    bool is_near = gap < 200 || (gap >= 3968 && gap < 4352);
    return gap + (is_near ? PINFOLD_GRANULE : 64);
}

START_TEST(no_chunk_of_a_gap_is_too_short_too_long_or_leaves_a_crumb) {
    static const size_t quanta[] = {64, 1024, 4096, 65536};
    for (size_t number = 0; number < 4; ++number) {
        for (size_t gap = PINFOLD_MIN_FREE_ITEM; gap <= 3 * 4096; gap = next_gap(gap)) {
            for (size_t size = PINFOLD_MIN_OBJECT; size < 4096 && size <= gap; size += size < 64 ? 8 : 488) {
                (void)open_with_gap(gap, quanta[number]);
                allocate(&threads[0], size);
                pfi_context_close(&share, &threads[0]);
                check_closed_share();
                close_share();
            }
        }
    }
}
END_TEST

/* ---- Many gaps --------------------------------------------------------------------------------------------------- */

/* Pins and gaps of every order of magnitude, in two thirds of the segment. */
static void put_gaps(struct random *random) {
    size_t top = (size_t)32 << random_below(random, 9);
    uintptr_t limit = share.ephemeral->first + (share.ephemeral->end - share.ephemeral->first) / 3 * 2;
    while (share.ephemeral->allocated < limit) {
        put_object(random_between(random, 2, random_chance(random, 10) ? 200 : 8) * PINFOLD_GRANULE);
        if (random_chance(random, 80)) {
            (void)put_gap(random_between(random, PINFOLD_MIN_OBJECT, top) & ~(size_t)(PINFOLD_GRANULE - 1));
        }
    }
}

static void run_requests(struct random *random) {
    uintptr_t top = share.ephemeral->end - 3 * options.large_threshold;
    for (uint64_t operation = 0; operation < OPERATIONS && share.ephemeral->allocated < top; ++operation) {
        struct pf_thread *thread = &threads[random_below(random, CONTEXTS)];
        size_t most = random_chance(random, 15) ? options.large_threshold / PINFOLD_GRANULE - 1 : 12;
        size_t size = random_between(random, 2, most) * PINFOLD_GRANULE;
        replay_operation(operation);
        if (random_chance(random, 1)) {
            close_contexts();
            check_closed_share();
        } else if (random_chance(random, 20)) {
            (void)take_gap(size);
        } else {
            allocate(thread, size);
        }
    }
}

static void run_seeds(const char *variant, bool poison) {
    struct seed_range seeds = settings_seeds(15);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin(variant, seed);
        open_share((size_t)64 << random_below(&random, 8), poison);
        put_gaps(&random);
        uintptr_t end = share.ephemeral->allocated;
        check_closed_share();
        run_requests(&random);
        close_contexts();
        check_closed_share();
        ck_assert_uint_ge(share.ephemeral->allocated, end);
        close_share();
    }
}

START_TEST(random_requests_between_pins_get_zeroed_memory_of_their_own_and_are_charged_for_it) {
    run_seeds("gaps", false);
}
END_TEST

START_TEST(poisoned_gaps_are_cleared_as_far_as_they_are_handed_out) {
    run_seeds("poisoned gaps", true);
}
END_TEST

SUITE("unit/context_gap", a_gap_that_fits_exactly_is_taken_whole,
      what_is_left_of_a_gap_is_listed_when_it_is_a_useful_item, a_gap_that_would_leave_eight_bytes_is_not_taken,
      without_a_budget_or_a_gap_nothing_is_taken, a_context_prefers_a_gap_to_the_end_of_the_segment,
      no_chunk_of_a_gap_is_too_short_too_long_or_leaves_a_crumb,
      random_requests_between_pins_get_zeroed_memory_of_their_own_and_are_charged_for_it,
      poisoned_gaps_are_cleared_as_far_as_they_are_handed_out)
