/* SPDX-License-Identifier: MIT
 *
 * The texts of options.
 */
#include "harness/option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int bench_parse_number(const char *text, uint64_t *number) {
    char *end = NULL;
    if (*text < '0' || *text > '9') {
        return 0;
    }
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0') {
        return 0;
    }
    *number = value;
    return 1;
}

int bench_parse_size(const char *text, uint64_t *size) {
    static const char units[] = "KMGT";
    char *end = NULL;
    if (*text < '0' || *text > '9') {
        return 0;
    }
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    uint64_t factor = 1;
    const char *unit = *end == '\0' ? NULL : strchr(units, *end);
    if (unit != NULL) {
        uint64_t step = end[1] == 'i' ? 1024 : 1000;
        for (const char *at = units; at <= unit; at++) {
            factor *= step;
        }
        end += end[1] == 'i' ? 2 : 1;
    }
    if (errno != 0 || *end != '\0' || value == 0 || value > UINT64_MAX / 2 / factor) {
        return 0;
    }
    *size = value * factor;
    return 1;
}

const char *bench_format_size(uint64_t bytes, char *text, size_t size) {
    static const char *const units[] = {"", "Ki", "Mi", "Gi", "Ti"};
    unsigned unit = 0;
    while (unit < 4 && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    if (bytes == 0) {
        snprintf(text, size, "none");
    } else {
        snprintf(text, size, "%llu%s", (unsigned long long)bytes, units[unit]);
    }
    return text;
}

/* "0.25" with a unit of 1000 is 250. */
static int parse_units(const char *text, uint64_t unit, uint64_t *bytes) {
    char *end = NULL;
    if (*text == '\0' || text[strspn(text, "0123456789.")] != '\0') {
        return 0;
    }
    double value = strtod(text, &end) * (double)unit;
    if (*end != '\0' || !(value < 0x1p62)) {
        return 0;
    }
    *bytes = (uint64_t)value;
    return 1;
}

/* "100-4000"; a single number is a range of one. */
static int parse_range(const char *text, uint64_t *low, uint64_t *high) {
    char first[24];
    const char *dash = strchr(text, '-');
    if (dash == NULL) {
        return bench_parse_number(text, low) && bench_parse_number(text, high);
    }
    int written = snprintf(first, sizeof first, "%.*s", (int)(dash - text), text);
    return written < (int)sizeof first && bench_parse_number(first, low) && bench_parse_number(dash + 1, high) &&
           *low <= *high;
}

static int parse_word(const char *text, const struct bench_option *option, uint64_t *index) {
    for (*index = 0; *index <= option->max; *index += 1) {
        if (strcmp(option->words[*index], text) == 0) {
            return 1;
        }
    }
    return 0;
}

static void describe_number(const struct bench_option *option, char *expected, size_t size) {
    if (option->why_fixed != NULL) {
        snprintf(expected, size, "%llu, because %s", (unsigned long long)option->min, option->why_fixed);
    } else {
        snprintf(expected, size, "a whole number from %llu to %llu", (unsigned long long)option->min,
                 (unsigned long long)option->max);
    }
}

static void describe_words(const struct bench_option *option, char *expected, size_t size) {
    size_t length = 0;
    for (uint64_t word = 0; word <= option->max && length < size; word++) {
        length +=
            (size_t)snprintf(expected + length, size - length, "%s%s", word == 0 ? "" : " or ", option->words[word]);
    }
}

void bench_option_describe(const struct bench_option *option, char *expected, size_t size) {
    char least[32];
    char most[32];
    switch (option->kind) {
    case BENCH_OPTION_NUMBER:
        describe_number(option, expected, size);
        break;
    case BENCH_OPTION_SIZE:
        snprintf(expected, size, "a number from %g to %g, such as 0.5", (double)option->min / (double)option->unit,
                 (double)option->max / (double)option->unit);
        break;
    case BENCH_OPTION_BYTES:
        snprintf(expected, size, "a size from %s to %s, such as 64M or 64Mi",
                 bench_format_size(option->min, least, sizeof least),
                 bench_format_size(option->max, most, sizeof most));
        break;
    case BENCH_OPTION_RANGE:
        snprintf(expected, size, "LOW-HIGH, within %llu-%llu", (unsigned long long)option->min,
                 (unsigned long long)option->max);
        break;
    case BENCH_OPTION_WORD:
        describe_words(option, expected, size);
        break;
    }
}

static int parse_kind(const struct bench_option *option, const char *text, uint64_t *low, uint64_t *high) {
    int parsed = 0;
    switch (option->kind) {
    case BENCH_OPTION_NUMBER:
        parsed = bench_parse_number(text, low);
        break;
    case BENCH_OPTION_SIZE:
        parsed = parse_units(text, option->unit, low);
        break;
    case BENCH_OPTION_BYTES:
        parsed = bench_parse_size(text, low);
        break;
    case BENCH_OPTION_RANGE:
        return parse_range(text, low, high);
    case BENCH_OPTION_WORD:
        parsed = parse_word(text, option, low);
        break;
    }
    *high = *low;
    return parsed;
}

int bench_option_parse(const struct bench_option *option, const char *text, uint64_t *low, uint64_t *high) {
    return parse_kind(option, text, low, high) && *low >= option->min && *high <= option->max;
}
