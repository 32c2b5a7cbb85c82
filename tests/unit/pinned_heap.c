/* SPDX-License-Identifier: MIT
 *
 * The pinned object heap: where objects are placed, what lies between them, and that nothing of it is lost. Dead
 * objects are those without a mark bit: the tests set the bits that marking would set, and the sweep of gc/phase takes
 * them.
 */
#include "alloc/pinned_heap.h"

#include <string.h>

#include "alloc/free_pages.h"
#include "alloc/object_starts.h"
#include "alloc/walk.h"
#include "gc/phase/pinned.h"
#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"
#include "tests/support/take_old.h"
#include "tests/unit/resident.h"

enum { PAGE = PINFOLD_PAGE, MOST_OBJECTS = 96, OPERATIONS = 2000, HEADER = 16, MEGABYTE = 1 << 20 };

static struct pfi_arena arena;
static struct pfi_share share;
static struct pf_options options;

static void open_share(size_t segment_size, size_t arena_size) {
    options = fixture_tiny_options();
    options.large_segment_size = segment_size;
    ck_assert(pfi_arena_init(&arena, arena_size, PINFOLD_UNIT));
    ck_assert_int_eq(pfi_share_init(&share, &arena, &options), PINFOLD_OK);
    share.generations[PINFOLD_PINNED].budget_left = INT64_MAX;
}

static void close_share(void) {
    pfi_arena_finish(&arena);
}

static const struct pfi_generation *pinned(void) {
    return &share.generations[PINFOLD_PINNED];
}

/* An array of bytes of `size` bytes in all, its elements aligned. */
static uintptr_t allocate(size_t size, size_t alignment) {
    struct pfi_pinned_request request = {size, alignment, HEADER};
    uintptr_t object = 0;
    enum pfi_exhausted why = take_pinned(&share, &request, &object);
    if (why != PINFOLD_EXHAUSTED_NOT) {
        ck_abort_msg("no room for %zu bytes aligned to %zu: %d", size, alignment, (int)why);
    }
    if ((object + HEADER) % alignment != 0 || !is_zero(object, object + size)) {
        ck_abort_msg("%zu bytes at %#zx are not zero or not aligned to %zu", size, (size_t)object, alignment);
    }
    pfi_words(object)[0] = (uintptr_t)&bytes_type;
    pfi_words(object)[1] = size - HEADER;
    return object;
}

/* What marking does: a bit for every granule, for large objects for the first one only. */
static void mark(uintptr_t object) {
    size_t size = pfi_object_size(object);
    pfi_bits_set_run(arena.mark_words, object >> PINFOLD_GRANULE_SHIFT,
                     size < options.large_threshold ? size >> PINFOLD_GRANULE_SHIFT : 1);
}

/* Returns how many segments were emptied; they are released, as at the end of a collection. */
static size_t sweep(void) {
    struct pfi_segment *emptied = NULL;
    size_t count = 0;
    pfi_sweep_pinned(&share, &emptied);
    while (emptied != NULL) {
        struct pfi_segment *next = emptied->next;
        pfi_segment_release(&arena, emptied);
        emptied = next;
        ++count;
    }
    return count;
}

static void check_no_bits(const uint64_t *words, const struct pfi_segment *segment) {
    size_t from = segment->base >> PINFOLD_GRANULE_SHIFT;
    size_t to = segment->end >> PINFOLD_GRANULE_SHIFT;
    ck_assert_uint_eq(pfi_bits_find_one(words, from, to), to);
}

START_TEST(objects_of_any_size_lie_side_by_side) {
    open_share(PINFOLD_UNIT, 8 * MEGABYTE);
    uintptr_t first = allocate(24, 8);
    uintptr_t second = allocate(5000, 8);
    uintptr_t third = allocate(16, 8);
    ck_assert_uint_eq(second, first + 24);
    ck_assert_uint_eq(third, second + 5000);
    ck_assert_uint_eq(share.old_allocated_bytes, 24 + 5000 + 16);
    ck_assert_uint_eq(pfi_share_generation_bytes(&share, PINFOLD_PINNED), 24 + 5000 + 16);
    ck_assert_int_eq(pfi_share_generation_of(&share, third), PINFOLD_PINNED);
    ck_assert_uint_eq(pinned()->free_bytes, 0);
    close_share();
}
END_TEST

