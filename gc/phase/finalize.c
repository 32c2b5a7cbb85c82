/* SPDX-License-Identifier: MIT */
#include "gc/phase/finalize.h"

static bool is_dead(const struct pfi_move_plan *plan, uintptr_t object) {
    return object - plan->condemned_low < plan->condemned_size &&
           !pfi_bits_test(plan->share->arena->mark_words, object >> PINFOLD_GRANULE_SHIFT);
}

/* Takes the dead out of one list, and forgets what was suppressed. */
static void find_dead_locked(const struct pfi_move_plan *plan, struct pfi_finalizer_queue *queue, int age,
                             struct pfi_tags tags, struct pfi_finalizer_list *dead) PINFOLD_NEEDS(queue->lock) {
    struct pfi_finalizer_list list = pfi_finalizer_queue_detach_locked(queue, age);
    for (struct pfi_finalizer *node; (node = pfi_finalizer_queue_next_locked(queue, &list)) != NULL;) {
        bool dies = is_dead(plan, node->value & ~tags.mask);
        pfi_finalizer_list_append(dies ? dead : &queue->registered[age], node);
    }
}

size_t pfi_finalize(const struct pfi_move_plan *plan, struct pfi_finalizer_queue *queue, struct pfi_tags tags,
                    pfi_slots_function *mark, void *context) {
    struct pfi_finalizer_list dead = {NULL, NULL, 0};
    pfi_mutex_lock(&queue->lock);
    for (int age = 0; age <= plan->condemned; ++age) {
        find_dead_locked(plan, queue, age, tags, &dead);
    }
    size_t count = dead.count;
    for (struct pfi_finalizer *node = dead.first; node != NULL; node = node->next) {
        mark(context, (uintptr_t)&node->value, 1);
    }
    pfi_finalizer_queue_publish_locked(queue, &dead);
    pfi_mutex_unlock(&queue->lock);
    return count;
}

static int age_of(const struct pfi_share *share, uintptr_t object) {
    int generation = pfi_share_generation_of(share, object);
    return generation < 0 || generation > 2 ? 2 : generation;
}

void pfi_age_finalizers(struct pfi_finalizer_queue *queue, const struct pfi_share *share, int condemned,
                        struct pfi_tags tags) {
    struct pfi_finalizer_list looked_at = {NULL, NULL, 0};
    pfi_mutex_lock(&queue->lock);
    for (int age = condemned; age >= 0; --age) {
        struct pfi_finalizer_list list = pfi_finalizer_queue_detach_locked(queue, age);
        pfi_finalizer_list_join(&looked_at, &list);
    }
    for (struct pfi_finalizer *node; (node = pfi_finalizer_list_take(&looked_at)) != NULL;) {
        int age = age_of(share, node->value & ~tags.mask);
        pfi_finalizer_list_append(&queue->registered[age], node);
    }
    pfi_mutex_unlock(&queue->lock);
}
