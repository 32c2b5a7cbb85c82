/* SPDX-License-Identifier: MIT
 *
 * Drawings of heaps: a text becomes a heap, and a heap becomes a text again. A line is a small-object segment, in chain
 * order; the last one is the ephemeral segment and names its three generations. A cell, one character, is 16 bytes.
 *
 *     gen2 AAA.BB
 *     gen2 CC | gen1 ff.D | gen0 E*300..,.F
 *
 *     A..Z   an object; a run of one letter is one object, and each letter occurs once: every letter is alive
 *     [AA]   a pinned object; each has brackets of its own
 *     .      a dead object that no collection has found yet
 *     f      a free object; one of at least two cells is threaded in its generation's free list
 *     ,      between two neighbours that are drawn with the same character
 *     X*12   twelve cells; runs of ten cells and more are always drawn so
 *
 * Blanks around "gen1" and "|" count for nothing. Each letter is held by a root, unless the links say which object
 * holds it: the links "AC BC" mean that A and B refer to C and that no root does. What is left of an object's slots is
 * filled with odd words, which this heap does not take for references, so that a wrong copy shows.
 */
#ifndef TESTS_GOLDEN_DRAWING_H
#define TESTS_GOLDEN_DRAWING_H

#include <check.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/object.h"
#include "alloc/object_starts.h"
#include "alloc/walk.h"
#include "gc/heap.h"
#include "gc/world/mutator.h"
#include "tests/support/fixture.h"
#include "tests/support/segment_clear.h"

enum {
    CELL = PINFOLD_MIN_OBJECT,
    LETTERS = 26,
    LINKS = 16,
    TEXT_SIZE = 1 << 16,
    SHORT_RUN = 10,
    HEADER_WORDS = PINFOLD_MIN_OBJECT / sizeof(uintptr_t), /* of an array: its slots begin at 16 on every system */
};

/* A type for each letter: the type of an object tells where it was in the drawing. */
static const struct pf_type letter_types[LETTERS] = {
    FIXTURE_VECTOR("A", PINFOLD_TYPE_PLAIN), FIXTURE_VECTOR("B", PINFOLD_TYPE_PLAIN),
    FIXTURE_VECTOR("C", PINFOLD_TYPE_PLAIN), FIXTURE_VECTOR("D", PINFOLD_TYPE_PLAIN),
    FIXTURE_VECTOR("E", PINFOLD_TYPE_PLAIN), FIXTURE_VECTOR("F", PINFOLD_TYPE_PLAIN),
    FIXTURE_VECTOR("G", PINFOLD_TYPE_PLAIN), FIXTURE_VECTOR("H", PINFOLD_TYPE_PLAIN),
    FIXTURE_VECTOR("I", PINFOLD_TYPE_PLAIN), FIXTURE_VECTOR("J", PINFOLD_TYPE_PLAIN),
    FIXTURE_VECTOR("K", PINFOLD_TYPE_PLAIN), FIXTURE_VECTOR("L", PINFOLD_TYPE_PLAIN),
    FIXTURE_VECTOR("M", PINFOLD_TYPE_PLAIN), FIXTURE_VECTOR("N", PINFOLD_TYPE_PLAIN),
    FIXTURE_VECTOR("O", PINFOLD_TYPE_PLAIN), FIXTURE_VECTOR("P", PINFOLD_TYPE_PLAIN),
    FIXTURE_VECTOR("Q", PINFOLD_TYPE_PLAIN), FIXTURE_VECTOR("R", PINFOLD_TYPE_PLAIN),
    FIXTURE_VECTOR("S", PINFOLD_TYPE_PLAIN), FIXTURE_VECTOR("T", PINFOLD_TYPE_PLAIN),
    FIXTURE_VECTOR("U", PINFOLD_TYPE_PLAIN), FIXTURE_VECTOR("V", PINFOLD_TYPE_PLAIN),
    FIXTURE_VECTOR("W", PINFOLD_TYPE_PLAIN), FIXTURE_VECTOR("X", PINFOLD_TYPE_PLAIN),
    FIXTURE_VECTOR("Y", PINFOLD_TYPE_PLAIN), FIXTURE_VECTOR("Z", PINFOLD_TYPE_PLAIN),
};
static const struct pf_type dead_type = FIXTURE_BYTES(".", PINFOLD_TYPE_PLAIN);

