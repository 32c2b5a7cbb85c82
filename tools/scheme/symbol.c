/* SPDX-License-Identifier: MIT
 *
 * The symbol table: a vector of lists in Pinfold's heap, ROOT_SYMBOL_TABLE. Hashes come from the characters and are
 * kept in the symbols, so nothing depends on where an object lies.
 */
#include <string.h>

#include "machine.h"

enum { FIRST_BUCKETS = 512, SYMBOLS_PER_BUCKET = 2 };

void symbol_table_create(struct machine *machine) {
    value nil = SCHEME_NIL;
    machine->roots[ROOT_SYMBOL_TABLE] = vector_create(machine, FIRST_BUCKETS, &nil);
    machine->symbol_count = 0;
}

/* FNV-1a over code points. */
static uintptr_t hash_characters(const uint32_t *characters, size_t length) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ characters[i]) * 16777619u;
    }
    return hash;
}

static bool symbol_has_name(const struct symbol *symbol, uintptr_t hash, const uint32_t *characters, size_t length) {
    const struct string *name = string_of(symbol->name);
    return symbol->hash == hash && name->length == length &&
           memcmp(name->characters, characters, length * sizeof(uint32_t)) == 0;
}

/* The symbol, or SCHEME_FALSE. Does not allocate, so the characters may lie in the heap. */
static value symbol_find(struct machine *machine, uintptr_t hash, const uint32_t *characters, size_t length) {
    struct vector *table = vector_of(machine->roots[ROOT_SYMBOL_TABLE]);
    value list = table->elements[hash & (table->length - 1)];
    while (list != SCHEME_NIL) {
        if (symbol_has_name(pair_of(list)->car, hash, characters, length)) {
            return pair_of(list)->car;
        }
        list = pair_of(list)->cdr;
    }
    return SCHEME_FALSE;
}

/* Moves the pairs of the old lists over to a table of twice as many. */
static void symbol_table_grow(struct machine *machine) {
    value nil = SCHEME_NIL;
    size_t old_length = vector_of(machine->roots[ROOT_SYMBOL_TABLE])->length;
    struct vector *table = vector_of(vector_create(machine, old_length * 2, &nil));
    struct vector *old = vector_of(machine->roots[ROOT_SYMBOL_TABLE]);
    for (size_t i = 0; i < old_length; i++) {
        value list = old->elements[i];
        while (list != SCHEME_NIL) {
            value next = pair_of(list)->cdr;
            value *bucket = &table->elements[symbol_of(pair_of(list)->car)->hash & (table->length - 1)];
            pf_store(machine->thread, &pair_of(list)->cdr, *bucket);
            pf_store(machine->thread, bucket, list);
            list = next;
        }
    }
    machine->roots[ROOT_SYMBOL_TABLE] = table;
}

/* Enters a new symbol with the name that lies in the root *name. */
static value symbol_enter(struct machine *machine, uintptr_t hash, const value *name) {
    PINFOLD_ROOTS(machine->thread, root, 2);
    if (machine->symbol_count >= SYMBOLS_PER_BUCKET * vector_of(machine->roots[ROOT_SYMBOL_TABLE])->length) {
        symbol_table_grow(machine);
    }
    struct symbol *symbol = pf_alloc(machine->thread, &symbol_type);
    symbol->name = *name;
    symbol->cell = SCHEME_FALSE;
    symbol->hash = hash;
    root[0] = symbol;
    root[1] = SCHEME_NIL;
    value pair = pair_create(machine, &root[0], &root[1]);
    struct vector *table = vector_of(machine->roots[ROOT_SYMBOL_TABLE]);
    value *bucket = &table->elements[hash & (table->length - 1)];
    pf_store(machine->thread, &pair_of(pair)->cdr, *bucket);
    pf_store(machine->thread, bucket, pair);
    machine->symbol_count++;
    return root[0];
}

value symbol_intern(struct machine *machine, const uint32_t *characters, size_t length) {
    uintptr_t hash = hash_characters(characters, length);
    value found = symbol_find(machine, hash, characters, length);
    if (found != SCHEME_FALSE) {
        return found;
    }
    PINFOLD_ROOTS(machine->thread, root, 1);
    root[0] = string_from_characters(machine, characters, length);
    return symbol_enter(machine, hash, &root[0]);
}

value symbol_intern_string(struct machine *machine, const value *string) {
    size_t length = string_of(*string)->length;
    uintptr_t hash = hash_characters(string_of(*string)->characters, length);
    value found = symbol_find(machine, hash, string_of(*string)->characters, length);
    if (found != SCHEME_FALSE) {
        return found;
    }
    /* The name is a copy: the string may be mutated later. */
    PINFOLD_ROOTS(machine->thread, root, 1);
    root[0] = string_create(machine, length, 0);
    memcpy(string_of(root[0])->characters, string_of(*string)->characters, length * sizeof(uint32_t));
    return symbol_enter(machine, hash, &root[0]);
}

value symbol_intern_ascii(struct machine *machine, const char *text) {
    PINFOLD_ROOTS(machine->thread, root, 1);
    root[0] = string_from_ascii(machine, text);
    return symbol_intern_string(machine, &root[0]);
}

value symbol_cell(struct machine *machine, const value *symbol) {
    if (symbol_of(*symbol)->cell == SCHEME_FALSE) {
        struct cell *cell = pf_alloc(machine->thread, &cell_type);
        cell->content = SCHEME_UNASSIGNED;
        cell->symbol = *symbol;
        pf_store(machine->thread, &symbol_of(*symbol)->cell, cell);
    }
    return symbol_of(*symbol)->cell;
}

static void seal_symbol(struct machine *machine, const value *symbol) {
    if (symbol_of(*symbol)->cell == SCHEME_FALSE) {
        return;
    }
    struct cell *cell = pf_alloc(machine->thread, &cell_type);
    cell->content = ((struct cell *)symbol_of(*symbol)->cell)->content;
    cell->symbol = *symbol;
    pf_store(machine->thread, &symbol_of(*symbol)->cell, cell);
}

void symbol_table_seal(struct machine *machine) {
    PINFOLD_ROOTS(machine->thread, root, 2);
    size_t length = vector_of(machine->roots[ROOT_SYMBOL_TABLE])->length;
    for (size_t i = 0; i < length; i++) {
        root[0] = vector_of(machine->roots[ROOT_SYMBOL_TABLE])->elements[i];
        while (root[0] != SCHEME_NIL) {
            root[1] = pair_of(root[0])->car;
            seal_symbol(machine, &root[1]);
            root[0] = pair_of(root[0])->cdr;
        }
    }
}
