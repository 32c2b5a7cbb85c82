/* SPDX-License-Identifier: MIT
 *
 * blob-builder: a compiler's emit pass, five hundred times. A builder takes the records of a pass, 2,000 to 20,000 of 8
 * to 4096 bytes each, and the finished blob is summed up and dropped. What differs by --mode is where the records go:
 *
 *     doubling (a)   one array, replaced by one of twice the size when it is full     [ # # # # # . . . ]
 *     chunks   (b)   a list of chunks of 64 KiB                                       [ # # ]->[ # # ]->[ # . ]
 *     pooled   (c)   the same, and a pass takes the chunks of the one before it
 *
 * The first makes large objects of a blob, and two or three times its bytes; the second none; the third allocates
 * nothing once the largest blob has been built. A record may lie in two chunks. loh_bytes is what was asked for in
 * arrays of at least 85,000 bytes.
 *
 * Scale multiplies the number of passes. Each: records = 2000 + rng % 18001; each record: words = 1 + rng % 512,
 * stamp = rng, and the words of word_sum.h. One pair of sums goes over the blobs of all passes.
 */
#include <string.h>

#include "harness/random.h"
#include "system/adapter.h"
#include "workload/word_sum.h"

enum { OPTION_MODE };
enum { MODE_DOUBLING, MODE_CHUNKS, MODE_POOLED, MODES };
enum {
    PASSES = 500,
    RECORDS_MIN = 2000,
    RECORDS_CHOICE = 18001,
    RECORD_WORDS_MAX = 512,
    FIRST_ARRAY_WORDS = 512,
    CHUNK_WORDS = 8192,
};

/* The letters are the specification's; a mode is its word's index modulo MODES. */
static const char *const modes[] = {"doubling", "chunks", "pooled", "a", "b", "c"};

static const struct bench_option options[] = {
    BENCH_WORD("mode", modes, "where records go: one array, chunks, or chunks that are used again"),
};

struct chunk {
    struct bench_header header;
    struct chunk *next;
    void *words;
};

BENCH_TYPE(chunk_type, struct chunk, BENCH_REF(struct chunk, next) | BENCH_REF(struct chunk, words));

/* Invariant: `used` <= `capacity`, in words of the newest array: the one of mode doubling, or the last chunk's. */
struct builder {
    struct bench_run *run;
    struct bench_mutator *mutator;
    uint64_t mode;
    bench_local array; /* of mode doubling; in the others, one that has no chunk yet */
    bench_local first; /* the blob's chunks */
    bench_local last;
    bench_local pool; /* chunks of no blob */
    size_t used;
    size_t capacity;
    uint64_t blob_bytes; /* of all passes */
    uint64_t large_bytes;
};

static void open_builder(struct builder *builder, struct bench_run *run, struct bench_mutator *mutator) {
    *builder = (struct builder){.run = run, .mutator = mutator, .mode = run->option[OPTION_MODE] % MODES};
    builder->array = bench_keep(mutator, NULL);
    builder->first = bench_keep(mutator, NULL);
    builder->last = bench_keep(mutator, NULL);
    builder->pool = bench_keep(mutator, NULL);
}

static void *new_words(struct builder *builder, size_t count) {
    uint64_t bytes = count * sizeof(uint64_t);
    bench_count(builder->run, 1, bytes);
    builder->large_bytes += bytes >= WORD_ARRAY_LARGE_BYTES ? bytes : 0;
    return bench_new_words(builder->mutator, count);
}

static void double_array(struct builder *builder) {
    size_t capacity = builder->capacity == 0 ? FIRST_ARRAY_WORDS : 2 * builder->capacity;
    void *larger = new_words(builder, capacity);
    void *old = bench_kept(builder->array);
    if (old != NULL) {
        memcpy(bench_words(larger), bench_words(old), builder->used * sizeof(uint64_t));
        bench_release(builder->mutator, old);
    }
    bench_set_local(&builder->array, larger);
    builder->capacity = capacity;
}

static struct chunk *new_chunk(struct builder *builder) {
    bench_set_local(&builder->array, new_words(builder, CHUNK_WORDS));
    struct chunk *chunk = bench_new(builder->mutator, &chunk_type);
    chunk->words = bench_kept(builder->array);
    bench_set_local(&builder->array, NULL);
    bench_count(builder->run, 1, BENCH_PAYLOAD(struct chunk));
    return chunk;
}

static struct chunk *take_pooled_chunk(struct builder *builder) {
    struct chunk *chunk = bench_kept(builder->pool);
    bench_set_local(&builder->pool, chunk->next);
    BENCH_STORE(builder->mutator, chunk, next, NULL);
    return chunk;
}

