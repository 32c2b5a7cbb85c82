/* SPDX-License-Identifier: MIT */
#include "gc/observe/verify_account.h"

#include <stdio.h>

struct part {
    const char *name;
    size_t bytes;
};

static size_t bytes_of_mutators(const struct pf_heap *heap) {
    size_t bytes = 0;
    for (const struct pf_thread *thread = heap->roots.threads; thread != NULL; thread = thread->next) {
        bytes += sizeof(struct pfi_mutator) + (thread->stack == NULL ? 0 : sizeof *thread->stack);
    }
    return bytes;
}

static int compare(const struct part *parts, size_t count, size_t charged, struct pf_message *message) {
    size_t sum = 0;
    for (size_t index = 0; index < count; ++index) {
        sum += parts[index].bytes;
    }
    if (sum == charged) {
        return 0;
    }
    int length = snprintf(message->text, sizeof message->text, "%zu bytes are charged to bookkeeping, but", charged);
    for (size_t index = 0; index < count && length > 0 && (size_t)length < sizeof message->text; ++index) {
        length += snprintf(message->text + length, sizeof message->text - (size_t)length, " %s %zu", parts[index].name,
                           parts[index].bytes);
    }
    return 1;
}

int pfi_verify_account(struct pf_heap *heap, struct pf_message *message) {
    struct pfi_finalizer_queue *finalizers = &heap->roots.finalizers;
    size_t mutators = bytes_of_mutators(heap);
    if (mutators > heap->loose_bytes) {
        snprintf(message->text, sizeof message->text, "%zu bytes of threads are attached, but %zu charged", mutators,
                 heap->loose_bytes);
        return 1;
    }
    pfi_mutex_lock(&finalizers->lock);
    const struct part parts[] = {
        {"heap", sizeof *heap},
        {"side tables", pfi_arena_bookkeeping(&heap->arena)},
        {"marking", pfi_mark_team_bytes(&heap->mark_team)},
        {"plugs", heap->plug_list.memory.committed},
        {"pins", pfi_pin_queue_bytes(&heap->pin_queue)},
        {"handles", pfi_handle_table_bytes(&heap->roots.handles)},
        {"finalizers", pfi_finalizer_queue_bytes_locked(finalizers)},
        {"threads and tables", heap->loose_bytes},
    };
    size_t charged = pfi_account_space(&heap->arena.account, PINFOLD_SPACE_BOOKKEEPING);
    int result = compare(parts, sizeof parts / sizeof parts[0], charged, message);
    pfi_mutex_unlock(&finalizers->lock);
    return result;
}
