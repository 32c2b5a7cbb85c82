/* SPDX-License-Identifier: MIT
 *
 * Pinfold: one heap with the default options and the environment's (PINFOLD_GEN0_SIZE=32M and so on), and the threads
 * of the workload. Pauses come from the event listener, so that all of them count and not only those that the history
 * still holds.
 */
#include "system/pinfold.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clock.h"
#include "harness/pauses.h"
#include "system/pinfold_explain.h"

const struct bench_system bench_system = {
    .name = "pinfold",
    .collects = 1,
    .limits_heap = 1,
    .explains = 1,
    .many_heaps = 1,
};

/* `mutators` are those of all attached threads. A thread changes the list while it is managed and comes to no safepoint
 * meanwhile, so that nobody changes it while a collection reads it; the lock keeps two threads apart that do. What
 * collections record, below, is written with the world stopped. */
struct bench_instance {
    struct pf_heap *heap;
    struct pf_root_source locals;
    pthread_mutex_t mutators_lock;
    struct bench_mutator *mutators;
    struct pf_listener listener;
    struct bench_pauses pauses;
    struct bench_pauses stops; /* until all threads stood still; of threaded workloads */
    struct explain_totals totals;
    FILE *trace; /* NULL: none was asked for */
    const struct bench_run *run;
    double start_s;
    uint64_t collections;
    double heap_after_sum; /* bytes right after each collection */
    double heap_after_max;
    double gen0_budget; /* after the newest collection */
    double large_max;   /* bytes of the large object heap, before a collection */
    int sampled;        /* the collection that sampling makes is not the workload's */
};

static void enumerate_locals(struct pf_visitor *visitor, void *data) {
    const struct bench_instance *instance = data;
    for (struct bench_mutator *mutator = instance->mutators; mutator != NULL; mutator = mutator->next) {
        pf_visit_slots(visitor, mutator->slots, (size_t)(mutator->top - mutator->slots));
    }
}

/* Columns as in the heading that open_trace writes; numbers of all generations together. */
static void trace_sizes(const struct bench_instance *instance, const struct pf_collection *record, double before,
                        double after) {
    double empty = 0;
    for (int generation = 0; generation < PINFOLD_GENERATIONS; generation++) {
        empty += (double)record->free_bytes[generation];
    }
    fprintf(instance->trace, "%.6f,%llu,%llu,%d,%.0f,%.0f,%.0f,%zu\n", bench_clock_wall() - instance->start_s,
            (unsigned long long)instance->run->bytes, (unsigned long long)record->number, record->generation, before,
            after, empty, record->budget_bytes[0]);
}

static double larger(double a, double b) {
    return a > b ? a : b;
}

static void record_sizes(struct bench_instance *instance, const struct pf_collection *record) {
    double before = 0;
    double after = 0;
    for (int generation = 0; generation < PINFOLD_GENERATIONS; generation++) {
        before += (double)record->before_bytes[generation];
        after += (double)record->after_bytes[generation];
    }
    if (instance->trace != NULL) {
        trace_sizes(instance, record, before, after);
    }
    instance->collections++;
    instance->heap_after_sum += after;
    instance->heap_after_max = larger(instance->heap_after_max, after);
    instance->gen0_budget = (double)record->budget_bytes[0];
    instance->large_max = larger(instance->large_max, (double)record->before_bytes[PINFOLD_LARGE]);
}

static void collection_end(void *data, const struct pf_collection *record) {
    struct bench_instance *instance = data;
    if (!instance->sampled) {
        bench_pauses_add(&instance->pauses, (double)record->pause_ns * 1e-6);
        record_sizes(instance, record);
        explain_totals_add(&instance->totals, record);
        if (bench_is_threaded(instance->run->workload)) {
            bench_pauses_add(&instance->stops, (double)record->stop_ns * 1e-6);
        }
    }
}

