/* SPDX-License-Identifier: MIT
 *
 * Region room: how much room it takes so that so many bytes can be allocated without a collection. Pure functions of
 * numbers; sizes are bytes.
 */
#ifndef PINFOLD_GC_POLICY_REGION_ROOM_H
#define PINFOLD_GC_POLICY_REGION_ROOM_H

#include <stddef.h>

struct pfi_region_input {
    size_t small_bytes; /* of objects below the threshold */
    size_t large_bytes;
    size_t threads; /* attached */
    size_t quantum; /* what a thread gets at a time */
    size_t large_threshold;
    size_t largest_chunk; /* what the largest small object needs */
};

struct pfi_region_room {
    size_t small_bytes;  /* behind the objects of the ephemeral segment */
    size_t large_bytes;  /* at the end of one segment of large objects */
    size_t small_budget; /* what allocation may charge */
};

/* Chunks of one thread follow each other without loss. Where several threads take turns, or gaps between pins are
 * filled, a chunk's rest is lost when the next object does not fit: less than that object takes, so never more than is
 * allocated, and a quantum for each thread at the end. Gaps cost budget, but no room. SIZE_MAX stands for what cannot
 * be represented. */
struct pfi_region_room pfi_region_room_for(const struct pfi_region_input *input);

#endif
