/* SPDX-License-Identifier: MIT
 *
 * The interpreter. It never calls itself: a call of a Scheme procedure pushes an activation onto the value stack, and
 * the procedures that call others (apply, call/cc) rearrange that stack; map and its kin are Scheme code (prelude.scm).
 *
 * The registers sp and fp point into the value stack, which moves only where it grows. ip, instructions and constants
 * point into heap objects: any instruction that may allocate saves the registers first (SAVE: so that the collector
 * sees the stack, and errors find their line) and derives these three anew afterwards (RELOAD).
 */
#include "code.h"
#include "number.h"
#include "primitive.h"
#include "vm_support.h"

static inline bool both_fixnums(value a, value b) {
    return ((uintptr_t)a & (uintptr_t)b & 1) != 0;
}

static inline bool accepts(const struct code *code, size_t count) {
    return code->has_rest ? count >= code->required : count == code->required;
}

static inline bool has_room(const struct pf_thread *thread, size_t size) {
    return (size_t)(thread->alloc_limit - thread->alloc_ptr) >= size;
}

/* --- the interpreter proper --- */

#define CODE() code_of(closure_of(fp[FRAME_PROCEDURE])->code)
#define SAVE() (machine->top = sp, machine->frame = fp, machine->pc = (size_t)(ip - instructions))
/* For errors of a callee that has its activation but has not begun: they are the caller's. */
#define SAVE_CALLER()                                                  \
    (machine->top = sp, machine->pc = (size_t)fixnum_of(fp[FRAME_PC]), \
     machine->frame = fp - fixnum_of(fp[FRAME_DISTANCE]))
#define ENTER_CODE(pc_)                                       \
    do {                                                      \
        const struct code *entered_ = CODE();                 \
        instructions = entered_->instructions;                \
        constants = vector_of(entered_->constants)->elements; \
        ip = instructions + (pc_);                            \
    } while (0)
#define RELOAD() ENTER_CODE(machine->pc)
#define NEXT()                                  \
    do {                                        \
        word = *ip++;                           \
        goto *labels[instruction_opcode(word)]; \
    } while (0)
#define OPERAND() instruction_operand(word)
#define PUSH(v) (*sp++ = (v))
/* Pops `pops_` values; the truth goes to the conditional jump that follows, or onto the stack. */
#define TEST(condition_, pops_)                                             \
    do {                                                                    \
        bool truth_ = (condition_);                                         \
        sp -= (pops_);                                                      \
        if (instruction_opcode(*ip) == OPCODE_JUMP_IF_FALSE) {              \
            ip = truth_ ? ip + 1 : instructions + instruction_operand(*ip); \
        } else {                                                            \
            PUSH(value_from_boolean(truth_));                               \
        }                                                                   \
        NEXT();                                                             \
    } while (0)
/* fixnum OP fixnum, anything else through number_compare. */
#define COMPARE(operator_, name_, accepted_)                         \
    do {                                                             \
        if (PINFOLD_LIKELY(both_fixnums(sp[-2], sp[-1]))) {          \
            TEST((intptr_t)sp[-2] operator_(intptr_t) sp[-1], 2);    \
        }                                                            \
        SAVE();                                                      \
        int order_ = number_compare(machine, sp[-2], sp[-1], name_); \
        TEST(order_ != NUMBER_UNORDERED && (accepted_), 2);          \
    } while (0)
/* Two arguments to one result through a C function that may allocate. */
#define CALL_NUMBER(function_)                              \
    do {                                                    \
        SAVE();                                             \
        value result_ = function_(machine, sp[-2], sp[-1]); \
        RELOAD();                                           \
        sp--;                                               \
        sp[-1] = result_;                                   \
        NEXT();                                             \
    } while (0)
#define REQUIRE_PAIR(v, who)                                \
    if (PINFOLD_UNLIKELY(!value_has_type(v, &pair_type))) { \
        SAVE();                                             \
        machine_type_error(machine, who, "a pair", v);      \
    }

