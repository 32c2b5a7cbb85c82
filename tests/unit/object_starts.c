/* SPDX-License-Identifier: MIT
 *
 * The object-start table against a plain array that knows, for every granule, in which object it lies.
 */
#include "alloc/object_starts.h"

#include <stdlib.h>

#include "alloc/object.h"
#include "alloc/segment.h"
#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { SMALL_ARENA = 4 << 20, FILLED = 200 << 10, LOOKUPS = 20000 };

struct layout {
    struct pfi_arena arena;
    struct pfi_segment *segment;
    uintptr_t owner[FILLED / PINFOLD_GRANULE]; /* object of each granule from the segment's first on */
    uintptr_t chunk_end;
};

static void layout_open(struct layout *layout, size_t arena_size, enum pf_segment_kind kind) {
    ck_assert(pfi_arena_init(&layout->arena, arena_size, PINFOLD_UNIT));
    layout->segment = pfi_segment_create(&layout->arena, arena_size / 2, kind);
    ck_assert_ptr_nonnull(layout->segment);
    ck_assert(pfi_segment_commit(&layout->arena, layout->segment, layout->segment->end));
    layout->chunk_end = layout->segment->first;
}

static void layout_close(struct layout *layout) {
    pfi_segment_release(&layout->arena, layout->segment);
    pfi_arena_finish(&layout->arena);
}

static void put_object(uintptr_t object, size_t size) {
    pfi_words(object)[0] = (uintptr_t)&bytes_type;
    pfi_words(object)[1] = size - PINFOLD_MIN_OBJECT;
}

static size_t random_size(struct random *random) {
    size_t top = random_chance(random, 3) ? 8000 : random_chance(random, 20) ? 600 : 64;
    return random_between(random, PINFOLD_MIN_OBJECT, top) & ~(size_t)(PINFOLD_GRANULE - 1);
}

/* As a refill does: a chunk is noted before its objects exist; an object that is too long for the rest raises the
 * limit, and the new chunk is noted from that object on. */
static void note_in_chunks(struct layout *layout, struct random *random, uintptr_t object, size_t size) {
    if (object + size > layout->chunk_end) {
        layout->chunk_end = object + size + random_below(random, 1000) * PINFOLD_GRANULE;
        pfi_object_starts_set(layout->arena.object_starts, object, layout->chunk_end);
    }
}

/* Fills FILLED bytes with objects; notes each of them (as sweeps and relocation do) or chunks of them. */
static void fill(struct layout *layout, struct random *random, bool in_chunks) {
    uintptr_t end = layout->segment->first + FILLED;
    for (uintptr_t object = layout->segment->first; object < end;) {
        size_t size = pfi_min(random_size(random), end - object);
        if (end - object - size < PINFOLD_MIN_OBJECT) {
            size = end - object;
        }
        put_object(object, size);
        if (in_chunks) {
            note_in_chunks(layout, random, object, size);
        } else {
            pfi_object_starts_set(layout->arena.object_starts, object, object + size);
        }
        for (size_t done = 0; done < size; done += PINFOLD_GRANULE) {
            layout->owner[(object + done - layout->segment->first) / PINFOLD_GRANULE] = object;
        }
        object += size;
    }
    layout->segment->allocated = end;
}

static void check_lookup(struct layout *layout, size_t offset) {
    uintptr_t first = layout->segment->first;
    uintptr_t wanted = layout->owner[offset / PINFOLD_GRANULE];
    uintptr_t known = pfi_object_starts_before(layout->arena.object_starts, first, first + offset);
    if (known > first + offset || layout->owner[(known - first) / PINFOLD_GRANULE] != known) {
        replay_fail("before offset %zu the table names offset %zu, where no object starts", offset, known - first);
    }
    uintptr_t found = pfi_object_starts_find(layout->arena.object_starts, first, first + offset);
    if (found != wanted) {
        replay_fail("offset %zu belongs to the object at %zu, not %zu", offset, wanted - first, found - first);
    }
}

