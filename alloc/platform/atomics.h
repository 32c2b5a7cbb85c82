/* SPDX-License-Identifier: MIT
 *
 * All atomics of the library: the only user of libatomic_ops.
 */
#ifndef PINFOLD_PLATFORM_ATOMICS_H
#define PINFOLD_PLATFORM_ATOMICS_H

#include <atomic_ops.h>
#include <stddef.h>

/* A byte count that any thread may read while one changes it. */
typedef struct {
    volatile AO_t value;
} pfi_counter;

static inline size_t pfi_counter_read(const pfi_counter *counter) {
    return AO_load(&counter->value);
}
static inline void pfi_counter_add(pfi_counter *counter, size_t amount) {
    AO_fetch_and_add(&counter->value, amount);
}
static inline void pfi_counter_subtract(pfi_counter *counter, size_t amount) {
    AO_fetch_and_add(&counter->value, (AO_t)0 - amount);
}

#endif
