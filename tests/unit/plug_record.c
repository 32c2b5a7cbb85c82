/* SPDX-License-Identifier: MIT
 *
 * The fields of a plug record share a word: none may disturb another.
 */
#include "gc/state/plug_record.h"

#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { CHANGES = 100000 };

/* 40 bits of granules, signed; on 32-bit systems an address difference is the limit. */
static uintptr_t random_distance(struct random *random) {
    unsigned bits = (unsigned)random_below(random, PINFOLD_WORD_BITS == 64 ? 40 : 29);
    intptr_t granules = (intptr_t)(random_next(random) & (((uint64_t)1 << bits) - 1));
    return (uintptr_t)((random_chance(random, 50) ? -granules : granules) * PINFOLD_GRANULE);
}

START_TEST(distance_left_and_right_keep_what_was_written_last) {
    struct seed_range seeds = settings_seeds(3);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        struct pfi_plug_record record = {0, 0};
        unsigned left = 0;
        unsigned right = 0;
        uintptr_t distance = 0;
        replay_begin("record", seed);
        for (uint64_t change = 0; change < CHANGES; ++change) {
            replay_operation(change);
            switch (random_below(&random, 3)) {
            case 0:
                left = (unsigned)random_below(&random, 1 << PINFOLD_NODE_BITS);
                pfi_plug_record_set_left(&record, left);
                break;
            case 1:
                right = (unsigned)random_below(&random, 1 << PINFOLD_NODE_BITS);
                pfi_plug_record_set_right(&record, right);
                break;
            default:
                distance = random_distance(&random);
                pfi_plug_record_set_distance(&record, distance);
            }
            if (pfi_plug_record_left(&record) != left || pfi_plug_record_right(&record) != right ||
                pfi_plug_record_distance(&record) != distance || record.gap != 0) {
                replay_fail("a field changed with another");
            }
        }
    }
}
END_TEST

START_TEST(the_farthest_distances_of_40_bits_are_kept) {
    struct pfi_plug_record record = {0, 0};
    if (PINFOLD_WORD_BITS == 64) {
        static const int64_t farthest = (INT64_C(1) << 39) - 1;
        pfi_plug_record_set_distance(&record, (uintptr_t)(farthest * PINFOLD_GRANULE));
        ck_assert_uint_eq(pfi_plug_record_distance(&record), (uintptr_t)(farthest * PINFOLD_GRANULE));
        pfi_plug_record_set_distance(&record, (uintptr_t)((-farthest - 1) * PINFOLD_GRANULE));
        ck_assert_uint_eq(pfi_plug_record_distance(&record), (uintptr_t)((-farthest - 1) * PINFOLD_GRANULE));
    }
    pfi_plug_record_set_distance(&record, (uintptr_t)-PINFOLD_GRANULE);
    ck_assert_uint_eq(pfi_plug_record_distance(&record), (uintptr_t)-PINFOLD_GRANULE);
}
END_TEST

START_TEST(the_record_of_a_plug_fills_the_16_bytes_before_it) {
    _Alignas(16) char memory[48];
    uintptr_t plug = (uintptr_t)memory + 32;
    ck_assert_uint_eq((uintptr_t)pfi_plug_record_before(plug), (uintptr_t)memory + 16);
    ck_assert_uint_eq(sizeof(struct pfi_plug_record), 16);
}
END_TEST

SUITE("unit/plug_record", distance_left_and_right_keep_what_was_written_last,
      the_farthest_distances_of_40_bits_are_kept, the_record_of_a_plug_fills_the_16_bytes_before_it)
