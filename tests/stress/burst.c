/* SPDX-License-Identifier: MIT
 *
 * A burst and its death: hundreds of megabytes of all kinds come alive, most of them die at once, and what survives is
 * scattered among the dead. With ordinary allocation going on, which asks for no full collection, the memory must be
 * back at the system within seconds: resident memory below 1.3 times what lives by the program's own count, and 32 MiB.
 *
 * Kinds, by bytes: large arrays three fifths, medium ones a fifth, lists of small nodes a sixth, and the rest was born
 * pinned. Every 40th survives.
 */
#include <stdio.h>
#include <time.h>

#include "gc/heap.h"
#include "tests/support/fixture.h"
#include "tests/support/process.h"
#include "tests/support/random.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

enum {
    MEBIBYTE = 1 << 20,
    LIST = 64,
    MOST_MEMBERS = 8,
    SURVIVES = 40, /* one in so many */
    PINS = 4,      /* of the survivors, one in so many by a handle */
    RING = 512,    /* objects of the ordinary allocation that live for a moment */
    LOOK_MS = 100,
    ALLOWED_MS = 5000,
};

struct burst {
    struct pf_heap *heap;
    size_t members;
    size_t bytes;       /* of all members together */
    bool pins;          /* some survivors are pinned */
    bool is_aggressive; /* somebody asks for a collection; else nobody does */
    uint64_t died_ms;
    clock_t died_clock;
    uint64_t took_ms;
    size_t live[MOST_MEMBERS]; /* by the members' own count */
    uintptr_t arrived;         /* at a meeting, of all of them together */
    uintptr_t is_over;
};

static void *new_list(struct pf_thread *thread) {
    PINFOLD_ROOTS(thread, root, 1);
    fixture_list(thread, &root[0], LIST);
    return root[0];
}

static void *touched(void *array, size_t length) {
    memset(pf_elements(array), 0x5A, length);
    return array;
}

/* An object of the mixture, and how many bytes it is with all that it refers to. */
static void *draw(struct pf_thread *thread, struct random *random, size_t *size) {
    size_t choice = random_below(random, 1000);
    if (choice < 700) {
        *size = (size_t)LIST * node_type.base_size;
        return new_list(thread);
    }
    size_t length = choice < 930   ? random_between(random, 1000, 16000)
                    : choice < 990 ? random_between(random, 64, 8000)
                                   : random_between(random, 100000, 1000000);
    bool is_pinned = choice >= 930 && choice < 990;
    void *array =
        is_pinned ? pf_alloc_array_pinned(thread, &bytes_type, length, 0) : pf_alloc_array(thread, &bytes_type, length);
    *size = pf_size_of(array);
    return touched(array, length);
}

static void pin_for_good(struct pf_heap *heap, void *object) {
    struct pf_handle *pin;
    if (pf_pin(heap, object, &pin) != PINFOLD_OK) {
        ck_abort_msg("no memory for a pin");
    }
}

/* Builds this member's part. root[0]: an array of what survives; root[1]: of what is about to die. */
static size_t build(struct burst *burst, struct pf_thread *thread, struct random *random, void **root) {
    size_t part = burst->bytes / burst->members;
    size_t most = part / 2000; /* objects are five times as long on average */
    size_t live = 0;
    size_t built = 0;
    root[0] = pf_alloc_array(thread, &vector_type, most / SURVIVES + 1);
    root[1] = pf_alloc_array(thread, &vector_type, most);
    live += pf_size_of(root[0]);
    for (size_t index = 0; index < most && built < part; ++index) {
        size_t size;
        void *object = draw(thread, random, &size);
        bool survives = index % SURVIVES == 0;
        void **slots = pf_elements(root[survives ? 0 : 1]);
        pf_store(thread, &slots[survives ? index / SURVIVES : index], object);
        if (survives && burst->pins && index / SURVIVES % PINS == 0) {
            pin_for_good(burst->heap, object);
        }
        live += survives ? size : 0;
        built += size;
    }
    return live;
}

static void allocate_ordinarily(struct pf_thread *thread, struct random *random, void **ring) {
    for (int i = 0; i < 20000; ++i) {
        ring[random_below(random, RING)] = random_chance(random, 50)
                                               ? (void *)fixture_node(thread, 1)
                                               : pf_alloc_array(thread, &bytes_type, random_below(random, 1000));
    }
}

static size_t live_of(const struct burst *burst) {
    size_t live = 0;
    for (size_t member = 0; member < burst->members; ++member) {
        live += burst->live[member];
    }
    return live;
}

/* A sanitizer keeps memory of its own: then only the heap's mappings count. */
static size_t resident(const struct burst *burst) {
    const struct pfi_arena *arena = &burst->heap->arena;
    const struct process_span spans[] = {{arena->base, arena->end},
                                         {arena->tables, arena->tables + arena->tables_size}};
    return process_is_sanitized() ? process_range_memory(spans, 2).resident : process_resident_exactly();
}

static size_t allowed(const struct burst *burst) {
    size_t live = live_of(burst);
    return live + live / 10 * 3 + (size_t)32 * MEBIBYTE;
}

static void describe(const struct burst *burst, const char *when) {
    struct pf_statistics statistics;
    char text[4096];
    pf_heap_statistics(burst->heap, &statistics);
    (void)pf_statistics_describe(&statistics, text, sizeof(text));
    fprintf(stderr, "%s: %zu MiB resident, %zu MiB live, %zu MiB allowed\n%s", when, resident(burst) >> 20,
            live_of(burst) >> 20, allowed(burst) >> 20, text);
}

