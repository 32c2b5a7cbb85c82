/* SPDX-License-Identifier: MIT
 *
 * Pairs, lists, and the equivalences.
 */
#include "primitive.h"

static value primitive_cons(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    return pair_create(machine, &arguments[0], &arguments[1]);
}

static value primitive_car(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    require_type(machine, "car", arguments[0], &pair_type, "a pair");
    return pair_of(arguments[0])->car;
}

static value primitive_cdr(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    require_type(machine, "cdr", arguments[0], &pair_type, "a pair");
    return pair_of(arguments[0])->cdr;
}

static value primitive_set_car(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    require_type(machine, "set-car!", arguments[0], &pair_type, "a pair");
    pf_store(machine->thread, &pair_of(arguments[0])->car, arguments[1]);
    return SCHEME_UNSPECIFIED;
}

static value primitive_set_cdr(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    require_type(machine, "set-cdr!", arguments[0], &pair_type, "a pair");
    pf_store(machine->thread, &pair_of(arguments[0])->cdr, arguments[1]);
    return SCHEME_UNSPECIFIED;
}

static value primitive_is_pair(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)count;
    return value_from_boolean(value_has_type(arguments[0], &pair_type));
}

static value primitive_is_null(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)count;
    return value_from_boolean(arguments[0] == SCHEME_NIL);
}

static value primitive_is_list(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)count;
    return value_from_boolean(list_length(arguments[0]) >= 0);
}

/* The last argument becomes the rest of the list, one pair after the other in front of it. */
static value primitive_list(struct machine *machine, value *arguments, size_t count) {
    PINFOLD_ROOTS(machine->thread, root, 1);
    root[0] = SCHEME_NIL;
    for (size_t i = count; i > 0; i--) {
        root[0] = pair_create(machine, &arguments[i - 1], &root[0]);
    }
    return root[0];
}

static value primitive_cons_star(struct machine *machine, value *arguments, size_t count) {
    PINFOLD_ROOTS(machine->thread, root, 1);
    root[0] = arguments[count - 1];
    for (size_t i = count - 1; i > 0; i--) {
        root[0] = pair_create(machine, &arguments[i - 1], &root[0]);
    }
    return root[0];
}

static value primitive_make_list(struct machine *machine, value *arguments, size_t count) {
    PINFOLD_ROOTS(machine->thread, root, 2);
    root[0] = SCHEME_NIL;
    root[1] = count > 1 ? arguments[1] : SCHEME_UNSPECIFIED;
    for (size_t i = require_length(machine, "make-list", arguments[0], &vector_type); i > 0; i--) {
        root[0] = pair_create(machine, &root[1], &root[0]);
    }
    return root[0];
}

static value primitive_length(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    return value_from_size(require_list(machine, "length", arguments[0]));
}

static value primitive_reverse(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    require_list(machine, "reverse", arguments[0]);
    PINFOLD_ROOTS(machine->thread, root, 2);
    root[0] = SCHEME_NIL;
    for (; arguments[0] != SCHEME_NIL; arguments[0] = pair_of(arguments[0])->cdr) {
        root[1] = pair_of(arguments[0])->car;
        root[0] = pair_create(machine, &root[1], &root[0]);
    }
    return root[0];
}

/* A copy of the list `*list`, which is consumed, ending in *tail. */
static value copy_onto(struct machine *machine, value *list, const value *tail) {
    PINFOLD_ROOTS(machine->thread, root, 3);
    enum { FIRST, LAST, ITEM };
    value nil = SCHEME_NIL;
    if (*list == SCHEME_NIL) {
        return *tail;
    }
    for (; value_has_type(*list, &pair_type); *list = pair_of(*list)->cdr) {
        root[ITEM] = pair_of(*list)->car;
        value pair = pair_create(machine, &root[ITEM], &nil);
        if (root[FIRST] == NULL) {
            root[FIRST] = pair;
        } else {
            pf_store(machine->thread, &pair_of(root[LAST])->cdr, pair);
        }
        root[LAST] = pair;
    }
    pf_store(machine->thread, &pair_of(root[LAST])->cdr, *tail);
    return root[FIRST];
}

static value primitive_append(struct machine *machine, value *arguments, size_t count) {
    PINFOLD_ROOTS(machine->thread, root, 1);
    root[0] = count == 0 ? SCHEME_NIL : arguments[count - 1];
    for (size_t i = count; i-- > 1;) {
        require_list(machine, "append", arguments[i - 1]);
        root[0] = copy_onto(machine, &arguments[i - 1], &root[0]);
    }
    return root[0];
}

static value primitive_list_copy(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    require_list(machine, "list-copy", arguments[0]);
    value nil = SCHEME_NIL;
    return copy_onto(machine, &arguments[0], &nil);
}

/* The list without its first `index` elements, which need not end in (). */
static value tail_of(struct machine *machine, const char *who, value list, value index) {
    size_t rest = require_index(machine, who, index, SIZE_MAX / 2);
    for (; rest > 0; rest--) {
        if (!value_has_type(list, &pair_type)) {
            machine_error(machine, "%s: the list has fewer than %zd elements", who, fixnum_of(index));
        }
        list = pair_of(list)->cdr;
    }
    return list;
}

static value primitive_list_tail(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    return tail_of(machine, "list-tail", arguments[0], arguments[1]);
}

static value primitive_list_ref(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    value tail = tail_of(machine, "list-ref", arguments[0], arguments[1]);
    if (!value_has_type(tail, &pair_type)) {
        machine_error(machine, "list-ref: the list has no element %zd", fixnum_of(arguments[1]));
    }
    return pair_of(tail)->car;
}

