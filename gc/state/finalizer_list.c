/* SPDX-License-Identifier: MIT */
#include "gc/state/finalizer_list.h"

struct pfi_finalizer *pfi_finalizer_list_take(struct pfi_finalizer_list *list) {
    struct pfi_finalizer *node = list->first;
    if (node != NULL) {
        list->first = node->next;
        --list->count;
    }
    return node;
}

void pfi_finalizer_list_join(struct pfi_finalizer_list *list, struct pfi_finalizer_list *tail) {
    if (tail->first != NULL) {
        if (list->first == NULL) {
            list->first = tail->first;
        } else {
            list->last->next = tail->first;
        }
        list->last = tail->last;
        list->count += tail->count;
    }
    *tail = (struct pfi_finalizer_list){NULL, NULL, 0};
}

/* Takes the run of rising numbers at the front of `rest`. */
static struct pfi_finalizer_list take_run(struct pfi_finalizer_list *rest) {
    struct pfi_finalizer_list run = {NULL, NULL, 0};
    do {
        pfi_finalizer_list_append(&run, pfi_finalizer_list_take(rest));
    } while (rest->first != NULL && rest->first->number > run.last->number);
    return run;
}

static struct pfi_finalizer_list merge(struct pfi_finalizer_list left, struct pfi_finalizer_list right) {
    struct pfi_finalizer_list merged = {NULL, NULL, 0};
    while (left.first != NULL && right.first != NULL) {
        struct pfi_finalizer_list *from = left.first->number < right.first->number ? &left : &right;
        pfi_finalizer_list_append(&merged, pfi_finalizer_list_take(from));
    }
    pfi_finalizer_list_join(&merged, &left);
    pfi_finalizer_list_join(&merged, &right);
    return merged;
}

/* A merge sort of natural runs. Slot i holds nothing, or what 2^i runs were merged to: like a binary counter. */
void pfi_finalizer_list_sort(struct pfi_finalizer_list *list) {
    enum { SLOTS = 8 * sizeof(size_t) };
    struct pfi_finalizer_list slots[SLOTS] = {{NULL, NULL, 0}};
    while (list->first != NULL) {
        struct pfi_finalizer_list carry = take_run(list);
        unsigned slot = 0;
        for (; slots[slot].first != NULL; ++slot) {
            carry = merge(slots[slot], carry);
            slots[slot].first = NULL;
        }
        slots[slot] = carry;
    }
    for (unsigned slot = 0; slot < SLOTS; ++slot) {
        if (slots[slot].first != NULL) {
            *list = merge(*list, slots[slot]);
        }
    }
}