/* All members meet here, several times. */
static void await_others(struct burst *burst, struct pf_thread *thread) {
    pf_native_enter(thread);
    uintptr_t meeting = (uintptr_t)__atomic_fetch_add(&burst->arrived, 1, __ATOMIC_ACQ_REL) / burst->members;
    while (pfi_word_load_acquire(&burst->arrived) < (meeting + 1) * burst->members) {
        team_sleep_ms(1);
    }
    pf_native_leave(thread);
}

/* Seconds of a clock on the wall, but not those that a busy machine gave to others. */
static bool is_late(const struct burst *burst) {
    uint64_t allowed_ms = (uint64_t)ALLOWED_MS * (process_is_sanitized() ? 8 : 1);
    uint64_t used_ms = (uint64_t)(clock() - burst->died_clock) * 1000 / CLOCKS_PER_SEC;
    return burst->took_ms > allowed_ms && used_ms > allowed_ms;
}

/* The one that all wait for: what it leaves must be little at once. */
static void collect_aggressively(struct burst *burst, struct pf_thread *thread) {
    pf_collect(thread, 2, PINFOLD_COLLECT_AGGRESSIVE);
    if (resident(burst) >= allowed(burst)) {
        describe(burst, "after an aggressive collection");
        ck_abort_msg("an aggressive collection has left the burst resident");
    }
}

static void watch(struct burst *burst) {
    burst->took_ms = team_now_ms() - burst->died_ms;
    if (resident(burst) < allowed(burst)) {
        pfi_word_store_release(&burst->is_over, 1);
    } else if (is_late(burst)) {
        describe(burst, "too late");
        ck_abort_msg("%llu ms after its death the burst is still resident", (unsigned long long)burst->took_ms);
    }
}

static void member(void *data, size_t index) {
    struct burst *burst = data;
    struct pf_thread *thread = team_attach(burst->heap);
    struct random random = {index + 1};
    uint64_t looked_ms = 0;
    {
        PINFOLD_ROOTS(thread, root, RING + 2);
        burst->live[index] = build(burst, thread, &random, root);
        await_others(burst, thread);
        if (index == 0) {
            ck_assert_uint_gt(resident(burst), burst->bytes / 10 * 9);
            burst->died_clock = clock();
            burst->died_ms = team_now_ms();
        }
        root[1] = NULL;
        if (burst->is_aggressive) {
            await_others(burst, thread);
            if (index == 0) {
                collect_aggressively(burst, thread);
                pfi_word_store_release(&burst->is_over, 1);
            }
            await_others(burst, thread);
        }
        while (!pfi_word_load_acquire(&burst->is_over)) {
            allocate_ordinarily(thread, &random, &root[2]);
            if (index == 0 && team_now_ms() - looked_ms > LOOK_MS) {
                watch(burst);
                looked_ms = team_now_ms();
            }
        }
    }
    pf_thread_detach(thread);
}

static void check_burst(size_t members, size_t mebibytes, bool pins, bool is_aggressive) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    static struct burst burst;
    burst = (struct burst){.heap = fixture.heap,
                           .members = members,
                           .bytes = mebibytes * MEBIBYTE,
                           .pins = pins,
                           .is_aggressive = is_aggressive};
    team_run(fixture.thread, members, member, &burst);
    printf("%zu MiB, %zu threads: back after %llu ms, %zu MiB live\n", mebibytes, members,
           (unsigned long long)burst.took_ms, live_of(&burst) >> 20);
    fixture_close(&fixture);
}

START_TEST(a_burst_of_one_thread_is_given_back_by_ordinary_allocation) {
    check_burst(1, 256, false, false);
}
END_TEST

START_TEST(a_burst_of_several_threads_is_given_back_by_ordinary_allocation) {
    check_burst(4, 256, false, false);
}
END_TEST

START_TEST(a_burst_whose_survivors_are_pinned_is_given_back_by_ordinary_allocation) {
    check_burst(1, 256, true, false);
}
END_TEST

START_TEST(an_aggressive_collection_gives_a_burst_back_at_once) {
    check_burst(1, 256, false, true);
    check_burst(1, 256, true, true);
}
END_TEST

START_TEST(an_aggressive_collection_gives_a_burst_of_several_threads_back_at_once) {
    check_burst(3, 256, true, true);
}
END_TEST

#if !PINFOLD_ASSERTIONS
START_TEST(two_gigabytes_are_given_back_at_once_by_an_aggressive_collection) {
    check_burst(2, 2048, false, true);
}
END_TEST

START_TEST(two_gigabytes_are_given_back_within_five_seconds) {
    check_burst(1, 2048, false, false);
}
END_TEST

START_TEST(two_gigabytes_of_several_threads_are_given_back_within_five_seconds) {
    check_burst(2, 2048, false, false);
}
END_TEST

START_TEST(two_gigabytes_with_pins_are_given_back_within_five_seconds) {
    check_burst(2, 2048, true, false);
}
END_TEST
#endif

#if PINFOLD_ASSERTIONS
#define LARGEST_BURSTS
#else
#define LARGEST_BURSTS                                                       \
    , two_gigabytes_are_given_back_within_five_seconds,                      \
        two_gigabytes_are_given_back_at_once_by_an_aggressive_collection,    \
        two_gigabytes_of_several_threads_are_given_back_within_five_seconds, \
        two_gigabytes_with_pins_are_given_back_within_five_seconds
#endif

SUITE("stress/burst", a_burst_of_one_thread_is_given_back_by_ordinary_allocation,
      a_burst_of_several_threads_is_given_back_by_ordinary_allocation,
      a_burst_whose_survivors_are_pinned_is_given_back_by_ordinary_allocation,
      an_aggressive_collection_gives_a_burst_back_at_once,
      an_aggressive_collection_gives_a_burst_of_several_threads_back_at_once LARGEST_BURSTS)
