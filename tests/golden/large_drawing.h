/* SPDX-License-Identifier: MIT
 *
 * Drawings of the large object heap. A line is a large-object segment in chain order; one character is a page.
 *
 *     A..O   a live object; a run of one letter is one object
 *     P..Z   a live object that is pinned
 *     .      a dead object
 *     f      a free run; c a clean one, whose memory was given back, but for the page of its header; ffcc one that is
 *            clean at its end
 *     ,      between two neighbours that are drawn with the same character
 *     X*12   twelve pages; runs of ten pages and more are always drawn so
 *
 * Every slot of a live object holds an odd word that tells which it is, and no reference.
 */
#ifndef TESTS_GOLDEN_LARGE_DRAWING_H
#define TESTS_GOLDEN_LARGE_DRAWING_H

#include <ctype.h>
#include <string.h>

#include "alloc/free_pages.h"
#include "alloc/large.h"
#include "gc/heap.h"
#include "tests/golden/drawing_check.h"
#include "tests/support/segment_clear.h"

struct large_drawing {
    struct fixture fixture;
    struct pfi_share *share;
    uintptr_t places[LETTERS]; /* where each letter was drawn; 0: not drawn */
};

static inline size_t page_slots(size_t size) {
    return (size - 2 * CELL) / sizeof(uintptr_t);
}

/* A live object, with the bits that marking would have set. */
static inline void put_letter(struct large_drawing *drawing, char character, uintptr_t start, size_t size) {
    const struct pfi_arena *arena = drawing->share->arena;
    size_t letter = (size_t)(character - 'A');
    ck_assert_msg(drawing->places[letter] == 0, "%c is drawn twice", character);
    drawing->places[letter] = start;
    pfi_words(start)[0] = (uintptr_t)&letter_types[letter];
    pfi_words(start)[1] = page_slots(size);
    for (size_t slot = 0; slot < page_slots(size); ++slot) {
        pfi_words(start)[HEADER_WORDS + slot] = letter_word(letter, slot);
    }
    pfi_bits_set(arena->mark_words, start >> PINFOLD_GRANULE_SHIFT);
    if (character >= 'P') {
        pfi_bits_set(arena->pin_words, start >> PINFOLD_GRANULE_SHIFT);
    }
}

/* Puts a run of pages behind the others. */
static inline void put_pages(struct large_drawing *drawing, struct pfi_segment *segment, char character, size_t pages) {
    struct pfi_share *share = drawing->share;
    uintptr_t start = segment->allocated;
    size_t size = pages * PINFOLD_PAGE;
    ck_assert(pfi_segment_commit(share->arena, segment, start + size));
    segment_clear(segment, start, start + size);
    segment->allocated += size;
    if (character == 'f' || character == 'c') {
        size_t clean = pfi_large_thread_run(share, start, size, character == 'c' ? size : 0);
        pfi_account_subtract(&share->arena->account, PINFOLD_SPACE_LARGE,
                             clean); /* what was given back is not committed */
        return;
    }
    pfi_object_starts_set(share->arena->object_starts, start, start + size);
    share->large_bytes += size;
    if (isupper((unsigned char)character)) {
        put_letter(drawing, character, start, size);
    } else {
        pfi_words(start)[0] = (uintptr_t)&dead_type;
        pfi_words(start)[1] = size - CELL;
    }
}

static inline const char *put_line(struct large_drawing *drawing, const char *line) {
    struct pfi_segment *segment = pfi_segment_create(drawing->share->arena, PINFOLD_UNIT, PINFOLD_SEGMENT_LARGE);
    struct pfi_segment **link = &drawing->share->large_segments;
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
        put_pages(drawing, segment, character, read_run(&line));
    }
    return *line == '\n' ? line + 1 : line;
}

/* `stress` may be NULL. Even words are references in this heap. */
static inline void large_drawing_open(struct large_drawing *drawing, const char *before, const char *stress) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "ref_tag_mask", "1");
    if (stress != NULL) {
        fixture_set(&options, "stress", stress);
    }
    memset(drawing, 0, sizeof *drawing);
    drawing->fixture = fixture_open(&options);
    drawing->share = &drawing->fixture.heap->share;
    while (*before != '\0') {
        before = put_line(drawing, before);
    }
}

/* Verifies: lists, sums and the account of committed memory. */
static inline void large_drawing_close(struct large_drawing *drawing) {
    fixture_close(&drawing->fixture);
}

