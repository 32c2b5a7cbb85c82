/* SPDX-License-Identifier: MIT
 *
 * More threads than cores on one heap. Each has a part of the heap of its own, with a model of it, and runs the random
 * program on that; between times it hands parcels to the others (tests/support/market.h), leaves some to the finalizers
 * (tests/support/ledger.h), sleeps in native regions, detaches and attaches again. Beside them are a thread that is
 * never attached and destroys others' handles, one that waits for finalizers, and threads that end without having
 * detached. Every round draws another heap.
 *
 * The seed fixes heap and limits of a round, and what each thread wants to do, but not in which order they come.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "tests/support/fixture.h"
#include "tests/support/ledger.h"
#include "tests/support/market.h"
#include "tests/support/mutator.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/shadow_check.h"
#include "tests/support/shadow_crowd.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"
#include "tests/support/variant.h"

enum {
    MEMBERS = 8,
    ROUND_MS = 1000,
    SECONDS = 4,
    OPERATIONS = 20,   /* of the random program, between two errands */
    FEW_OPERATIONS = 3 /* ... where each may be many collections */
};

struct round {
    uint64_t seed;
    uint64_t end_ms;
    uint64_t operations;
    struct mutator_limits limits;
    struct shadow_crowd crowd;
    struct market market;
    struct ledger ledger;
    size_t largest;     /* length of a parcel */
    atomic_int is_over; /* the members have gone */
};

/* --- members --- */

struct member {
    struct round *round;
    size_t index;
    struct random random;
    struct shadow shadow;
};

static void nap(struct random *random) {
    team_sleep_ms((unsigned)random_below(random, 3));
}

static void exchange(struct member *member) {
    market_exchange(&member->round->market, member->shadow.thread, &member->random);
}

static void use_lane(struct member *member) {
    market_use_lane(&member->round->market, member->shadow.thread, &member->random, member->index);
}

static void post(struct member *member) {
    market_post(&member->round->market, member->shadow.thread, &member->random);
}

static void fetch(struct member *member) {
    market_fetch(&member->round->market, &member->random);
}

static void leave(struct member *member) {
    ledger_leave(&member->round->ledger, member->shadow.thread, &member->random, member->round->largest);
}

static void take(struct member *member) {
    (void)ledger_take(&member->round->ledger, member->shadow.thread, &member->random, 3);
}

/* Handles may be destroyed while others collect. */
static void be_native(struct member *member) {
    PINFOLD_NATIVE_SCOPE(member->shadow.thread);
    nap(&member->random);
    market_discard(&member->round->market, &member->random);
}

static void be_away(struct member *member) {
    shadow_pause(&member->shadow);
    market_discard(&member->round->market, &member->random);
    nap(&member->random);
    shadow_go_on(&member->shadow);
}

static void collect(struct member *member) {
    static const enum pf_collect_mode modes[] = {PINFOLD_COLLECT_DEFAULT, PINFOLD_COLLECT_COMPACT,
                                                 PINFOLD_COLLECT_SWEEP, PINFOLD_COLLECT_COMPACT_LARGE};
    pf_collect(member->shadow.thread, (int)random_below(&member->random, 3), modes[random_below(&member->random, 4)]);
}

static void look(struct member *member) {
    struct pf_statistics statistics;
    struct pf_collection newest;
    pf_heap_statistics(member->round->crowd.heap, &statistics);
    (void)pf_heap_history(member->round->crowd.heap, &newest, 1);
    if (statistics.threads < 1 || statistics.live_bytes > statistics.heap_bytes) {
        replay_fail("%zu threads, %zu live bytes of %zu", statistics.threads, statistics.live_bytes,
                    statistics.heap_bytes);
    }
}

static void run_errand(struct member *member) {
    static void (*const errands[])(struct member *) = {exchange, exchange, exchange,  use_lane,  use_lane, post,
                                                       post,     fetch,    be_native, be_native, be_away,  collect,
                                                       look,     leave,    leave,     leave,     take};
    errands[random_below(&member->random, sizeof(errands) / sizeof(errands[0]))](member);
}

static void be_member(void *data, size_t index) {
    struct round *round = data;
    static _Thread_local struct member member;
    member.round = round;
    member.index = index;
    member.random = (struct random){random_mix(round->seed + index)};
    shadow_join(&round->crowd, &member.shadow);
    for (uint64_t done = 0; done == 0 || team_now_ms() < round->end_ms; done += round->operations) {
        mutator_run(&member.shadow, &member.random, &round->limits, done, round->operations);
        run_errand(&member);
        shadow_refresh(&member.shadow);
    }
    pf_collect(member.shadow.thread, 2, PINFOLD_COLLECT_COMPACT);
    shadow_check(&member.shadow);
    shadow_part(&round->crowd, &member.shadow);
}

/* --- strangers --- */

static void be_cleaner(struct round *round) {
    struct random random = {round->seed};
    while (!atomic_load(&round->is_over)) {
        market_discard(&round->market, &random);
        team_sleep_ms(1);
    }
}

