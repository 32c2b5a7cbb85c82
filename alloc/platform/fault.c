/* SPDX-License-Identifier: MIT
 *
 * Part of libraries with PINFOLD_FAULTS=1 only. Counters are words, so that several threads may pass at once: the
 * number that a call gets decides, and each number is given once.
 */
#include "alloc/platform/fault.h"

#include "alloc/platform/atomics.h"

struct site {
    const char *name;
    const char *call;
    int error;
};

static const struct site sites[PINFOLD_FAULT_ANY] = {
#define SITE(name, error, call) {#name, call, error},
    PINFOLD_FAULT_SITES(SITE)
#undef SITE
};

static struct pfi_fault_plan armed;
static uintptr_t is_on;
static uintptr_t counted;
static uintptr_t hits[PINFOLD_FAULT_ANY];
static uintptr_t failures[PINFOLD_FAULT_ANY];

/* 1 for the first. */
static uintptr_t next_number(uintptr_t *counter) {
    uintptr_t seen = pfi_word_load(counter);
    for (;;) {
        uintptr_t found = pfi_word_compare_and_swap(counter, seen, seen + 1);
        if (found == seen) {
            return seen + 1;
        }
        seen = found;
    }
}

bool pfi_fault(enum pfi_fault_site site, size_t size) {
    if (pfi_word_load_acquire(&is_on) == 0) {
        return false;
    }
    pfi_word_add(&hits[site], 1);
    if ((armed.site != site && armed.site != PINFOLD_FAULT_ANY) || size < armed.smallest) {
        return false;
    }
    uintptr_t number = next_number(&counted);
    if (armed.first == 0 || number < armed.first || number - armed.first >= armed.count) {
        return false;
    }
    pfi_word_add(&failures[site], 1);
    errno = armed.error != 0 ? armed.error : sites[site].error;
    return true;
}

void pfi_fault_arm(const struct pfi_fault_plan *plan) {
    pfi_fault_pause();
    armed = *plan;
    counted = 0;
    for (int site = 0; site < PINFOLD_FAULT_ANY; ++site) {
        hits[site] = 0;
        failures[site] = 0;
    }
    pfi_fault_go_on();
}

void pfi_fault_pause(void) {
    pfi_word_store_release(&is_on, 0);
}

void pfi_fault_go_on(void) {
    pfi_word_store_release(&is_on, 1);
}

uintptr_t pfi_fault_counted(void) {
    return pfi_word_load(&counted);
}

uintptr_t pfi_fault_hits(enum pfi_fault_site site) {
    return pfi_word_load(&hits[site]);
}

uintptr_t pfi_fault_failures(enum pfi_fault_site site) {
    return pfi_word_load(&failures[site]);
}

const char *pfi_fault_name(enum pfi_fault_site site) {
    return sites[site].name;
}

const char *pfi_fault_call(enum pfi_fault_site site) {
    return sites[site].call;
}
