/* SPDX-License-Identifier: MIT
 *
 * Induced: whether a collection that the program suggests is worth having now: one that it wants only if it is due, and
 * what to do in time that it has to spare. Pure functions of numbers.
 */
#ifndef PINFOLD_GC_POLICY_INDUCED_H
#define PINFOLD_GC_POLICY_INDUCED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pinfold/stats.h"

struct pfi_due_input {
    int generation; /* suggested: 0, 1 or 2 */
    size_t budget[PINFOLD_GENERATIONS];
    int64_t budget_left[PINFOLD_GENERATIONS];
    unsigned memory_load; /* percent */
};

/* Due when less than 30 % of the budget of a suggested generation is left, or 70 % where the machine is short of
 * memory: the CLR's figures. Large and pinned objects belong to generation 2. */
bool pfi_induced_is_due(const struct pfi_due_input *input);

struct pfi_idle_input {
    size_t budget; /* of generation 0 */
    int64_t budget_left;
    uint64_t expected_pause_ns; /* of a collection of generation 0; 0: nothing is known */
    uint64_t available_ns;
};

enum pfi_idle_step {
    PINFOLD_IDLE_COLLECT,   /* generation 0 */
    PINFOLD_IDLE_GIVE_BACK, /* there is nothing to collect yet */
    PINFOLD_IDLE_TOO_SHORT, /* a collection would be useful, but does not fit; giving memory back may */
};

/* A collection of generation 0 is worth its while when half of the budget is spent. */
enum pfi_idle_step pfi_idle_decide(const struct pfi_idle_input *input);

/* How many bytes can be given back to the system in this time. */
size_t pfi_idle_bytes(uint64_t available_ns);

#endif
