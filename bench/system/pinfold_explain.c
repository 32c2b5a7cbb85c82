/* SPDX-License-Identifier: MIT
 *
 * What Pinfold's collections did. Times are milliseconds; sizes are KiB, by the generation objects came from.
 */
#include "system/pinfold_explain.h"

static const char *reason_name(enum pf_reason reason) {
    switch (reason) {
#define REASON_CASE(name, sentence) \
    case PINFOLD_REASON_##name:     \
        return #name;
        PINFOLD_REASON_TABLE(REASON_CASE)
#undef REASON_CASE
    }
    return "?";
}

static const char *decision_name(enum pf_decision decision) {
    switch (decision) {
#define DECISION_CASE(name, sentence) \
    case PINFOLD_DECISION_##name:     \
        return #name;
        PINFOLD_DECISION_TABLE(DECISION_CASE)
#undef DECISION_CASE
    }
    return "?";
}

static double milliseconds(uint64_t nanoseconds) {
    return (double)nanoseconds * 1e-6;
}

static double kib(uint64_t bytes) {
    return (double)bytes / 1024;
}

/* A full collection takes the large objects and those that were born pinned with it. */
static int is_condemned(const struct pf_collection *record, int generation) {
    return generation <= record->generation || record->generation == 2;
}

void explain_totals_add(struct explain_totals *totals, const struct pf_collection *record) {
    struct explain_total *total = &totals->generation[record->generation];
    total->count++;
    total->compacted += record->compacted != 0;
    total->expanded += record->expanded != 0;
    total->pause_ns += record->pause_ns;
    total->moved_bytes += record->moved_bytes;
    if (record->pause_ns > total->pause_max_ns) {
        total->pause_max_ns = record->pause_ns;
    }
    for (int phase = 0; phase < PINFOLD_PHASES; phase++) {
        total->phase_ns[phase] += record->phase_ns[phase];
    }
    for (int generation = 0; generation < PINFOLD_GENERATIONS; generation++) {
        if (is_condemned(record, generation)) {
            total->condemned_bytes += record->before_bytes[generation];
            total->survived_bytes += record->survived_bytes[generation];
        }
    }
    totals->reasons[(unsigned)record->reason % EXPLAIN_REASONS]++;
    totals->decisions[(unsigned)record->decision % EXPLAIN_DECISIONS]++;
}

void explain_history_take(struct explain_totals *totals, struct pf_heap *heap) {
    totals->history_count = pf_heap_history(heap, totals->history, EXPLAIN_HISTORY);
}

static void print_phase_heads(FILE *out) {
    for (int phase = 0; phase < PINFOLD_PHASES; phase++) {
        fprintf(out, " %8s", pf_phase_text((enum pf_phase)phase));
    }
}

static void print_phases(const uint64_t *phase_ns, double divisor, FILE *out) {
    for (int phase = 0; phase < PINFOLD_PHASES; phase++) {
        fprintf(out, " %8.3f", milliseconds(phase_ns[phase]) / divisor);
    }
}

static void print_sizes(const size_t *bytes, FILE *out) {
    fprintf(out, " |");
    for (int generation = 0; generation < PINFOLD_GENERATIONS; generation++) {
        fprintf(out, " %8.0f", kib(bytes[generation]));
    }
}

static void print_history_heads(FILE *out) {
    static const char *const groups[] = {"before", "survived, by where from", "free after", "next budget"};
    static const char *const columns[PINFOLD_GENERATIONS] = {"gen0", "gen1", "gen2", "large", "pinned"};
    enum {
        GROUPS = sizeof groups / sizeof groups[0],
        LEFT = 57 + 9 * PINFOLD_PHASES,
        GROUP_WIDTH = 9 * PINFOLD_GENERATIONS - 1,
    };
    fprintf(out, "%*s", LEFT, "");
    for (int group = 0; group < GROUPS; group++) {
        fprintf(out, " | %-*s", GROUP_WIDTH, groups[group]);
    }
    fprintf(out, " |\n%7s g %-12s %-20s %-3s %9s", "number", "reason", "decision", "", "pause");
    print_phase_heads(out);
    for (int group = 0; group < GROUPS; group++) {
        fprintf(out, " |");
        for (int generation = 0; generation < PINFOLD_GENERATIONS; generation++) {
            fprintf(out, " %8s", columns[generation]);
        }
    }
    fprintf(out, " | %8s %8s %8s %8s %8s\n", "moved", "pins", "pinned", "demoted", "held");
}

