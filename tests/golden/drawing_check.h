/* SPDX-License-Identifier: MIT
 *
 * What holds for every drawing: each letter is there once and whole, where its roots and holders say, a pinned one
 * where it was drawn.
 */
#ifndef TESTS_GOLDEN_DRAWING_CHECK_H
#define TESTS_GOLDEN_DRAWING_CHECK_H

#include "tests/golden/drawing.h"

static inline int note_letter(void *context, const struct pfi_segment *segment, uintptr_t object, size_t size) {
    struct drawing *drawing = context;
    (void)segment;
    (void)size;
    char character = pfi_object_type(object)->name[0];
    if (isupper((unsigned char)character)) {
        ck_assert_msg(drawing->found[character - 'A'] == 0, "%c is there twice", character);
        drawing->found[character - 'A'] = object;
    }
    return 0;
}

static inline void check_letter(const struct drawing *drawing, size_t letter) {
    char character = (char)('A' + letter);
    uintptr_t object = drawing->found[letter];
    ck_assert_msg(object != 0, "%c is gone", character);
    ck_assert_msg(drawing->roots[letter] == 0 || drawing->roots[letter] == object, "the root of %c is stale",
                  character);
    ck_assert_msg(drawing->pinned_at[letter] == 0 || drawing->pinned_at[letter] == object, "%c was pinned and moved",
                  character);
    ck_assert_uint_eq(pfi_object_size(object), drawing->cells[letter] * CELL);
    size_t slot = 0;
    for (size_t link = 0; link < drawing->link_count; ++link) {
        slot += drawing->links[link].from == (int)letter;
    }
    for (; slot < pfi_object_length(object); ++slot) {
        uintptr_t word = pfi_words(object)[HEADER_WORDS + slot];
        if (word != letter_word(letter, slot)) {
            ck_abort_msg("slot %zu of %c was overwritten with %#zx", slot, character, (size_t)word);
        }
    }
}

/* Every letter is where its roots and holders say, whole; and the heap verifies. */
static inline void drawing_check(struct drawing *drawing) {
    memset(drawing->found, 0, sizeof drawing->found);
    pfi_walk_share(drawing->share, note_letter, drawing);
    for (size_t letter = 0; letter < LETTERS; ++letter) {
        if (drawing->cells[letter] != 0) {
            check_letter(drawing, letter);
        }
    }
    for (size_t index = 0; index < drawing->link_count; ++index) {
        uintptr_t holder = drawing->found[drawing->links[index].from];
        uintptr_t target = pfi_words(holder)[HEADER_WORDS + drawing->links[index].slot];
        ck_assert_msg(target == drawing->found[drawing->links[index].to], "the link from %c to %c is stale",
                      'A' + drawing->links[index].from, 'A' + drawing->links[index].to);
    }
    fixture_verify(&drawing->fixture);
}

/* The heap is what `expected` shows. */
static inline void drawing_expect(struct drawing *drawing, const char *what, const char *expected) {
    static struct text actual;
    drawing_show(drawing, &actual);
    text_expect(what, expected, &actual);
    drawing_check(drawing);
}

#endif
