/* SPDX-License-Identifier: MIT */
#include "gc/state/best_fit.h"

#include "alloc/platform/bitmap.h"

/* Every plug of a class fits every run of it: a rest that could not hold a free object is ruled out by counting one to
 * the plug. */
static unsigned class_of_plug(size_t size) {
    return pfi_bits_highest(size + PINFOLD_MIN_OBJECT - 1) + 1;
}
static unsigned class_of_run(size_t size) {
    return pfi_bits_highest(size);
}

void pfi_best_fit_open(struct pfi_best_fit *fit) {
    fit->wanted_bytes = 0;
    fit->offered_bytes = 0;
    fit->run_count = 0;
    for (unsigned class = 0; class < PINFOLD_FIT_CLASSES; ++class) {
        fit->wanted[class] = 0;
        fit->heads[class] = PINFOLD_FIT_NONE;
    }
}

void pfi_best_fit_want(struct pfi_best_fit *fit, size_t size) {
    ++fit->wanted[class_of_plug(size)];
    fit->wanted_bytes += size;
}

static void push(struct pfi_best_fit *fit, int index) {
    struct pfi_fit_run *run = &fit->runs[index];
    if (run->end - run->ptr >= PINFOLD_MIN_OBJECT) {
        unsigned class = class_of_run(run->end - run->ptr);
        run->next = fit->heads[class];
        fit->heads[class] = index;
    }
}

bool pfi_best_fit_offer(struct pfi_best_fit *fit, uintptr_t start, uintptr_t end, struct pfi_pin_entry *pin) {
    if (fit->run_count == PINFOLD_FIT_RUNS || end - start < PINFOLD_MIN_OBJECT) {
        return false;
    }
    fit->runs[fit->run_count] = (struct pfi_fit_run){start, end, pin, PINFOLD_FIT_NONE};
    fit->offered_bytes += end - start;
    push(fit, fit->run_count++);
    return true;
}

bool pfi_best_fit_suffices(const struct pfi_best_fit *fit) {
    if (fit->offered_bytes < fit->wanted_bytes) {
        return false;
    }
    size_t left = 0; /* runs, or halves of larger ones, of the class at hand */
    for (unsigned class = PINFOLD_FIT_CLASSES; class -- > 0;) {
        left *= 2;
        for (int index = fit->heads[class]; index != PINFOLD_FIT_NONE; index = fit->runs[index].next) {
            ++left;
        }
        if (left < fit->wanted[class]) {
            return false;
        }
        left -= fit->wanted[class];
    }
    return true;
}

uintptr_t pfi_best_fit_take(struct pfi_best_fit *fit, size_t size) {
    for (unsigned class = class_of_plug(size); class < PINFOLD_FIT_CLASSES; ++class) {
        int index = fit->heads[class];
        if (index != PINFOLD_FIT_NONE) {
            struct pfi_fit_run *run = &fit->runs[index];
            uintptr_t place = run->ptr;
            fit->heads[class] = run->next;
            run->ptr += size;
            push(fit, index);
            return place;
        }
    }
    return 0;
}
