/* SPDX-License-Identifier: MIT */
#include "alloc/platform/stack.h"

#include <errno.h>
#include <pthread.h>

#include "alloc/platform/check.h"
#include "alloc/platform/fault.h"

bool pfi_stack_init(struct pfi_stack *stack) {
    pthread_attr_t attributes;
    void *address;
    size_t size;
    int saved_errno = errno;
    int error = pfi_fault(PINFOLD_FAULT_STACK_BOUNDS, 0) ? errno : pthread_getattr_np(pthread_self(), &attributes);
    errno = saved_errno;
    if (error != 0) {
        return false;
    }
    bool is_known = pthread_attr_getstack(&attributes, &address, &size) == 0;
    pthread_attr_destroy(&attributes);
    if (is_known) {
        *stack = (struct pfi_stack){.low = (uintptr_t)address, .high = (uintptr_t)address + size};
        stack->system_low = stack->low;
        stack->system_high = stack->high;
    }
    return is_known;
}

/* A word at a time and volatile, so that this does not become a call of memcpy, which sanitizers watch. */
__attribute__((noinline, no_sanitize("address", "thread"))) void pfi_stack_copy(uintptr_t *to, uintptr_t from,
                                                                                size_t count) {
    const volatile uintptr_t *words = (const volatile uintptr_t *)from;
    volatile uintptr_t *place = to;
    for (size_t index = 0; index < count; ++index) {
        place[index] = words[index];
    }
}

/* A frame below that of pfi_stack_note, so that the copy has all of the latter. */
__attribute__((noinline)) static void copy_near(struct pfi_stack *stack) {
    stack->from = (uintptr_t)__builtin_frame_address(0);
    size_t rest = (stack->high - stack->from) / sizeof(uintptr_t);
    stack->near_count = rest < PINFOLD_STACK_NEAR_WORDS ? rest : PINFOLD_STACK_NEAR_WORDS;
    pfi_stack_copy(stack->near, stack->from, stack->near_count);
}

__attribute__((noinline)) void pfi_stack_note(struct pfi_stack *stack, struct pfi_caller caller) {
    __builtin_unwind_init(); /* puts all registers that calls preserve into this frame */
    PINFOLD_REQUIRE(
        pfi_stack_contains(stack, caller.sp),
        "a thread has stopped at %#zx, outside its stack [%#zx, %#zx): pf_thread_set_stack tells of another",
        (size_t)caller.sp, (size_t)stack->low, (size_t)stack->high);
    stack->caller = caller;
    copy_near(stack);
    __asm__ volatile("" ::: "memory"); /* the call before must not become a jump out of this frame */
}
