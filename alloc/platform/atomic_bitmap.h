/* SPDX-License-Identifier: MIT
 *
 * Bitmaps of 64-bit words (bitmap.h) that several threads set bits in at once. Nothing but the bits is passed on: there
 * is no ordering with other memory. A machine of 32 bits sees a word as two halves.
 */
#ifndef PINFOLD_PLATFORM_ATOMIC_BITMAP_H
#define PINFOLD_PLATFORM_ATOMIC_BITMAP_H

#include <stdbool.h>

#include "alloc/platform/atomics.h"

enum { PINFOLD_ATOMIC_BITS = 8 * sizeof(uintptr_t) };

/* What is read and written at once, and holds the bit at `position`. */
static inline uintptr_t *pfi_atomic_bits_part(uint64_t *words, size_t position) {
#if UINTPTR_MAX == UINT64_MAX || __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (uintptr_t *)words + position / PINFOLD_ATOMIC_BITS;
#else
    return (uintptr_t *)words + (position / PINFOLD_ATOMIC_BITS ^ 1);
#endif
}

static inline bool pfi_atomic_bits_test(uint64_t *words, size_t position) {
    return (pfi_word_load(pfi_atomic_bits_part(words, position)) >> (position % PINFOLD_ATOMIC_BITS)) & 1;
}

/* Sets those bits of word number `index` that are set in `bits`. */
static inline void pfi_atomic_bits_add(uint64_t *words, size_t index, uint64_t bits) {
    for (size_t bit = 0; bit < 64; bit += PINFOLD_ATOMIC_BITS) {
        uintptr_t part = (uintptr_t)(bits >> bit);
        if (part != 0) {
            pfi_word_or(pfi_atomic_bits_part(words, index * 64 + bit), part);
        }
    }
}

/* Sets the bits of `mask`, which has the one at `position`; false, and nothing is set, when that one was set already.
 */
static inline bool pfi_atomic_bits_claim(uint64_t *words, size_t position, uintptr_t mask) {
    uintptr_t *part = pfi_atomic_bits_part(words, position);
    uintptr_t seen = pfi_word_load(part);
    for (;;) {
        if ((seen >> (position % PINFOLD_ATOMIC_BITS)) & 1) {
            return false;
        }
        uintptr_t found = pfi_word_compare_and_swap(part, seen, seen | mask);
        if (found == seen) {
            return true;
        }
        seen = found;
    }
}

/* Sets count >= 1 bits from `position` on; false, and nothing is set, when the first of them was set already. Only
 * whoever claims the first bit of a run may set its others. */
static inline bool pfi_atomic_bits_claim_run(uint64_t *words, size_t position, size_t count) {
    size_t first = position % PINFOLD_ATOMIC_BITS;
    size_t end = first + count;
    uintptr_t above = end < PINFOLD_ATOMIC_BITS ? ~(uintptr_t)0 << end : 0;
    if (!pfi_atomic_bits_claim(words, position, (~(uintptr_t)0 << first) & ~above)) {
        return false;
    }
    for (position -= first; end > PINFOLD_ATOMIC_BITS;) {
        position += PINFOLD_ATOMIC_BITS;
        end -= PINFOLD_ATOMIC_BITS;
        uintptr_t mask = end < PINFOLD_ATOMIC_BITS ? ((uintptr_t)1 << end) - 1 : ~(uintptr_t)0;
        pfi_word_or(pfi_atomic_bits_part(words, position), mask);
    }
    return true;
}

#endif
