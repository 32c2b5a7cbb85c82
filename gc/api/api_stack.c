/* SPDX-License-Identifier: MIT
 *
 * C stacks of threads, for heaps with the option conservative_stacks.
 */
#include "alloc/platform/check.h"
#include "alloc/platform/stack.h"
#include "gc/heap.h"
#include "pinfold/root.h"

void pf_thread_set_stack(struct pf_thread *thread, const void *low, const void *high) {
    PINFOLD_REQUIRE(thread != NULL && (low == NULL) == (high == NULL) && (uintptr_t)low <= (uintptr_t)high,
                    "pf_thread_set_stack: the thread is NULL, or [%p, %p) is no stack", low, high);
    struct pfi_stack *stack = thread->stack;
    if (stack != NULL) {
        stack->low = low == NULL ? stack->system_low : (uintptr_t)low;
        stack->high = low == NULL ? stack->system_high : (uintptr_t)high;
        stack->caller.ip = 0; /* the next stop is on this one */
    }
}
