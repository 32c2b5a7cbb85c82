/* SPDX-License-Identifier: MIT
 *
 * An option that only one workload has: its name, what its text may be, and the number that the text means. Static data
 * of the workload's source; nothing here writes to it.
 *
 *     "0.5"  a size of unit 1 << 30     536870912
 *     "64Mi"  bytes                     67108864
 *     "100-4000"  a range               100 and 4000
 *     "simple"  the first of two words  0
 */
#ifndef BENCH_HARNESS_OPTION_H
#define BENCH_HARNESS_OPTION_H

#include <stddef.h>
#include <stdint.h>

/* What the text of an option may be, and what run->option[its index] is then. */
enum bench_option_kind {
    BENCH_OPTION_NUMBER, /* a whole number */
    BENCH_OPTION_SIZE,   /* a decimal number of `unit` bytes; bytes */
    BENCH_OPTION_BYTES,  /* a size as bench_parse_size reads it; bytes. Initially 0: none */
    BENCH_OPTION_RANGE,  /* LOW-HIGH, whole numbers; the low end, and run->option_high has the high one */
    BENCH_OPTION_WORD    /* one of `words`; its index */
};

/* An option that only one workload has. Made by the macros below. */
struct bench_option {
    const char *name; /* without the dashes */
    enum bench_option_kind kind;
    uint64_t initial;
    uint64_t initial_high;    /* of a range */
    uint64_t min;             /* a size: bytes */
    uint64_t max;             /* words: the last one's index */
    uint64_t unit;            /* of a size */
    const char *const *words; /* of a word */
    const char *why_fixed;    /* when there is no choice (min == max): the end of a sentence that says why */
    const char *sentence;
};

#define BENCH_NUMBER(name_, initial_, min_, max_, sentence_)                                               \
    {                                                                                                      \
        .name = (name_), .kind = BENCH_OPTION_NUMBER, .initial = (initial_), .min = (min_), .max = (max_), \
        .sentence = (sentence_)                                                                            \
    }
#define BENCH_SIZE(name_, initial_, max_, unit_, sentence_)                                                \
    {                                                                                                      \
        .name = (name_), .kind = BENCH_OPTION_SIZE, .initial = (initial_), .max = (max_), .unit = (unit_), \
        .sentence = (sentence_)                                                                            \
    }
#define BENCH_BYTES(name_, initial_, min_, max_, sentence_)                                               \
    {                                                                                                     \
        .name = (name_), .kind = BENCH_OPTION_BYTES, .initial = (initial_), .min = (min_), .max = (max_), \
        .sentence = (sentence_)                                                                           \
    }
#define BENCH_RANGE(name_, low_, high_, min_, max_, sentence_)                                                  \
    {                                                                                                           \
        .name = (name_), .kind = BENCH_OPTION_RANGE, .initial = (low_), .initial_high = (high_), .min = (min_), \
        .max = (max_), .sentence = (sentence_)                                                                  \
    }
#define BENCH_WORD(name_, words_, sentence_)                                                                          \
    {                                                                                                                 \
        .name = (name_), .kind = BENCH_OPTION_WORD, .max = sizeof(words_) / sizeof(words_)[0] - 1, .words = (words_), \
        .sentence = (sentence_)                                                                                       \
    }
/* An option of the program that a workload models, with the only value that can be had here. */
#define BENCH_FIXED(name_, value_, why_, sentence_)                                                          \
    {                                                                                                        \
        .name = (name_), .kind = BENCH_OPTION_NUMBER, .initial = (value_), .min = (value_), .max = (value_), \
        .why_fixed = (why_), .sentence = (sentence_)                                                         \
    }

/* Sets *low to what the text means, and *high to the same, or to the high end of a range. 0 when the text is not of the
 * option's kind or out of its bounds; *low and *high mean nothing then. */
int bench_option_parse(const struct bench_option *option, const char *text, uint64_t *low, uint64_t *high);

/* What would be accepted, to follow "expected ". */
void bench_option_describe(const struct bench_option *option, char *expected, size_t size);

/* A whole number and nothing else. */
int bench_parse_number(const char *text, uint64_t *number);

/* "64M" is 64,000,000 bytes and "64Mi" is 64 * 2^20; K, M, G, T. Returns 0 when `text` is not a size, or 0. */
int bench_parse_size(const char *text, uint64_t *size);

/* The other way, as short as it goes: "64Mi", "64", "none" for 0. Returns `text`. */
const char *bench_format_size(uint64_t bytes, char *text, size_t size);

#endif
