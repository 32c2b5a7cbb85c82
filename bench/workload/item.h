/* SPDX-License-Identifier: MIT
 *
 * Items: the objects that threads hand to each other in larson, xmalloc and mstress. An array of words that knows its
 * length and carries a stamp at its far end, so that whoever ends its life, on whatever thread, can tell that it came
 * through whole. Sums of stamps do not depend on who met which item.
 *
 *     [ length | 0 ... 0 | stamp ]
 */
#ifndef BENCH_WORKLOAD_ITEM_H
#define BENCH_WORKLOAD_ITEM_H

#include "harness/random.h"
#include "system/adapter.h"

enum { ITEM_MIN_WORDS = 2 };

/* What a thread has allocated of items; bench_count takes it in one go. */
struct item_count {
    uint64_t items;
    uint64_t words;
};

/* A new item of `length` >= ITEM_MIN_WORDS words with a random stamp. */
static inline void *item_new(struct bench_mutator *mutator, size_t length, struct bench_random *random,
                             struct item_count *count) {
    void *item = bench_new_words(mutator, length);
    bench_words(item)[0] = length;
    bench_words(item)[length - 1] = bench_random_next(random);
    count->items++;
    count->words += length;
    return item;
}

/* Ends the item's life and returns its stamp; 0 for NULL. */
static inline uint64_t item_end(struct bench_mutator *mutator, void *item) {
    if (item == NULL) {
        return 0;
    }
    uint64_t stamp = bench_words(item)[bench_words(item)[0] - 1];
    bench_release(mutator, item);
    return stamp;
}

/* Ends all items of an array of references; the array stays, and holds nothing afterwards. Polls. */
static inline uint64_t item_end_all(struct bench_mutator *mutator, bench_local array, size_t length) {
    uint64_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        sum += item_end(mutator, bench_reference(bench_kept(array), i));
        bench_set_reference(mutator, bench_kept(array), i, NULL);
        bench_poll(mutator);
    }
    return sum;
}

static inline void item_report(struct bench_run *run, const struct item_count *count) {
    bench_count(run, count->items, count->words * sizeof(uint64_t));
}

#endif
