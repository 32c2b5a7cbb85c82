/* SPDX-License-Identifier: MIT
 *
 * Hard limits: in force, asked for, and read anew.
 */
#include "pinfold/limits.h"

#include "alloc/platform/cgroup.h"
#include "alloc/platform/check.h"
#include "alloc/platform/os_memory.h"
#include "gc/api/limits.h"
#include "gc/collect.h"
#include "gc/give_back.h"

struct pfi_machine pfi_machine_now(void) {
    uint64_t container = pfi_cgroup_memory("");
    bool is_unknown = container == PINFOLD_CGROUP_UNKNOWN;
    return (struct pfi_machine){.physical = pfi_os_physical_memory(),
                                .container = is_unknown ? 0 : container,
                                .is_container_unknown = is_unknown};
}

void pfi_limits_enforce(struct pfi_account *account, const struct pfi_limits *limits) {
    pfi_account_set_limit(account, limits->whole.bytes);
    for (int kind = 0; kind < PINFOLD_SEGMENT_KINDS; ++kind) {
        pfi_account_set_space_limit(account, (enum pfi_space)kind, limits->spaces[kind].bytes);
    }
}

static struct pf_limit describe(const struct pfi_limit *limit, size_t committed) {
    return (struct pf_limit){limit->bytes, committed, limit->source};
}

void pf_heap_limits(struct pf_heap *heap, struct pf_limits *limits) {
    PINFOLD_REQUIRE(heap != NULL && limits != NULL, "pf_heap_limits: the heap or the place for the limits is NULL");
    const struct pfi_account *account = &heap->arena.account;
    pfi_mutex_lock(&heap->limits_lock);
    const struct pfi_limits in_force = heap->limits;
    const struct pfi_machine machine = heap->machine;
    pfi_mutex_unlock(&heap->limits_lock);
    *limits = (struct pf_limits){
        .whole = describe(&in_force.whole, pfi_account_total(account)),
        .small = describe(&in_force.spaces[PINFOLD_SEGMENT_SMALL], pfi_account_space(account, PINFOLD_SPACE_SMALL)),
        .large = describe(&in_force.spaces[PINFOLD_SEGMENT_LARGE], pfi_account_space(account, PINFOLD_SPACE_LARGE)),
        .pinned = describe(&in_force.spaces[PINFOLD_SEGMENT_PINNED], pfi_account_space(account, PINFOLD_SPACE_PINNED)),
        .bookkeeping_bytes = pfi_account_space(account, PINFOLD_SPACE_BOOKKEEPING),
        .physical_bytes = machine.physical,
        .container_bytes = machine.container,
    };
}

/* With the world held nobody uses the rules; others that refresh at the same time come one after the other. */
static void put_in_force(struct pf_heap *heap, struct pfi_machine machine) {
    pfi_world_hold_managed(&heap->world);
    pfi_mutex_lock(&heap->limits_lock);
    heap->machine = machine;
    heap->limits = pfi_limits_derive(&heap->given, machine);
    pfi_limits_enforce(&heap->arena.account, &heap->limits);
    pfi_mutex_unlock(&heap->limits_lock);
    pfi_mutex_lock(&heap->share.small_lock);
    pfi_heap_make_budget_rules(heap);
    pfi_mutex_unlock(&heap->share.small_lock);
    pfi_heap_adapt_to_threads(heap);
    pfi_world_release(&heap->world);
}

/* What was young may be in the way until it is old, hence twice. */
static void collect_and_give_back(struct pf_thread *thread) {
    struct pfi_request request = {2, PINFOLD_REASON_INDUCED, PINFOLD_COLLECT_AGGRESSIVE, 0};
    for (int attempt = 0; attempt < 2 && pfi_account_is_above_limit(&thread->heap->arena.account); ++attempt) {
        pfi_stop_and_collect(thread->heap, thread, &request);
        pfi_heap_give_back_all(thread->heap, 0);
    }
}

enum pf_status pfi_heap_refresh_limits_on(struct pfi_machine machine, struct pf_thread *thread) {
    struct pf_heap *heap = thread->heap;
    if (!pfi_limits_are_known(&heap->given, machine)) {
        return PINFOLD_LIMIT_UNKNOWN;
    }
    put_in_force(heap, machine);
    collect_and_give_back(thread);
    return pfi_account_is_above_limit(&heap->arena.account) ? PINFOLD_ABOVE_LIMIT : PINFOLD_OK;
}

enum pf_status pf_heap_refresh_limits(struct pf_thread *thread) {
    PINFOLD_REQUIRE(thread != NULL, "pf_heap_refresh_limits: the thread is NULL");
    PINFOLD_REQUIRE(!pf_thread_is_native(thread), "pf_heap_refresh_limits: thread %s is native",
                    pf_thread_name(thread));
    return pfi_heap_refresh_limits_on(pfi_machine_now(), thread);
}

const char *pf_limit_source_text(enum pf_limit_source source) {
    static const char *const texts[] = {
#define PINFOLD_TEXT(name, sentence) sentence,
        PINFOLD_LIMIT_SOURCE_TABLE(PINFOLD_TEXT)
#undef PINFOLD_TEXT
    };
    return (unsigned)source < sizeof texts / sizeof texts[0] ? texts[source] : "unknown source";
}
