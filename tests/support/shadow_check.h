/* SPDX-License-Identifier: MIT
 *
 * Compares heap and shadow. Every check fails the test, through replay_fail, at the first difference.
 */
#ifndef TESTS_SUPPORT_SHADOW_CHECK_H
#define TESTS_SUPPORT_SHADOW_CHECK_H

#include "tests/support/shadow.h"

/* Walks heap and shadow in step from the roots, brings every object's address up to date, forgets what was not
 * reached, and checks that no two objects overlap. To be called after a collection, before the addresses are used. */
void shadow_check(struct shadow *shadow);

/* shadow_check if a collection has come since the last one. */
void shadow_refresh(struct shadow *shadow);

/* The library's own check. */
void shadow_verify(struct shadow *shadow);

/* Right after a full collection: a heap walk meets the reachable objects and no others, with the right sizes, in
 * address order, and the statistics' live bytes are the sum of theirs. */
void shadow_check_exact(struct shadow *shadow);

/* Collects generation 2, compacting, and checks that objects which lay in the same generation and are not pinned are in
 * the same order afterwards. Needs a heap with a single segment of small objects. */
void shadow_check_order(struct shadow *shadow);

/* Compacts until everything small is in generation 2, then once more: nothing may move. */
void shadow_check_settled(struct shadow *shadow);

#endif