START_TEST(every_power_of_two_up_to_that_of_a_huge_page_is_an_alignment) {
    for (size_t alignment = 8; alignment <= 2 * MEGABYTE; alignment *= 2) {
        open_share(PINFOLD_UNIT, 64 * MEGABYTE);
        for (size_t size = 16; size < 3000; size += 200) {
            (void)allocate(size, alignment);
            (void)allocate(24, 8);
        }
        close_share();
    }
}
END_TEST

START_TEST(the_offset_says_which_byte_is_aligned) {
    open_share(PINFOLD_UNIT, 8 * MEGABYTE);
    for (size_t offset = 0; offset <= 64; offset += 8) {
        struct pfi_pinned_request request = {128, 512, offset};
        uintptr_t object = 0;
        ck_assert_int_eq(take_pinned(&share, &request, &object), PINFOLD_EXHAUSTED_NOT);
        ck_assert_uint_eq((object + offset) % 512, 0);
        pfi_free_object_format(object, 128);
    }
    close_share();
}
END_TEST

/* Offset 16 before a multiple of 4096 is 4080: what lies before an aligned object goes to later requests. */
START_TEST(what_lies_before_an_aligned_object_is_used) {
    open_share(PINFOLD_UNIT, 8 * MEGABYTE);
    uintptr_t first = allocate(64, 8);
    uintptr_t aligned = allocate(4096, 4096);
    ck_assert_uint_eq(aligned, first + 4096 - HEADER);
    ck_assert_uint_eq(pinned()->free_bytes, 4096 - HEADER - 64);
    ck_assert_uint_eq(pinned()->free_list.bytes, 4096 - HEADER - 64);
    uintptr_t between = allocate(1000, 8);
    ck_assert_uint_eq(between, first + 64);
    ck_assert_uint_eq(allocate(4096 - HEADER - 1064, 8), between + 1000);
    ck_assert_uint_eq(pinned()->free_bytes, 0);
    close_share();
}
END_TEST

/* 8 bytes cannot be a free object: the place after next is taken, or another free object. */
START_TEST(no_gap_is_too_small_for_a_free_object) {
    open_share(PINFOLD_UNIT, 8 * MEGABYTE);
    uintptr_t first = allocate(24, 8);
    uintptr_t aligned = allocate(32, 16); /* 8 bytes further would be aligned */
    ck_assert_uint_eq(aligned, first + 24 + 24);
    uintptr_t dead = allocate(64, 8);
    uintptr_t last = allocate(16, 8);
    mark(first);
    mark(aligned);
    mark(last);
    (void)sweep();
    ck_assert_uint_eq(allocate(56, 8), last + 16); /* would leave 8 of 64 */
    ck_assert_uint_eq(allocate(48, 8), dead);
    ck_assert_uint_eq(allocate(24, 8), last + 16 + 56); /* 24 and 16 are left, too small for bins */
    close_share();
}
END_TEST

START_TEST(a_free_object_is_taken_where_the_alignment_fits_into_it) {
    open_share(PINFOLD_UNIT, 8 * MEGABYTE);
    uintptr_t keep = allocate(16, 8);
    uintptr_t dead = allocate(3 * 4096, 8);
    uintptr_t last = allocate(16, 8);
    mark(keep);
    mark(last);
    (void)sweep();
    ck_assert_uint_eq(pinned()->free_bytes, 3 * 4096);
    uintptr_t aligned = allocate(4096, 4096);
    ck_assert_uint_gt(aligned, dead);
    ck_assert_uint_lt(aligned, last);
    ck_assert_uint_eq(pinned()->free_bytes, 2 * 4096);
    ck_assert_uint_gt(allocate(2 * 4096, 4096), last); /* room enough, but not in one piece */
    close_share();
}
END_TEST

