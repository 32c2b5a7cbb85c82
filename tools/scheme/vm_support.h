/* SPDX-License-Identifier: MIT
 *
 * What the interpreter (vm.c) calls. The machine's registers are saved when it does: errors find their line, and the
 * collector the stack.
 */
#ifndef SCHEME_VM_SUPPORT_H
#define SCHEME_VM_SUPPORT_H

#include "machine.h"

PINFOLD_COLD PINFOLD_NORETURN void arity_error(struct machine *machine, value procedure, size_t count);
PINFOLD_COLD PINFOLD_NORETURN void call_error(struct machine *machine, value thing);
PINFOLD_COLD PINFOLD_NORETURN void undefined_error(struct machine *machine, value cell);
PINFOLD_COLD PINFOLD_NORETURN void unassigned_error(struct machine *machine);

/* Arguments from `required` on become a list in their first one's slot. Returns the new top. A safepoint. */
value *collect_rest(struct machine *machine, value *frame, size_t required, size_t count);

/* The elements of the list on top of the stack take its place. Returns their number. May move the stack. */
size_t spread_list(struct machine *machine);

/* `count` arguments of a continuation as the one value that its call returns. A safepoint. */
value pack_values(struct machine *machine, const value *arguments, size_t count);

/* A closure of *code with these values, all of them on the stack. A safepoint. */
value make_closure(struct machine *machine, const value *code, const value *captured, size_t count);

/* For quasiquote; safepoints. */
value append_two(struct machine *machine, const value *list, const value *tail);
value list_to_vector(struct machine *machine, const value *list);

#endif
