/* SPDX-License-Identifier: MIT
 *
 * Giving memory back while other threads run: who gives way gives a piece all the same, several may give at a time, and
 * a heap that has shrunk is not low on room for that.
 */
#include "gc/give_back.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/support/fixture.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

enum { MEBIBYTE = 1 << 20, PIECE = 2 * MEBIBYTE };

static size_t committed(const struct fixture *fixture) {
    return pfi_account_total(&fixture->heap->arena.account);
}

/* A heap with 16 MiB of dead large objects between living ones; little of it has gone back so far. */
static struct fixture open_with_dead_memory(void) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "decommit_step_size", "64Ki");
    fixture_set(&options, "probe_interval_ms", "0");
    struct fixture fixture = fixture_open(&options);
    PINFOLD_ROOTS(fixture.thread, root, 1);
    root[0] = pf_alloc_array(fixture.thread, &vector_type, 32);
    for (int index = 0; index < 32; ++index) {
        void **slots = pf_elements(root[0]);
        void *array = pf_alloc_array(fixture.thread, &bytes_type, MEBIBYTE);
        pf_store(fixture.thread, &slots[index], array);
    }
    for (int index = 0; index < 32; index += 2) {
        ((void **)pf_elements(root[0]))[index] = NULL;
    }
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
    return fixture;
}

START_TEST(a_step_gives_one_piece_though_somebody_waits_and_no_more) {
    struct fixture fixture = open_with_dead_memory();
    fixture.heap->options.decommit_step_size = (size_t)64 * MEBIBYTE;
    fixture.heap->giving.last_ns = 0;
    size_t before = committed(&fixture);
    (void)pfi_word_fetch_or(&fixture.thread->state, PINFOLD_STOP);
    pfi_heap_give_back(fixture.heap);
    pfi_word_store(&fixture.thread->state, fixture.thread->state & ~(uintptr_t)PINFOLD_STOP);
    ck_assert_uint_lt(committed(&fixture), before);
    ck_assert_uint_ge(committed(&fixture), before - PIECE);
    ck_assert(fixture.heap->giving.is_due);
    fixture.heap->giving.last_ns = 0;
    pfi_heap_give_back(fixture.heap); /* nobody waits now */
    ck_assert_uint_lt(committed(&fixture), before - (size_t)4 * MEBIBYTE);
    ck_assert(!fixture.heap->giving.is_due);
    fixture.heap->giving.is_due = true;
    fixture.heap->giving.last_ns = 0;
    (void)pfi_word_fetch_or(&fixture.thread->state, PINFOLD_STOP);
    pfi_heap_give_back(fixture.heap); /* there is nothing left, whoever waits */
    pfi_word_store(&fixture.thread->state, fixture.thread->state & ~(uintptr_t)PINFOLD_STOP);
    ck_assert(!fixture.heap->giving.is_due);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_step_follows_what_the_program_asked_for_at_once_and_the_next_one_keeps_the_pace) {
    struct fixture fixture = open_with_dead_memory();
    fixture.heap->options.decommit_interval_ms = 60000;
    size_t before = committed(&fixture);
    pf_collect(fixture.thread, 1, PINFOLD_COLLECT_DEFAULT);
    ck_assert_uint_lt(committed(&fixture), before);
    fixture.heap->giving.last_ns = 0; /* long ago */
    pfi_heap_give_back(fixture.heap);
    before = committed(&fixture);
    ck_assert(fixture.heap->giving.is_due);
    pfi_heap_give_back(fixture.heap);
    ck_assert_uint_eq(committed(&fixture), before);
    fixture_close(&fixture);
}
END_TEST

/* Otherwise each young collection would find room low and be one of generation 1. */
START_TEST(after_a_compaction_a_quiet_heap_has_room_for_more_than_what_counts_as_low) {
    struct fixture fixture = fixture_open(NULL);
    struct pf_heap *heap = fixture.heap;
    size_t budget = heap->options.gen0_size / 4;
    heap->share.generations[0].budget = budget;
    heap->probing.is_quiet = true;
    ck_assert_uint_ge(pfi_heap_room_wanted(heap, budget), pfi_heap_room_needed(heap) + budget / 3);
    heap->probing.is_quiet = false; /* and others are to have room for what their budget will grow to */
    ck_assert_uint_ge(pfi_heap_room_needed(heap), heap->options.gen0_size);
    fixture_close(&fixture);
}
END_TEST

