/* SPDX-License-Identifier: MIT
 *
 * Walking the C stack: the only user of libunwind.
 */
#ifndef PINFOLD_PLATFORM_STACK_UNWIND_H
#define PINFOLD_PLATFORM_STACK_UNWIND_H

#include <stdio.h>

/* Prints a line for each frame of the calling thread, innermost first. */
void pfi_stack_print(FILE *stream);

#endif