static void append_chunk(struct builder *builder) {
    struct chunk *chunk = bench_kept(builder->pool) == NULL ? new_chunk(builder) : take_pooled_chunk(builder);
    struct chunk *last = bench_kept(builder->last);
    if (last == NULL) {
        bench_set_local(&builder->first, chunk);
    } else {
        BENCH_STORE(builder->mutator, last, next, chunk);
    }
    bench_set_local(&builder->last, chunk);
    builder->used = 0;
    builder->capacity = CHUNK_WORDS;
}

/* Makes room for words to come, `wanted` of them or fewer; returns for how many, and where in *place. */
static size_t make_room(struct builder *builder, size_t wanted, uint64_t **place) {
    void *words;
    if (builder->mode == MODE_DOUBLING) {
        if (builder->capacity - builder->used < wanted) {
            double_array(builder);
        }
        words = bench_kept(builder->array);
    } else {
        if (builder->used == builder->capacity) {
            append_chunk(builder);
        }
        words = ((struct chunk *)bench_kept(builder->last))->words;
    }
    size_t room = builder->capacity - builder->used;
    *place = bench_words(words) + builder->used;
    return room < wanted ? room : wanted;
}

static void append_record(struct builder *builder, size_t words, uint64_t stamp) {
    for (size_t written = 0; written < words;) {
        uint64_t *place = NULL;
        size_t count = make_room(builder, words - written, &place);
        words_fill(place, count, stamp + written);
        builder->used += count;
        written += count;
    }
    builder->blob_bytes += words * sizeof(uint64_t);
}

static void build(struct builder *builder, struct bench_random *random) {
    uint64_t records = RECORDS_MIN + bench_random_below(random, RECORDS_CHOICE);
    for (uint64_t record = 0; record < records; record++) {
        size_t words = 1 + (size_t)bench_random_below(random, RECORD_WORDS_MAX);
        append_record(builder, words, bench_random_next(random));
    }
}

/* All chunks but the last are full. */
static void sum_blob(const struct builder *builder, struct word_sum *sum) {
    if (builder->mode == MODE_DOUBLING) {
        word_sum_add(sum, bench_words(bench_kept(builder->array)), builder->used);
        return;
    }
    for (struct chunk *chunk = bench_kept(builder->first); chunk != NULL; chunk = chunk->next) {
        word_sum_add(sum, bench_words(chunk->words), chunk->next == NULL ? builder->used : (size_t)CHUNK_WORDS);
    }
}

static void release_chunks(struct builder *builder, struct chunk *chunk) {
    while (BENCH_RELEASES && chunk != NULL) {
        struct chunk *next = chunk->next;
        bench_release(builder->mutator, chunk->words);
        bench_release(builder->mutator, chunk);
        chunk = next;
    }
}

/* The blob's chunks go before those of the pool that it did not need. */
static void drop_blob(struct builder *builder) {
    struct chunk *first = bench_kept(builder->first);
    if (builder->mode == MODE_DOUBLING) {
        bench_release(builder->mutator, bench_kept(builder->array));
        bench_set_local(&builder->array, NULL);
    } else if (builder->mode == MODE_CHUNKS) {
        release_chunks(builder, first);
    } else {
        struct chunk *last = bench_kept(builder->last);
        BENCH_STORE(builder->mutator, last, next, bench_kept(builder->pool));
        bench_set_local(&builder->pool, first);
    }
    bench_set_local(&builder->first, NULL);
    bench_set_local(&builder->last, NULL);
    builder->used = 0;
    builder->capacity = 0;
}

static uint64_t run_blob_builder(struct bench_run *run, struct bench_mutator *mutator) {
    struct builder builder;
    struct bench_random random = {run->seed};
    struct word_sum sum = {0, 0};
    uint64_t passes = bench_scaled(run, PASSES);
    open_builder(&builder, run, mutator);
    for (uint64_t pass = 0; pass < passes; pass++) {
        build(&builder, &random);
        sum_blob(&builder, &sum);
        drop_blob(&builder);
    }
    bench_extra_text(run, "mode", modes[builder.mode]);
    bench_extra(run, "blob_bytes", (double)builder.blob_bytes);
    bench_extra(run, "loh_bytes", (double)builder.large_bytes);
    bench_stop(run, mutator);
    release_chunks(&builder, bench_kept(builder.pool));
    bench_drop_from(mutator, builder.array);
    return sum.second;
}

const struct bench_workload bench_workload_blob_builder = {
    .name = "blob-builder",
    .sentence = "blobs of many records, in one array that doubles or in chunks",
    .run = run_blob_builder,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = 1,
};
