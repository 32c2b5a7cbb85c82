/* SPDX-License-Identifier: MIT */
#include "gc/give_back.h"

#include "alloc/free_pages.h"
#include "alloc/platform/clock.h"
#include "gc/policy/pace.h"
#include "gc/world/mutator.h"

enum {
    PIECE = 2 << 20,
    SEGMENT_SLACK = 32 * PINFOLD_PAGE,    /* what the tail of a segment of generation 2 may keep */
    RELIEF = 4 << 20,                     /* what a refused charge gives: the world cannot stop meanwhile */
    SEGMENT_SURPLUS = 100 * PINFOLD_PAGE, /* tails shorter than this are not worth a system call */
};

static const uint64_t standby_period_ns = (uint64_t)10 * 1000000000;

/* How much is given back, and what stays for the allocations to come. */
struct giving {
    struct pf_heap *heap;
    size_t left;                    /* cost that may still arise */
    size_t bytes;                   /* given so far */
    bool keeps;                     /* what the next budgets need; else nothing but `keep` */
    size_t keep;                    /* behind the youngest objects */
    const struct pf_thread *polite; /* ends when somebody wants this thread to stop; NULL: goes on */
};

/* ---- Pieces ------------------------------------------------------------------------------------------------------ */

/* Gives one piece at most, under the locks that it takes for itself. No cost: there is nothing left. */
typedef struct pfi_given give_piece(struct giving *giving, size_t limit);

static void add(struct pfi_given *sum, size_t bytes) {
    sum->bytes += bytes;
    sum->cost += bytes == 0 ? 0 : pfi_max(bytes, PINFOLD_GIVING_COST);
}

static struct pfi_given give_waiting(struct giving *giving, size_t limit) {
    struct pf_heap *heap = giving->heap;
    struct pfi_given given = {0, 0};
    add(&given, pfi_decommit_queue_give(&heap->arena, limit));
    pfi_mutex_lock(&heap->share.old_lock);
    while (pfi_decommit_queue_return(&heap->arena)) {
        given.cost += PINFOLD_GIVING_COST;
    }
    pfi_mutex_unlock(&heap->share.old_lock);
    return given;
}

/* Trims the committed tail behind `keep` bytes after the objects. */
static size_t trim_tail(struct giving *giving, struct pfi_segment *segment, size_t keep, size_t limit) {
    uintptr_t end = pfi_align_up(segment->allocated + keep, PINFOLD_PAGE);
    size_t surplus = giving->keeps ? SEGMENT_SURPLUS : PINFOLD_PAGE;
    if (end + surplus > segment->committed) {
        return 0;
    }
    size_t before = segment->committed;
    end = pfi_max(end, before - pfi_min(pfi_max(limit, PINFOLD_PAGE), before - end));
    pfi_segment_trim(&giving->heap->arena, segment, end);
    return before - segment->committed;
}

/* The first segments keep `keep` bytes together: they are allocated from first. */
static struct pfi_given trim_chain(struct giving *giving, struct pfi_segment *segment, size_t keep, size_t limit) {
    struct pfi_given given = {0, 0};
    for (; segment != NULL && given.cost < limit; segment = segment->next) {
        add(&given, trim_tail(giving, segment, keep, limit - given.cost));
        keep -= pfi_min(keep, segment->committed - segment->allocated);
    }
    return given;
}

/* What of this generation's budget will be used before the next full collection: what was used before the last, and a
 * quarter more, as first fit does not use free space in the order in which it is kept. Budgets alone remember busier
 * times for long. */
static size_t expected_use(const struct pf_heap *heap, int generation) {
    return pfi_min(heap->share.generations[generation].budget, heap->giving.used[generation]) / 4 * 5;
}

/* What the ephemeral segment will hold beyond its present end before the next full collection. */
static size_t expected_growth(const struct pf_heap *heap) {
    size_t promoted = expected_use(heap, 1) + expected_use(heap, 2);
    return heap->share.generations[0].budget / 4 * 5 + pfi_min(promoted, heap->live_after_full / 8);
}

static struct pfi_given give_small_tails(struct giving *giving, size_t limit) {
    struct pfi_share *share = &giving->heap->share;
    struct pfi_given given = {0, 0};
    pfi_mutex_lock(&share->small_lock);
    for (struct pfi_segment *segment = share->segments; segment != NULL && given.cost < limit;
         segment = segment->next) {
        size_t keep = segment != share->ephemeral ? (giving->keeps ? SEGMENT_SLACK : 0)
                      : giving->keeps             ? expected_growth(giving->heap)
                                                  : giving->keep;
        add(&given, trim_tail(giving, segment, keep, limit - given.cost));
    }
    pfi_mutex_unlock(&share->small_lock);
    return given;
}

