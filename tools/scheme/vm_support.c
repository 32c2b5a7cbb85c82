/* SPDX-License-Identifier: MIT
 *
 * What the interpreter's rarer instructions do, and the errors that instructions find.
 */
#include "vm_support.h"

#include "primitive.h"
#include "printer.h"

/* --- errors --- */

void arity_error(struct machine *machine, value procedure, size_t count) {
    char expected[64];
    uintptr_t least, most;
    value name;
    if (value_has_type(procedure, &closure_type)) {
        const struct code *code = code_of(closure_of(procedure)->code);
        least = code->required;
        most = code->has_rest ? ANY_NUMBER_OF_ARGUMENTS : least;
        name = code->name;
    } else {
        const struct primitive *primitive = procedure;
        least = primitive->least;
        most = primitive->most;
        name = primitive->name;
    }
    if (most == ANY_NUMBER_OF_ARGUMENTS) {
        snprintf(expected, sizeof expected, "at least %zu", (size_t)least);
    } else if (most > least) {
        snprintf(expected, sizeof expected, "%zu to %zu", (size_t)least, (size_t)most);
    } else {
        snprintf(expected, sizeof expected, "%zu", (size_t)least);
    }
    text_buffer_clear(&machine->scratch);
    if (name == SCHEME_FALSE) {
        text_buffer_add_text(&machine->scratch, "a procedure without a name");
    } else {
        print_excerpt(&machine->scratch, name);
    }
    machine_error(machine, "%.*s: expected %s argument%s, got %zu", (int)machine->scratch.length,
                  machine->scratch.bytes, expected, most == 1 || (least == 1 && most != least) ? "" : "s", count);
}

void call_error(struct machine *machine, value thing) {
    text_buffer_clear(&machine->scratch);
    print_excerpt(&machine->scratch, thing);
    machine_error(machine, "%.*s is not a procedure and cannot be called", (int)machine->scratch.length,
                  machine->scratch.bytes);
}

void undefined_error(struct machine *machine, value cell) {
    text_buffer_clear(&machine->scratch);
    print_excerpt(&machine->scratch, ((struct cell *)cell)->symbol);
    machine_error(machine, "%.*s is not defined", (int)machine->scratch.length, machine->scratch.bytes);
}

void unassigned_error(struct machine *machine) {
    machine_error(machine, "a variable is used before its definition has given it a value");
}

/* --- helpers of single instructions --- */

value *collect_rest(struct machine *machine, value *frame, size_t required, size_t count) {
    value nil = SCHEME_NIL;
    machine_push(machine, SCHEME_NIL);
    value *list = machine->top - 1;
    for (size_t i = count; i > required; i--) {
        struct pair *pair = pair_of(pair_create(machine, &frame[i - 1], &nil));
        pair->cdr = *list;
        *list = pair;
    }
    frame[required] = *list;
    machine->top = frame + required + 1;
    return machine->top;
}

size_t spread_list(struct machine *machine) {
    size_t count = require_list(machine, "apply", machine->top[-1]);
    machine_grow_stack(machine, count);
    value list = machine_pop(machine);
    for (; list != SCHEME_NIL; list = pair_of(list)->cdr) {
        machine_push(machine, pair_of(list)->car);
    }
    return count;
}

value pack_values(struct machine *machine, const value *arguments, size_t count) {
    if (count == 1) {
        return arguments[0];
    }
    struct vector *values = pf_alloc_array(machine->thread, &values_type, count);
    for (size_t i = 0; i < count; i++) {
        values->elements[i] = arguments[i];
    }
    return values;
}

value make_closure(struct machine *machine, const value *code, const value *captured, size_t count) {
    struct closure *closure = pf_alloc_array(machine->thread, &closure_type, count + 1);
    closure->code = *code;
    for (size_t i = 0; i < count; i++) {
        closure->captured[i] = captured[i];
    }
    return closure;
}

value append_two(struct machine *machine, const value *list, const value *tail) {
    PINFOLD_ROOTS(machine->thread, root, 3);
    enum { REST, FIRST, LAST };
    value nil = SCHEME_NIL;
    for (root[REST] = *list; value_has_type(root[REST], &pair_type); root[REST] = pair_of(root[REST])->cdr) {
        PINFOLD_ROOTS(machine->thread, item, 1);
        item[0] = pair_of(root[REST])->car;
        value pair = pair_create(machine, &item[0], &nil);
        if (root[FIRST] == NULL) {
            root[FIRST] = pair;
        } else {
            pf_store(machine->thread, &pair_of(root[LAST])->cdr, pair);
        }
        root[LAST] = pair;
    }
    if (root[REST] != SCHEME_NIL) {
        machine_type_error(machine, "unquote-splicing", "a list", *list);
    }
    if (root[FIRST] == NULL) {
        return *tail;
    }
    pf_store(machine->thread, &pair_of(root[LAST])->cdr, *tail);
    return root[FIRST];
}

value list_to_vector(struct machine *machine, const value *list) {
    size_t count = 0;
    value nil = SCHEME_NIL;
    for (value rest = *list; value_has_type(rest, &pair_type); rest = pair_of(rest)->cdr) {
        count++;
    }
    struct vector *vector = vector_of(vector_create(machine, count, &nil));
    value rest = *list;
    for (size_t i = 0; i < count; i++, rest = pair_of(rest)->cdr) {
        vector->elements[i] = pair_of(rest)->car;
    }
    return vector;
}
