/* SPDX-License-Identifier: MIT
 *
 * Names, and the way from syntax to data.
 */
#include "syntax.h"

#include <string.h>

#include "machine.h"

_Static_assert(4 * SYNTAX_DEPTH_LIMIT <= STACK_HEADROOM / 2, "data of the deepest syntax fits the stack's headroom");

static struct name **name_bucket(struct name_table *table, const uint32_t *characters, size_t length) {
    uint32_t hash = 5381;
    for (size_t i = 0; i < length; i++) {
        hash = hash * 33 + characters[i];
    }
    return &table->buckets[hash % NAME_BUCKETS];
}

struct name *name_intern(struct name_table *table, struct arena *arena, struct machine *machine,
                         const uint32_t *characters, size_t length) {
    struct name **bucket = name_bucket(table, characters, length);
    for (struct name *name = *bucket; name != NULL; name = name->next) {
        if (name->length == length && memcmp(name->characters, characters, length * sizeof *characters) == 0) {
            return name;
        }
    }
    struct name *name = ARENA_NEW(arena, machine, struct name);
    uint32_t *copy = arena_allocate(arena, machine, (length + 1) * sizeof *copy);
    memcpy(copy, characters, length * sizeof *copy);
    name->characters = copy;
    name->length = length;
    name->next = *bucket;
    *bucket = name;
    return name;
}

struct name *name_intern_ascii(struct name_table *table, struct arena *arena, struct machine *machine,
                               const char *text) {
    size_t length = strlen(text);
    uint32_t *characters = arena_allocate(arena, machine, (length + 1) * sizeof *characters);
    for (size_t i = 0; i < length; i++) {
        characters[i] = (unsigned char)text[i];
    }
    return name_intern(table, arena, machine, characters, length);
}

const char *name_text(struct arena *arena, struct machine *machine, const struct name *name) {
    struct text_buffer buffer = {0};
    for (size_t i = 0; i < name->length; i++) {
        text_buffer_add_character(&buffer, name->characters[i]);
    }
    char *text = arena_allocate(arena, machine, buffer.length + 1);
    if (buffer.length > 0) {
        memcpy(text, buffer.bytes, buffer.length);
    }
    text_buffer_finish(&buffer);
    return text;
}

intptr_t syntax_list_length(const struct syntax *list) {
    intptr_t length = 0;
    while (syntax_is_pair(list)) {
        length++;
        list = list->as.pair.cdr;
    }
    return syntax_is_nil(list) ? length : -1;
}

bool list_has_length(const struct syntax *list, intptr_t least, intptr_t most) {
    intptr_t length = syntax_list_length(list);
    return length >= least && (most < 0 || length <= most);
}

/* Three stack slots: first pair, newest pair, the item on its way into the next one. */
static value list_to_datum(struct machine *machine, const struct syntax *list) {
    value *slots = machine->top;
    machine_push(machine, SCHEME_NIL);
    machine_push(machine, SCHEME_NIL);
    machine_push(machine, SCHEME_NIL);
    value nil = SCHEME_NIL;
    for (; syntax_is_pair(list); list = list->as.pair.cdr) {
        slots[2] = syntax_to_datum(machine, list->as.pair.car);
        value pair = pair_create(machine, &slots[2], &nil);
        if (slots[0] == SCHEME_NIL) {
            slots[0] = pair;
        } else {
            pf_store(machine->thread, &pair_of(slots[1])->cdr, pair);
        }
        slots[1] = pair;
    }
    value rest = syntax_to_datum(machine, list);
    pf_store(machine->thread, &pair_of(slots[1])->cdr, rest);
    machine->top = slots;
    return slots[0];
}

static value vector_to_datum(struct machine *machine, const struct syntax *syntax) {
    value nil = SCHEME_NIL;
    value *slot = machine->top;
    machine_push(machine, SCHEME_NIL);
    *slot = vector_create(machine, syntax->as.vector.count, &nil);
    for (size_t i = 0; i < syntax->as.vector.count; i++) {
        value item = syntax_to_datum(machine, syntax->as.vector.items[i]);
        pf_store(machine->thread, &vector_of(*slot)->elements[i], item);
    }
    return machine_pop(machine);
}

value syntax_to_datum(struct machine *machine, const struct syntax *syntax) {
    switch (syntax->kind) {
    case SYNTAX_NIL:
        return SCHEME_NIL;
    case SYNTAX_PAIR:
        return list_to_datum(machine, syntax);
    case SYNTAX_SYMBOL:
        return symbol_intern(machine, syntax->as.symbol->characters, syntax->as.symbol->length);
    case SYNTAX_STRING:
        return string_from_characters(machine, syntax->as.string.characters, syntax->as.string.length);
    case SYNTAX_VECTOR:
        return vector_to_datum(machine, syntax);
    case SYNTAX_INTEGER:
        return value_from_fixnum(syntax->as.integer);
    case SYNTAX_REAL:
        return flonum_create(machine, syntax->as.real);
    case SYNTAX_CONSTANT:
        break;
    }
    return syntax->as.constant;
}
