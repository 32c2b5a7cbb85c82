/* SPDX-License-Identifier: MIT
 *
 * image-writer: an output image of many sections, in one contiguous array that grows with them, and then its checksum,
 * taken from a second contiguous copy (--checksum copy) or from the array itself in pieces (in-place). It is meant for
 * a process that is short of address space and not of memory: --address-space limits it before the heap is opened, and
 * --heaps opens several heaps beside each other. Each gets some live data, then the one that was opened last writes: it
 * has what the others left. The line's figures are of that heap, --explain and --trace are of the first one.
 *
 *     array   [ sections, 1 M ]  ->  [ sections, 2 M       ]  ->  [ sections, 3 M of 3 M ]     then a copy, or none
 *                                     both at a time               2 M + 3 M at a time         3 M + 3 M
 *
 * The array doubles, from 64 KiB, but never beyond --image, the size of the whole image, which its writer knows as an
 * upper bound. The two largest arrays live at the same time, and the copy beside the last: an image of S bytes, P the
 * largest power of two times 64 KiB below S, needs S + P bytes of contiguous arrays, or 2 S with the copy.
 *
 * Scale multiplies the number of images, 16 at scale 1. Each: until the image is full, words = 512 * (1 + rng % 256),
 * or what is left, stamp = rng, and the words of word_sum.h. One pair of sums goes over all images; the live data are
 * checked apart, so that the checksum does not depend on the number of heaps.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "harness/clock.h"
#include "harness/random.h"
#include "system/adapter.h"
#include "workload/word_sum.h"

enum { OPTION_IMAGE, OPTION_CHECKSUM, OPTION_LIVE, OPTION_HEAPS, OPTION_ADDRESS_SPACE };
enum { CHECKSUM_COPY, CHECKSUM_IN_PLACE };
enum {
    IMAGES = 16,
    HEAPS_MAX = 16,
    SECTION_STEP_WORDS = 512,
    SECTION_STEPS = 256,
    FIRST_ARRAY_WORDS = 8192,
    PIECE_WORDS = 8192,
    BLOCK_WORDS = 128, /* of live data */
};

static const char *const checksums[] = {"copy", "in-place"};

static const struct bench_option options[] = {
    BENCH_BYTES("image", 128 << 20, 4096, UINT64_C(1) << 36, "the finished image"),
    BENCH_WORD("checksum", checksums, "taken from a second contiguous copy, or from the first in pieces"),
    BENCH_BYTES("live", 16 << 20, 1024, UINT64_C(1) << 36, "live data of each heap, in small objects"),
    BENCH_NUMBER("heaps", 1, 1, HEAPS_MAX, "heaps in the process, where there can be more than one"),
    BENCH_BYTES("address-space", 0, 1 << 20, UINT64_C(1) << 46, "limit of the process's address space"),
};

/* A heap and its live data: an array of blocks, each of which begins with its number. */
struct lived_in {
    struct bench_mutator *mutator;
    bench_local blocks;
    size_t count;
};

struct writer {
    struct bench_run *run;
    struct bench_mutator *mutator;
    struct bench_random random;
    struct word_sum sum;
    bench_local array;
    size_t used; /* words of the array */
    size_t capacity;
    size_t image_words;
    uint64_t large_bytes;
};

static void limit_address_space(uint64_t size) {
    struct rlimit limit = {(rlim_t)size, (rlim_t)size};
    if (limit.rlim_cur != size) {
        bench_fail(BENCH_EXIT_ARGUMENTS, "--address-space %llu: the system cannot tell such a limit from a smaller one",
                   (unsigned long long)size);
    }
    if (setrlimit(RLIMIT_AS, &limit) != 0) {
        bench_fail(EXIT_FAILURE, "--address-space %llu: the limit cannot be set: %s", (unsigned long long)size,
                   strerror(errno));
    }
}

static void prepare_image_writer(const struct bench_run *run) {
    uint64_t size = run->option[OPTION_ADDRESS_SPACE];
    if (run->option[OPTION_HEAPS] > 1 && !bench_system.many_heaps) {
        bench_fail(BENCH_EXIT_ARGUMENTS, "--heaps %llu: %s has one heap for the whole process",
                   (unsigned long long)run->option[OPTION_HEAPS], bench_system.name);
    }
    if (run->option[OPTION_IMAGE] > SIZE_MAX / 4 - BLOCK_WORDS) { /* headers included, as pf_max_length has it */
        bench_fail(BENCH_EXIT_OUT_OF_MEMORY, "--image %llu: no array can have so many bytes here",
                   (unsigned long long)run->option[OPTION_IMAGE]);
    }
    if (size != 0) {
        limit_address_space(size);
    }
}

static void move_in(struct lived_in *heap, struct bench_run *run, struct bench_mutator *mutator) {
    heap->mutator = mutator;
    heap->count = (size_t)(run->option[OPTION_LIVE] / (BLOCK_WORDS * sizeof(uint64_t)));
    heap->blocks = bench_keep(mutator, bench_new_references(mutator, heap->count));
    for (size_t i = 0; i < heap->count; i++) {
        void *block = bench_new_words(mutator, BLOCK_WORDS);
        bench_words(block)[0] = i;
        bench_set_reference(mutator, bench_kept(heap->blocks), i, block);
    }
    bench_count(run, 1 + heap->count, heap->count * (sizeof(void *) + BLOCK_WORDS * sizeof(uint64_t)));
}

/* Looks the live data over. */
static void inspect(const struct lived_in *heap) {
    for (size_t i = 0; i < heap->count; i++) {
        if (bench_words(bench_reference(bench_kept(heap->blocks), i))[0] != i) {
            bench_fail(EXIT_FAILURE, "block %zu of the live data is damaged", i);
        }
    }
}