START_TEST(dead_neighbours_are_joined_and_dead_ends_cut_off) {
    open_share(PINFOLD_UNIT, 8 * MEGABYTE);
    uintptr_t objects[7];
    for (size_t index = 0; index < 7; ++index) {
        objects[index] = allocate(200, 8);
    }
    mark(objects[0]);
    mark(objects[4]);
    ck_assert_uint_eq(sweep(), 0);
    ck_assert(pfi_object_is_free(objects[1]));
    ck_assert_uint_eq(pfi_object_size(objects[1]), 600);
    ck_assert_uint_eq(pinned()->free_bytes, 600);
    ck_assert_uint_eq(share.pinned_segments->allocated, objects[5]);
    check_no_bits(arena.mark_words, share.pinned_segments);
    mark(objects[0]);
    ck_assert_uint_eq(sweep(), 0); /* the free object and the last one are a dead end now */
    ck_assert_uint_eq(pinned()->free_bytes, 0);
    ck_assert_uint_eq(pinned()->free_list.bytes, 0);
    ck_assert_uint_eq(share.pinned_segments->allocated, objects[1]);
    close_share();
}
END_TEST

START_TEST(bits_of_large_objects_and_of_pins_are_cleared) {
    open_share(PINFOLD_UNIT, 8 * MEGABYTE);
    uintptr_t large = allocate(options.large_threshold + 800, 8);
    uintptr_t small = allocate(1600, 8);
    mark(large);
    mark(small);
    pfi_bits_set(arena.pin_words, large >> PINFOLD_GRANULE_SHIFT);
    pfi_bits_set_run(arena.pin_words, small >> PINFOLD_GRANULE_SHIFT, 1600 >> PINFOLD_GRANULE_SHIFT);
    ck_assert_uint_eq(sweep(), 0);
    ck_assert_uint_eq(pinned()->free_bytes, 0);
    check_no_bits(arena.mark_words, share.pinned_segments);
    check_no_bits(arena.pin_words, share.pinned_segments);
    close_share();
}
END_TEST

START_TEST(segments_without_objects_leave_the_chain) {
    open_share(PINFOLD_UNIT, 8 * MEGABYTE);
    uintptr_t objects[3];
    for (size_t index = 0; index < 3; ++index) {
        objects[index] = allocate(PINFOLD_UNIT - 64, 8);
    }
    mark(objects[1]);
    ck_assert_uint_eq(sweep(), 2);
    ck_assert_ptr_eq(share.pinned_segments, pfi_arena_segment_of(&arena, objects[1]));
    ck_assert_ptr_null(share.pinned_segments->next);
    ck_assert_uint_eq(sweep(), 1);
    ck_assert_ptr_null(share.pinned_segments);
    close_share();
}
END_TEST

START_TEST(an_object_longer_than_a_segment_gets_a_longer_one_with_room_for_its_alignment) {
    open_share(PINFOLD_UNIT, 64 * MEGABYTE);
    uintptr_t exact = allocate(2 * PINFOLD_UNIT, 8);
    const struct pfi_segment *segment = pfi_arena_segment_of(&arena, exact);
    ck_assert_uint_eq(segment->end - segment->base, 2 * PINFOLD_UNIT);
    uintptr_t object = allocate(5 * MEGABYTE, MEGABYTE);
    segment = pfi_arena_segment_of(&arena, object);
    ck_assert_uint_ge(segment->end - segment->base, 5 * MEGABYTE);
    ck_assert_uint_le(segment->end - segment->base, 6 * MEGABYTE + PINFOLD_UNIT);
    close_share();
}
END_TEST

START_TEST(a_spent_budget_and_what_cannot_be_placed_are_told_apart) {
    uintptr_t object = 4711;
    open_share(PINFOLD_UNIT, 8 * MEGABYTE);
    struct pfi_pinned_request huge = {16 * MEGABYTE, 8, HEADER};
    struct pfi_pinned_request far = {64, SIZE_MAX / 2 + 1, HEADER};
    struct pfi_pinned_request whole = {64, 8 * MEGABYTE, HEADER};
    struct pfi_pinned_request plain = {64, 64, HEADER};
    ck_assert_int_eq(take_pinned(&share, &huge, &object), PINFOLD_EXHAUSTED_SPACE);
    ck_assert_int_eq(take_pinned(&share, &far, &object), PINFOLD_EXHAUSTED_SPACE);
    ck_assert_int_eq(take_pinned(&share, &whole, &object), PINFOLD_EXHAUSTED_SPACE);
    ck_assert_ptr_null(share.pinned_segments);
    share.generations[PINFOLD_PINNED].budget_left = 0;
    ck_assert_int_eq(take_pinned(&share, &plain, &object), PINFOLD_EXHAUSTED_BUDGET);
    ck_assert_uint_eq(object, 4711);
    share.generations[PINFOLD_PINNED].budget_left = 1;
    ck_assert_int_eq(take_pinned(&share, &plain, &object), PINFOLD_EXHAUSTED_NOT);
    ck_assert_int_eq(share.generations[PINFOLD_PINNED].budget_left, 1 - 64);
    close_share();
}
END_TEST

