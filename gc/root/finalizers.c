/* SPDX-License-Identifier: MIT */
#include "gc/root/finalizers.h"

static void visit_list(struct pfi_finalizer_list *list, pfi_slots_function *visit, void *context) {
    for (struct pfi_finalizer *node = list->first; node != NULL; node = node->next) {
        if (node->value != 0) {
            visit(context, (uintptr_t)&node->value, 1);
        }
    }
}

void pfi_finalizers_visit_ready(struct pfi_finalizer_queue *queue, pfi_slots_function *visit, void *context) {
    visit_list(&queue->ready, visit, context);
}

void pfi_finalizers_visit_registered(struct pfi_finalizer_queue *queue, int condemned, pfi_slots_function *visit,
                                     void *context) {
    for (int age = 0; age <= condemned; ++age) {
        visit_list(&queue->registered[age], visit, context);
    }
}
