/* SPDX-License-Identifier: MIT */
#include "gc/state/finalizer_queue.h"

#include <string.h>


enum { CHUNK_NODES = 169 /* of a chunk of less than 4 KiB */ };

struct pfi_finalizer_chunk {
    struct pfi_finalizer_chunk *next;
    struct pfi_finalizer nodes[CHUNK_NODES];
};

void pfi_finalizer_queue_init(struct pfi_finalizer_queue *queue, struct pfi_account *account) {
    memset(queue, 0, sizeof *queue);
    queue->account = account;
    for (int age = 0; age < PINFOLD_FINALIZER_AGES; ++age) {
        queue->indexes[age].account = account;
    }
    pfi_finalizer_queue_restart(queue);
}

void pfi_finalizer_queue_restart(struct pfi_finalizer_queue *queue) {
    pfi_mutex_init(&queue->lock);
    pfi_condition_init(&queue->wakes_waiters);
}

void pfi_finalizer_queue_finish(struct pfi_finalizer_queue *queue) {
    for (struct pfi_finalizer_chunk *chunk = queue->chunks; chunk != NULL;) {
        struct pfi_finalizer_chunk *next = chunk->next;
        pfi_bookkeeping_give(queue->account, chunk, sizeof *chunk);
        chunk = next;
    }
    for (int age = 0; age < PINFOLD_FINALIZER_AGES; ++age) {
        pfi_finalizer_index_finish(&queue->indexes[age]);
    }
    pfi_condition_finish(&queue->wakes_waiters);
    pfi_mutex_finish(&queue->lock);
}

size_t pfi_finalizer_queue_bytes_locked(const struct pfi_finalizer_queue *queue) {
    size_t bytes = 0;
    for (const struct pfi_finalizer_chunk *chunk = queue->chunks; chunk != NULL; chunk = chunk->next) {
        bytes += sizeof *chunk;
    }
    for (int age = 0; age < PINFOLD_FINALIZER_AGES; ++age) {
        bytes += pfi_finalizer_index_bytes(&queue->indexes[age]);
    }
    return bytes;
}

static void release_locked(struct pfi_finalizer_queue *queue, struct pfi_finalizer *node) PINFOLD_NEEDS(queue->lock) {
    node->next = queue->unused;
    queue->unused = node;
}

static void cut_chunk_locked(struct pfi_finalizer_queue *queue) PINFOLD_NEEDS(queue->lock) {
    struct pfi_finalizer_chunk *chunk = pfi_bookkeeping_take(queue->account, sizeof *chunk);
    if (chunk == NULL) {
        return;
    }
    chunk->next = queue->chunks;
    queue->chunks = chunk;
    for (int node = CHUNK_NODES - 1; node >= 0; --node) {
        release_locked(queue, &chunk->nodes[node]);
    }
}

struct pfi_finalizer *pfi_finalizer_queue_reserve(struct pfi_finalizer_queue *queue) {
    pfi_mutex_lock(&queue->lock);
    if (queue->unused == NULL) {
        cut_chunk_locked(queue);
    }
    struct pfi_finalizer *node = queue->unused;
    if (node != NULL) {
        queue->unused = node->next;
    }
    pfi_mutex_unlock(&queue->lock);
    return node;
}

void pfi_finalizer_queue_release(struct pfi_finalizer_queue *queue, struct pfi_finalizer *node) {
    pfi_mutex_lock(&queue->lock);
    release_locked(queue, node);
    pfi_mutex_unlock(&queue->lock);
}

void pfi_finalizer_queue_add(struct pfi_finalizer_queue *queue, struct pfi_finalizer *node, uintptr_t value) {
    node->value = value;
    pfi_mutex_lock(&queue->lock);
    node->number = queue->registrations++;
    pfi_finalizer_list_append(&queue->registered[0], node);
    pfi_mutex_unlock(&queue->lock);
}

size_t pfi_finalizer_queue_suppress(struct pfi_finalizer_queue *queue, uintptr_t value, int generation) {
    size_t count = 0;
    pfi_mutex_lock(&queue->lock);
    for (int age = 0; age <= generation; ++age) {
        count += pfi_finalizer_index_suppress(&queue->indexes[age], &queue->registered[age], value);
    }
    pfi_mutex_unlock(&queue->lock);
    return count;
}