/* Ends attached: with a frame on its stack, or native. */
static void be_mayfly(void *data, size_t index) {
    struct round *round = data;
    struct random random = {round->seed + index};
    struct pf_thread *thread = team_attach(round->crowd.heap);
    void *slot = NULL;
    struct pf_frame frame;
    pf_frame_push(thread, &frame, &slot, 1);
    struct node *last = NULL;
    for (uintptr_t key = 0; key < 200; key++) {
        slot = pf_try_alloc(thread, &node_type);
        last = slot;
        if (last == NULL) {
            break;
        }
        last->key = key;
        pf_safepoint(thread);
        last = slot;
        if (last->type != &node_type || last->key != key) {
            replay_fail("the node of a short-lived thread has changed");
        }
    }
    if (random_chance(&random, 50)) {
        pf_frame_pop(thread, &frame);
        pf_native_enter(thread);
    }
}

static void be_breeder(struct round *round) {
    while (!atomic_load(&round->is_over)) {
        struct team team = team_start(2, be_mayfly, round);
        team_join(&team);
        team_sleep_ms(1);
    }
}

static void be_undertaker(struct round *round) {
    struct random random = {round->seed};
    struct pf_thread *thread = team_attach(round->crowd.heap);
    void *object;
    while (pf_finalizer_wait(thread, PINFOLD_FOREVER, &object)) {
        ledger_receive(&round->ledger, thread, &random, object);
    }
    pf_thread_detach(thread);
}

enum { STRANGERS = 3 };

static void be_stranger(void *data, size_t index) {
    static void (*const strangers[STRANGERS])(struct round *) = {be_cleaner, be_breeder, be_undertaker};
    strangers[index](data);
}

/* --- rounds --- */

/* A heap whose plain words are references, as parcels are made of these. */
static size_t draw_variant(struct random *random, struct pf_options *options) {
    for (;;) {
        size_t variant = random_below(random, variant_count());
        *options = variant_options(variant);
        if (options->ref_tag_mask == 0) {
            return variant;
        }
    }
}

/* What no variant has, or few have. Returns what to call it. */
static const char *draw_options(struct random *random, struct pf_options *options) {
    switch (random_below(random, 5)) {
    case 0:
    case 1:
        options->verify = 1;
        return ", verify";
    case 2:
        options->mark_workers = 3;
        options->stress.parallel = 1;
        return ", 3 workers";
    case 3:
        options->conservative_stacks = 1;
        return ", conservative stacks";
    default:
        return "";
    }
}

static void check_all(struct round *round) {
    struct pf_thread *thread = team_attach(round->crowd.heap);
    struct fixture fixture = {round->crowd.heap, thread};
    struct pf_statistics statistics;
    pf_heap_statistics(round->crowd.heap, &statistics);
    ck_assert_uint_eq(statistics.threads, 1);
    market_close(&round->market);
    ledger_close(&round->ledger, thread);
    fixture_verify(&fixture);
    pf_thread_detach(thread);
}

static void open_market(struct round *round) {
    struct pf_thread *thread = team_attach(round->crowd.heap);
    market_open(&round->market, thread, round->largest);
    pf_thread_detach(thread);
    ledger_open(&round->ledger);
}

static void run_round(uint64_t seed) {
    static char name[200];
    static struct round round;
    struct random random = {seed};
    struct pf_options options;
    size_t variant = draw_variant(&random, &options);
    const char *more = draw_options(&random, &options);
    (void)snprintf(name, sizeof(name), "%s%s, %d threads", variant_name(variant), more, MEMBERS);
    replay_begin(name, seed);
    round.seed = seed;
    round.limits = variant_limits(variant, &options, &random);
    round.limits.live_bytes /= 4; /* of each thread */
    round.operations = options.stress.collect_every == 0 ? OPERATIONS : FEW_OPERATIONS;
    round.end_ms = team_now_ms() + ROUND_MS;
    atomic_store(&round.is_over, 0);
    shadow_crowd_open(&round.crowd, &options);
    round.largest = 2 * options.large_threshold;
    open_market(&round);
    struct team strangers = team_start(STRANGERS, be_stranger, &round);
    struct team members = team_start(MEMBERS, be_member, &round);
    team_join(&members);
    atomic_store(&round.is_over, 1);
    pf_finalizer_stop_waiting(round.crowd.heap);
    team_join(&strangers);
    check_all(&round);
    shadow_crowd_close(&round.crowd);
}

START_TEST(threads_that_share_a_heap_find_everything_as_they_and_others_left_it) {
    uint64_t end_ms = team_now_ms() + settings_seconds(SECONDS) * 1000;
    uint64_t seed = settings_seeds(1).first;
    do {
        run_round(seed++);
    } while (team_now_ms() < end_ms);
}
END_TEST

SUITE("stress/threads", threads_that_share_a_heap_find_everything_as_they_and_others_left_it)