static void run(struct machine *machine) {
    static const void *const labels[] = {
#define INSTRUCTION(name) &&do_##name,
#include "instructions.def"
#undef INSTRUCTION
    };
    struct pf_thread *const thread = machine->thread;
    value *sp = machine->top;
    value *fp = machine->frame;
    const uint32_t *instructions;
    const uint32_t *ip;
    const value *constants;
    uint32_t word;
    size_t count;
    value result;

    ENTER_CODE(0);
    NEXT();

do_HALT:
    machine->top = fp - 1 - FRAME_LINK_SLOTS;
    machine->frame = NULL;
    return;

    /* --- pushing and storing --- */

do_LOCAL:
    PUSH(fp[OPERAND()]);
    NEXT();
do_LOCAL_BOX:
    result = ((struct box *)fp[OPERAND()])->content;
    goto push_boxed;
do_CAPTURED:
    PUSH(closure_of(fp[FRAME_PROCEDURE])->captured[OPERAND()]);
    NEXT();
do_CAPTURED_BOX:
    result = ((struct box *)closure_of(fp[FRAME_PROCEDURE])->captured[OPERAND()])->content;
push_boxed:
    if (PINFOLD_UNLIKELY(result == SCHEME_UNASSIGNED)) {
        SAVE();
        unassigned_error(machine);
    }
    PUSH(result);
    NEXT();
do_GLOBAL:
    result = ((struct cell *)constants[OPERAND()])->content;
    if (PINFOLD_UNLIKELY(result == SCHEME_UNASSIGNED)) {
        SAVE();
        undefined_error(machine, constants[OPERAND()]);
    }
    PUSH(result);
    NEXT();
do_CONSTANT:
    PUSH(constants[OPERAND()]);
    NEXT();
do_FIXNUM:
    PUSH(value_from_fixnum(instruction_signed_operand(word)));
    NEXT();
do_IMMEDIATE:
    PUSH((value)(uintptr_t)OPERAND());
    NEXT();
do_POP:
    sp--;
    NEXT();
do_SLIDE:
    result = sp[-1];
    sp -= OPERAND();
    sp[-1] = result;
    NEXT();
do_MAKE_BOX:
    SAVE();
    result = box_create(machine, &fp[OPERAND()]);
    RELOAD();
    fp[OPERAND()] = result;
    NEXT();
do_SET_SLOT:
    fp[OPERAND()] = *--sp;
    NEXT();
do_SET_LOCAL_BOX:
    pf_store(thread, &((struct box *)fp[OPERAND()])->content, *--sp);
    NEXT();
do_SET_CAPTURED_BOX:
    pf_store(thread, &((struct box *)closure_of(fp[FRAME_PROCEDURE])->captured[OPERAND()])->content, *--sp);
    NEXT();
do_SET_GLOBAL:
    if (PINFOLD_UNLIKELY(((struct cell *)constants[OPERAND()])->content == SCHEME_UNASSIGNED)) {
        SAVE();
        undefined_error(machine, constants[OPERAND()]);
    }
    pf_store(thread, &((struct cell *)constants[OPERAND()])->content, *--sp);
    NEXT();
do_DEFINE_GLOBAL:
    pf_store(thread, &((struct cell *)constants[OPERAND()])->content, *--sp);
    NEXT();
do_CLOSURE:
    count = *ip++;
    PUSH(constants[OPERAND()]); /* the constants may move, the stack does not */
    SAVE();
    result = make_closure(machine, sp - 1, sp - 1 - count, count);
    RELOAD();
    sp -= count;
    sp[-1] = result;
    NEXT();
do_PATCH:
    pf_store(thread, &closure_of(fp[OPERAND()])->captured[*ip++], *--sp);
    NEXT();

    /* --- control --- */

do_JUMP:
    ip = instructions + OPERAND();
    NEXT();
do_JUMP_IF_FALSE:
    if (*--sp == SCHEME_FALSE) {
        ip = instructions + OPERAND();
    }
    NEXT();
do_JUMP_IF_TRUE:
    if (*--sp != SCHEME_FALSE) {
        ip = instructions + OPERAND();
    }
    NEXT();
do_JUMP_IF_TRUE_KEEP:
    if (sp[-1] != SCHEME_FALSE) {
        ip = instructions + OPERAND();
    } else {
        sp--;
    }
    NEXT();
do_LOOP : {
    value *slot = fp + *ip++;
    count = OPERAND();
    value *from = sp - count;
    for (size_t i = 0; i < count; i++) {
        slot[i] = from[i];
    }
    sp = slot + count;
    NEXT();
}
do_FRAME:
    PUSH(value_from_fixnum(0));
    PUSH(value_from_fixnum(0));
    NEXT();
do_CALL : {
    count = OPERAND();
    value *frame = sp - count;
    if (PINFOLD_LIKELY(value_has_type(frame[FRAME_PROCEDURE], &closure_type))) {
        if (PINFOLD_UNLIKELY(!accepts(code_of(closure_of(frame[FRAME_PROCEDURE])->code), count))) {
            SAVE();
            arity_error(machine, frame[FRAME_PROCEDURE], count);
        }
        frame[FRAME_DISTANCE] = value_from_fixnum(frame - fp);
        frame[FRAME_PC] = value_from_fixnum(ip - instructions);
        fp = frame;
        goto enter;
    }
    const struct primitive *primitive = frame[FRAME_PROCEDURE];
    if (PINFOLD_LIKELY(value_has_type(frame[FRAME_PROCEDURE], &primitive_type) && primitive->special == SPECIAL_NONE)) {
        SAVE();
        if (PINFOLD_UNLIKELY(count < primitive->least || count > primitive->most)) {
            arity_error(machine, frame[FRAME_PROCEDURE], count);
        }
        result = primitive->function(machine, frame, count);
        sp = frame + FRAME_DISTANCE;
        PUSH(result);
        RELOAD();
        NEXT();
    }
    frame[FRAME_DISTANCE] = value_from_fixnum(frame - fp);
    frame[FRAME_PC] = value_from_fixnum(ip - instructions);
    fp = frame;
    goto apply;
}
do_TAIL_CALL : {
    count = OPERAND();
    value *frame = sp - count;
    bool is_closure = value_has_type(frame[FRAME_PROCEDURE], &closure_type);
    const struct primitive *primitive = frame[FRAME_PROCEDURE];
    if (is_closure && PINFOLD_UNLIKELY(!accepts(code_of(closure_of(frame[FRAME_PROCEDURE])->code), count))) {
        SAVE();
        arity_error(machine, frame[FRAME_PROCEDURE], count);
    }
    if (value_has_type(frame[FRAME_PROCEDURE], &primitive_type) && primitive->special == SPECIAL_NONE) {
        SAVE();
        if (PINFOLD_UNLIKELY(count < primitive->least || count > primitive->most)) {
            arity_error(machine, frame[FRAME_PROCEDURE], count);
        }
        result = primitive->function(machine, frame, count);
        goto leave;
    }
    if (PINFOLD_UNLIKELY(!is_closure && !value_is_procedure(frame[FRAME_PROCEDURE]))) {
        SAVE();
        call_error(machine, frame[FRAME_PROCEDURE]);
    }
    for (size_t i = 0; i <= count; i++) {
        fp[(intptr_t)i - 1] = frame[(intptr_t)i - 1];
    }
    sp = fp + count;
    if (is_closure) {
        goto enter;
    }
    goto apply;
}
do_RETURN:
    result = sp[-1];
leave : {
    size_t pc = (size_t)fixnum_of(fp[FRAME_PC]);
    sp = fp + FRAME_DISTANCE;
    fp -= fixnum_of(*sp);
    PUSH(result);
    ENTER_CODE(pc);
    NEXT();
}

    /* fp is the new activation, a closure that accepts `count` arguments, which end at sp. */
enter : {
    const struct code *code = CODE();
    if (code->has_rest) {
        SAVE_CALLER();
        sp = collect_rest(machine, fp, code->required, count);
        code = CODE();
    }
    instructions = code->instructions;
    ip = instructions;
    constants = vector_of(code->constants)->elements;
    if (PINFOLD_UNLIKELY(fp + code->frame_size > machine->stack_limit)) {
        SAVE();
        machine_grow_stack(machine, code->frame_size);
        sp = machine->top;
        fp = machine->frame;
    }
    NEXT();
}

    /* fp is the activation of a procedure of any kind with `count` arguments, which end at sp. */
apply : {
    value procedure = fp[FRAME_PROCEDURE];
    SAVE_CALLER();
    if (value_has_type(procedure, &closure_type)) {
        if (!accepts(code_of(closure_of(procedure)->code), count)) {
            arity_error(machine, procedure, count);
        }
        goto enter;
    }
    if (value_has_type(procedure, &continuation_type)) {
        result = pack_values(machine, fp, count);
        machine_reinstate(machine, fp[FRAME_PROCEDURE]);
        fp = machine->top + 1;
        goto leave;
    }
    if (!value_has_type(procedure, &primitive_type)) {
        call_error(machine, procedure);
    }
    const struct primitive *primitive = procedure;
    if (count < primitive->least || count > primitive->most) {
        arity_error(machine, procedure, count);
    }
    if (primitive->special == SPECIAL_NONE) {
        result = primitive->function(machine, fp, count);
        goto leave;
    }
    if (primitive->special == SPECIAL_CALL_CC) {
        result = machine_capture(machine, (size_t)(fp + FRAME_PROCEDURE - machine->stack));
        fp[FRAME_PROCEDURE] = fp[0];
        fp[0] = result;
        goto apply;
    }
    for (size_t i = 0; i < count; i++) {
        fp[(intptr_t)i - 1] = fp[i];
    }
    machine->top = sp - 1;
    size_t position = (size_t)(fp - machine->stack);
    count = count - 2 + spread_list(machine);
    sp = machine->top;
    fp = machine->stack + position;
    goto apply;
}

    /* --- pairs and identity --- */

do_CONS:
    if (PINFOLD_LIKELY(has_room(thread, sizeof(struct pair)))) {
        result = pair_create(machine, &sp[-2], &sp[-1]);
    } else {
        SAVE();
        result = pair_create(machine, &sp[-2], &sp[-1]);
        RELOAD();
    }
    sp--;
    sp[-1] = result;
    NEXT();
do_CAR:
    REQUIRE_PAIR(sp[-1], "car");
    sp[-1] = pair_of(sp[-1])->car;
    NEXT();
do_CDR:
    REQUIRE_PAIR(sp[-1], "cdr");
    sp[-1] = pair_of(sp[-1])->cdr;
    NEXT();
do_SET_CAR:
    REQUIRE_PAIR(sp[-2], "set-car!");
    pf_store(thread, &pair_of(sp[-2])->car, sp[-1]);
    sp--;
    sp[-1] = SCHEME_UNSPECIFIED;
    NEXT();
do_SET_CDR:
    REQUIRE_PAIR(sp[-2], "set-cdr!");
    pf_store(thread, &pair_of(sp[-2])->cdr, sp[-1]);
    sp--;
    sp[-1] = SCHEME_UNSPECIFIED;
    NEXT();
do_IS_NULL:
    TEST(sp[-1] == SCHEME_NIL, 1);
do_IS_PAIR:
    TEST(value_has_type(sp[-1], &pair_type), 1);
do_NOT:
    TEST(sp[-1] == SCHEME_FALSE, 1);
do_IS_EQ:
    TEST(sp[-2] == sp[-1], 2);
do_IS_EQV:
    TEST(sp[-2] == sp[-1] || value_is_eqv(sp[-2], sp[-1]), 2);

    /* --- numbers: fixnums here, everything else in number.c --- */

do_ADD : {
    intptr_t sum;
    if (PINFOLD_LIKELY(both_fixnums(sp[-2], sp[-1]) &&
                       !__builtin_add_overflow((intptr_t)sp[-2], (intptr_t)sp[-1] - 1, &sum))) {
        sp--;
        sp[-1] = (value)sum;
        NEXT();
    }
    CALL_NUMBER(number_add);
}
do_SUBTRACT : {
    intptr_t difference;
    if (PINFOLD_LIKELY(both_fixnums(sp[-2], sp[-1]) &&
                       !__builtin_sub_overflow((intptr_t)sp[-2], (intptr_t)sp[-1] - 1, &difference))) {
        sp--;
        sp[-1] = (value)difference;
        NEXT();
    }
    CALL_NUMBER(number_subtract);
}
do_MULTIPLY : {
    intptr_t product;
    if (PINFOLD_LIKELY(both_fixnums(sp[-2], sp[-1]) &&
                       !__builtin_mul_overflow(fixnum_of(sp[-2]), (intptr_t)sp[-1] - 1, &product))) {
        sp--;
        sp[-1] = (value)(product + 1);
        NEXT();
    }
    CALL_NUMBER(number_multiply);
}
do_ADD_FIXNUM : {
    intptr_t number = instruction_signed_operand(word);
    intptr_t sum;
    if (PINFOLD_LIKELY(value_is_fixnum(sp[-1]) && !__builtin_add_overflow((intptr_t)sp[-1], number * 2, &sum))) {
        sp[-1] = (value)sum;
        NEXT();
    }
    SAVE();
    result = number < 0 ? number_subtract(machine, sp[-1], value_from_fixnum(-number))
                        : number_add(machine, sp[-1], value_from_fixnum(number));
    RELOAD();
    sp[-1] = result;
    NEXT();
}
do_EQUAL:
    COMPARE(==, "=", order_ == 0);
do_LESS:
    COMPARE(<, "<", order_ < 0);
do_GREATER:
    COMPARE(>, ">", order_ > 0);
do_LESS_EQUAL:
    COMPARE(<=, "<=", order_ <= 0);
do_GREATER_EQUAL:
    COMPARE(>=, ">=", order_ >= 0);
do_IS_ZERO:
    if (PINFOLD_LIKELY(value_is_fixnum(sp[-1]))) {
        TEST(sp[-1] == value_from_fixnum(0), 1);
    }
    SAVE();
    TEST(number_compare(machine, sp[-1], value_from_fixnum(0), "zero?") == 0, 1);
do_QUOTIENT:
    if (PINFOLD_LIKELY(both_fixnums(sp[-2], sp[-1]) && fixnum_of(sp[-1]) > 0)) {
        sp--;
        sp[-1] = value_from_fixnum(fixnum_of(sp[-1]) / fixnum_of(*sp));
        NEXT();
    }
    CALL_NUMBER(number_quotient);
do_REMAINDER:
    if (PINFOLD_LIKELY(both_fixnums(sp[-2], sp[-1]) && fixnum_of(sp[-1]) > 0)) {
        sp--;
        sp[-1] = value_from_fixnum(fixnum_of(sp[-1]) % fixnum_of(*sp));
        NEXT();
    }
    CALL_NUMBER(number_remainder);

    /* --- vectors and strings --- */

do_VECTOR : {
    count = OPERAND();
    SAVE();
    struct vector *vector = pf_alloc_array(thread, &vector_type, count);
    RELOAD();
    sp -= count;
    for (size_t i = 0; i < count; i++) {
        vector->elements[i] = sp[i];
    }
    PUSH(vector);
    NEXT();
}
do_VECTOR_REF : {
    if (PINFOLD_UNLIKELY(!value_has_type(sp[-2], &vector_type))) {
        SAVE();
        machine_type_error(machine, "vector-ref", "a vector", sp[-2]);
    }
    const struct vector *vector = vector_of(sp[-2]);
    if (PINFOLD_UNLIKELY(!value_is_fixnum(sp[-1]) || (uintptr_t)fixnum_of(sp[-1]) >= vector->length)) {
        SAVE();
        require_element(machine, "vector-ref", sp[-1], vector->length);
    }
    sp--;
    sp[-1] = vector->elements[fixnum_of(*sp)];
    NEXT();
}
do_VECTOR_SET : {
    if (PINFOLD_UNLIKELY(!value_has_type(sp[-3], &vector_type))) {
        SAVE();
        machine_type_error(machine, "vector-set!", "a vector", sp[-3]);
    }
    struct vector *vector = vector_of(sp[-3]);
    if (PINFOLD_UNLIKELY(!value_is_fixnum(sp[-2]) || (uintptr_t)fixnum_of(sp[-2]) >= vector->length)) {
        SAVE();
        require_element(machine, "vector-set!", sp[-2], vector->length);
    }
    pf_store(thread, &vector->elements[fixnum_of(sp[-2])], sp[-1]);
    sp -= 2;
    sp[-1] = SCHEME_UNSPECIFIED;
    NEXT();
}
do_STRING_REF : {
    if (PINFOLD_UNLIKELY(!value_has_type(sp[-2], &string_type))) {
        SAVE();
        machine_type_error(machine, "string-ref", "a string", sp[-2]);
    }
    const struct string *string = string_of(sp[-2]);
    if (PINFOLD_UNLIKELY(!value_is_fixnum(sp[-1]) || (uintptr_t)fixnum_of(sp[-1]) >= string->length)) {
        SAVE();
        require_element(machine, "string-ref", sp[-1], string->length);
    }
    sp--;
    sp[-1] = value_from_character(string->characters[fixnum_of(*sp)]);
    NEXT();
}

    /* --- quasiquote --- */

do_APPEND:
    SAVE();
    result = append_two(machine, &sp[-2], &sp[-1]);
    RELOAD();
    sp--;
    sp[-1] = result;
    NEXT();
do_LIST_TO_VECTOR:
    SAVE();
    result = list_to_vector(machine, &sp[-1]);
    RELOAD();
    sp[-1] = result;
    NEXT();
}

void machine_execute(struct machine *machine) {
    machine->top = machine->stack;
    machine_push(machine, value_from_fixnum(0));
    machine_push(machine, value_from_fixnum(0));
    value closure = make_closure(machine, &machine->roots[ROOT_CODE], NULL, 0);
    machine_push(machine, closure);
    machine->frame = machine->top;
    machine->pc = 0;
    machine_grow_stack(machine, code_of(machine->roots[ROOT_CODE])->frame_size);
    run(machine);
}