static struct pfi_given give_pages(const struct giving *giving, int generation, size_t keep, size_t limit) {
    size_t shortest = giving->keeps ? PINFOLD_SHORTEST_PACED : PINFOLD_SHORTEST_GIVEN;
    return pfi_free_pages_give(&giving->heap->share, generation, shortest, keep, limit);
}

/* Ends of segments, then free pages, of what is born old. What is used stays, but no more than lives. */
static struct pfi_given give_old(struct giving *giving, struct pfi_segment *chain, int generation, size_t live,
                                 size_t limit) {
    size_t use = giving->keeps ? pfi_min(expected_use(giving->heap, generation), live / 4 * 5) : 0;
    struct pfi_given given = trim_chain(giving, chain, use / 8, limit);
    if (given.cost == 0) {
        given = give_pages(giving, generation, use, limit);
    }
    return given;
}

static struct pfi_given give_large(struct giving *giving, size_t limit) {
    struct pfi_share *share = &giving->heap->share;
    pfi_mutex_lock(&share->old_lock);
    struct pfi_given given = give_old(giving, share->large_segments, PINFOLD_LARGE, share->large_bytes, limit);
    pfi_mutex_unlock(&share->old_lock);
    return given;
}

static struct pfi_given give_pinned(struct giving *giving, size_t limit) {
    struct pfi_share *share = &giving->heap->share;
    pfi_mutex_lock(&share->old_lock);
    size_t free_bytes = share->generations[PINFOLD_PINNED].free_bytes;
    size_t live = pfi_share_generation_bytes(share, PINFOLD_PINNED) - free_bytes;
    struct pfi_given given = give_old(giving, share->pinned_segments, PINFOLD_PINNED, live, limit);
    pfi_mutex_unlock(&share->old_lock);
    return given;
}

/* What promotion will fill before the next full collection stays: no more than an eighth of what lives. A full
 * collection makes all holes anew and forgets what of them was clean, so one that is about to follow is awaited; and
 * where a limit has no room for what it would count anew, holes stay until somebody needs what they hold. */
static struct pfi_given give_holes(struct giving *giving, size_t limit) {
    struct pf_heap *heap = giving->heap;
    struct pfi_given given = {0, 0};
    pfi_mutex_lock(&heap->share.old_lock);
    bool stay = giving->keeps && (heap->probing.follow_ups != 0 || !pfi_heap_may_count_anew(heap));
    if (!stay) {
        size_t use = giving->keeps ? pfi_min(expected_use(heap, 2), heap->live_after_full / 8) : 0;
        given = give_pages(giving, 2, use, limit);
    }
    pfi_mutex_unlock(&heap->share.old_lock);
    return given;
}

/* The space between pins that were left young. Where a heap is busy it is generation 0's, and used again in a moment.
 */
static struct pfi_given give_youngest_holes(struct giving *giving, size_t limit) {
    struct pf_heap *heap = giving->heap;
    if (giving->keeps && !heap->probing.is_quiet) {
        return (struct pfi_given){0, 0};
    }
    pfi_mutex_lock(&heap->share.small_lock);
    size_t keep = giving->keeps ? heap->share.generations[0].budget / 4 * 5 : giving->keep;
    struct pfi_given given = give_pages(giving, 0, keep, limit);
    pfi_mutex_unlock(&heap->share.small_lock);
    return given;
}

/* ---- Steps ------------------------------------------------------------------------------------------------------- */

static bool gives_way(const struct giving *giving) {
    return giving->polite != NULL && (pfi_word_load(&giving->polite->state) & PINFOLD_STOP) != 0;
}

/* One piece at least, also if somebody waits: on a busy machine somebody always does. Whether there is none left. */
static bool give_pieces(struct giving *giving, give_piece *piece) {
    while (giving->left != 0 && (giving->bytes == 0 || !gives_way(giving))) {
        struct pfi_given given = piece(giving, pfi_min(giving->left, PIECE));
        if (given.cost == 0) {
            return true;
        }
        giving->bytes += given.bytes;
        giving->left -= pfi_min(giving->left, given.cost);
    }
    return false;
}

/* Whether there is nothing left to give. */
static bool give(struct giving *giving) {
    static give_piece *const pieces[] = {give_waiting, give_small_tails, give_large,
                                         give_pinned,  give_holes,       give_youngest_holes};
    bool is_done = true;
    for (size_t kind = 0; kind < sizeof pieces / sizeof pieces[0]; ++kind) {
        is_done &= give_pieces(giving, pieces[kind]);
    }
    return is_done;
}

/* Between collections, mark and pin words are zero and slides mean nothing. In a heap that is full of holes they take
 * more than what lives there. */
