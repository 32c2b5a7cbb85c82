/* SPDX-License-Identifier: MIT
 *
 * The generator: let, letrec and loops. Closures that a letrec makes may capture each other: each is put into its slot
 * at once, and what it captured before it existed is stored into it afterwards (PATCH).
 */
#include "generate.h"

/* The body, then the variables below its value go away; a tail position leaves with the activation. */
static void generate_scope_body(struct compiler *compiler, struct function *function, struct expression *body,
                                size_t count, enum position position) {
    generate(compiler, function, body, position);
    if (position == POSITION_VALUE && count > 0) {
        emit(compiler, function, 0, OPCODE_SLIDE, count, -(intptr_t)count);
    }
}

void generate_let(struct compiler *compiler, struct function *function, const struct expression *let,
                  enum position position) {
    size_t base = function->depth;
    generate_operands(compiler, function, &let->operands);
    for (size_t i = 0; i < let->variables.count; i++) {
        bind_slot(compiler, function, let->variables.items[i], base + i);
    }
    generate_scope_body(compiler, function, let->first, let->variables.count, position);
}

void generate_loop(struct compiler *compiler, struct function *function, struct expression *loop,
                   enum position position) {
    size_t base = function->depth;
    loop->variable->slot = base;
    generate_operands(compiler, function, &loop->operands);
    loop->loop_head = function->word_count;
    for (size_t i = 0; i < loop->variables.count; i++) {
        bind_slot(compiler, function, loop->variables.items[i], base + i);
    }
    generate_scope_body(compiler, function, loop->first, loop->variables.count, position);
}

/* Whether item i of a letrec is a procedure whose closure sits in its slot directly. */
static bool is_direct_procedure(const struct expression *letrec, size_t index) {
    return letrec->operands.items[index]->kind == EXPRESSION_LAMBDA && letrec->variables.items[index] != NULL &&
           !letrec->variables.items[index]->is_boxed;
}

/* A pending store of one closure of a letrec into another that was made before it. */
struct patch {
    size_t closure_slot;
    size_t captured;
    struct variable *variable;
};

struct patch_list {
    struct patch *items;
    size_t count;
    size_t capacity;
};

/* The closure of item `index` is in its slot: notes which of its captured variables have no value yet. */
static void note_patches(struct compiler *compiler, const struct expression *letrec, size_t index,
                         const struct function *procedure, struct patch_list *patches) {
    for (size_t i = 0; i < procedure->captured.count; i++) {
        for (size_t j = index; j < letrec->variables.count && is_direct_procedure(letrec, j); j++) {
            if (letrec->variables.items[j] == procedure->captured.items[i]) {
                patches->items = arena_grow(compiler->tree, compiler->machine, patches->items, patches->count,
                                            &patches->capacity, sizeof *patches->items);
                patches->items[patches->count++] =
                    (struct patch){letrec->variables.items[index]->slot, i, letrec->variables.items[j]};
            }
        }
    }
}

static void emit_patches(struct compiler *compiler, struct function *function, struct patch_list *patches) {
    for (size_t i = 0; i < patches->count; i++) {
        push_slot(compiler, function, 0, patches->items[i].variable);
        emit(compiler, function, 0, OPCODE_PATCH, patches->items[i].closure_slot, -1);
        emit_word(compiler, function, (uint32_t)patches->items[i].captured);
    }
    patches->count = 0;
}

static void generate_letrec_item(struct compiler *compiler, struct function *function, const struct expression *letrec,
                                 size_t index, struct patch_list *patches) {
    struct variable *variable = letrec->variables.items[index];
    if (is_direct_procedure(letrec, index)) {
        const struct function *procedure = generate_lambda(compiler, function, letrec->operands.items[index]);
        emit(compiler, function, 0, OPCODE_SET_SLOT, variable->slot, -1);
        note_patches(compiler, letrec, index, procedure, patches);
        return;
    }
    generate(compiler, function, letrec->operands.items[index], POSITION_VALUE);
    if (variable == NULL) {
        emit(compiler, function, 0, OPCODE_POP, 0, -1);
    } else {
        emit(compiler, function, 0, variable->is_boxed ? OPCODE_SET_LOCAL_BOX : OPCODE_SET_SLOT, variable->slot, -1);
    }
}

void generate_letrec(struct compiler *compiler, struct function *function, const struct expression *letrec,
                     enum position position) {
    size_t base = function->depth;
    struct patch_list patches = {0};
    for (size_t i = 0; i < letrec->variables.count; i++) {
        push_immediate(compiler, function, letrec->line, SCHEME_UNASSIGNED);
        if (letrec->variables.items[i] != NULL) {
            bind_slot(compiler, function, letrec->variables.items[i], base + i);
        }
    }
    for (size_t i = 0; i < letrec->variables.count; i++) {
        generate_letrec_item(compiler, function, letrec, i, &patches);
        if (i + 1 == letrec->variables.count || !is_direct_procedure(letrec, i + 1)) {
            emit_patches(compiler, function, &patches);
        }
    }
    generate_scope_body(compiler, function, letrec->first, letrec->variables.count, position);
}
