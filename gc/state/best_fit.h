/* SPDX-License-Identifier: MIT
 *
 * Fitting plugs into free runs between pins, best fit by powers of two. Sizes of plugs are rounded up, those of runs
 * down; a run of class j serves 2^(j - i) plugs of class i, so whether all plugs fit is a matter of adding up two
 * histograms from the largest class down. A plug then goes to the smallest run that is surely large enough, and what
 * is left of the run counts anew.
 *
 *     plugs   1 1 2 . 1      classes from small to large        runs   . 3 . 2 .
 *
 * Used by expand when a segment of generation 2 becomes the ephemeral segment. Of fixed size, for a collection must not
 * ask for memory: with more runs than places the rest is not offered.
 */
#ifndef PINFOLD_GC_BEST_FIT_H
#define PINFOLD_GC_BEST_FIT_H

#include "gc/state/pin_queue.h"

enum {
    PINFOLD_FIT_CLASSES = 48,
    PINFOLD_FIT_RUNS = 512,
    PINFOLD_FIT_NONE = -1,
};

struct pfi_fit_run {
    uintptr_t ptr; /* what lies before it is taken */
    uintptr_t end;
    struct pfi_pin_entry *pin; /* the pin that ends the run; NULL: the end of the segment does */
    int next;                  /* in its class */
};

struct pfi_best_fit {
    size_t wanted[PINFOLD_FIT_CLASSES]; /* plugs */
    size_t wanted_bytes;
    size_t offered_bytes;
    int heads[PINFOLD_FIT_CLASSES]; /* runs */
    int run_count;
    struct pfi_fit_run runs[PINFOLD_FIT_RUNS]; /* in the order in which they were offered */
};

void pfi_best_fit_open(struct pfi_best_fit *fit);

/* A plug of `size` bytes will want a place. */
void pfi_best_fit_want(struct pfi_best_fit *fit, size_t size);

/* A run that may be used. false: there is no room for its record, and it is not used. */
bool pfi_best_fit_offer(struct pfi_best_fit *fit, uintptr_t start, uintptr_t end, struct pfi_pin_entry *pin);

/* Whether everything wanted fits into what is offered. */
bool pfi_best_fit_suffices(const struct pfi_best_fit *fit);

/* A place for a plug, with nothing or room for a free object left of its run; 0 when there is none, which does not
 * happen to plugs that were wanted if the runs suffice. */
uintptr_t pfi_best_fit_take(struct pfi_best_fit *fit, size_t size);

#endif
