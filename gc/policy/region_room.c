/* SPDX-License-Identifier: MIT */
#include "gc/policy/region_room.h"

#include <stdint.h>

#include "alloc/layout.h"

/* Sums and products that stay at SIZE_MAX instead of beginning anew. */
static size_t sum(size_t left, size_t right) {
    return left <= SIZE_MAX - right ? left + right : SIZE_MAX;
}

/* Every large object takes whole pages. */
static size_t in_pages(size_t bytes, size_t threshold) {
    size_t objects = bytes / threshold + (bytes != 0);
    size_t lost = objects <= SIZE_MAX / PINFOLD_PAGE ? objects * PINFOLD_PAGE : SIZE_MAX;
    size_t total = sum(bytes, lost);
    return total <= SIZE_MAX - PINFOLD_PAGE ? pfi_align_up(total, PINFOLD_PAGE) : SIZE_MAX;
}

struct pfi_region_room pfi_region_room_for(const struct pfi_region_input *input) {
    struct pfi_region_room room = {0, 0, 0};
    if (input->small_bytes != 0) {
        size_t lost = input->threads > 1 ? sum(input->small_bytes, input->threads * input->quantum) : 0;
        room.small_bytes = sum(sum(input->small_bytes, lost), input->quantum + input->largest_chunk);
    }
    if (input->large_bytes != 0) {
        room.large_bytes = in_pages(input->large_bytes, input->large_threshold);
    }
    room.small_budget = sum(sum(input->small_bytes, room.small_bytes), input->threads * input->quantum);
    return room;
}
