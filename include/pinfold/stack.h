/* SPDX-License-Identifier: MIT
 *
 * C stacks that are searched for references: heaps with the option conservative_stacks.
 *
 * In such a heap a program needs no frames: whatever object a word of an attached thread's stack, or one of its
 * registers, seems to refer to (anywhere inside it; conservative_interior=0: to its first byte) is alive and stays
 * where it is during a collection. What such a word refers to when the thread comes to a safepoint or enters a native
 * region counts, until it goes on: a native region may hold references, but must not take new ones from anywhere.
 *
 * Not seen are: addresses one past the end of an object or before its beginning, references that the program disguises,
 * thread-local and malloc'ed memory (root sources), and locals that AddressSanitizer has moved into fake stacks
 * (detect_stack_use_after_return=0 keeps it from that).
 */
#ifndef PINFOLD_STACK_H
#define PINFOLD_STACK_H

#include "pinfold/root.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A thread that switches to a stack of its own making (coroutines) tells where that lies before it comes to a safepoint
 * there; NULL and NULL: it is back on the one that the system gave it. The stack that it has left is a matter for
 * pf_visit_conservative. To stop on any other stack is a broken contract. For managed threads, not a safepoint. Does
 * nothing without the option. */
PINFOLD_API void pf_thread_set_stack(struct pf_thread *thread, const void *low, const void *high);

/* For root sources only: the aligned words in [low, high) may be references, as those of a stack may: what they seem to
 * refer to is pinned during this collection. For stacks that no attached thread stands on: those of suspended
 * coroutines, from where they stopped to their base, and the registers that were saved for them. Needs no option. */
PINFOLD_API void pf_visit_conservative(struct pf_visitor *visitor, const void *low, const void *high);

/* --- code that knows its own frames --- */

/* A frame as unwinding finds it: the function goes on at `ip`, its part of the stack is [sp, cfa), its return address
 * the word before cfa where calls put it on the stack. */
struct pf_machine_frame {
    uintptr_t ip;
    uintptr_t sp;
    uintptr_t cfa;
};

/* Reports the frame's slots, of any kind, through the visitor. Called like a root source's function: with the world
 * stopped, twice in a compacting collection, with the same answer both times. */
typedef void pf_visit_frame(struct pf_visitor *visitor, const struct pf_machine_frame *frame, void *data);

/* Code in [low, high) whose frames are described exactly, as a compiler with stack maps can: their slots are followed
 * and updated, and no other word of theirs is looked at. The code must be known to the unwinder (libunwind: DWARF
 * tables, or _U_dyn_register), from it down to the safepoint; a frame that unwinding does not come to is searched like
 * any other. Registers that such code keeps over a call are saved by the functions it calls, and searched there. */
struct pf_frame_map {
    const void *low;
    const void *high;
    pf_visit_frame *visit;
    void *data;
    struct pf_frame_map *next; /* the heap's */
};

/* `map` stays the embedder's memory and must live until it is removed or the heap is destroyed. A heap without the
 * option is a broken contract. Not safepoints. */
PINFOLD_API void pf_frame_map_add(struct pf_heap *heap, struct pf_frame_map *map);
PINFOLD_API void pf_frame_map_remove(struct pf_heap *heap, struct pf_frame_map *map);

/* --- what stacks hold --- */

/* A word that keeps an object. */
struct pf_stack_root {
    const struct pf_thread *thread;
    const void *slot; /* where it lies; NULL: in a register, or what a library function has saved of one */
    const void *address;
    void *object; /* around the address */
    const struct pf_type *type;
    const char *function; /* whose frame the slot lies in; empty: unknown */
    size_t offset;        /* behind the function's start, where it goes on */
};

/* Calls `visit` for every word of all stacks that keeps an object, dead objects that no collection has found yet
 * included; a nonzero result ends the report and is returned. Nothing without the option. A safepoint: all threads are
 * stopped meanwhile. The callback must not call the library. */
typedef int pf_stack_root_visit(const struct pf_stack_root *root, void *data);
PINFOLD_API int pf_stack_report(struct pf_thread *thread, pf_stack_root_visit *visit, void *data);

#ifdef __cplusplus
}
#endif
#endif
