/* SPDX-License-Identifier: MIT */
#include "gc/state/mark_queue.h"

#include <string.h>

#include "alloc/platform/check.h"
#include "alloc/platform/thread.h"

enum {
    LOOKS = 2000 /* before a worker that waits goes to sleep: about as long as a thread takes to wake, 50 us */
};

bool pfi_mark_queue_init(struct pfi_mark_queue *queue, struct pfi_account *account, size_t members) {
    memset(queue, 0, sizeof *queue);
    size_t size = members * sizeof *queue->given;
    if (!pfi_extent_init(&queue->memory, account, size, size)) {
        return false;
    }
    queue->capacity = members;
    queue->given = (struct pfi_mark_part *)queue->memory.start;
    pfi_mutex_init(&queue->mutex);
    pfi_condition_init(&queue->changed);
    return true;
}

void pfi_mark_queue_finish(struct pfi_mark_queue *queue) {
    pfi_condition_finish(&queue->changed);
    pfi_mutex_finish(&queue->mutex);
    pfi_extent_finish(&queue->memory);
}

static void set(pfi_counter *counter, size_t value) {
    pfi_counter_add(counter, value - pfi_counter_read(counter));
}

void pfi_mark_queue_open(struct pfi_mark_queue *queue) {
    pfi_mutex_lock(&queue->mutex);
    PINFOLD_REQUIRE(pfi_counter_read(&queue->parts) == 0, "a round of marking left work behind");
    set(&queue->waiting, 0);
    set(&queue->is_over, 0);
    queue->members = 1;
    pfi_mutex_unlock(&queue->mutex);
}

bool pfi_mark_queue_join(struct pfi_mark_queue *queue) {
    pfi_mutex_lock(&queue->mutex);
    bool is_in = !pfi_counter_read(&queue->is_over);
    queue->members += is_in;
    PINFOLD_REQUIRE(queue->members <= queue->capacity, "more workers mark than there is room for");
    pfi_mutex_unlock(&queue->mutex);
    return is_in;
}

static bool has_news(const struct pfi_mark_queue *queue) {
    return pfi_counter_read(&queue->parts) != 0 || pfi_counter_read(&queue->is_over) != 0;
}

/* Looks for a while without the mutex. */
static void look_for_news_locked(struct pfi_mark_queue *queue) PINFOLD_NEEDS(queue->mutex) {
    pfi_mutex_unlock(&queue->mutex);
    for (unsigned look = 0; look < LOOKS && !has_news(queue); ++look) {
        pfi_thread_relax();
    }
    pfi_mutex_lock(&queue->mutex);
}

static void wait_for_news_locked(struct pfi_mark_queue *queue) PINFOLD_NEEDS(queue->mutex) {
    look_for_news_locked(queue);
    ++queue->asleep;
    while (!has_news(queue)) {
        pfi_condition_wait(&queue->changed, &queue->mutex);
    }
    --queue->asleep;
}

static void take_part_locked(struct pfi_mark_queue *queue, struct pfi_mark_stack *stack) PINFOLD_NEEDS(queue->mutex) {
    pfi_counter_subtract(&queue->parts, 1);
    const struct pfi_mark_part *part = &queue->given[pfi_counter_read(&queue->parts)];
    pfi_mark_stack_push_all(stack, part->words, part->count);
}

bool pfi_mark_queue_take(struct pfi_mark_queue *queue, struct pfi_mark_stack *stack) {
    pfi_mutex_lock(&queue->mutex);
    pfi_counter_add(&queue->waiting, 1);
    if (pfi_counter_read(&queue->waiting) == queue->members && pfi_counter_read(&queue->parts) == 0) {
        pfi_counter_add(&queue->is_over, 1);
        pfi_condition_broadcast(&queue->changed);
    }
    if (!has_news(queue)) {
        wait_for_news_locked(queue);
    }
    bool has_part = pfi_counter_read(&queue->parts) != 0;
    if (has_part) {
        pfi_counter_subtract(&queue->waiting, 1);
        take_part_locked(queue, stack);
    }
    pfi_mutex_unlock(&queue->mutex);
    return has_part;
}

void pfi_mark_queue_give(struct pfi_mark_queue *queue, struct pfi_mark_stack *stack) {
    pfi_mutex_lock(&queue->mutex);
    if (pfi_mark_queue_is_wanting(queue)) {
        struct pfi_mark_part *part = &queue->given[pfi_counter_read(&queue->parts)];
        part->count = pfi_mark_stack_split(stack, part->words, PINFOLD_MARK_PART / 2);
        if (part->count != 0) {
            pfi_counter_add(&queue->parts, 1);
            if (queue->asleep != 0) {
                pfi_condition_signal(&queue->changed);
            }
        }
    }
    pfi_mutex_unlock(&queue->mutex);
}
