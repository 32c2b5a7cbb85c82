/* SPDX-License-Identifier: MIT
 *
 * A heap: everything there is of one. Nothing outside it is mutable, so that heaps share nothing.
 */
#ifndef PINFOLD_GC_HEAP_H
#define PINFOLD_GC_HEAP_H

#include "alloc/platform/mutex.h"
#include "alloc/share.h"
#include "gc/observe/event.h"
#include "gc/observe/history.h"
#include "gc/observe/oom.h"
#include "gc/policy/budget.h"
#include "gc/policy/limits.h"
#include "gc/root/roots.h"
#include "gc/state/external_memory.h"
#include "gc/state/mark_team.h"
#include "gc/state/pin_queue.h"
#include "gc/state/plug_list.h"
#include "gc/state/region.h"
#include "gc/world/mutator.h"
#include "gc/world/stop_world.h"
#include "gc/world/worker.h"

/* The last allocation for which nothing helped. */
struct pfi_futile {
    uint64_t full_collections; /* so many there were by then; 0: every allocation was served */
    size_t size;
    enum pf_segment_kind kind;
};

/* The state of giving memory back (give_back.h); changed by collections and by those who have just collected. */
struct pfi_giving {
    bool is_due;                      /* something may be left to give */
    bool comes_at_once;               /* the next step is a whole one, as the program has asked for the collection */
    uint64_t last_ns;                 /* of the last step, or when something came to be given */
    uint64_t standby_ns;              /* when the standby list was last looked at */
    size_t used[PINFOLD_GENERATIONS]; /* of each budget, between the last two full collections */
};

/* Looking for an old generation that has died (policy/probe.h). */
struct pfi_probing {
    uint64_t full_end_ns; /* of the last full collection; 0: none */
    uint64_t full_ns;     /* its pause */
    unsigned futile;      /* probes that found next to nothing, one after the other */
    unsigned follow_ups;  /* probes that will follow soon: much has died, and a first look does not free all of it */
    uint64_t died_ns;     /* when has_died was last set */
    bool has_died;        /* a collection that was no probe has found that much has died */
    bool is_quiet;        /* a probe has seen it, too: much has died, and nothing has grown since: budgets are small */
    size_t counted_from;  /* what was live when they were counted from 0 */
};

struct pf_heap {
    struct pf_options options;    /* in force, derived values included */
    struct pf_options given;      /* as they were at creation */
    struct pfi_machine machine;   /* when limits were read last */
    struct pfi_limits limits;     /* in force; the account has the figures that are asked for all the time */
    struct pfi_mutex limits_lock; /* of these two; nothing else is taken behind it */
    struct pfi_arena arena;
    struct pfi_share share; /* the one heap share; several would be an array of these */
    struct pfi_world world;
    struct pfi_roots roots;
    struct pfi_mutex
        handle_lock;    /* of the handle table and of the pin queue's capacity; held while the world is stopped */
    size_t frame_pins;  /* room that the threads' pinning frames have asked for */
    size_t loose_bytes; /* of bookkeeping: threads and weak tables, which come and go under handle_lock */
    struct pfi_tags tags;
    struct pfi_workers workers;
    struct pfi_mark_team mark_team;
    struct pfi_pin_queue pin_queue;
    struct pfi_plug_list plug_list;
    struct pfi_budget_rule budget_rules[PINFOLD_GENERATIONS];
    struct pfi_events events;
    struct pfi_history history;
    struct pfi_oom_ring failures;
    struct pfi_futile futile;
    struct pfi_region region;
    struct pfi_external_memory external;
    struct pfi_giving giving;
    struct pfi_probing probing;
    uintptr_t full_is_announced; /* 0 or 1: full_collection_near was sent */
    pf_out_of_memory_handler *out_of_memory;
    void *out_of_memory_data;
    uint64_t moved[PINFOLD_LARGE + 1]; /* by generation: the last collection that may have moved something of it */
    unsigned processors;               /* that this process may use */
    size_t gen0_size_of_one; /* smallest budget of generation 0, derived for one thread; 0: an option fixes it */
    size_t pins_budget;      /* generation 0's budget where the pins left in it determine it; else 0 */
    size_t live_after_full;  /* exact live bytes at the end of the last full collection */
    bool last_full_was_futile;
    bool reuse_was_futile; /* the last full collection that was to reuse a segment found none */
    bool wants_reuse;      /* a fresh segment was not taken because generation 2 has free space enough for one */
    unsigned since_full;
    unsigned memory_load; /* percent, when it was asked for last */
    unsigned system_load; /* as of system_load_time_ns */
    uint64_t system_load_time_ns;
};

