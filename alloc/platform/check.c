/* SPDX-License-Identifier: MIT
 *
 * The end of the road: one sentence, a backtrace, abort.
 */
#include "alloc/platform/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "alloc/platform/stack_unwind.h"

/* The handler is process wide by contract and set before the first heap exists. */
static pf_fatal_handler *fatal_handler;
static _Thread_local const char *current_phase;
static _Thread_local unsigned long long current_collection;

void pf_set_fatal_handler(pf_fatal_handler *handler) {
    fatal_handler = handler;
}

void pfi_check_set_phase(const char *phase, unsigned long long collection) {
    current_phase = phase;
    current_collection = collection;
}

void pfi_fatal(const char *format, ...) {
    char sentence[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (current_phase != NULL && length >= 0 && (size_t)length < sizeof sentence) {
        snprintf(sentence + length, sizeof sentence - (size_t)length, " [in %s of collection %llu]", current_phase,
                 current_collection);
    }
    if (fatal_handler != NULL) {
        fatal_handler(sentence);
    }
    fprintf(stderr, "pinfold: %s\n", sentence);
    pfi_stack_print(stderr);
    abort();
}