static void move_out(struct lived_in *heap) {
    for (size_t i = 0; BENCH_RELEASES && i < heap->count; i++) {
        bench_release(heap->mutator, bench_reference(bench_kept(heap->blocks), i));
    }
    bench_release(heap->mutator, bench_kept(heap->blocks));
    bench_drop(heap->mutator, 1);
}

static void *new_words(struct writer *writer, size_t count) {
    uint64_t bytes = (uint64_t)count * sizeof(uint64_t);
    bench_count(writer->run, 1, bytes);
    writer->large_bytes += bytes >= WORD_ARRAY_LARGE_BYTES ? bytes : 0;
    return bench_new_words(writer->mutator, count);
}

static void grow(struct writer *writer, size_t needed) {
    size_t capacity = writer->capacity == 0 ? FIRST_ARRAY_WORDS : writer->capacity;
    while (capacity < needed) {
        capacity *= 2;
    }
    capacity = capacity < writer->image_words ? capacity : writer->image_words;
    void *larger = new_words(writer, capacity);
    void *old = bench_kept(writer->array);
    if (old != NULL) {
        memcpy(bench_words(larger), bench_words(old), writer->used * sizeof(uint64_t));
        bench_release(writer->mutator, old);
    }
    bench_set_local(&writer->array, larger);
    writer->capacity = capacity;
}

static void write_image(struct writer *writer) {
    while (writer->used < writer->image_words) {
        size_t words = SECTION_STEP_WORDS * (1 + (size_t)bench_random_below(&writer->random, SECTION_STEPS));
        uint64_t stamp = bench_random_next(&writer->random);
        size_t left = writer->image_words - writer->used;
        words = words < left ? words : left;
        if (words > writer->capacity - writer->used) {
            grow(writer, writer->used + words);
        }
        words_fill(bench_words(bench_kept(writer->array)) + writer->used, words, stamp);
        writer->used += words;
    }
}

static void sum_copy(struct writer *writer) {
    void *copy = new_words(writer, writer->used);
    memcpy(bench_words(copy), bench_words(bench_kept(writer->array)), writer->used * sizeof(uint64_t));
    word_sum_add(&writer->sum, bench_words(copy), writer->used);
    bench_release(writer->mutator, copy);
}

static void sum_in_place(struct writer *writer) {
    for (size_t at = 0; at < writer->used; at += PIECE_WORDS) {
        size_t left = writer->used - at;
        word_sum_add(&writer->sum, bench_words(bench_kept(writer->array)) + at,
                     left < PIECE_WORDS ? left : (size_t)PIECE_WORDS);
        bench_poll(writer->mutator);
    }
}

static void drop_image(struct writer *writer) {
    bench_release(writer->mutator, bench_kept(writer->array));
    bench_set_local(&writer->array, NULL);
    writer->used = 0;
    writer->capacity = 0;
}

/* The last image stays until the clocks have been stopped. */
static void write_images(struct writer *writer, uint64_t images) {
    for (uint64_t image = 0; image < images; image++) {
        drop_image(writer);
        write_image(writer);
        if (writer->run->option[OPTION_CHECKSUM] == CHECKSUM_COPY) {
            sum_copy(writer);
        } else {
            sum_in_place(writer);
        }
    }
}

static void report(struct bench_run *run, const struct writer *writer) {
    bench_extra_text(run, "checksum_from", checksums[run->option[OPTION_CHECKSUM]]);
    bench_extra(run, "heaps", (double)run->option[OPTION_HEAPS]);
    bench_extra(run, "image_bytes", (double)(writer->image_words * sizeof(uint64_t)));
    bench_extra(run, "loh_bytes", (double)writer->large_bytes);
    if (run->option[OPTION_ADDRESS_SPACE] != 0) {
        bench_extra(run, "address_space", (double)run->option[OPTION_ADDRESS_SPACE]);
    }
    bench_extra(run, "address_space_peak_kib", (double)bench_peak_address_space_kib());
}

static uint64_t run_image_writer(struct bench_run *run, struct bench_mutator *mutator) {
    struct lived_in heaps[HEAPS_MAX];
    size_t count = (size_t)run->option[OPTION_HEAPS];
    struct bench_run beside = *run; /* of the other heaps: a trace follows the first one */
    beside.trace = NULL;
    for (size_t i = 0; i < count; i++) {
        move_in(&heaps[i], run, i == 0 ? mutator : bench_system_open(&beside));
    }
    struct writer writer = {.run = run, .mutator = heaps[count - 1].mutator, .random = {run->seed}};
    writer.image_words = (size_t)(run->option[OPTION_IMAGE] / sizeof(uint64_t));
    writer.array = bench_keep(writer.mutator, NULL);
    write_images(&writer, bench_scaled(run, IMAGES));
    for (size_t i = 0; i < count; i++) {
        inspect(&heaps[i]);
    }
    report(run, &writer);
    bench_stop(run, writer.mutator);
    drop_image(&writer);
    bench_drop(writer.mutator, 1);
    for (size_t i = count; i-- > 0;) {
        move_out(&heaps[i]);
        if (i > 0) {
            bench_system_close(heaps[i].mutator);
        }
    }
    return writer.sum.second;
}

const struct bench_workload bench_workload_image_writer = {
    .name = "image-writer",
    .sentence = "an image in one growing array, and its checksum, where address space is short",
    .run = run_image_writer,
    .prepare = prepare_image_writer,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = 1,
};