static void forget_marks(struct pf_heap *heap, const struct pfi_segment *segment, const struct pfi_segment *but_for) {
    for (; segment != NULL; segment = segment->next) {
        if (segment != but_for) {
            pfi_arena_forget_marks(&heap->arena, segment->base, segment->described);
        }
    }
}

/* The next young collection needs those of the ephemeral segment. */
static void forget_all_marks(struct pf_heap *heap, bool keeps_ephemeral) {
    pfi_mutex_lock(&heap->share.small_lock);
    forget_marks(heap, heap->share.segments, keeps_ephemeral ? heap->share.ephemeral : NULL);
    pfi_mutex_unlock(&heap->share.small_lock);
    pfi_mutex_lock(&heap->share.old_lock);
    forget_marks(heap, heap->share.large_segments, NULL);
    forget_marks(heap, heap->share.pinned_segments, NULL);
    pfi_mutex_unlock(&heap->share.old_lock);
}

static void age_standby(struct pf_heap *heap, uint64_t now_ns) {
    if (heap->options.retain_vm && now_ns - heap->giving.standby_ns >= standby_period_ns) {
        heap->giving.standby_ns = now_ns;
        pfi_mutex_lock(&heap->share.old_lock);
        pfi_segment_pool_age(&heap->arena);
        pfi_mutex_unlock(&heap->share.old_lock);
    }
}

void pfi_giving_note_collection(struct pf_heap *heap, int generation, enum pf_reason reason) {
    struct pfi_giving *giving = &heap->giving;
    bool is_asked_for = reason == PINFOLD_REASON_INDUCED || reason == PINFOLD_REASON_LAST_CHANCE;
    if (generation == 0 && !is_asked_for) {
        return;
    }
    if (!giving->is_due) {
        giving->last_ns = heap->world.stop_began_ns;
    }
    giving->is_due = true;
    giving->comes_at_once |= is_asked_for;
}

void pfi_heap_give_back(struct pf_heap *heap) {
    struct pfi_giving *state = &heap->giving;
    if (!state->is_due) {
        return;
    }
    uint64_t now_ns = pfi_clock_now_ns();
    size_t step = heap->options.decommit_step_size;
    uint64_t interval_ns = (uint64_t)heap->options.decommit_interval_ms * 1000000;
    size_t allowance = state->comes_at_once ? step : pfi_pace_allowance(now_ns - state->last_ns, step, interval_ns);
    if (allowance != 0) {
        struct giving giving = {.heap = heap, .left = allowance, .keeps = true, .polite = pfi_mutator_managed(heap)};
        state->is_due = !give(&giving);
        state->comes_at_once = false;
        state->last_ns = now_ns;
        if (!state->is_due && heap->probing.is_quiet) {
            forget_all_marks(heap, true);
        }
        age_standby(heap, now_ns);
    }
}

size_t pfi_heap_give_back_at_most(struct pf_heap *heap, size_t limit) {
    struct giving giving = {.heap = heap, .left = limit, .keeps = true};
    give(&giving);
    return giving.bytes;
}

static bool drain_standby(struct pf_heap *heap) {
    pfi_mutex_lock(&heap->share.old_lock);
    bool had_some = pfi_segment_pool_drain(&heap->arena);
    pfi_mutex_unlock(&heap->share.old_lock);
    return had_some;
}

/* What collections work with, which several threads may want to give back at once; returns how many bytes. */
static size_t release_tools(struct pf_heap *heap) {
    pfi_mutex_lock(&heap->share.old_lock);
    size_t before = pfi_mark_team_bytes(&heap->mark_team) + heap->plug_list.memory.committed;
    pfi_mark_team_release(&heap->mark_team);
    pfi_plug_list_release(&heap->plug_list);
    size_t after = pfi_mark_team_bytes(&heap->mark_team) + heap->plug_list.memory.committed;
    pfi_mutex_unlock(&heap->share.old_lock);
    return before - after;
}

size_t pfi_heap_give_back_all(struct pf_heap *heap, size_t keep) {
    struct giving giving = {.heap = heap, .left = SIZE_MAX, .keep = keep};
    give(&giving);
    drain_standby(heap);
    forget_all_marks(heap, false);
    release_tools(heap);
    return giving.bytes;
}

/* Others may use up at once what was given, so that not the account tells whether something was. */
bool pfi_heap_relieve(struct pf_heap *heap) {
    struct giving giving = {.heap = heap, .left = RELIEF};
    (void)pfi_heap_hold(heap);
    (void)give_pieces(&giving, give_waiting);
    if (!heap->region.is_kept) {
        give(&giving);
    }
    bool had_standby = drain_standby(heap);
    bool had_tools = release_tools(heap) != 0;
    pfi_world_release(&heap->world);
    return giving.bytes != 0 || had_standby || had_tools;
}