static int exit_code_of(enum pf_status status) {
    switch (status) {
    case PINFOLD_BAD_OPTION:
        return BENCH_EXIT_ARGUMENTS;
    case PINFOLD_OUT_OF_MEMORY:
    case PINFOLD_CANNOT_RESERVE:
    case PINFOLD_CANNOT_COMMIT:
        return BENCH_EXIT_OUT_OF_MEMORY;
    default:
        return EXIT_FAILURE;
    }
}

static void must(enum pf_status status, const struct pf_message *message) {
    if (status != PINFOLD_OK) {
        bench_fail(exit_code_of(status), "%s: %s", pf_status_text(status), message->text);
    }
}

static size_t at_least(size_t size, size_t minimum) {
    return size > minimum ? size : minimum;
}

/* Through the option's text, so that a limit that no heap can be opened in is refused as any option is. */
static void set_heap_limit(struct pf_options *options, size_t limit) {
    struct pf_message message = {""};
    char text[32];
    snprintf(text, sizeof text, "%zu", limit);
    if (limit != 0 && pf_options_set(options, "hard_limit", text, &message) != PINFOLD_OK) {
        bench_fail(BENCH_EXIT_ARGUMENTS, "--heap-limit %s: %s", text, message.text);
    }
}

static void open_heap(struct bench_instance *instance, const struct bench_run *run) {
    struct pf_message message = {""};
    struct pf_options options;
    pf_options_init(&options);
    must(pf_options_from_environment(&options, &message), &message);
    if (run->workload->young_bytes != 0) {
        options.gen0_size = at_least(options.gen0_size, run->workload->young_bytes);
        options.gen0_max_size = at_least(options.gen0_max_size, run->workload->young_bytes);
    }
    set_heap_limit(&options, run->heap_limit);
    must(pf_heap_create(&options, &instance->heap, &message), &message);
}

static void open_trace(struct bench_instance *instance, const char *name) {
    instance->trace = fopen(name, "w");
    if (instance->trace == NULL) {
        bench_fail(BENCH_EXIT_ARGUMENTS, "--trace %s: the file cannot be written: %s", name, strerror(errno));
    }
    fprintf(instance->trace,
            "seconds,asked_bytes,number,generation,before_bytes,after_bytes,free_after_bytes,gen0_budget_bytes\n");
    instance->start_s = bench_clock_wall();
}

static void close_trace(struct bench_instance *instance) {
    if (instance->trace != NULL && fclose(instance->trace) != 0) {
        bench_fail(EXIT_FAILURE, "the trace cannot be written: %s", strerror(errno));
    }
}

/* How the heap stood, then the sentence. */
static int heap_is_full(struct pf_thread *thread, size_t size, void *data) {
    char text[4096];
    const struct pf_oom_record *record = pf_thread_oom_record(thread);
    (void)data;
    if (record != NULL) {
        pf_oom_describe(record, text, sizeof text);
        fputs(text, stderr);
    }
    bench_out_of_memory(size);
}

static struct bench_mutator *attach(struct bench_instance *instance) {
    struct pf_message none = {"the thread cannot be attached"};
    struct bench_mutator *mutator = calloc(1, sizeof *mutator);
    if (mutator == NULL) {
        bench_out_of_memory(sizeof *mutator);
    }
    must(pf_thread_attach(instance->heap, &mutator->thread), &none);
    mutator->heap = instance->heap;
    mutator->instance = instance;
    mutator->top = mutator->slots;
    pthread_mutex_lock(&instance->mutators_lock);
    mutator->next = instance->mutators;
    instance->mutators = mutator;
    pthread_mutex_unlock(&instance->mutators_lock);
    return mutator;
}

static void unlink_mutator(struct bench_instance *instance, const struct bench_mutator *mutator) {
    struct bench_mutator **link = &instance->mutators;
    while (*link != mutator) {
        link = &(*link)->next;
    }
    *link = mutator->next;
}

static void detach(struct bench_mutator *mutator) {
    struct bench_instance *instance = mutator->instance;
    pthread_mutex_lock(&instance->mutators_lock);
    unlink_mutator(instance, mutator);
    pthread_mutex_unlock(&instance->mutators_lock);
    pf_thread_detach(mutator->thread);
    free(mutator);
}

