/* SPDX-License-Identifier: MIT
 *
 * Creating the machine, its roots, its stack, and the way out of an error.
 */
#include "machine.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "primitive.h"
#include "printer.h"

/* Slots of the value stack that are in use, and the fixed roots: each once, the same in every pass of a collection. */
static void enumerate_roots(struct pf_visitor *visitor, void *data) {
    struct machine *machine = data;
    pf_visit_slots(visitor, machine->roots, ROOT_COUNT);
    pf_visit_slots(visitor, machine->stack, (size_t)(machine->top - machine->stack));
}

static int report_out_of_memory(struct pf_thread *thread, size_t size, void *data) {
    (void)thread;
    machine_error(data, "out of memory: the heap has no room for an object of %zu bytes", size);
}

static bool stack_init(struct machine *machine) {
    machine->stack = malloc(STACK_FIRST_SLOTS * sizeof(value));
    if (machine->stack == NULL) {
        return false;
    }
    machine->top = machine->stack;
    machine->stack_end = machine->stack + STACK_FIRST_SLOTS;
    machine->stack_limit = machine->stack_end - STACK_HEADROOM;
    return true;
}

static bool heap_init(struct machine *machine, struct pf_message *message) {
    struct pf_options options;
    pf_options_init(&options);
    if (pf_options_from_environment(&options, message) != PINFOLD_OK) {
        return false;
    }
    options.ref_tag_mask = TAG_MASK;
    options.ref_tags = 1u << TAG_REFERENCE;
    if (pf_heap_create(&options, &machine->heap, message) != PINFOLD_OK) {
        return false;
    }
    enum pf_status status = pf_thread_attach(machine->heap, &machine->thread);
    if (status != PINFOLD_OK) {
        snprintf(message->text, sizeof message->text, "%s", pf_status_text(status));
        pf_heap_destroy(machine->heap);
        return false;
    }
    return true;
}

bool machine_init(struct machine *machine, struct pf_message *message) {
    *machine = (struct machine){0};
    if (!stack_init(machine)) {
        snprintf(message->text, sizeof message->text, "no memory for the value stack");
        return false;
    }
    if (!heap_init(machine, message)) {
        free(machine->stack);
        return false;
    }
    for (size_t i = 0; i < ROOT_COUNT; i++) {
        machine->roots[i] = SCHEME_FALSE;
    }
    machine->root_source = (struct pf_root_source){.enumerate = enumerate_roots, .data = machine};
    pf_root_source_add(machine->heap, &machine->root_source);
    pf_heap_set_out_of_memory_handler(machine->heap, report_out_of_memory, machine);
    return true;
}

void machine_finish(struct machine *machine) {
    pf_root_source_remove(machine->heap, &machine->root_source);
    pf_thread_detach(machine->thread);
    pf_heap_destroy(machine->heap);
    free(machine->stack);
    text_buffer_finish(&machine->scratch);
    arena_finish(&machine->source);
    arena_finish(&machine->tree);
    arena_finish(&machine->data);
}

/* --- the stack --- */

void machine_grow_stack(struct machine *machine, size_t slots) {
    size_t used = (size_t)(machine->top - machine->stack);
    size_t frame = machine->frame == NULL ? 0 : (size_t)(machine->frame - machine->stack);
    size_t needed = used + slots + STACK_HEADROOM;
    if (needed <= (size_t)(machine->stack_end - machine->stack)) {
        return;
    }
    size_t size = (size_t)(machine->stack_end - machine->stack);
    while (size < needed) {
        size *= 2;
    }
    value *stack = size <= STACK_MOST_SLOTS ? realloc(machine->stack, size * sizeof *stack) : NULL;
    if (stack == NULL) {
        machine_error(machine, "the recursion is too deep: calls that have not returned fill %zu MiB",
                      used * sizeof *stack >> 20);
    }
    machine->stack = stack;
    machine->stack_end = stack + size;
    machine->stack_limit = machine->stack_end - STACK_HEADROOM;
    machine->top = stack + used;
    machine->frame = machine->frame == NULL ? NULL : stack + frame;
}

value machine_capture(struct machine *machine, size_t count) {
    struct continuation *continuation = pf_alloc_array(machine->thread, &continuation_type, count);
    memcpy(continuation->slots, machine->stack, count * sizeof *machine->stack);
    return continuation;
}

void machine_reinstate(struct machine *machine, value continuation) {
    const struct continuation *captured = continuation;
    machine->top = machine->stack;
    machine->frame = NULL;
    machine_grow_stack(machine, captured->length);
    memcpy(machine->stack, captured->slots, captured->length * sizeof *machine->stack);
    machine->top = machine->stack + captured->length;
}

/* --- errors --- */

/* Line of the instruction before the one at `pc`, or of the first one. */
static uint32_t code_line(const struct code *code, size_t pc) {
    const struct string *lines = code->lines;
    uint32_t line = 0;
    for (size_t i = 0; i + 1 < lines->length && (i == 0 || lines->characters[i] < pc); i += 2) {
        line = lines->characters[i + 1];
    }
    return line;
}

uint32_t machine_line(const struct machine *machine) {
    const value *frame = machine->frame;
    size_t pc = machine->pc;
    while (frame != NULL) {
        const struct code *code = code_of(closure_of(frame[FRAME_PROCEDURE])->code);
        if (!code->is_system) {
            return code_line(code, pc);
        }
        intptr_t distance = fixnum_of(frame[FRAME_DISTANCE]);
        pc = (size_t)fixnum_of(frame[FRAME_PC]);
        frame = distance == 0 ? NULL : frame - distance;
    }
    return 0;
}

static void machine_fault(struct machine *machine, uint32_t line, const char *format, va_list arguments) {
    vsnprintf(machine->fault, sizeof machine->fault, format, arguments);
    machine->fault_line = line;
}

void machine_error(struct machine *machine, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    machine_fault(machine, machine_line(machine), format, arguments);
    va_end(arguments);
    longjmp(*machine->fault_exit, MACHINE_EXIT_FAULT);
}

void machine_error_at(struct machine *machine, uint32_t line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    machine_fault(machine, line, format, arguments);
    va_end(arguments);
    longjmp(*machine->fault_exit, MACHINE_EXIT_FAULT);
}

void machine_type_error(struct machine *machine, const char *who, const char *what, value thing) {
    text_buffer_clear(&machine->scratch);
    print_excerpt(&machine->scratch, thing);
    machine_error(machine, "%s: expected %s, got %.*s", who, what, (int)machine->scratch.length,
                  machine->scratch.length > 0 ? machine->scratch.bytes : "");
}