bool pfi_finalizer_queue_take(struct pfi_finalizer_queue *queue, uintptr_t *value) {
    pfi_mutex_lock(&queue->lock);
    struct pfi_finalizer *node = pfi_finalizer_list_take(&queue->ready);
    if (node != NULL) {
        *value = node->value;
        release_locked(queue, node);
    }
    pfi_mutex_unlock(&queue->lock);
    return node != NULL;
}

static bool wait_locked(struct pfi_finalizer_queue *queue, uint64_t deadline_ns) PINFOLD_NEEDS(queue->lock) {
    if (deadline_ns != UINT64_MAX) {
        return pfi_condition_wait_until(&queue->wakes_waiters, &queue->lock, deadline_ns);
    }
    pfi_condition_wait(&queue->wakes_waiters, &queue->lock);
    return true;
}

bool pfi_finalizer_queue_wait(struct pfi_finalizer_queue *queue, uint64_t deadline_ns) {
    pfi_mutex_lock(&queue->lock);
    bool in_time = true;
    while (queue->ready.count == 0 && !queue->waits_no_more && in_time) {
        in_time = wait_locked(queue, deadline_ns);
    }
    bool is_ready = queue->ready.count != 0;
    pfi_mutex_unlock(&queue->lock);
    return is_ready;
}

void pfi_finalizer_queue_stop_waiting(struct pfi_finalizer_queue *queue) {
    pfi_mutex_lock(&queue->lock);
    queue->waits_no_more = true;
    pfi_condition_broadcast(&queue->wakes_waiters);
    pfi_mutex_unlock(&queue->lock);
}

void pfi_finalizer_queue_publish_locked(struct pfi_finalizer_queue *queue, struct pfi_finalizer_list *found) {
    if (found->first != NULL) {
        pfi_finalizer_list_sort(found);
        pfi_finalizer_list_join(&queue->ready, found);
        pfi_condition_broadcast(&queue->wakes_waiters);
    }
}

struct pfi_finalizer_list pfi_finalizer_queue_detach_locked(struct pfi_finalizer_queue *queue, int age) {
    struct pfi_finalizer_list list = queue->registered[age];
    queue->registered[age] = (struct pfi_finalizer_list){NULL, NULL, 0};
    pfi_finalizer_index_forget(&queue->indexes[age]);
    return list;
}

struct pfi_finalizer *pfi_finalizer_queue_next_locked(struct pfi_finalizer_queue *queue,
                                                      struct pfi_finalizer_list *list) {
    struct pfi_finalizer *node = pfi_finalizer_list_take(list);
    while (node != NULL && node->value == 0) {
        release_locked(queue, node);
        node = pfi_finalizer_list_take(list);
    }
    return node;
}

void pfi_finalizer_queue_all_ready(struct pfi_finalizer_queue *queue) {
    struct pfi_finalizer_list found = {NULL, NULL, 0};
    pfi_mutex_lock(&queue->lock);
    for (int age = 0; age < PINFOLD_FINALIZER_AGES; ++age) {
        struct pfi_finalizer_list list = pfi_finalizer_queue_detach_locked(queue, age);
        for (struct pfi_finalizer *node; (node = pfi_finalizer_queue_next_locked(queue, &list)) != NULL;) {
            pfi_finalizer_list_append(&found, node);
        }
    }
    pfi_finalizer_queue_publish_locked(queue, &found);
    pfi_mutex_unlock(&queue->lock);
}

struct pfi_finalizer_counts pfi_finalizer_queue_count(struct pfi_finalizer_queue *queue) {
    struct pfi_finalizer_counts counts = {0, 0};
    pfi_mutex_lock(&queue->lock);
    for (int age = 0; age < PINFOLD_FINALIZER_AGES; ++age) {
        counts.registered += queue->registered[age].count;
    }
    counts.ready = queue->ready.count;
    pfi_mutex_unlock(&queue->lock);
    return counts;
}