/* Every free object is looked at before a segment is added, however many there are. */
START_TEST(of_many_free_objects_the_one_that_fits_is_found_when_segments_are_full) {
    open_share(PINFOLD_UNIT, 2 * PINFOLD_UNIT);
    enum { COUNT = 300 };
    uintptr_t fits = 0;
    for (size_t index = 0; index < COUNT; ++index) {
        uintptr_t dead = allocate(index == COUNT - 1 ? 408 : 264, 8);
        mark(allocate(24, 8));
        fits = dead;
    }
    mark(allocate(share.pinned_segments->end - share.pinned_segments->allocated, 8));
    (void)sweep();
    ck_assert_uint_eq(allocate(400 - 8, 8), fits);
    close_share();
}
END_TEST

START_TEST(every_card_leads_to_its_object) {
    struct random random = {11};
    open_share(4 * PINFOLD_UNIT, 8 * MEGABYTE);
    uintptr_t objects[200];
    for (size_t index = 0; index < 200; ++index) {
        objects[index] = allocate(random_between(&random, 2, 500) * 8, (size_t)8 << random_below(&random, 10));
    }
    for (size_t index = 0; index < 200; ++index) {
        uintptr_t end = objects[index] + pfi_object_size(objects[index]);
        for (uintptr_t address = objects[index]; address < end; address += 8) {
            const struct pfi_segment *segment = pfi_arena_segment_of(&arena, address);
            if (pfi_object_starts_find(arena.object_starts, segment->first, address) != objects[index]) {
                ck_abort_msg("%#zx is not found in object %zu", (size_t)address, index);
            }
        }
    }
    close_share();
}
END_TEST

enum { RUN = 64 * PAGE };

static size_t give(size_t keep, size_t limit) {
    return pfi_free_pages_give(&share, PINFOLD_PINNED, PINFOLD_SHORTEST_GIVEN, keep, limit).bytes;
}

/* A free object of RUN bytes, full of garbage, between two objects. */
static uintptr_t make_free_run(uintptr_t *before, uintptr_t *behind) {
    *before = allocate(16, 8);
    uintptr_t run = allocate(RUN, 8);
    *behind = allocate(16, 8);
    memset((void *)(run + HEADER), 0xAA, RUN - HEADER);
    mark(*before);
    mark(*behind);
    (void)sweep();
    return run;
}

START_TEST(whole_pages_of_free_objects_are_given_back_once) {
    uintptr_t before;
    uintptr_t behind;
    open_share(2 * PINFOLD_UNIT, 8 * MEGABYTE);
    uintptr_t run = make_free_run(&before, &behind);
    size_t committed = pfi_account_segments(&arena.account);
    ck_assert_uint_eq(give(RUN, SIZE_MAX), 0); /* kept */
    ck_assert_uint_eq(pfi_free_pages_clean(run), 0);
    size_t given = give(0, SIZE_MAX);
    ck_assert_uint_eq(given, RUN - PAGE);
    ck_assert_uint_eq(pfi_free_pages_clean(run), given);
    ck_assert_uint_eq(pfi_account_segments(&arena.account), committed - given);
    ck_assert_uint_le(resident_pages(pfi_align_down(run, PAGE), RUN), 2); /* those it shares with its neighbours */
    ck_assert_uint_eq(give(0, SIZE_MAX), 0);
    mark(before);
    mark(behind);
    (void)sweep(); /* stays clean */
    ck_assert_uint_eq(pfi_free_pages_clean(run), given);
    ck_assert_uint_eq(pfi_account_segments(&arena.account), committed - given);
    ck_assert_uint_eq(allocate(RUN / 2, 8),
                      run); /* zero; what is used counts again, and the page of the rest's header */
    size_t rest = pfi_free_pages_clean(run + RUN / 2);
    ck_assert_uint_eq(rest, RUN / 2 - PAGE);
    ck_assert_uint_eq(pfi_account_segments(&arena.account), committed - rest);
    ck_assert_uint_eq(pinned()->clean_bytes, rest);
    close_share();
}
END_TEST