static char expansion_letter(const struct pf_collection *record) {
    if (record->reused) {
        return 'r';
    }
    return record->expanded ? 'e' : '-';
}

static size_t held_bytes(const struct pf_collection *record) {
    size_t bytes = 0;
    for (int generation = 0; generation < PINFOLD_GENERATIONS; generation++) {
        bytes += record->held_bytes[generation];
    }
    return bytes;
}

static void print_history(const struct explain_totals *totals, FILE *out) {
    print_history_heads(out);
    for (size_t i = 0; i < totals->history_count; i++) {
        const struct pf_collection *record = &totals->history[i];
        fprintf(out, "%7llu %d %-12s %-20s %c%c%c %9.3f", (unsigned long long)record->number, record->generation,
                reason_name(record->reason), decision_name(record->decision), record->compacted ? 'c' : '-',
                expansion_letter(record), record->promoted_in_place ? 'p' : '-', milliseconds(record->pause_ns));
        print_phases(record->phase_ns, 1, out);
        print_sizes(record->before_bytes, out);
        print_sizes(record->survived_bytes, out);
        print_sizes(record->free_bytes, out);
        print_sizes(record->budget_bytes, out);
        fprintf(out, " | %8.0f %8zu %8.0f %8.0f %8.0f\n", kib(record->moved_bytes), record->pinned_objects,
                kib(record->pinned_bytes), kib(record->demoted_bytes), kib(held_bytes(record)));
    }
}

static void print_total(int generation, const struct explain_total *total, FILE *out) {
    double count = total->count == 0 ? 1 : (double)total->count;
    double condemned = total->condemned_bytes == 0 ? 1 : (double)total->condemned_bytes;
    fprintf(out, "gen%d %7llu %7llu %7llu %10.1f %9.3f %9.3f", generation, (unsigned long long)total->count,
            (unsigned long long)total->compacted, (unsigned long long)total->expanded, milliseconds(total->pause_ns),
            milliseconds(total->pause_max_ns), milliseconds(total->pause_ns) / count);
    print_phases(total->phase_ns, count, out);
    fprintf(out, " %9.0f %9.0f %7.2f%% %9.0f\n", kib(total->condemned_bytes) / count,
            kib(total->survived_bytes) / count, 100 * (double)total->survived_bytes / condemned,
            kib(total->moved_bytes) / count);
}

static void print_totals(const struct explain_totals *totals, FILE *out) {
    fprintf(out, "\nthe whole run; from \"mean\" on: a collection, in ms and KiB\n");
    fprintf(out, "     %7s %7s %7s %10s %9s %9s", "count", "compact", "expand", "pause sum", "max", "mean");
    print_phase_heads(out);
    fprintf(out, " %9s %9s %8s %9s\n", "before", "survived", "", "moved");
    for (int generation = 0; generation < 3; generation++) {
        print_total(generation, &totals->generation[generation], out);
    }
}

static void print_causes(const struct explain_totals *totals, FILE *out) {
    for (unsigned i = 0; i < EXPLAIN_REASONS; i++) {
        if (totals->reasons[i] != 0) {
            fprintf(out, "%7llu %-20s %s\n", (unsigned long long)totals->reasons[i], reason_name((enum pf_reason)i),
                    pf_reason_text((enum pf_reason)i));
        }
    }
    for (unsigned i = 0; i < EXPLAIN_DECISIONS; i++) {
        if (totals->decisions[i] != 0) {
            fprintf(out, "%7llu %-20s %s\n", (unsigned long long)totals->decisions[i],
                    decision_name((enum pf_decision)i), pf_decision_text((enum pf_decision)i));
        }
    }
}

void explain_print(const struct explain_totals *totals, FILE *out) {
    fprintf(out,
            "the newest %zu collections (c compacted, e expanded, r into a segment of generation 2, p promoted "
            "in place; ms and KiB)\n",
            totals->history_count);
    print_history(totals, out);
    print_totals(totals, out);
    print_causes(totals, out);
}
