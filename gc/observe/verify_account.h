/* SPDX-License-Identifier: MIT
 *
 * Verify, second part: whether the account of bookkeeping is the sum of what is charged to it, structure by structure.
 * (Committed bytes of segments are checked with the segments, in verify.h.)
 */
#ifndef PINFOLD_GC_OBSERVE_VERIFY_ACCOUNT_H
#define PINFOLD_GC_OBSERVE_VERIFY_ACCOUNT_H

#include "gc/heap.h"

/* Entry: world stopped, and with it what changes under handle_lock. 0 = the sums agree, 1 = they do not, and the
 * message says by how much. */
int pfi_verify_account(struct pf_heap *heap, struct pf_message *message);

#endif