struct bench_mutator *bench_system_attach(struct bench_mutator *opened) {
    return attach(opened->instance);
}

void bench_system_detach(struct bench_mutator *mutator) {
    detach(mutator);
}

struct bench_mutator *bench_system_open(const struct bench_run *run) {
    struct bench_instance *instance = calloc(1, sizeof *instance);
    if (instance == NULL) {
        bench_out_of_memory(sizeof *instance);
    }
    instance->run = run;
    if (run->trace != NULL) {
        open_trace(instance, run->trace);
    }
    open_heap(instance, run);
    pf_heap_set_out_of_memory_handler(instance->heap, heap_is_full, NULL);
    instance->listener.collection_end = collection_end;
    pf_heap_set_listener(instance->heap, &instance->listener, instance);
    pthread_mutex_init(&instance->mutators_lock, NULL);
    struct bench_mutator *mutator = attach(instance);
    instance->locals.enumerate = enumerate_locals;
    instance->locals.data = instance;
    pf_root_source_add(instance->heap, &instance->locals);
    return mutator;
}

void bench_system_close(struct bench_mutator *mutator) {
    struct bench_instance *instance = mutator->instance;
    pf_root_source_remove(instance->heap, &instance->locals);
    detach(mutator);
    pf_heap_destroy(instance->heap);
    pthread_mutex_destroy(&instance->mutators_lock);
    bench_pauses_finish(&instance->pauses);
    bench_pauses_finish(&instance->stops);
    close_trace(instance);
    free(instance);
}

/* What only collections tell; without one, the figures are left out. */
static void sample_collections(const struct bench_instance *instance, struct bench_figures *figures) {
    if (instance->collections != 0) {
        figures->heap_after_mean_bytes = instance->heap_after_sum / (double)instance->collections;
        figures->heap_after_max_bytes = instance->heap_after_max;
        figures->gen0_budget_bytes = instance->gen0_budget;
        figures->loh_collections = (double)instance->totals.reasons[PINFOLD_REASON_LARGE_BUDGET];
    }
}

/* From --heap-limit, an option in the environment, or the container that the program runs in. */
static void sample_limit(const struct bench_instance *instance, struct bench_figures *figures) {
    struct pf_limits limits;
    pf_heap_limits(instance->heap, &limits);
    if (limits.whole.limit_bytes != PINFOLD_NO_LIMIT) {
        figures->heap_limit_bytes = (double)limits.whole.limit_bytes;
    }
}

/* live_bytes is exact only right after a full collection, so one is made after everything else was read. */
void bench_system_sample(struct bench_mutator *mutator, struct bench_figures *figures) {
    struct bench_instance *instance = mutator->instance;
    struct pf_statistics statistics;
    pf_heap_statistics(instance->heap, &statistics);
    figures->gc0 = (double)statistics.collections[0];
    figures->gc1 = (double)statistics.collections[1];
    figures->gc2 = (double)statistics.collections[2];
    figures->pause_max_ms = instance->pauses.max_ms;
    figures->pause_p99_ms = bench_pauses_quantile(&instance->pauses, 0.99);
    figures->pause_total_ms = instance->pauses.total_ms;
    bench_stops_figures(&instance->stops, figures);
    figures->heap_bytes = (double)statistics.heap_bytes;
    figures->free_bytes = (double)(statistics.heap_bytes - statistics.live_bytes);
    figures->committed_bytes = (double)statistics.committed_bytes;
    sample_limit(instance, figures);
    figures->loh_max_bytes = larger(instance->large_max, (double)statistics.generation_bytes[PINFOLD_LARGE]);
    sample_collections(instance, figures);
    explain_history_take(&instance->totals, instance->heap);
    instance->sampled = 1;
    pf_collect(mutator->thread, 2, PINFOLD_COLLECT_DEFAULT);
    pf_heap_statistics(instance->heap, &statistics);
    figures->live_bytes = (double)statistics.live_bytes;
}

void bench_system_explain(struct bench_mutator *mutator, FILE *out) {
    explain_print(&mutator->instance->totals, out);
}
