/* SPDX-License-Identifier: MIT
 *
 * What blob-builder and image-writer write, and how they sum it up: a run of words that count up from a stamp, and
 * Fletcher's pair of sums, which depends on every word and on their order, and costs little more than reading. Words of
 * one sequence may be added in pieces of any length, so a blob in chunks has the sum that it has in one array.
 *
 *     words of a record   stamp, stamp + 1, ... stamp + n - 1
 *     sums                first += word, second += first        (modulo 2^64; the second one is the checksum)
 */
#ifndef BENCH_WORKLOAD_WORD_SUM_H
#define BENCH_WORKLOAD_WORD_SUM_H

#include <stddef.h>
#include <stdint.h>

struct word_sum {
    uint64_t first;
    uint64_t second;
};

/* Arrays of so many bytes count as large ones, on every system: the initial large_threshold of Pinfold. */
enum { WORD_ARRAY_LARGE_BYTES = 85000 };

static inline void words_fill(uint64_t *words, size_t count, uint64_t stamp) {
    for (size_t i = 0; i < count; i++) {
        words[i] = stamp + i;
    }
}

static inline void word_sum_add(struct word_sum *sum, const uint64_t *words, size_t count) {
    uint64_t first = sum->first;
    uint64_t second = sum->second;
    for (size_t i = 0; i < count; i++) {
        first += words[i];
        second += first;
    }
    sum->first = first;
    sum->second = second;
}

#endif