static inline void large_drawing_show(const struct large_drawing *drawing, struct text *text) {
    text->length = 0;
    text->characters[0] = '\0';
    for (const struct pfi_segment *segment = drawing->share->large_segments; segment != NULL; segment = segment->next) {
        char previous = 0;
        for (uintptr_t object = segment->first; object < segment->allocated;) {
            size_t size = pfi_large_footprint(pfi_object_size(object));
            size_t clean = pfi_object_is_free(object) ? pfi_free_pages_clean(object) : 0;
            size_t rest = clean == size - PINFOLD_PAGE ? 0 : size - clean; /* the page of a header is never clean */
            char character = clean != 0 ? 'c' : pfi_object_type(object)->name[0];
            if (clean != 0 && rest != 0) {
                show_run(text, previous, 'f', rest / PINFOLD_PAGE * CELL);
                previous = 'f';
            }
            show_run(text, previous, character, (clean != 0 && rest != 0 ? clean : size) / PINFOLD_PAGE * CELL);
            previous = character;
            object += size;
        }
        text_add(text, "\n");
    }
}

/* Every word of an object is what it was when it was drawn, and a pinned one is where it was. */
static inline int check_kept(void *context, const struct pfi_segment *segment, uintptr_t object, size_t size) {
    struct large_drawing *drawing = context;
    if (segment->kind != PINFOLD_SEGMENT_LARGE || pfi_object_is_free(object)) {
        return 0;
    }
    char character = pfi_object_type(object)->name[0];
    size_t letter = (size_t)(character - 'A');
    ck_assert_uint_eq(pfi_object_length(object), page_slots(size));
    for (size_t slot = 0; slot < page_slots(size); ++slot) {
        if (pfi_words(object)[HEADER_WORDS + slot] != letter_word(letter, slot)) {
            ck_abort_msg("slot %zu of %c has changed", slot, character);
        }
    }
    ck_assert_msg(character < 'P' || object == drawing->places[letter], "%c is pinned and has moved", character);
    return 0;
}

/* No bit and no slide may be left of a collection, and free memory is poisoned when that was asked for. */
static inline void check_tables(const struct large_drawing *drawing) {
    const struct pfi_arena *arena = drawing->share->arena;
    for (const struct pfi_segment *segment = drawing->share->large_segments; segment != NULL; segment = segment->next) {
        for (uintptr_t card = segment->base >> PINFOLD_CARD_SHIFT; card < segment->end >> PINFOLD_CARD_SHIFT; ++card) {
            if (arena->mark_words[card] != 0 || arena->pin_words[card] != 0 || arena->slides[card] != 0) {
                ck_abort_msg("a mark, a pin or a slide is left");
            }
        }
        if (drawing->share->options->stress.poison) {
            for (uintptr_t tail = segment->allocated; tail < segment->used; ++tail) {
                if (*(uint8_t *)tail != PINFOLD_POISON) {
                    ck_abort_msg("the tail is not poisoned");
                }
            }
        }
    }
}

/* Pages of live objects in a drawing. */
static inline size_t live_pages(const char *drawn) {
    size_t pages = 0;
    for (const char *next = drawn; *next != '\0';) {
        bool is_live = isupper((unsigned char)*next) != 0;
        bool is_page = isalpha((unsigned char)*next) || *next == '.';
        size_t run = is_page ? read_run(&next) : (++next, (size_t)0);
        pages += is_live ? run : 0;
    }
    return pages;
}

/* Releases what the phase left over; the result must look like `after`. */
static inline void large_drawing_expect(struct large_drawing *drawing, const char *after, struct pfi_segment *emptied,
                                        size_t emptied_wanted) {
    static struct text actual;
    size_t emptied_count = 0;
    for (; emptied != NULL; ++emptied_count) {
        struct pfi_segment *next = emptied->next;
        pfi_heap_release_segment(drawing->fixture.heap, emptied);
        emptied = next;
    }
    large_drawing_show(drawing, &actual);
    text_expect("the large objects", after, &actual);
    ck_assert_uint_eq(emptied_count, emptied_wanted);
    ck_assert_uint_eq(drawing->share->large_bytes, live_pages(after) * PINFOLD_PAGE);
    pfi_walk_share(drawing->share, check_kept, drawing);
    check_tables(drawing);
}

#endif
