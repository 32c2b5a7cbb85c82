/* SPDX-License-Identifier: MIT
 *
 * For tests of conservative stacks: knowing an object's address without holding it, and stacks without old words.
 */
#ifndef TESTS_SUPPORT_HIDING_H
#define TESTS_SUPPORT_HIDING_H

#include "tests/support/fixture.h"

/* What a disguised address (~address) refers to, for asking without holding a reference; never computed before it is
 * needed. */
static inline void *hidden_address(uintptr_t disguised) {
    __asm__ volatile("" : "+r"(disguised));
    return (void *)~disguised;
}

/* Whether an object still begins there. */
static inline int hidden_is_alive(const struct pf_thread *thread, uintptr_t disguised) {
    return pf_object_containing(thread, hidden_address(disguised)) == hidden_address(disguised);
}

/* Overwrites the stack below the caller, where calls have left what they held. */
__attribute__((noinline, unused, no_sanitize("address", "thread"))) static void hidden_wipe_stack(void) {
    volatile char wiped[16384];
    for (size_t i = 0; i < sizeof wiped; i++) {
        wiped[i] = 0;
    }
}

/* A node behind garbage, so that a compaction that may move it does; disguised. */
__attribute__((noinline, unused)) static uintptr_t hidden_node(struct pf_thread *thread, uintptr_t key) {
    for (int i = 0; i < 10; i++) {
        (void)fixture_node(thread, 0);
    }
    return ~(uintptr_t)fixture_node(thread, key);
}

#endif
