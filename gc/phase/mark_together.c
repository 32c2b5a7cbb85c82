/* SPDX-License-Identifier: MIT */
#include "gc/phase/mark_together.h"

#include <string.h>

static void drain_stack(struct pfi_marker *marker) {
    while (!pfi_mark_stack_is_empty(marker->stack)) {
        pfi_mark_share(marker);
        scan_entry(marker, true);
    }
}

/* What is drafted must be in the bitmap before the worker waits, for it may be the end. */
static void publish(struct pfi_marker *marker) {
    for (struct pfi_mark_draft *draft = marker->drafts; draft < marker->drafts + PINFOLD_MARK_DRAFTS; ++draft) {
        pfi_atomic_bits_add(marker->mark_words, draft->word, draft->bits);
        draft->bits = 0;
    }
}

static void drain(struct pfi_marker *marker) {
    do {
        drain_stack(marker);
        drain_fifo(marker, true);
    } while (!pfi_mark_stack_is_empty(marker->stack));
    publish(marker);
}

/* What another worker does; the context is the round's origin. */
static void help(void *context, unsigned worker) {
    const struct pfi_marker *origin = context;
    struct pfi_mark_stack *kept = pfi_mark_team_stack(origin->team, worker);
    if (kept == NULL || !pfi_mark_queue_join(&origin->team->queue)) {
        return;
    }
    struct pfi_mark_stack stack = *kept; /* neighbours in an array would share cache lines */
    struct pfi_mark_draft drafts[PINFOLD_MARK_DRAFTS] = {{0, 0}};
    struct pfi_marker marker = *origin;
    marker.stack = &stack;
    marker.drafts = drafts;
    while (pfi_mark_queue_take(&marker.team->queue, &stack)) {
        drain(&marker);
    }
    *kept = stack;
}

void pfi_mark_begin_together(struct pfi_marker *marker, struct pfi_mark_round *round) {
    round->origin = *marker;
    memset(round->origin.fifo, 0, sizeof marker->fifo);
    memset(round->drafts, 0, sizeof round->drafts);
    pfi_mark_queue_open(&marker->team->queue);
    pfi_workers_call(marker->workers, help, &round->origin, marker->workers->most - 1);
    marker->drafts = round->drafts;
}

void pfi_mark_end_together(struct pfi_marker *marker) {
    do {
        drain(marker);
    } while (pfi_mark_queue_take(&marker->team->queue, marker->stack));
    unsigned helpers = pfi_workers_dismiss(marker->workers);
    marker->took_part = (unsigned)pfi_max(marker->took_part, helpers + 1);
    marker->drafts = NULL;
    pfi_mark_team_gather_overflow(marker->team);
}