/* Stops the world for the calling thread (managed; NULL: not attached, or native) and closes all contexts: every
 * segment can be walked, and nothing changes, since native threads that destroy handles wait as well. A safepoint. */
void pfi_heap_stop(struct pf_heap *heap, struct pf_thread *self);
/* The same, but gives way when another thread is stopping the world: false then, after that is over. */
bool pfi_heap_try_stop(struct pf_heap *heap, struct pf_thread *self);
void pfi_heap_resume(struct pf_heap *heap);
/* The same in the child of a fork, where only `self` (NULL: none) is left. */
void pfi_heap_resume_alone(struct pf_heap *heap, struct pf_thread *self);

/* No collection begins until pfi_world_release. For any thread; not a safepoint. Returns the calling thread if it is
 * attached and managed. */
const struct pf_thread *pfi_heap_hold(struct pf_heap *heap) PINFOLD_ACQUIRES(heap->world.mutex);

/* Zeroed memory for threads and weak tables, charged to bookkeeping; NULL: there is none, or a limit forbids it. */
void *pfi_heap_take(struct pf_heap *heap, size_t size);
/* Gives it back; NULL is nothing. */
void pfi_heap_give(struct pf_heap *heap, void *memory, size_t size);
/* The memory of a thread that is detached. */
void pfi_heap_free_mutator_locked(struct pf_heap *heap, struct pfi_mutator *mutator) PINFOLD_NEEDS(heap->handle_lock);

/* As much as can be seen of an object's address without looking at what lies before it. */
bool pfi_heap_may_hold(const struct pf_heap *heap, uintptr_t object);

/* Room in the pin queue for `more` pinned objects than now; under handle_lock. false: no memory, nothing has changed.
 */
bool pfi_heap_reserve_pins_locked(struct pf_heap *heap, size_t more);

/* What contexts get at a time from now on: generation 0's budget has changed. With the world stopped. */
void pfi_heap_set_quantum(struct pf_heap *heap);

/* The number of attached threads has changed: so do generation 0's smallest budget, unless an option fixes it, and what
 * contexts get at a time. With the world held. */
void pfi_heap_adapt_to_threads(struct pf_heap *heap);

/* Room behind generation 0 below which the ephemeral segment counts as low. */
size_t pfi_heap_room_needed(const struct pf_heap *heap);

/* Room that a compaction must leave there for a next budget of `budget` bytes; with less, the young generations move to
 * another segment. More than the above, so that a segment that was left alone is not low again at once. */
size_t pfi_heap_room_wanted(const struct pf_heap *heap, size_t budget);

/* How short memory is, percent: the load of the machine, as of at most a tenth of a second ago, or that of the heap's
 * own limits, if it is higher. With the world stopped. */
unsigned pfi_heap_memory_load(struct pf_heap *heap);

/* The same for the heap's own limits alone. With the world stopped, or the share's locks held. */
unsigned pfi_heap_limit_load(const struct pf_heap *heap);

/* Bytes that the limits leave for objects of a generation, what is committed for it and free included; SIZE_MAX: there
 * are no limits. The same. */
size_t pfi_heap_limit_room(const struct pf_heap *heap, int generation);

/* Whether the limits have room for what a full collection counts as committed anew: the pages of generation 2's holes
 * that were given back. With the world stopped, or the share's old_lock held. */
bool pfi_heap_may_count_anew(const struct pf_heap *heap);

/* A segment that holds no object any more and is out of every chain: says so, and lets its memory wait until it is
 * given back (give_back.h). */
void pfi_heap_release_segment(struct pf_heap *heap, struct pfi_segment *segment);

/* Tells the listener, once, that a full collection is near: `percent` of what leads to one is spent. */
void pfi_heap_announce_full(struct pf_heap *heap, unsigned percent);

#endif
