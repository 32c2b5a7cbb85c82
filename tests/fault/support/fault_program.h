/* SPDX-License-Identifier: MIT
 *
 * Small programs, each of which uses one part of the library as a program does that knows that anything may be refused.
 * fault_run.h runs them while calls to the system fail.
 *
 *     heap, thread | open, work |          check          | close, thread, heap
 *     calls fail ..................  they do not ..........  calls fail ......
 *
 * A program keeps what it has in static storage of its own and starts anew with `open`, since each run but the first
 * ones has a process for itself. What does not hold ends in replay_fail.
 */
#ifndef TESTS_FAULT_SUPPORT_FAULT_PROGRAM_H
#define TESTS_FAULT_SUPPORT_FAULT_PROGRAM_H

#include "pinfold/pinfold.h"

enum { FAULT_SETTINGS = 8 /* the last stays NULL */ };

struct fault_setting {
    const char *name;
    const char *text;
};

/* What a program gets. */
struct fault_scene {
    struct pf_heap *heap;
    struct pf_thread *thread; /* NULL when the program has detached it */
    uint64_t seed;
};

struct fault_program {
    const char *name;
    /* 1: the defaults of the library; 0: the smallest segments and budgets, and an arena of 16 MiB. Without the
     * environment in both cases. */
    int is_default;
    /* 1: there must be nothing that an earlier run has made once for the process. Such programs come first. */
    int is_cold;
    struct fault_setting settings[FAULT_SETTINGS];
    void (*open)(struct fault_scene *scene);  /* nothing that can be refused */
    void (*work)(struct fault_scene *scene);  /* what is refused is left out */
    void (*check)(struct fault_scene *scene); /* everything is as `work` has left it, and nothing is refused now */
    void (*close)(struct fault_scene *scene);
};

/* Those that draw from the seed are in fault_shadow_programs. */
int fault_program_is_random(const struct fault_program *program);

size_t fault_program_count(void);
const struct fault_program *fault_program(size_t index);

/* NULL: there is none of this name. */
const struct fault_program *fault_program_named(const char *name);

/* The tables that all of them are in, one for each program_*.c. */
struct fault_program_table {
    const struct fault_program *programs;
    size_t count;
};
extern const struct fault_program_table fault_first_programs;
extern const struct fault_program_table fault_shadow_programs;
extern const struct fault_program_table fault_handle_programs;
extern const struct fault_program_table fault_heap_programs;
extern const struct fault_program_table fault_thread_programs;

#endif
