/* SPDX-License-Identifier: MIT
 *
 * The machine: Pinfold's heap and everything of a running program that lies outside of it. Its roots are the value
 * stack below `top` and the array `roots`; one root source reports both (machine.c), so a value that has to survive an
 * allocation is on that stack, in `roots`, or in a PINFOLD_ROOTS scope.
 *
 * The value stack, one activation (higher addresses to the right):
 *
 *     ... | distance to the caller's frame | caller's pc | procedure | argument 0 | 1 ... locals, temporaries | top
 *                                                                      ^ frame
 *
 * Distance and pc are fixnums: nothing on the stack is an address of the stack or of code, so that it can grow, be
 * copied into a continuation and be scanned without a map.
 */
#ifndef SCHEME_MACHINE_H
#define SCHEME_MACHINE_H

#include <setjmp.h>

#include "arena.h"
#include "text_buffer.h"
#include "value.h"

enum machine_root {
    ROOT_SYMBOL_TABLE, /* vector of lists of symbols */
    ROOT_INPUT,        /* the current input port */
    ROOT_OUTPUT,       /* the current output port */
    ROOT_COMMAND_LINE, /* list of strings */
    ROOT_CODE,         /* the top-level form being run */
    ROOT_COUNT
};

enum {
    FRAME_DISTANCE = -3, /* slots of an activation, relative to its frame */
    FRAME_PC = -2,
    FRAME_PROCEDURE = -1,
    FRAME_LINK_SLOTS = 2, /* what lies below the procedure */
    /* Slots above stack_limit, for activations to be entered and for C code that pushes; see machine_push. */
    STACK_HEADROOM = 1 << 15,
    STACK_FIRST_SLOTS = 1 << 17,
    FAULT_SIZE = 1024
};

enum machine_exit { MACHINE_RUNNING, MACHINE_EXIT_FAULT, MACHINE_EXIT_REQUESTED };

/* A program that needs more is taken to recurse without end. */
static const size_t STACK_MOST_SLOTS = (size_t)1 << 25;

struct machine {
    struct pf_heap *heap;
    struct pf_thread *thread;
    struct pf_root_source root_source;
    value roots[ROOT_COUNT];
    value *stack;
    value *stack_limit; /* calls that would pass it make the stack grow first */
    value *stack_end;
    value *top; /* first free slot; current while C code runs for the interpreter, like frame and pc */
    value *frame;
    size_t pc; /* index of the instruction behind the one in progress */
    size_t symbol_count;
    bool is_loading_system;     /* code compiled now belongs to the prelude */
    struct text_buffer scratch; /* of the printing primitives */
    struct arena source;        /* syntax of the program */
    struct arena tree;          /* expressions of the form being compiled */
    struct arena data;          /* syntax that `read` makes data of */
    jmp_buf *fault_exit;        /* gets an enum machine_exit */
    int exit_status;            /* of MACHINE_EXIT_REQUESTED */
    uint32_t fault_line;        /* 0 = no line to tell */
    char fault[FAULT_SIZE];
};

/* Creates heap, stack, symbol table and primitives. On failure nothing is left, and `message` says why. */
bool machine_init(struct machine *machine, struct pf_message *message);
void machine_finish(struct machine *machine);

/* Sets the fault (one sentence, and the line of the program in which the machine is) and leaves for fault_exit. */
PINFOLD_NORETURN void machine_error(struct machine *machine, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
PINFOLD_NORETURN void machine_error_at(struct machine *machine, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "WHO: expected WHAT, got THING" */
PINFOLD_NORETURN void machine_type_error(struct machine *machine, const char *who, const char *what, value thing);

/* C code's own use of the stack, for values that have to survive an allocation. At most STACK_HEADROOM / 2 at a time.
 */
static inline void machine_push(struct machine *machine, value v) {
    *machine->top++ = v;
}
static inline value machine_pop(struct machine *machine) {
    return *--machine->top;
}

/* Makes room for `slots` above top plus the headroom; may move the stack. Leaves by machine_error at the limit. */
void machine_grow_stack(struct machine *machine, size_t slots);

/* The first `count` slots of the stack as a continuation; a safepoint. */
value machine_capture(struct machine *machine, size_t count);
/* The stack becomes what the continuation captured. */
void machine_reinstate(struct machine *machine, value continuation);

/* Line of the innermost activation that is the program's own, 0 if there is none. */
uint32_t machine_line(const struct machine *machine);

/* Runs compiled top-level code, ROOT_CODE, to its end. */
void machine_execute(struct machine *machine);

/* Reads a whole program, then compiles and runs it form after form. */
void machine_load(struct machine *machine, const uint32_t *characters, size_t length);

/* The symbol of this name; a safepoint. The characters lie outside the heap. */
value symbol_intern(struct machine *machine, const uint32_t *characters, size_t length);
value symbol_intern_ascii(struct machine *machine, const char *text);
/* The same for a heap string, which lies in a root. */
value symbol_intern_string(struct machine *machine, const value *string);
void symbol_table_create(struct machine *machine);

/* Gives every global variable a copy under its name: what has been compiled so far keeps the old ones, and no later
 * definition can change what it does. A safepoint. */
void symbol_table_seal(struct machine *machine);

/* The global variable that a symbol (in a root) names, created at first use; a safepoint. */
value symbol_cell(struct machine *machine, const value *symbol);

#endif
