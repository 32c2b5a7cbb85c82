/* SPDX-License-Identifier: MIT */
#include "gc/root/stacks.h"

#include "alloc/platform/stack_unwind.h"

enum { BATCH = 128 /* words that are copied at once */ };

void pfi_words_visit(uintptr_t low, uintptr_t high, pfi_slots_function *visit, void *context) {
    uintptr_t words[BATCH];
    uintptr_t from = pfi_align_up(low, sizeof(uintptr_t));
    if (visit == pfi_slots_ignore) {
        return;
    }
    while (from < high && high - from >= sizeof(uintptr_t)) {
        size_t count = pfi_min((high - from) / sizeof(uintptr_t), BATCH);
        pfi_stack_copy(words, from, count);
        visit(context, (uintptr_t)words, count);
        from += count * sizeof(uintptr_t);
    }
}

const struct pf_frame_map *pfi_frame_map_find(const struct pf_frame_map *maps, uintptr_t ip) {
    const struct pf_frame_map *map = maps;
    while (map != NULL && ip - 1 - (uintptr_t)map->low >= (uintptr_t)map->high - (uintptr_t)map->low) {
        map = map->next;
    }
    return map;
}

uintptr_t pfi_stack_settled(const struct pfi_stack *stack) {
    bool is_reached = stack->caller.sp - stack->from <= stack->near_count * sizeof(uintptr_t);
    return is_reached ? stack->caller.sp : stack->from;
}

/* The walk over a stack from below: everything up to `done` has been visited. */
struct walk {
    const struct pfi_stack *stack;
    const struct pf_frame_map *maps;
    struct pfi_root_visits visits;
    uintptr_t done;
};

/* The words up to `end`, of the copy and of the memory itself. */
static void visit_until(struct walk *walk, uintptr_t end) {
    const struct pfi_stack *stack = walk->stack;
    const struct pfi_root_visits *visits = &walk->visits;
    size_t first = pfi_min((walk->done - stack->from) / sizeof(uintptr_t), stack->near_count);
    size_t last = pfi_min((end - stack->from) / sizeof(uintptr_t), stack->near_count);
    if (first < last) {
        visits->possible(visits->context, (uintptr_t)&stack->near[first], last - first);
    }
    pfi_words_visit(pfi_max(walk->done, pfi_stack_settled(stack)), end, visits->possible, visits->context);
}

static bool visit_frame(void *context, const struct pfi_active_frame *frame) {
    struct walk *walk = context;
    const struct pf_frame_map *map = pfi_frame_map_find(walk->maps, frame->ip);
    if (map != NULL) {
        struct pf_visitor visitor = pfi_root_visitor(walk->visits);
        struct pf_machine_frame machine = {frame->ip, frame->sp, frame->end};
        visit_until(walk, frame->sp);
        map->visit(&visitor, &machine, map->data);
        walk->done = frame->end;
    }
    return true;
}

void pfi_stack_visit(const struct pfi_stack *stack, const struct pf_frame_map *maps, struct pfi_root_visits visits) {
    struct walk walk = {stack, maps, visits, stack->from};
    if (stack->caller.ip == 0) {
        return;
    }
    if (maps != NULL) {
        pfi_stack_unwind(stack, visit_frame, &walk);
    }
    visit_until(&walk, stack->high);
}
