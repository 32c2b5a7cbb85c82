/* SPDX-License-Identifier: MIT
 *
 * All atomics of the library: the only user of libatomic_ops.
 */
#ifndef PINFOLD_PLATFORM_ATOMICS_H
#define PINFOLD_PLATFORM_ATOMICS_H

#include <atomic_ops.h>
#include <stddef.h>
#include <stdint.h>

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

/* A word that threads change together. Without a word about order an access is relaxed. */
static inline uintptr_t pfi_word_load(const uintptr_t *word) {
    return AO_load((const volatile AO_t *)word);
}
static inline uintptr_t pfi_word_load_acquire(const uintptr_t *word) {
    return AO_load_acquire((const volatile AO_t *)word);
}
static inline void pfi_word_store(uintptr_t *word, uintptr_t value) {
    AO_store((volatile AO_t *)word, value);
}
static inline void pfi_word_store_release(uintptr_t *word, uintptr_t value) {
    AO_store_release((volatile AO_t *)word, value);
}

/* Both return what was there before; full barriers. */
static inline uintptr_t pfi_word_fetch_or(uintptr_t *word, uintptr_t bits) {
    uintptr_t seen = pfi_word_load(word);
    for (;;) {
        uintptr_t found = AO_fetch_compare_and_swap_full((volatile AO_t *)word, seen, seen | bits);
        if (found == seen) {
            return seen;
        }
        seen = found;
    }
}
static inline uintptr_t pfi_word_fetch_and(uintptr_t *word, uintptr_t bits) {
    uintptr_t seen = pfi_word_load(word);
    for (;;) {
        uintptr_t found = AO_fetch_compare_and_swap_full((volatile AO_t *)word, seen, seen & bits);
        if (found == seen) {
            return seen;
        }
        seen = found;
    }
}

static inline uint8_t pfi_byte_load(const uint8_t *byte) {
    return AO_char_load((const volatile unsigned char *)byte);
}

static inline void pfi_word_add(uintptr_t *word, uintptr_t amount) {
    AO_fetch_and_add((volatile AO_t *)word, amount);
}
static inline void pfi_word_subtract(uintptr_t *word, uintptr_t amount) {
    AO_fetch_and_add((volatile AO_t *)word, (AO_t)0 - amount);
}

/* Relaxed, both. Returns what was there before. */
static inline uintptr_t pfi_word_compare_and_swap(uintptr_t *word, uintptr_t expected, uintptr_t value) {
    return AO_fetch_compare_and_swap((volatile AO_t *)word, expected, value);
}
/* Full barrier. false: the word was not `expected`, and is unchanged. */
static inline int pfi_word_claim(uintptr_t *word, uintptr_t expected, uintptr_t value) {
    return AO_compare_and_swap_full((volatile AO_t *)word, expected, value);
}
static inline void pfi_word_or(uintptr_t *word, uintptr_t bits) {
    AO_or((volatile AO_t *)word, bits);
}

static inline void pfi_byte_store(uint8_t *byte, uint8_t value) {
    AO_char_store((volatile unsigned char *)byte, value);
}

#endif
