/* SPDX-License-Identifier: MIT
 *
 * mstress: the stress test of mimalloc as a model. Threads come in waves. Each allocates objects of very different
 * sizes, of which some are retained until it ends and the others die at random before that; now and then it exchanges
 * one of them with a slot that all threads share, so that objects die on other threads and outlive their own. Every
 * tenth wave the shared slots are emptied. Threads have unequal amounts of work, as in the original.
 *
 *     thread   [ transient ... ] <--- exchange ---> [ transfer slots ] <--- exchange ---> transient of another thread
 *              [ retained ...  ]
 *
 * What a thread decides at random does not depend on what it finds in a slot, so the work is the same in whatever order
 * threads run; every object dies once, and the checksum is the sum of all stamps.
 *
 * Scale multiplies the number of waves; --objects and --slots set the live data.
 */
#include "harness/parallel.h"
#include "workload/item.h"

enum {
    OPTION_OBJECTS,
    OPTION_SLOTS,
    THREADS_MAX = 64,
    WAVES = 100,
    WAVES_BETWEEN_CLEARINGS = 10,
    UNEQUAL = 8, /* thread i has (i mod this) + 1 times the objects of --objects */
    SMALL_WORDS = 40,
    LARGER = 50,    /* times the size: one object in a hundred */
    LARGEST = 2500, /* times the size: one in ten thousand */
    TRANSIENT_PERCENT = 50,
    DEATH_PERCENT = 66,
    EXCHANGE_PERCENT = 25
};

static const struct bench_option options[] = {
    BENCH_NUMBER("objects", 20000, 2, 100000000,
                 "transient objects of the first thread in a wave; half as many are retained"),
    BENCH_NUMBER("slots", 1000, 1, 10000000, "slots that threads exchange objects with"),
};

/* Shared by the threads of a wave. */
struct wave {
    uint64_t number;
    size_t slots;
    bench_local transfer; /* the shared slots; the main thread's local */
};

struct worker {
    struct bench_mutator *mutator;
    const struct wave *wave;
    struct bench_random random;
    struct item_count count;
    bench_local transient;
    bench_local retained;
    size_t transient_count;
    size_t retained_count;
    uint64_t sum; /* of the stamps of what died here */
};

static int chance(struct worker *worker, uint64_t percent) {
    return bench_random_below(&worker->random, 100) < percent;
}

static void *new_item(struct worker *worker) {
    size_t words = ITEM_MIN_WORDS + (size_t)bench_random_below(&worker->random, SMALL_WORDS);
    uint64_t rarity = bench_random_below(&worker->random, 10000);
    if (rarity == 0) {
        words *= LARGEST;
    } else if (rarity <= 100) {
        words *= LARGER;
    }
    return item_new(worker->mutator, words, &worker->random, &worker->count);
}

static void keep(struct worker *worker, bench_local array, size_t *count) {
    void *item = new_item(worker);
    bench_set_reference(worker->mutator, bench_kept(array), (*count)++, item);
}

static void end_one(struct worker *worker) {
    size_t index = (size_t)bench_random_below(&worker->random, worker->transient_count);
    void *transient = bench_kept(worker->transient);
    worker->sum += item_end(worker->mutator, bench_reference(transient, index));
    bench_set_reference(worker->mutator, transient, index, NULL);
}

static void exchange_one(struct worker *worker) {
    size_t index = (size_t)bench_random_below(&worker->random, worker->transient_count);
    size_t slot = (size_t)bench_random_below(&worker->random, worker->wave->slots);
    void *transient = bench_kept(worker->transient);
    void *mine = bench_reference(transient, index);
    void *its = bench_exchange_reference(worker->mutator, bench_kept(worker->wave->transfer), slot, mine);
    bench_set_reference(worker->mutator, transient, index, its);
}

static void work(struct worker *worker, size_t transients, size_t retains) {
    while (worker->transient_count < transients || worker->retained_count < retains) {
        int is_transient = chance(worker, TRANSIENT_PERCENT) ? worker->transient_count < transients
                                                             : worker->retained_count == retains;
        if (is_transient) {
            keep(worker, worker->transient, &worker->transient_count);
        } else {
            keep(worker, worker->retained, &worker->retained_count);
        }
        if (chance(worker, DEATH_PERCENT) && worker->transient_count != 0) {
            end_one(worker);
        }
        if (chance(worker, EXCHANGE_PERCENT) && worker->transient_count != 0) {
            exchange_one(worker);
        }
    }
}

static uint64_t run_thread(struct bench_run *run, struct bench_mutator *mutator, uint64_t index, void *data) {
    const struct wave *wave = data;
    size_t transients = (size_t)(run->option[OPTION_OBJECTS] * (index % UNEQUAL + 1));
    size_t retains = transients / 2;
    struct worker worker = {
        .mutator = mutator, .wave = wave, .random = {run->seed + wave->number * THREADS_MAX + index}};
    worker.transient = bench_keep(mutator, bench_new_references(mutator, transients));
    worker.retained = bench_keep(mutator, bench_new_references(mutator, retains));
    work(&worker, transients, retains);
    uint64_t sum = worker.sum + item_end_all(mutator, worker.transient, transients) +
                   item_end_all(mutator, worker.retained, retains);
    bench_release(mutator, bench_kept(worker.transient));
    bench_release(mutator, bench_kept(worker.retained));
    bench_drop(mutator, 2);
    item_report(run, &worker.count);
    bench_count(run, 2, (transients + retains) * sizeof(void *));
    return sum;
}

static uint64_t run_mstress(struct bench_run *run, struct bench_mutator *mutator) {
    struct wave wave = {.slots = (size_t)run->option[OPTION_SLOTS]};
    uint64_t waves = bench_scaled(run, WAVES);
    uint64_t sum = 0;
    wave.transfer = bench_keep(mutator, bench_new_references(mutator, wave.slots));
    bench_count(run, 1, wave.slots * sizeof(void *));
    for (; wave.number < waves; wave.number++) {
        sum += bench_parallel(run, mutator, run->threads, run_thread, &wave);
        if ((wave.number + 1) % WAVES_BETWEEN_CLEARINGS == 0) {
            sum += item_end_all(mutator, wave.transfer, wave.slots);
        }
    }
    bench_stop(run, mutator);

    sum += item_end_all(mutator, wave.transfer, wave.slots);
    bench_release(mutator, bench_kept(wave.transfer));
    bench_drop(mutator, 1);
    return sum;
}

const struct bench_workload bench_workload_mstress = {
    .name = "mstress",
    .sentence = "waves of threads that retain objects and exchange others with each other",
    .run = run_mstress,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = THREADS_MAX,
    .threads_initial = 2,
};