struct drawing {
    struct fixture fixture;
    struct pfi_share *share;
    struct pf_root_source source;
    uintptr_t roots[LETTERS]; /* 0: no such letter, or held by another object */
    size_t cells[LETTERS];    /* 0: no such letter */
    uintptr_t found[LETTERS]; /* where drawing_check saw each letter */
    uintptr_t pinned_at[LETTERS];
    struct pf_handle *pins[LETTERS]; /* NULL: not pinned */
    size_t link_count;
    struct {
        int from;
        int to;
        size_t slot;
    } links[LINKS];
};

/* A text that grows; a test prints nothing near TEXT_SIZE. */
struct text {
    size_t length;
    char characters[TEXT_SIZE];
};

__attribute__((format(printf, 2, 3))) static inline void text_add(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(text->characters + text->length, TEXT_SIZE - text->length, format, arguments);
    va_end(arguments);
    ck_assert_msg(written >= 0 && text->length + (size_t)written < TEXT_SIZE, "the drawing is too long");
    text->length += (size_t)written;
}

/* Lines without leading and trailing blanks, words with one blank between them, no empty lines. */
static inline void text_normalize(struct text *text, const char *drawn) {
    text->length = 0;
    text->characters[0] = '\0';
    for (const char *next = drawn; *next != '\0'; ++next) {
        char last = text->length == 0 ? '\n' : text->characters[text->length - 1];
        if (*next == '\n') {
            text->length -= last == ' ';
            if (last != '\n') {
                text_add(text, "\n");
            }
        } else if (*next != ' ' || (last != ' ' && last != '\n')) {
            text_add(text, "%c", *next);
        }
    }
    while (text->length > 0 && isspace((unsigned char)text->characters[text->length - 1])) {
        text->characters[--text->length] = '\0';
    }
}

static inline void text_expect(const char *what, const char *expected, const struct text *actual) {
    static struct text wanted;
    static struct text got;
    text_normalize(&wanted, expected);
    text_normalize(&got, actual->characters);
    ck_assert_msg(strcmp(wanted.characters, got.characters) == 0, "%s\n--- expected\n%s\n--- actual\n%s\n---", what,
                  wanted.characters, got.characters);
}

static inline void enumerate_letters(struct pf_visitor *visitor, void *data) {
    struct drawing *drawing = data;
    for (size_t letter = 0; letter < LETTERS; ++letter) {
        if (drawing->roots[letter] != 0) {
            pf_visit_slot(visitor, &drawing->roots[letter]);
        }
    }
}

/* ---- From text to heap ------------------------------------------------------------------------------------------ */

/* What slot `slot` of an object holds that is no reference. */
static inline uintptr_t letter_word(size_t letter, size_t slot) {
    return ((uintptr_t)(letter + 1) << 20) + (slot << 1) + 1;
}

static inline void draw_letter(struct drawing *drawing, char character, uintptr_t start, size_t size) {
    size_t letter = (size_t)(character - 'A');
    ck_assert_msg(drawing->cells[letter] == 0, "%c is drawn twice", character);
    size_t slots = (size - CELL) / sizeof(uintptr_t);
    pfi_words(start)[0] = (uintptr_t)&letter_types[letter];
    pfi_words(start)[1] = slots;
    for (size_t slot = 0; slot < slots; ++slot) {
        pfi_words(start)[HEADER_WORDS + slot] = letter_word(letter, slot);
    }
    drawing->roots[letter] = start;
    drawing->cells[letter] = size / CELL;
}

static inline void draw_run(struct drawing *drawing, struct pfi_segment *segment, int generation, char character,
                            size_t cells) {
    uintptr_t start = segment->allocated;
    size_t size = cells * CELL;
    struct pfi_arena *arena = drawing->share->arena;
    ck_assert_msg(pfi_segment_commit(arena, segment, start + size), "the segment has no room for %c", character);
    segment_clear(segment, start, start + size);
    segment->allocated = start + size;
    if (character == 'f') {
        pfi_share_thread_gap(drawing->share, generation, start, size);
        return;
    }
    if (character == '.') {
        pfi_words(start)[0] = (uintptr_t)&dead_type;
        pfi_words(start)[1] = size - CELL;
    } else {
        draw_letter(drawing, character, start, size);
    }
    pfi_object_starts_set(arena->object_starts, start, start + size);
}

/* Length of the run that begins at *next, which is moved behind it. */
static inline size_t read_run(const char **next) {
    char character = **next;
    size_t cells = 0;
    if ((*next)[1] == '*') {
        char *end;
        cells = strtoul(*next + 2, &end, 10);
        *next = end;
        return cells;
    }
    for (; **next == character; ++*next) {
        ++cells;
    }
    return cells;
}