static value primitive_list_set(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    value tail = tail_of(machine, "list-set!", arguments[0], arguments[1]);
    if (!value_has_type(tail, &pair_type)) {
        machine_error(machine, "list-set!: the list has no element %zd", fixnum_of(arguments[1]));
    }
    pf_store(machine->thread, &pair_of(tail)->car, arguments[2]);
    return SCHEME_UNSPECIFIED;
}

/* --- equivalence and searching --- */

enum equivalence { EQ, EQV, EQUAL };

static bool are_equivalent(struct machine *machine, enum equivalence equivalence, value a, value b) {
    switch (equivalence) {
    case EQ:
        return a == b;
    case EQV:
        return value_is_eqv(a, b);
    case EQUAL:
        break;
    }
    return value_is_equal(machine, a, b);
}

static value find_member(struct machine *machine, const char *who, const value *arguments,
                         enum equivalence equivalence) {
    value list = arguments[1];
    for (; value_has_type(list, &pair_type); list = pair_of(list)->cdr) {
        if (are_equivalent(machine, equivalence, arguments[0], pair_of(list)->car)) {
            return list;
        }
    }
    if (list != SCHEME_NIL) {
        machine_type_error(machine, who, "a list", arguments[1]);
    }
    return SCHEME_FALSE;
}

static value find_association(struct machine *machine, const char *who, const value *arguments,
                              enum equivalence equivalence) {
    value list = arguments[1];
    for (; value_has_type(list, &pair_type); list = pair_of(list)->cdr) {
        value entry = pair_of(list)->car;
        if (!value_has_type(entry, &pair_type)) {
            machine_type_error(machine, who, "a list of pairs", arguments[1]);
        }
        if (are_equivalent(machine, equivalence, arguments[0], pair_of(entry)->car)) {
            return entry;
        }
    }
    if (list != SCHEME_NIL) {
        machine_type_error(machine, who, "a list of pairs", arguments[1]);
    }
    return SCHEME_FALSE;
}

#define SEARCHING_PRIMITIVES(suffix_, letter_, equivalence_)                                       \
    static value primitive_mem##suffix_(struct machine *machine, value *arguments, size_t count) { \
        (void)count;                                                                               \
        return find_member(machine, "mem" letter_, arguments, equivalence_);                       \
    }                                                                                              \
    static value primitive_ass##suffix_(struct machine *machine, value *arguments, size_t count) { \
        (void)count;                                                                               \
        return find_association(machine, "ass" letter_, arguments, equivalence_);                  \
    }
SEARCHING_PRIMITIVES(q, "q", EQ)
SEARCHING_PRIMITIVES(v, "v", EQV)
SEARCHING_PRIMITIVES(equal, "oc or member", EQUAL)

static value primitive_is_eq(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)count;
    return value_from_boolean(arguments[0] == arguments[1]);
}

static value primitive_is_eqv(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)count;
    return value_from_boolean(value_is_eqv(arguments[0], arguments[1]));
}

static value primitive_is_equal(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    return value_from_boolean(value_is_equal(machine, arguments[0], arguments[1]));
}

static value primitive_not(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)count;
    return value_from_boolean(arguments[0] == SCHEME_FALSE);
}

static value primitive_is_boolean(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)count;
    return value_from_boolean(arguments[0] == SCHEME_FALSE || arguments[0] == SCHEME_TRUE);
}

const struct primitive_definition list_primitives[] = {
    {"cons", primitive_cons, 2, 2, SPECIAL_NONE},
    {"car", primitive_car, 1, 1, SPECIAL_NONE},
    {"cdr", primitive_cdr, 1, 1, SPECIAL_NONE},
    {"set-car!", primitive_set_car, 2, 2, SPECIAL_NONE},
    {"set-cdr!", primitive_set_cdr, 2, 2, SPECIAL_NONE},
    {"pair?", primitive_is_pair, 1, 1, SPECIAL_NONE},
    {"null?", primitive_is_null, 1, 1, SPECIAL_NONE},
    {"list?", primitive_is_list, 1, 1, SPECIAL_NONE},
    {"list", primitive_list, 0, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"cons*", primitive_cons_star, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"make-list", primitive_make_list, 1, 2, SPECIAL_NONE},
    {"length", primitive_length, 1, 1, SPECIAL_NONE},
    {"reverse", primitive_reverse, 1, 1, SPECIAL_NONE},
    {"append", primitive_append, 0, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"list-copy", primitive_list_copy, 1, 1, SPECIAL_NONE},
    {"list-tail", primitive_list_tail, 2, 2, SPECIAL_NONE},
    {"list-ref", primitive_list_ref, 2, 2, SPECIAL_NONE},
    {"list-set!", primitive_list_set, 3, 3, SPECIAL_NONE},
    {"memq", primitive_memq, 2, 2, SPECIAL_NONE},
    {"memv", primitive_memv, 2, 2, SPECIAL_NONE},
    {"%member", primitive_memequal, 2, 2, SPECIAL_NONE},
    {"assq", primitive_assq, 2, 2, SPECIAL_NONE},
    {"assv", primitive_assv, 2, 2, SPECIAL_NONE},
    {"%assoc", primitive_assequal, 2, 2, SPECIAL_NONE},
    {"eq?", primitive_is_eq, 2, 2, SPECIAL_NONE},
    {"eqv?", primitive_is_eqv, 2, 2, SPECIAL_NONE},
    {"equal?", primitive_is_equal, 2, 2, SPECIAL_NONE},
    {"not", primitive_not, 1, 1, SPECIAL_NONE},
    {"boolean?", primitive_is_boolean, 1, 1, SPECIAL_NONE},
    {NULL, NULL, 0, 0, SPECIAL_NONE},
};
