/* SPDX-License-Identifier: MIT */
#include "gc/state/mark_team.h"

#include <string.h>

#include "alloc/platform/check.h"

enum {
    /* Most for a worker other than 0: overflow is possible anyway, and what waits on a stack is seldom much. */
    HELPER_STACK = 1 << 20
};

static bool init_stack(struct pfi_mark_team *team, unsigned worker, size_t size) {
    struct pfi_mark_stack *stack = &team->stacks[worker];
    return team->begins_short ? pfi_mark_stack_init_short(stack, team->account, size)
                              : pfi_mark_stack_init(stack, team->account, size);
}

bool pfi_mark_team_init(struct pfi_mark_team *team, struct pfi_account *account, size_t stack_size, bool begins_short,
                        size_t workers) {
    PINFOLD_REQUIRE(workers >= 1 && workers <= PINFOLD_MOST_WORKERS, "a team of %zu workers was asked for", workers);
    memset(team, 0, sizeof *team);
    team->account = account;
    team->stack_size = stack_size;
    team->begins_short = begins_short;
    if (!init_stack(team, 0, stack_size)) {
        return false;
    }
    if (!pfi_mark_queue_init(&team->queue, account, workers)) {
        pfi_mark_stack_finish(&team->stacks[0]);
        return false;
    }
    return true;
}

void pfi_mark_team_finish(struct pfi_mark_team *team) {
    pfi_mark_queue_finish(&team->queue);
    for (unsigned worker = 0; worker < PINFOLD_MOST_WORKERS; ++worker) {
        if (team->stacks[worker].entries != NULL) {
            pfi_mark_stack_finish(&team->stacks[worker]);
        }
    }
}

struct pfi_mark_stack *pfi_mark_team_stack(struct pfi_mark_team *team, unsigned worker) {
    struct pfi_mark_stack *stack = &team->stacks[worker];
    if (stack->entries == NULL && !init_stack(team, worker, pfi_min(team->stack_size, HELPER_STACK))) {
        return NULL;
    }
    return stack;
}

void pfi_mark_team_gather_overflow(struct pfi_mark_team *team) {
    for (unsigned worker = 1; worker < PINFOLD_MOST_WORKERS; ++worker) {
        struct pfi_mark_stack *stack = &team->stacks[worker];
        if (stack->entries != NULL && pfi_mark_stack_has_overflow(stack)) {
            pfi_mark_stack_overflow(&team->stacks[0], stack->overflow_low, stack->overflow_high);
            pfi_mark_stack_clear_overflow(stack);
        }
    }
}

void pfi_mark_team_trim(struct pfi_mark_team *team) {
    for (unsigned worker = 0; worker < PINFOLD_MOST_WORKERS; ++worker) {
        if (team->stacks[worker].entries != NULL) {
            pfi_mark_stack_trim(&team->stacks[worker]);
        }
    }
}

void pfi_mark_team_release(struct pfi_mark_team *team) {
    for (unsigned worker = 0; worker < PINFOLD_MOST_WORKERS; ++worker) {
        if (team->stacks[worker].entries != NULL) {
            pfi_mark_stack_release(&team->stacks[worker]);
        }
    }
}

size_t pfi_mark_team_bytes(const struct pfi_mark_team *team) {
    size_t bytes = team->queue.memory.committed;
    for (unsigned worker = 0; worker < PINFOLD_MOST_WORKERS; ++worker) {
        bytes += team->stacks[worker].memory.committed;
    }
    return bytes;
}
