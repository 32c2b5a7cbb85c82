/* SPDX-License-Identifier: MIT */
#include "gc/observe/walkable.h"

#include <stdio.h>

#include "alloc/platform/readable.h"
#include "alloc/walk.h"

static bool is_readable(uintptr_t type, struct pfi_readable_types *readable) {
    enum { KNOWN = sizeof readable->words / sizeof readable->words[0] };
    uintptr_t *known = &readable->words[type / sizeof(struct pf_type) % KNOWN];
    if (*known != type && pfi_memory_is_readable(type, sizeof(struct pf_type))) {
        *known = type;
    }
    return *known == type;
}

bool pfi_type_is_plausible(const struct pfi_arena *arena, uintptr_t object, struct pfi_readable_types *readable) {
    uintptr_t type = pfi_words(object)[0];
    return type >= PINFOLD_PAGE && type % sizeof(void *) == 0 && !pfi_arena_holds(arena, type) &&
           type >> 1 != (UINTPTR_MAX / 0xFF * PINFOLD_POISON) >> 1 && is_readable(type, readable);
}

struct walker {
    const struct pfi_arena *arena;
    const struct pfi_segment *segment;
    struct pf_message *message;
    struct pfi_readable_types types;
};

/* The objects of [from, to) must fill it exactly. */
static int check_row(struct walker *walker, uintptr_t from, uintptr_t to) {
    uintptr_t previous = 0;
    for (uintptr_t object = from; object < to;) {
        bool is_plausible = pfi_type_is_plausible(walker->arena, object, &walker->types);
        size_t size = is_plausible ? pfi_walk_step(walker->segment, object) : 0;
        if (size < PINFOLD_MIN_OBJECT || size % PINFOLD_GRANULE != 0 || size > to - object) {
            snprintf(walker->message->text, sizeof walker->message->text,
                     "segment %#zx cannot be walked: at %#zx (after %#zx) the type word is %#zx, the size %zu, and the "
                     "row ends at %#zx",
                     (size_t)walker->segment->base, (size_t)object, (size_t)previous, (size_t)pfi_words(object)[0],
                     size, (size_t)to);
            return 1;
        }
        previous = object;
        object += size;
    }
    return 0;
}

static int check_chain(struct walker *walker, const struct pfi_segment *segment, const struct pfi_segment *end) {
    for (; segment != end; segment = segment->next) {
        walker->segment = segment;
        if (check_row(walker, segment->first, segment->allocated) != 0) {
            return 1;
        }
    }
    return 0;
}

/* Live granules from one dead one to the next. A run may end with the range: the next one begins a generation. */
static int check_condemned(struct walker *walker, const struct pfi_move_plan *plan) {
    struct pfi_condemned_range range;
    pfi_condemned_range_first(plan->share, plan->condemned, &range);
    do {
        walker->segment = range.segment;
        for (uintptr_t start = pfi_next_live(walker->arena, range.start, range.end); start < range.end;) {
            uintptr_t end = pfi_next_dead(walker->arena, start, range.end);
            if (check_row(walker, start, end) != 0) {
                return 1;
            }
            start = pfi_next_live(walker->arena, end, range.end);
        }
    } while (pfi_condemned_range_next(plan->share, &range));
    return 0;
}

int pfi_check_walkable(const struct pfi_share *share, const struct pfi_move_plan *plan, struct pf_message *message) {
    struct walker walker = {.arena = share->arena, .message = message};
    if (check_chain(&walker, share->large_segments, NULL) != 0 ||
        check_chain(&walker, share->pinned_segments, NULL) != 0) {
        return 1;
    }
    if (plan == NULL) {
        return check_chain(&walker, share->segments, NULL);
    }
    if (plan->condemned < 2) {
        walker.segment = share->ephemeral;
        uintptr_t condemned_start = pfi_share_start(share, plan->condemned);
        if (check_chain(&walker, share->segments, share->ephemeral) != 0 ||
            check_row(&walker, share->ephemeral->first, condemned_start) != 0) {
            return 1;
        }
    }
    return check_condemned(&walker, plan);
}