/* Reads "[AAA]", with or without the brackets. */
static inline const char *draw_object(struct drawing *drawing, struct pfi_segment *segment, int generation,
                                      const char *next) {
    bool is_pinned = *next == '[';
    next += is_pinned;
    ck_assert_msg(isupper((unsigned char)*next) || (!is_pinned && (*next == 'f' || *next == '.')), "no cell: '%c'",
                  *next);
    char character = *next;
    size_t cells = read_run(&next);
    draw_run(drawing, segment, generation, character, cells);
    if (!is_pinned) {
        return next;
    }
    ck_assert_msg(*next == ']', "the bracket of %c is not closed", character);
    size_t letter = (size_t)(character - 'A');
    drawing->pinned_at[letter] = drawing->roots[letter];
    return next + 1;
}

static inline const char *draw_line(struct drawing *drawing, struct pfi_segment *segment, const char *line) {
    int generation = 2;
    while (*line != '\n' && *line != '\0') {
        if (strncmp(line, "gen", 3) == 0) {
            generation = line[3] - '0';
            if (generation < 2) {
                drawing->share->start[generation] = segment->allocated;
            }
            line += 4;
        } else if (*line == ' ' || *line == '|' || *line == ',') {
            ++line;
        } else {
            line = draw_object(drawing, segment, generation, line);
        }
    }
    return *line == '\n' ? line + 1 : line;
}

/* Another segment of generation 2, the last one before the ephemeral segment. */
static inline struct pfi_segment *add_segment(struct drawing *drawing) {
    struct pfi_share *share = drawing->share;
    struct pfi_segment *segment = pfi_segment_create(share->arena, share->options->segment_size, PINFOLD_SEGMENT_SMALL);
    ck_assert_ptr_nonnull(segment);
    struct pfi_segment **link = &share->segments;
    while (*link != share->ephemeral) {
        link = &(*link)->next;
    }
    segment->next = share->ephemeral;
    *link = segment;
    return segment;
}

static inline void draw_links(struct drawing *drawing, const char *links) {
    size_t used[LETTERS] = {0};
    uintptr_t addresses[LETTERS];
    memcpy(addresses, drawing->roots, sizeof addresses);
    for (const char *next = links; next != NULL && *next != '\0'; next += next[2] == ' ' ? 3 : 2) {
        int from = next[0] - 'A';
        int to = next[1] - 'A';
        size_t slot = used[from]++;
        ck_assert_msg(slot < pfi_object_length(addresses[from]), "%c has no room for a link", next[0]);
        pf_store(drawing->fixture.thread, pfi_words(addresses[from]) + HEADER_WORDS + slot, (void *)addresses[to]);
        drawing->links[drawing->link_count].from = from;
        drawing->links[drawing->link_count].to = to;
        drawing->links[drawing->link_count++].slot = slot;
        drawing->roots[to] = 0;
    }
}

static inline void drawing_unpin(struct drawing *drawing, char character) {
    pf_unpin(drawing->fixture.heap, drawing->pins[character - 'A']);
    drawing->pins[character - 'A'] = NULL;
    drawing->pinned_at[character - 'A'] = 0;
}

/* A link may have taken the object's root; the pin is another one. */
static inline void make_pins(struct drawing *drawing) {
    for (size_t letter = 0; letter < LETTERS; ++letter) {
        if (drawing->pinned_at[letter] != 0) {
            enum pf_status status =
                pf_pin(drawing->fixture.heap, (void *)drawing->pinned_at[letter], &drawing->pins[letter]);
            ck_assert_int_eq(status, PINFOLD_OK);
        }
    }
}

/* Smallest segments, large objects as late as they allow, room for a gen0 budget in nearly every drawing. */
static inline struct pf_options drawing_options(void) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "large_threshold", "64Ki");
    fixture_set(&options, "reserve_size", "8Mi");
    fixture_set(&options, "ref_tag_mask", "1");
    return options;
}

/* Makes the heap that the text shows; `stress` may be NULL. */
static inline void drawing_open(struct drawing *drawing, const char *text, const char *links, const char *stress) {
    struct pf_options options = drawing_options();
    if (stress != NULL) {
        fixture_set(&options, "stress", stress);
    }
    memset(drawing, 0, sizeof *drawing);
    drawing->fixture = fixture_open(&options);
    drawing->share = &drawing->fixture.heap->share;
    drawing->source = (struct pf_root_source){enumerate_letters, drawing, NULL};
    pf_root_source_add(drawing->fixture.heap, &drawing->source);
    static struct text normalized;
    text_normalize(&normalized, text);
    const char *line = normalized.characters;
    while (strchr(line, '\n') != NULL) {
        line = draw_line(drawing, add_segment(drawing), line);
    }
    draw_line(drawing, drawing->share->ephemeral, line);
    pfi_mutator_publish_young(drawing->fixture.thread, drawing->share);
    draw_links(drawing, links);
    make_pins(drawing);
    fixture_verify(&drawing->fixture);
}

