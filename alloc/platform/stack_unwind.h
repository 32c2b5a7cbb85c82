/* SPDX-License-Identifier: MIT
 *
 * Walking the C stack: the only user of libunwind.
 */
#ifndef PINFOLD_PLATFORM_STACK_UNWIND_H
#define PINFOLD_PLATFORM_STACK_UNWIND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "alloc/platform/stack.h"

/* Prints a line for each frame of the calling thread, innermost first. */
void pfi_stack_print(FILE *stream);

/* The return addresses of the calling thread's frames from the one that `from` returns to on, at most `capacity` >= 1;
 * at least that one, whatever can be found out. Returns how many. */
size_t pfi_stack_backtrace(uintptr_t from, void **addresses, size_t capacity);

/* A function that is active on a stack: it goes on at `ip`, and its frame is [sp, end). */
struct pfi_active_frame {
    uintptr_t ip;
    uintptr_t sp;
    uintptr_t end;
};

/* The frames of a thread that has stopped, from `stack->caller` on to where unwinding ends (at the latest at the
 * stack's base), until `visit` returns false. On processors for which nobody has written it, none. */
typedef bool pfi_active_frame_visit(void *context, const struct pfi_active_frame *frame);
void pfi_stack_unwind(const struct pfi_stack *stack, pfi_active_frame_visit *visit, void *context);

/* The function around the instruction before `address`; false, and an empty name, when nobody knows. */
bool pfi_function_name(uintptr_t address, char *name, size_t size, size_t *offset);

#endif