/* Else giving back many free objects a few at a time takes the square of their number. */
START_TEST(giving_back_begins_with_what_has_not_been_looked_at) {
    enum { RUNS = 6 };
    open_share(2 * PINFOLD_UNIT, 8 * MEGABYTE);
    for (int run = 0; run < RUNS; ++run) {
        mark(allocate(16, 8));
        (void)allocate(4 * PAGE, 8);
    }
    mark(allocate(16, 8));
    (void)sweep();
    const struct pfi_free_list *list = &pinned()->free_list;
    unsigned bin = pfi_free_list_bin(list, 4 * PAGE);
    uintptr_t first = list->bins[bin].head;
    for (int run = 0; run < RUNS; ++run) {
        uintptr_t item = list->bins[bin].head;
        ck_assert_uint_eq(pfi_free_pages_clean(item), 0);
        ck_assert_uint_ne(give(0, 3 * PAGE), 0);
        ck_assert_uint_ne(pfi_free_pages_clean(item), 0);
        ck_assert_uint_eq(list->bins[bin].tail, item);
    }
    ck_assert_uint_eq(list->bins[bin].head, first); /* the order has come round */
    ck_assert_uint_eq(give(0, SIZE_MAX), 0);
    ck_assert_uint_eq(list->bins[bin].head, first);
    close_share();
}
END_TEST

START_TEST(pages_that_were_given_back_count_again_when_they_are_cut_off_but_not_at_the_end_of_a_run) {
    uintptr_t before;
    uintptr_t behind;
    for (int cut = 0; cut <= 1; ++cut) {
        open_share(2 * PINFOLD_UNIT, 8 * MEGABYTE);
        uintptr_t run = make_free_run(&before, &behind);
        uintptr_t dead = allocate(8 * PAGE, 8);
        ck_assert_uint_eq(dead, run);
        size_t committed = pfi_account_segments(&arena.account);
        (void)give(0, SIZE_MAX);
        ck_assert_uint_lt(pfi_account_segments(&arena.account), committed);
        mark(before);
        if (!cut) { /* the dead object and the clean rest behind it become one, whose end is clean */
            mark(behind);
        }
        (void)sweep();
        ck_assert_uint_eq(pinned()->clean_bytes != 0, !cut);
        ck_assert_uint_eq(pfi_account_segments(&arena.account), committed - pinned()->clean_bytes);
        close_share();
    }
}
END_TEST

START_TEST(poisoned_free_objects_are_cleared_before_they_are_used_again) {
    open_share(2 * PINFOLD_UNIT, 8 * MEGABYTE);
    options.stress.poison = 1;
    uintptr_t dead = allocate(RUN, 8);
    mark(allocate(16, 8));
    (void)sweep();
    ck_assert_uint_eq(*(uint8_t *)(dead + RUN - 1), PINFOLD_POISON);
    ck_assert_uint_eq(give(0, SIZE_MAX), 0); /* poison must stay readable */
    ck_assert_uint_eq(allocate(RUN, 8), dead);
    close_share();
}
END_TEST

/* --- random operations against a list of what must be there --- */

struct object {
    uintptr_t address;
    size_t size;
    uint8_t pattern;
};

static struct object objects[MOST_OBJECTS];
static size_t object_count;

static void check_patterns(void) {
    for (size_t index = 0; index < object_count; ++index) {
        const uint8_t *bytes = (const uint8_t *)objects[index].address;
        for (size_t byte = HEADER; byte < objects[index].size; byte += 61) {
            if (bytes[byte] != objects[index].pattern) {
                replay_fail("byte %zu of an object was overwritten", byte);
            }
        }
    }
}

