/* SPDX-License-Identifier: MIT
 *
 * The program bench-SYSTEM: parse, open the system, run the workload, print one line of name=value pairs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/arguments.h"
#include "harness/bench.h"
#include "harness/clock.h"

#define WORKLOAD(name) extern const struct bench_workload bench_workload_##name;
#include "workload/workloads.def"
#undef WORKLOAD

static const struct bench_workload *const workloads[] = {
#define WORKLOAD(name) &bench_workload_##name,
#include "workload/workloads.def"
#undef WORKLOAD
    NULL};

static void print_list(int threaded_only) {
    for (const struct bench_workload *const *workload = workloads; *workload != NULL; workload++) {
        if ((bench_system.collects || !(*workload)->needs_collector) &&
            (!threaded_only || bench_is_threaded(*workload))) {
            printf("%s\n", (*workload)->name);
        }
    }
}

static void print_option_help(const struct bench_option *option, const char *dashes) {
    unsigned long long initial = option->initial;
    char size[32];
    printf("                  %s%s ", dashes, option->name);
    switch (option->kind) {
    case BENCH_OPTION_NUMBER:
        printf("N  %s (%llu%s)\n", option->sentence, initial, option->why_fixed != NULL ? " only" : "");
        break;
    case BENCH_OPTION_SIZE:
        printf("X  %s (%g)\n", option->sentence, (double)option->initial / (double)option->unit);
        break;
    case BENCH_OPTION_BYTES:
        printf("SIZE  %s (%s)\n", option->sentence, bench_format_size(initial, size, sizeof size));
        break;
    case BENCH_OPTION_RANGE:
        printf("LOW-HIGH  %s (%llu-%llu)\n", option->sentence, initial, (unsigned long long)option->initial_high);
        break;
    case BENCH_OPTION_WORD:
        for (uint64_t word = 0; word <= option->max; word++) {
            printf("%s%s", word == 0 ? "" : "|", option->words[word]);
        }
        printf("  %s (%s)\n", option->sentence, option->words[initial]);
        break;
    }
}

static void print_workload_help(const struct bench_workload *workload) {
    printf("  %-13s %s\n", workload->name, workload->sentence);
    if (bench_is_threaded(workload)) {
        printf("                  --threads N  threads, at most %llu (%llu)\n",
               (unsigned long long)workload->threads_max, (unsigned long long)workload->threads_initial);
    }
    for (size_t i = 0; i < workload->option_count; i++) {
        print_option_help(&workload->options[i], workload->single_dash ? "-" : "--");
    }
}

static void print_help(void) {
    printf("usage: bench-%s WORKLOAD [options] | --list | --list-threaded | --help\n\n", bench_system.name);
    printf("  --scale X          multiplies the amount of work (1)\n");
    printf("  --seed N           of the random numbers (42)\n");
    if (bench_system.limits_heap) {
        printf("  --heap-limit SIZE  largest heap, such as 64M or 64Mi; beyond it: exit code %d\n",
               BENCH_EXIT_OUT_OF_MEMORY);
    }
    if (bench_system.explains) {
        printf("  --explain          every collection, on standard error\n");
        printf("  --trace FILE       the size of the heap before and after every collection\n");
    }
    printf("\nworkloads:\n");
    for (const struct bench_workload *const *workload = workloads; *workload != NULL; workload++) {
        print_workload_help(*workload);
    }
}

static void clear_figures(struct bench_figures *figures) {
#define BENCH_FIGURE_CLEAR(name, format) figures->name = NAN;
    BENCH_FIGURE_TABLE(BENCH_FIGURE_CLEAR)
#undef BENCH_FIGURE_CLEAR
}

static void print_figures(const struct bench_figures *figures) {
#define BENCH_FIGURE_PRINT(name, format)             \
    if (!isnan(figures->name)) {                     \
        printf(" " #name "=" format, figures->name); \
    }
    BENCH_FIGURE_TABLE(BENCH_FIGURE_PRINT)
#undef BENCH_FIGURE_PRINT
}

static void print_line(const struct bench_run *run, uint64_t checksum) {
    printf("workload=%s system=%s scale=%g wall_s=%.3f cpu_s=%.3f objects=%llu bytes=%llu", run->workload->name,
           bench_system.name, run->scale, run->wall_s, run->cpu_s, (unsigned long long)run->objects,
           (unsigned long long)run->bytes);
    print_figures(&run->figures);
    printf(" rss_kib=%llu checksum=%llu", (unsigned long long)run->rss_kib, (unsigned long long)checksum);
    if (bench_is_threaded(run->workload)) {
        printf(" threads=%llu", (unsigned long long)run->threads);
    }
    for (size_t i = 0; i < run->extra_count; i++) {
        printf(" %s=%s", run->extra[i].name, run->extra[i].value);
    }
    printf("\n");
}

static int run_workload(struct bench_run *run) {
    clear_figures(&run->figures);
    if (run->workload->prepare != NULL) {
        run->workload->prepare(run);
    }
    struct bench_mutator *mutator = bench_system_open(run);
    run->wall_start_s = bench_clock_wall();
    run->cpu_start_s = bench_clock_cpu();
    uint64_t checksum = run->workload->run(run, mutator);
    if (run->explain) {
        bench_system_explain(mutator, stderr);
    }
    bench_system_close(mutator);
    print_line(run, checksum);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int count, char **arguments) {
    struct bench_run run = {0};
    char message[256] = "";
    switch (bench_arguments_parse(count, arguments, workloads, &run, message, sizeof message)) {
    case BENCH_COMMAND_LIST:
        print_list(0);
        return EXIT_SUCCESS;
    case BENCH_COMMAND_LIST_THREADED:
        print_list(1);
        return EXIT_SUCCESS;
    case BENCH_COMMAND_HELP:
        print_help();
        return EXIT_SUCCESS;
    case BENCH_COMMAND_WRONG:
        bench_fail(BENCH_EXIT_ARGUMENTS, "%s", message);
    case BENCH_COMMAND_RUN:
        break;
    }
    return run_workload(&run);
}