/* Whether the kernel has noted this flag for the mapping that contains the address ("hg": huge pages, "nh": none). */
static bool has_flag(uintptr_t address, const char *flag) {
    char line[512];
    bool is_inside = false;
    bool is_found = false;
    FILE *file = fopen("/proc/self/smaps", "re");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        uintptr_t start;
        uintptr_t end;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) == 2) {
            is_inside = address >= start && address < end;
        } else if (is_inside && strncmp(line, "VmFlags:", 8) == 0) {
            is_found = strstr(line, flag) != NULL;
        }
    }
    (void)fclose(file);
    return is_found;
}

/* Else it would bring back within a minute what was given. */
START_TEST(the_system_makes_no_huge_pages_of_a_segment_in_which_pages_were_given_back) {
    if (access("/sys/kernel/mm/transparent_hugepage", F_OK) != 0) {
        return;
    }
    struct fixture fixture = open_with_dead_memory();
    struct pfi_segment *segment = fixture.heap->share.large_segments;
    uintptr_t base = segment->base;
    (void)pf_heap_trim(fixture.thread, 0);
    ck_assert(has_flag(base, " nh"));
    ck_assert(!has_flag(base, " hg"));
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP); /* nothing refers to the array of arrays any more */
    ck_assert_ptr_null(fixture.heap->share.large_segments);
    struct pfi_arena *arena = &fixture.heap->arena;
    segment = pfi_segment_create(arena, fixture.heap->options.large_segment_size, PINFOLD_SEGMENT_LARGE);
    ck_assert_uint_eq(segment->base, base);
    ck_assert_int_eq(has_flag(base, " hg"), arena->wants_huge_pages);
    pfi_segment_release(arena, segment);
    fixture_close(&fixture);
}
END_TEST

enum { ROUNDS = 400 };

struct trimming {
    struct pf_heap *heap;
    uintptr_t arrived; /* at all meetings together */
};

/* Does not sleep, so that both go on at once. */
static void meet(struct trimming *trimming, struct pf_thread *thread, uintptr_t meeting) {
    pfi_word_add(&trimming->arrived, 1);
    while (pfi_word_load_acquire(&trimming->arrived) < 2 * meeting) {
        pf_safepoint(thread);
    }
}

/* What a collection between many pins would have needed. */
static void grow_plug_list(struct pf_heap *heap, struct pf_thread *thread) {
    pfi_heap_stop(heap, thread);
    while (heap->plug_list.memory.committed < 256 * 1024 && pfi_extent_grow(&heap->plug_list.memory)) {
    }
    pfi_heap_resume(heap);
}

/* One sees to it that there is something to release, then both trim at the same moment. */
static void trim_often(void *data, size_t index) {
    struct trimming *trimming = data;
    struct pf_thread *thread = team_attach(trimming->heap);
    PINFOLD_ROOTS(thread, root, 1);
    for (uintptr_t round = 1; round <= ROUNDS; ++round) {
        fixture_list(thread, &root[0], 300);
        root[0] = pf_alloc_array(thread, &bytes_type, 100000);
        if (index == 0) {
            grow_plug_list(trimming->heap, thread);
        }
        meet(trimming, thread, round * 2 - 1); /* there is something to release now */
        meet(trimming, thread, round * 2);     /* and both run */
        (void)pf_heap_trim(thread, 0);
    }
}

START_TEST(two_threads_trim_a_heap_at_the_same_moment) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "gen0_size", "256Ki");
    fixture_set(&options, "retain_vm", "1");
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        struct trimming trimming = {fixture.heap, 0};
        fixture_list(fixture.thread, &root[0], 20000);
        team_run(fixture.thread, 2, trim_often, &trimming);
        fixture_check_list(root[0], 20000);
    }
    fixture_close(&fixture); /* which checks the account */
}
END_TEST

SUITE("unit/give_back", the_system_makes_no_huge_pages_of_a_segment_in_which_pages_were_given_back,
      a_step_gives_one_piece_though_somebody_waits_and_no_more,
      a_step_follows_what_the_program_asked_for_at_once_and_the_next_one_keeps_the_pace,
      after_a_compaction_a_quiet_heap_has_room_for_more_than_what_counts_as_low,
      two_threads_trim_a_heap_at_the_same_moment)
