/* SPDX-License-Identifier: MIT
 *
 * The operations a workload is written in. The build compiles each workload once per system and names that system's
 * header in BENCH_SYSTEM_HEADER, so that allocation and stores are inlined wherever the system offers it. Each header
 * provides:
 *
 *   struct bench_header       first member of every object: the type word on pinfold, empty elsewhere
 *   BENCH_TYPE(name, struct tag, bits)        a static type; bits is an or of BENCH_REF(struct tag, field), 0 = none
 *
 *   bench_new(mutator, &type)                 a zeroed object
 *   bench_new_bytes(mutator, length)          a zeroed array; also bench_new_doubles, bench_new_words,
 *                                             bench_new_references
 *   bench_bytes(array)                        address of its elements; also bench_doubles, bench_words
 *   bench_reference(array, i)                 an element; bench_set_reference(mutator, array, i, value) replaces it
 *   bench_exchange_reference(mutator, array, i, value)   replaces an element that several threads replace, and returns
 *                                             what it was
 *   BENCH_STORE(mutator, object, field, value)   stores a reference into an object that may have become old
 *
 *   bench_local                               a reference that survives allocations
 *   bench_keep(mutator, value)                makes one; bench_kept(local) reads it, bench_set_local(&local, value)
 *                                             replaces it
 *   bench_drop(mutator, count)                ends the newest `count` of them
 *   bench_drop_from(mutator, local)           ends that one and all newer ones
 *
 *   bench_pin_object(mutator, object)         keeps an object alive and where it is: a bench_pin, a pointer that may
 *                                             be NULL; bench_pinned(pin) is the object
 *   bench_unpin(mutator, pin)                 ends it; the object itself is released apart
 *   bench_new_pins(mutator, count)            a table of NULLs, outside the heap and scanned where a pin is no more
 *                                             than an address: the only place for pins that outlive a function;
 *                                             bench_free_pins(mutator, pins)
 *
 *   bench_hold_object(mutator, object)        keeps an object alive, wherever it is: a bench_pin that is ended by
 *                                             bench_end_hold(mutator, pin); bench_pinned(pin) is the object
 *
 *   bench_poll(mutator)                       in loops that do not allocate: other threads may want to collect
 *   bench_native_enter(mutator)               before waiting for another thread, until bench_native_leave(mutator);
 *                                             the heap must not be touched between the two
 *
 *   BENCH_RELEASES                            1 where the program ends an object's life itself
 *   bench_release(mutator, object)            ends it; does nothing where BENCH_RELEASES is 0
 *   bench_collect(mutator, generation)        collects generations 0..generation, where there are collections
 *
 * Rules for workloads: on a moving collector every allocation, poll and native time makes plain C pointers into the
 * heap stale, so a workload keeps what it needs across one of these in a bench_local. A plain assignment to a field is
 * allowed only for an object that was allocated after the last other allocation. Everything is zeroed on every system.
 * An array that several threads replace elements of is shared by bench_exchange_reference or under a lock; a thread
 * waits for a lock only while it is native.
 */
#ifndef BENCH_SYSTEM_ADAPTER_H
#define BENCH_SYSTEM_ADAPTER_H

#include "harness/bench.h"
#include BENCH_SYSTEM_HEADER

/* Bytes of an object that are the workload's own. */
#define BENCH_PAYLOAD(aggregate) (sizeof(aggregate) - sizeof(struct bench_header))

#endif
