/* SPDX-License-Identifier: MIT */
#include "gc/observe/history.h"

#include <stdlib.h>

static unsigned log2_floor(uint64_t value) {
    return value == 0 ? 0 : 63u - (unsigned)__builtin_clzll(value);
}

void pfi_history_add(struct pfi_history *history, const struct pf_collection *record) {
    history->records[history->count++ % PINFOLD_HISTORY] = *record;
    ++history->collections[record->generation];
    history->pause_total_ns += record->pause_ns;
    history->pause_max_ns = record->pause_ns > history->pause_max_ns ? record->pause_ns : history->pause_max_ns;
    ++history->pause_histogram[log2_floor(record->pause_ns)];
}

static size_t kept(const struct pfi_history *history) {
    return history->count < PINFOLD_HISTORY ? (size_t)history->count : PINFOLD_HISTORY;
}

size_t pfi_history_copy(const struct pfi_history *history, struct pf_collection *records, size_t count) {
    if (count > kept(history)) {
        count = kept(history);
    }
    for (size_t index = 0; index < count; ++index) {
        records[index] = history->records[(history->count - count + index) % PINFOLD_HISTORY];
    }
    return count;
}

uint64_t pfi_history_expected_pause(const struct pfi_history *history, int generation) {
    enum { LOOKED_AT = 8 };
    uint64_t longest = 0;
    size_t found = 0;
    for (size_t age = 1; age <= kept(history) && found < LOOKED_AT; ++age) {
        const struct pf_collection *record = &history->records[(history->count - age) % PINFOLD_HISTORY];
        if (record->generation == generation) {
            longest = record->pause_ns > longest ? record->pause_ns : longest;
            ++found;
        }
    }
    return longest;
}

static int compare_pauses(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

uint64_t pfi_history_pause_quantile(const struct pfi_history *history, double quantile) {
    uint64_t pauses[PINFOLD_HISTORY];
    size_t count = kept(history);
    if (count == 0) {
        return 0;
    }
    for (size_t index = 0; index < count; ++index) {
        pauses[index] = history->records[index].pause_ns;
    }
    qsort(pauses, count, sizeof pauses[0], compare_pauses);
    double position = !(quantile > 0) ? 0 : quantile > 1 ? (double)(count - 1) : quantile * (double)(count - 1);
    return pauses[(size_t)(position + 0.5)];
}

const char *pf_reason_text(enum pf_reason reason) {
    static const char *const texts[] = {
#define PINFOLD_TEXT(name, sentence) sentence,
        PINFOLD_REASON_TABLE(PINFOLD_TEXT)};
    return (unsigned)reason < sizeof texts / sizeof texts[0] ? texts[reason] : "unknown reason";
}

const char *pf_decision_text(enum pf_decision decision) {
    static const char *const texts[] = {PINFOLD_DECISION_TABLE(PINFOLD_TEXT)};
    return (unsigned)decision < sizeof texts / sizeof texts[0] ? texts[decision] : "unknown decision";
}

const char *pf_phase_text(enum pf_phase phase) {
    static const char *const texts[] = {PINFOLD_PHASE_TABLE(PINFOLD_TEXT)};
    return (unsigned)phase < sizeof texts / sizeof texts[0] ? texts[phase] : "unknown phase";
#undef PINFOLD_TEXT
}
