/* SPDX-License-Identifier: MIT
 *
 * Plan: a simulated compaction, done also when the outcome is a sweep. Input: mark bits. Output: a record for every
 * plug (its new place, the gap before it), slides, the planned ends of segments and starts of generations, and the
 * figures that decide uses. Moves nothing and changes no live byte.
 *
 *     before   . . A A A . B B . [P] . . C . .     plugs: AAA, BB, P (pinned), C; the rest are gaps
 *     after    A A A B B C . . . [P]                the hole before P becomes a free object
 *
 * Where plugs go: generation 0's survivors slide down in the ephemeral segment and become generation 1. Generation 1's
 * become generation 2: in a collection of generation 1 they are first fitted into generation 2's free list, then into
 * the ends of its segments, then they slide; in a full collection they follow generation 2's, which slide down through
 * its segments in chain order. Pinned plugs stay, and are obstacles for the slide; those that it has not passed when a
 * generation's start is placed belong to that generation or a younger one: demotion.
 */
#ifndef PINFOLD_GC_PHASE_PLAN_H
#define PINFOLD_GC_PHASE_PLAN_H

#include "gc/state/move_plan.h"

/* Prepares the plan of a collection of generations 0..condemned. */
void pfi_plan_open(struct pfi_move_plan *plan, struct pfi_share *share, struct pfi_pin_queue *queue,
                   struct pfi_plug_list *list, int condemned);

/* Entry: marking is complete. */
void pfi_plan(struct pfi_move_plan *plan);

#endif