static inline void drawing_close(struct drawing *drawing) {
    for (char character = 'A'; character <= 'Z'; ++character) {
        drawing_unpin(drawing, character);
    }
    pf_root_source_remove(drawing->fixture.heap, &drawing->source);
    fixture_close(&drawing->fixture);
}

/* ---- From heap to text ------------------------------------------------------------------------------------------ */

/* `previous` is the character of the run before, 0 at the beginning. */
static inline void show_run(struct text *text, char previous, char character, size_t size) {
    text_add(text, "%s", previous == character ? "," : "");
    ck_assert_msg(size % CELL == 0, "%c takes %zu bytes, no whole cells", character, size);
    if (size / CELL >= SHORT_RUN) {
        text_add(text, "%c*%zu", character, size / CELL);
        return;
    }
    for (size_t cell = 0; cell < size / CELL; ++cell) {
        text_add(text, "%c", character);
    }
}

/* The letter's pin, not its place, puts it into brackets: drawing_check compares the two. */
static inline char show_object(const struct drawing *drawing, struct text *text, char previous, uintptr_t object) {
    char character = pfi_object_type(object)->name[0];
    bool is_pinned = isupper((unsigned char)character) && drawing->pins[character - 'A'] != NULL;
    text_add(text, "%s", is_pinned ? "[" : "");
    show_run(text, previous, character, pfi_object_size(object));
    text_add(text, "%s", is_pinned ? "]" : "");
    return character;
}

/* [from, to) of a segment must be whole objects. A free object's type is named "free", a dead one's ".". */
static inline void show_range(const struct drawing *drawing, struct text *text, const char *label, uintptr_t from,
                              uintptr_t to) {
    text_add(text, "%s ", label);
    char previous = 0;
    for (uintptr_t object = from; object < to; object += pfi_object_size(object)) {
        previous = show_object(drawing, text, previous, object);
    }
}

static inline void drawing_show(const struct drawing *drawing, struct text *text) {
    const struct pfi_share *share = drawing->share;
    const struct pfi_segment *segment = share->segments;
    text->length = 0;
    for (; segment != share->ephemeral; segment = segment->next) {
        show_range(drawing, text, "gen2", segment->first, segment->allocated);
        text_add(text, "\n");
    }
    show_range(drawing, text, "gen2", pfi_share_start(share, 2), pfi_share_end(share, 2));
    show_range(drawing, text, " | gen1", pfi_share_start(share, 1), pfi_share_end(share, 1));
    show_range(drawing, text, " | gen0", pfi_share_start(share, 0), pfi_share_end(share, 0));
}

/* Number of a segment in its chain, and number of a cell in a segment. */
static inline size_t segment_number(const struct pfi_share *share, const struct pfi_segment *wanted) {
    size_t number = 0;
    for (const struct pfi_segment *segment = share->segments; segment != wanted; segment = segment->next) {
        ++number;
    }
    return number;
}
static inline size_t cell_number(const struct pfi_segment *segment, uintptr_t address) {
    return (address - segment->first) / CELL;
}

/* A generation's list: "bin 1: 0@16+20 2@3+31" are items of 20 and 31 cells, in list order, the first in segment 0 at
 * cell 16. */
static inline void drawing_show_free_list(const struct drawing *drawing, int generation, struct text *text) {
    const struct pfi_free_list *list = &drawing->share->generations[generation].free_list;
    text->length = 0;
    text->characters[0] = '\0';
    for (unsigned bin = 0; bin < list->bin_count; ++bin) {
        if (list->bins[bin].head != 0) {
            text_add(text, "bin %u:", bin);
        }
        for (uintptr_t item = list->bins[bin].head; item != 0; item = *pfi_free_object_link(item)) {
            const struct pfi_segment *segment = pfi_arena_segment_of(drawing->share->arena, item);
            text_add(text, " %zu@%zu+%zu", segment_number(drawing->share, segment), cell_number(segment, item),
                     pfi_object_size(item) / CELL);
        }
        text_add(text, "\n");
    }
}

#endif