static void run(bool in_chunks) {
    static struct layout layout;
    struct seed_range seeds = settings_seeds(8);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin(in_chunks ? "chunks" : "objects", seed);
        layout_open(&layout, SMALL_ARENA, PINFOLD_SEGMENT_SMALL);
        fill(&layout, &random, in_chunks);
        for (size_t count = 0; count < LOOKUPS; ++count) { /* in random order: each may refine the table */
            check_lookup(&layout, random_below(&random, FILLED));
        }
        for (size_t offset = 0; offset < FILLED; ++offset) {
            check_lookup(&layout, offset);
        }
        layout_close(&layout);
    }
}

START_TEST(every_byte_of_noted_objects_is_found) {
    run(false);
}
END_TEST

START_TEST(every_byte_of_objects_in_noted_chunks_is_found_and_stays_so_while_lookups_refine) {
    run(true);
}
END_TEST

/* A card has 64 granules: 127 is the largest distance that a byte holds, so long links are powers of two. */
START_TEST(objects_longer_than_32767_cards_are_found_from_every_card) {
    static struct layout layout;
    static const size_t size = (size_t)40000 * PINFOLD_CARD + 24;
    layout_open(&layout, (size_t)64 << 20, PINFOLD_SEGMENT_LARGE);
    uintptr_t first = layout.segment->first;
    put_object(first, 4096);
    put_object(first + 4096, size);
    put_object(first + 4096 + size, 16);
    pfi_object_starts_set(layout.arena.object_starts, first, first + 4096);
    pfi_object_starts_set(layout.arena.object_starts, first + 4096, first + 4096 + size);
    for (size_t offset = 0; offset < size; offset += PINFOLD_CARD - PINFOLD_GRANULE) {
        uintptr_t address = first + 4096 + offset;
        if (pfi_object_starts_before(layout.arena.object_starts, first, address) != first + 4096) {
            ck_abort_msg("the start is not found from %zu bytes behind it", offset);
        }
    }
    layout_close(&layout);
}
END_TEST

START_TEST(the_first_card_of_a_segment_may_name_a_later_object) {
    static struct layout layout;
    layout_open(&layout, SMALL_ARENA, PINFOLD_SEGMENT_SMALL);
    uintptr_t first = layout.segment->first;
    put_object(first, 48);
    put_object(first + 48, 32);
    pfi_object_starts_set(layout.arena.object_starts, first, first + 48);
    pfi_object_starts_set(layout.arena.object_starts, first + 48, first + 80);
    ck_assert_uint_eq(pfi_object_starts_find(layout.arena.object_starts, first, first + 40), first);
    ck_assert_uint_eq(pfi_object_starts_find(layout.arena.object_starts, first, first + 48), first + 48);
    layout_close(&layout);
}
END_TEST

/* The entry may be the last object of the card; an early one in its place would make later lookups walk. */
START_TEST(a_lookup_does_not_make_its_card_forget_a_later_start) {
    static struct layout layout;
    layout_open(&layout, SMALL_ARENA, PINFOLD_SEGMENT_SMALL);
    uintptr_t first = layout.segment->first;
    uintptr_t card = (first >> PINFOLD_CARD_SHIFT) + 1;
    size_t size = 0;
    for (uintptr_t object = first; object < first + 4 * PINFOLD_CARD; object += size) {
        size = object == first ? 600 : 32;
        put_object(object, size);
        pfi_object_starts_set(layout.arena.object_starts, object, object + size);
    }
    int8_t known = layout.arena.object_starts[card];
    uintptr_t early = (card << PINFOLD_CARD_SHIFT) + 160; /* behind the long object, before the entry */
    uintptr_t found = pfi_object_starts_find(layout.arena.object_starts, first, early);
    ck_assert(found > first && found <= early && early < found + 32);
    ck_assert_int_eq(layout.arena.object_starts[card], known);
    layout_close(&layout);
}
END_TEST

SUITE("unit/object_starts", every_byte_of_noted_objects_is_found,
      every_byte_of_objects_in_noted_chunks_is_found_and_stays_so_while_lookups_refine,
      objects_longer_than_32767_cards_are_found_from_every_card, the_first_card_of_a_segment_may_name_a_later_object,
      a_lookup_does_not_make_its_card_forget_a_later_start)