static int add_bytes(void *context, const struct pfi_segment *segment, uintptr_t object, size_t size) {
    size_t *bytes = context;
    if (segment->kind == PINFOLD_SEGMENT_PINNED) {
        bytes[pfi_object_is_free(object)] += size;
    }
    return 0;
}

/* Right after a sweep every object is in the model, and the account is what the segments say. */
static void check_swept(void) {
    size_t bytes[2] = {0, 0};
    size_t model = 0;
    size_t committed = share.ephemeral->committed - share.ephemeral->base;
    for (size_t index = 0; index < object_count; ++index) {
        model += objects[index].size;
    }
    pfi_walk_share(&share, add_bytes, bytes);
    if (bytes[0] != model || bytes[1] != pinned()->free_bytes) {
        replay_fail("%zu bytes of objects are %zu, %zu free are %zu", model, bytes[0], pinned()->free_bytes, bytes[1]);
    }
    for (const struct pfi_segment *segment = share.pinned_segments; segment != NULL; segment = segment->next) {
        committed += segment->committed - segment->base;
        for (uintptr_t object = segment->first; object < segment->allocated; object += pfi_object_size(object)) {
            committed -= pfi_object_is_free(object) ? pfi_free_pages_clean(object) : 0;
        }
    }
    if (committed != pfi_account_segments(&arena.account)) {
        replay_fail("%zu bytes committed count as %zu", committed, pfi_account_segments(&arena.account));
    }
}

static void operate(struct random *random) {
    size_t choice = random_below(random, 100);
    if (choice < 70 && object_count < MOST_OBJECTS) {
        size_t most = random_chance(random, 10) ? 200000 : random_chance(random, 50) ? 20000 : 200;
        size_t size = random_between(random, HEADER, most) & ~(size_t)7;
        size_t alignment = (size_t)8 << (random_chance(random, 50) ? 0 : random_below(random, 14));
        struct object *object = &objects[object_count++];
        *object = (struct object){allocate(size, alignment), size, (uint8_t)random_between(random, 1, 255)};
        memset((void *)(object->address + HEADER), object->pattern, size - HEADER);
    } else if (choice < 90) {
        for (size_t drop = random_below(random, object_count + 1) / 4; drop > 0; --drop) {
            objects[random_below(random, object_count)] = objects[object_count - 1];
            --object_count;
        }
        for (size_t index = 0; index < object_count; ++index) {
            mark(objects[index].address);
        }
        (void)sweep();
        check_swept();
    } else {
        give(random_below(random, 500000), random_between(random, 1, 500000));
    }
}

START_TEST(random_allocations_are_zero_aligned_never_overlap_and_leave_walkable_segments) {
    struct seed_range seeds = settings_seeds(4);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin("pinned objects", seed);
        open_share(2 * PINFOLD_UNIT, 128 * MEGABYTE);
        object_count = 0;
        for (uint64_t operation = 0; operation < OPERATIONS; ++operation) {
            replay_operation(operation);
            operate(&random);
            if (operation % 30 == 0) {
                check_patterns();
            }
        }
        close_share();
    }
}
END_TEST

SUITE("unit/pinned_heap", objects_of_any_size_lie_side_by_side,
      every_power_of_two_up_to_that_of_a_huge_page_is_an_alignment, the_offset_says_which_byte_is_aligned,
      what_lies_before_an_aligned_object_is_used, no_gap_is_too_small_for_a_free_object,
      a_free_object_is_taken_where_the_alignment_fits_into_it, dead_neighbours_are_joined_and_dead_ends_cut_off,
      bits_of_large_objects_and_of_pins_are_cleared, segments_without_objects_leave_the_chain,
      an_object_longer_than_a_segment_gets_a_longer_one_with_room_for_its_alignment,
      a_spent_budget_and_what_cannot_be_placed_are_told_apart,
      of_many_free_objects_the_one_that_fits_is_found_when_segments_are_full, every_card_leads_to_its_object,
      whole_pages_of_free_objects_are_given_back_once, giving_back_begins_with_what_has_not_been_looked_at,
      pages_that_were_given_back_count_again_when_they_are_cut_off_but_not_at_the_end_of_a_run,
      poisoned_free_objects_are_cleared_before_they_are_used_again,
      random_allocations_are_zero_aligned_never_overlap_and_leave_walkable_segments)
