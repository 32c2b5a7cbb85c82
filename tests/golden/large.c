/* SPDX-License-Identifier: MIT
 *
 * Sweeping large objects, as drawings. A line is a large-object segment in chain order; one character is a page.
 *
 *     A..Z   a live object; a run of one letter is one object
 *     .      a dead object
 *     f      a free run; c a clean one, whose memory was given back
 *     ,      between two neighbours that are drawn with the same character
 */
#include "gc/phase/large.h"

#include <ctype.h>
#include <string.h>

#include "alloc/large.h"
#include "gc/heap.h"
#include "tests/golden/drawing.h"
#include "tests/support/suite.h"

enum { PAGE = PINFOLD_PAGE };

static struct fixture fixture;
static struct pfi_share *share;

/* Puts a run of pages behind the others; live objects get their mark bit, as marking would set it. */
static void put_run(struct pfi_segment *segment, char character, size_t pages) {
    uintptr_t start = segment->allocated;
    size_t size = pages * PAGE;
    ck_assert(pfi_segment_commit(share->arena, segment, start + size));
    pfi_segment_clear(segment, start, start + size);
    segment->allocated += size;
    if (character == 'f' || character == 'c') {
        pfi_large_thread_run(share, start, size, character == 'c');
        if (character == 'c') { /* what was given back is not committed */
            pfi_counter_subtract(&share->arena->committed, size);
        }
        return;
    }
    bool is_live = isupper((unsigned char)character);
    pfi_words(start)[0] = (uintptr_t)(is_live ? &letter_types[character - 'A'] : &dead_type);
    pfi_words(start)[1] = is_live ? (size - 2 * CELL) / sizeof(uintptr_t) : size - CELL;
    pfi_object_starts_set(share->arena->object_starts, start, start + size);
    share->large_bytes += size;
    if (is_live) {
        pfi_bits_set(share->arena->mark_words, start >> PINFOLD_GRANULE_SHIFT);
    }
}

static const char *put_line(const char *line) {
    struct pfi_segment *segment = pfi_segment_create(share->arena, PINFOLD_UNIT, true);
    struct pfi_segment **link = &share->large_segments;
    ck_assert_ptr_nonnull(segment);
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = segment;
    while (*line != '\n' && *line != '\0') {
        char character = *line;
        if (character == ',') {
            ++line;
            continue;
        }
        size_t pages = read_run(&line);
        put_run(segment, character, pages);
    }
    return *line == '\n' ? line + 1 : line;
}

static void open_large(const char *before) {
    struct pf_options options = fixture_tiny_options();
    fixture = fixture_open(&options);
    share = &fixture.heap->share;
    while (*before != '\0') {
        before = put_line(before);
    }
}

static void show_large(struct text *text) {
    text->length = 0;
    text->characters[0] = '\0';
    for (const struct pfi_segment *segment = share->large_segments; segment != NULL; segment = segment->next) {
        char previous = 0;
        for (uintptr_t object = segment->first; object < segment->allocated;) {
            size_t size = pfi_large_footprint(pfi_object_size(object));
            bool is_clean = pfi_object_is_free(object) && pfi_large_run_is_clean(object);
            char character = is_clean ? 'c' : pfi_object_type(object)->name[0];
            show_run(text, previous, character, size / PAGE * CELL);
            previous = character;
            object += size;
        }
        text_add(text, "\n");
    }
}

static size_t live_pages(const char *drawing) {
    size_t pages = 0;
    for (const char *next = drawing; *next != '\0'; ++next) {
        pages += isupper((unsigned char)*next) != 0;
    }
    return pages;
}

/* Sweeps; the result must look like `after`, leave `emptied` segments out of the chain, and verify. */
static void check_sweep(const char *before, const char *after, size_t emptied_wanted) {
    static struct text actual;
    struct pfi_segment *emptied = NULL;
    size_t emptied_count = 0;
    open_large(before);
    pfi_sweep_large(share, &emptied);
    for (; emptied != NULL; ++emptied_count) {
        struct pfi_segment *next = emptied->next;
        pfi_heap_release_segment(fixture.heap, emptied);
        emptied = next;
    }
    show_large(&actual);
    text_expect("the large objects", after, &actual);
    ck_assert_uint_eq(emptied_count, emptied_wanted);
    ck_assert_uint_eq(share->large_bytes, live_pages(after) * PAGE);
    fixture_close(&fixture); /* verifies: lists, sums and the account of committed memory */
}

START_TEST(dead_objects_become_free_runs) {
    check_sweep("AA..B.CCC", "AAffBfCCC", 0);
}
END_TEST

START_TEST(neighbouring_dead_objects_and_free_runs_become_one_run) {
    check_sweep("A..,...,ff.B", "AffffffffB", 0);
    check_sweep("A..,...,ff.,.B", "AfffffffffB", 0);
}
END_TEST

START_TEST(what_is_dead_behind_the_last_object_is_cut_off) {
    check_sweep("AA..B...,ff", "AAffB", 0);
}
END_TEST

START_TEST(a_segment_without_live_objects_leaves_the_chain) {
    check_sweep("AA.\n...,ff\n.B", "AA\nfB", 1);
    check_sweep("...\n..", "", 2);
}
END_TEST

START_TEST(a_clean_run_between_live_objects_stays_clean) {
    check_sweep("AccccB", "AccccB", 0);
}
END_TEST

/* Its other pages are zero and not committed, but the run as a whole is not known to be: it counts as committed. */
START_TEST(a_clean_run_that_is_joined_with_a_dead_object_is_clean_no_more) {
    check_sweep("Acccc..B", "AffffffB", 0);
    check_sweep("A..ccccB", "AffffffB", 0);
    check_sweep("AAcccc.", "AA", 0);
}
END_TEST

START_TEST(two_clean_runs_side_by_side_become_one_clean_run) {
    check_sweep("Acc,cccB", "AcccccB", 0);
}
END_TEST

SUITE("golden/large", dead_objects_become_free_runs, neighbouring_dead_objects_and_free_runs_become_one_run,
      what_is_dead_behind_the_last_object_is_cut_off, a_segment_without_live_objects_leaves_the_chain,
      a_clean_run_between_live_objects_stays_clean, a_clean_run_that_is_joined_with_a_dead_object_is_clean_no_more,
      two_clean_runs_side_by_side_become_one_clean_run)
