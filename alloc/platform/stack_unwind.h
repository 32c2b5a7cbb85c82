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

/* The function around the instruction before `address`; false, and an empty name, when nobody knows. */
bool pfi_function_name(uintptr_t address, char *name, size_t size, size_t *offset);

#endif
