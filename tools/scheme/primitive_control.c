/* SPDX-License-Identifier: MIT
 *
 * Procedures, errors, time, and the collector as a program sees it.
 */
#include <time.h>

#include "primitive.h"
#include "printer.h"
#include "vm_support.h"

static value primitive_is_procedure(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)count;
    return value_from_boolean(value_is_procedure(arguments[0]));
}

/* One value is itself; call-with-values (prelude.scm) takes the others apart again. */
static value primitive_values(struct machine *machine, value *arguments, size_t count) {
    return pack_values(machine, arguments, count);
}

static value primitive_values_to_list(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    PINFOLD_ROOTS(machine->thread, root, 2);
    root[0] = SCHEME_NIL;
    if (!value_has_type(arguments[0], &values_type)) {
        return pair_create(machine, &arguments[0], &root[0]);
    }
    for (size_t i = vector_of(arguments[0])->length; i > 0; i--) {
        root[1] = vector_of(arguments[0])->elements[i - 1];
        root[0] = pair_create(machine, &root[1], &root[0]);
    }
    return root[0];
}

/* The message as displayed, the irritants as written. */
static value primitive_error(struct machine *machine, value *arguments, size_t count) {
    struct text_buffer *text = &machine->scratch;
    text_buffer_clear(text);
    if (value_has_type(arguments[0], &string_type)) {
        print_value(machine, text, arguments[0], PRINT_DISPLAY);
    } else {
        print_excerpt(text, arguments[0]);
    }
    for (size_t i = 1; i < count; i++) {
        text_buffer_add_text(text, " ");
        print_excerpt(text, arguments[i]);
    }
    machine_error(machine, "%.*s", (int)text->length, text->length > 0 ? text->bytes : "");
}

static value primitive_exit(struct machine *machine, value *arguments, size_t count) {
    machine->exit_status = 0;
    if (count > 0 && value_is_fixnum(arguments[0])) {
        machine->exit_status = (int)(fixnum_of(arguments[0]) & 0xFF);
    } else if (count > 0 && arguments[0] == SCHEME_FALSE) {
        machine->exit_status = 1;
    }
    longjmp(*machine->fault_exit, MACHINE_EXIT_REQUESTED);
}

static value primitive_command_line(struct machine *machine, value *arguments, size_t count) {
    (void)arguments, (void)count;
    return machine->roots[ROOT_COMMAND_LINE];
}

static value primitive_current_jiffy(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)arguments, (void)count;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return value_from_fixnum((intptr_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

static value primitive_jiffies_per_second(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)arguments, (void)count;
    return value_from_fixnum(1000000);
}

/* --- the collector --- */

static value primitive_collect(struct machine *machine, value *arguments, size_t count) {
    int generation = 2;
    if (count > 0) {
        generation = (int)require_index(machine, "collect-garbage", arguments[0], 2);
    }
    pf_collect(machine->thread, generation, PINFOLD_COLLECT_DEFAULT);
    return SCHEME_UNSPECIFIED;
}

/* Pushes (name . figure) onto the list in *list. */
static void add_figure(struct machine *machine, value *list, const char *name, uint64_t figure) {
    PINFOLD_ROOTS(machine->thread, root, 2);
    root[0] = symbol_intern_ascii(machine, name);
    root[1] =
        figure <= (uint64_t)FIXNUM_MAX ? value_from_fixnum((intptr_t)figure) : flonum_create(machine, (double)figure);
    root[0] = pair_create(machine, &root[0], &root[1]);
    *list = pair_create(machine, &root[0], list);
}

static value primitive_statistics(struct machine *machine, value *arguments, size_t count) {
    (void)arguments, (void)count;
    struct pf_statistics figures;
    pf_heap_statistics(machine->heap, &figures);
    PINFOLD_ROOTS(machine->thread, root, 1);
    root[0] = SCHEME_NIL;
    add_figure(machine, &root[0], "pause-max-ns", figures.pause_max_ns);
    add_figure(machine, &root[0], "pause-total-ns", figures.pause_total_ns);
    add_figure(machine, &root[0], "committed-bytes", figures.committed_bytes);
    add_figure(machine, &root[0], "live-bytes", figures.live_bytes);
    add_figure(machine, &root[0], "heap-bytes", figures.heap_bytes);
    add_figure(machine, &root[0], "large-bytes", figures.generation_bytes[PINFOLD_LARGE]);
    add_figure(machine, &root[0], "generation-2-bytes", figures.generation_bytes[2]);
    add_figure(machine, &root[0], "generation-1-bytes", figures.generation_bytes[1]);
    add_figure(machine, &root[0], "generation-0-bytes", figures.generation_bytes[0]);
    add_figure(machine, &root[0], "allocated-bytes", figures.allocated_bytes);
    add_figure(machine, &root[0], "collections-2", figures.collections[2]);
    add_figure(machine, &root[0], "collections-1", figures.collections[1]);
    add_figure(machine, &root[0], "collections-0", figures.collections[0]);
    return root[0];
}

const struct primitive_definition control_primitives[] = {
    {"procedure?", primitive_is_procedure, 1, 1, SPECIAL_NONE},
    {"apply", NULL, 2, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_APPLY},
    {"%call/cc", NULL, 1, 1, SPECIAL_CALL_CC},
    {"values", primitive_values, 0, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"%values->list", primitive_values_to_list, 1, 1, SPECIAL_NONE},
    {"error", primitive_error, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"exit", primitive_exit, 0, 1, SPECIAL_NONE},
    {"command-line", primitive_command_line, 0, 0, SPECIAL_NONE},
    {"current-jiffy", primitive_current_jiffy, 0, 0, SPECIAL_NONE},
    {"jiffies-per-second", primitive_jiffies_per_second, 0, 0, SPECIAL_NONE},
    {"collect-garbage", primitive_collect, 0, 1, SPECIAL_NONE},
    {"gc-statistics", primitive_statistics, 0, 0, SPECIAL_NONE},
    {NULL, NULL, 0, 0, SPECIAL_NONE},
};
