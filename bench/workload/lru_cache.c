/* SPDX-License-Identifier: MIT
 *
 * lru-cache: a hash map of a million chained entries with byte arrays as values; a hit replaces the value, a miss
 * inserts an entry and evicts another one. Old objects keep getting references to new ones, and what dies has always
 * grown old before: cards, promotion and collections of the oldest generation.
 *
 * Scale multiplies the number of operations; --entries sets the live data (buckets: the next power of two; keys come
 * from twice as many).
 */
#include "harness/random.h"
#include "system/adapter.h"

enum { OPTION_ENTRIES };

static const struct bench_option options[] = {
    BENCH_NUMBER("entries", 1000000, 2, 100000000, "live entries"),
};

struct entry {
    struct bench_header header;
    struct entry *next;
    int64_t key;
    void *value;
};

BENCH_TYPE(entry_type, struct entry, BENCH_REF(struct entry, next) | BENCH_REF(struct entry, value));

/* The locals are made once and reused: a slot for the entry at hand, one for the array at hand. */
struct cache {
    struct bench_run *run;
    struct bench_mutator *mutator;
    struct bench_random random;
    bench_local table; /* array of the buckets' first entries */
    bench_local entry;
    bench_local value;
    size_t buckets;
    unsigned hash_shift;
    uint64_t hits;
};

static size_t bucket_of(const struct cache *cache, int64_t key) {
    return (size_t)(((uint64_t)key * UINT64_C(0x9E3779B97F4A7C15)) >> cache->hash_shift);
}

static void *new_value(struct cache *cache, int64_t key) {
    size_t size = 16 + (size_t)bench_random_below(&cache->random, 257);
    void *value = bench_new_bytes(cache->mutator, size);
    bench_bytes(value)[0] = (uint8_t)key;
    bench_count(cache->run, 1, size);
    return value;
}

static void insert(struct cache *cache, int64_t key) {
    size_t bucket = bucket_of(cache, key);
    bench_set_local(&cache->value, new_value(cache, key));
    struct entry *entry = bench_new(cache->mutator, &entry_type);
    void *table = bench_kept(cache->table);
    entry->next = bench_reference(table, bucket);
    entry->key = key;
    entry->value = bench_kept(cache->value);
    bench_set_reference(cache->mutator, table, bucket, entry);
    bench_count(cache->run, 1, BENCH_PAYLOAD(struct entry));
}

static void remove_first(struct cache *cache, size_t bucket) {
    void *table = bench_kept(cache->table);
    struct entry *entry = bench_reference(table, bucket);
    bench_set_reference(cache->mutator, table, bucket, entry->next);
    bench_release(cache->mutator, entry->value);
    bench_release(cache->mutator, entry);
}

static void evict(struct cache *cache) {
    size_t bucket = (size_t)bench_random_below(&cache->random, cache->buckets);
    while (bench_reference(bench_kept(cache->table), bucket) == NULL) {
        bucket = (bucket + 1) & (cache->buckets - 1);
    }
    remove_first(cache, bucket);
}

static struct entry *find(const struct cache *cache, int64_t key) {
    struct entry *entry = bench_reference(bench_kept(cache->table), bucket_of(cache, key));
    while (entry != NULL && entry->key != key) {
        entry = entry->next;
    }
    return entry;
}

static void replace_value(struct cache *cache, struct entry *entry) {
    bench_release(cache->mutator, entry->value);
    bench_set_local(&cache->entry, entry);
    void *value = new_value(cache, entry->key);
    entry = bench_kept(cache->entry);
    BENCH_STORE(cache->mutator, entry, value, value);
}

static void operate(struct cache *cache, uint64_t keys) {
    int64_t key = (int64_t)bench_random_below(&cache->random, keys);
    struct entry *entry = find(cache, key);
    if (entry != NULL) {
        cache->hits++;
        replace_value(cache, entry);
    } else {
        insert(cache, key);
        evict(cache);
    }
}

static void release_all(struct cache *cache) {
    if (!BENCH_RELEASES) {
        return;
    }
    for (size_t bucket = 0; bucket < cache->buckets; bucket++) {
        while (bench_reference(bench_kept(cache->table), bucket) != NULL) {
            remove_first(cache, bucket);
        }
    }
    bench_release(cache->mutator, bench_kept(cache->table));
}

static void make_table(struct cache *cache, uint64_t entries) {
    unsigned bits = 1;
    while (((uint64_t)1 << bits) < entries) {
        bits++;
    }
    cache->hash_shift = 64 - bits;
    cache->buckets = (size_t)1 << bits;
    cache->table = bench_keep(cache->mutator, bench_new_references(cache->mutator, cache->buckets));
    cache->entry = bench_keep(cache->mutator, NULL);
    cache->value = bench_keep(cache->mutator, NULL);
    bench_count(cache->run, 1, cache->buckets * sizeof(void *));
}

static uint64_t run_lru_cache(struct bench_run *run, struct bench_mutator *mutator) {
    struct cache cache = {.run = run, .mutator = mutator, .random = {run->seed}};
    uint64_t entries = run->option[OPTION_ENTRIES];
    uint64_t operations = bench_scaled(run, 10000000);
    make_table(&cache, entries);
    for (uint64_t key = 0; key < entries; key++) {
        insert(&cache, (int64_t)key);
    }
    for (uint64_t i = 0; i < operations; i++) {
        operate(&cache, 2 * entries);
    }
    bench_stop(run, mutator);
    release_all(&cache);
    bench_drop(mutator, 3);
    return cache.hits;
}

const struct bench_workload bench_workload_lru_cache = {
    .name = "lru-cache",
    .sentence = "a hash map whose values are replaced and whose entries are evicted",
    .run = run_lru_cache,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = 1,
};
