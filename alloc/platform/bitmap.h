/* SPDX-License-Identifier: MIT
 *
 * Searching and filling runs of bits in arrays of 64-bit words. Positions are bit numbers; [from, to).
 */
#ifndef PINFOLD_PLATFORM_BITMAP_H
#define PINFOLD_PLATFORM_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline unsigned pfi_bits_lowest(uint64_t word) {
    return (unsigned)__builtin_ctzll(word);
}

static inline unsigned pfi_bits_highest(uint64_t word) {
    return 63 - (unsigned)__builtin_clzll(word);
}

/* Number of one bits. Plain arithmetic: the baseline of x86-64 has no instruction for it, and a call costs more. */
static inline unsigned pfi_bits_count(uint64_t word) {
#if defined(__POPCNT__) || defined(__aarch64__)
    return (unsigned)__builtin_popcountll(word);
#else
    word -= (word >> 1) & 0x5555555555555555u;
    word = (word & 0x3333333333333333u) + ((word >> 2) & 0x3333333333333333u);
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (unsigned)((word * 0x0101010101010101u) >> 56);
#endif
}

/* Ones below bit number `bit` (0..63). */
static inline uint64_t pfi_bits_below(unsigned bit) {
    return ((uint64_t)1 << bit) - 1;
}

static inline bool pfi_bits_test(const uint64_t *words, size_t position) {
    return (words[position / 64] >> (position % 64)) & 1;
}

static inline void pfi_bits_set(uint64_t *words, size_t position) {
    words[position / 64] |= (uint64_t)1 << (position % 64);
}

static inline void pfi_bits_clear(uint64_t *words, size_t position) {
    words[position / 64] &= ~((uint64_t)1 << (position % 64));
}

/* Sets count >= 1 bits from `position` on. */
static inline void pfi_bits_set_run(uint64_t *words, size_t position, size_t count) {
    size_t first = position / 64;
    size_t last = (position + count - 1) / 64;
    uint64_t first_mask = ~pfi_bits_below(position % 64);
    uint64_t last_mask = ~(uint64_t)0 >> (63 - (position + count - 1) % 64);
    if (first == last) {
        words[first] |= first_mask & last_mask;
        return;
    }
    words[first] |= first_mask;
    for (size_t index = first + 1; index < last; ++index) {
        words[index] = ~(uint64_t)0;
    }
    words[last] |= last_mask;
}

/* Clears count >= 1 bits from `position` on. */
static inline void pfi_bits_clear_run(uint64_t *words, size_t position, size_t count) {
    size_t first = position / 64;
    size_t last = (position + count - 1) / 64;
    uint64_t first_mask = ~pfi_bits_below(position % 64);
    uint64_t last_mask = ~(uint64_t)0 >> (63 - (position + count - 1) % 64);
    if (first == last) {
        words[first] &= ~(first_mask & last_mask);
        return;
    }
    words[first] &= ~first_mask;
    memset(words + first + 1, 0, (last - first - 1) * sizeof(uint64_t));
    words[last] &= ~last_mask;
}

/* First position in [from, to) whose bit differs from those of `flip` (0: next one bit; all ones: next zero bit). */
static inline size_t pfi_bits_find(const uint64_t *words, size_t from, size_t to, uint64_t flip) {
    if (from >= to) {
        return to;
    }
    size_t index = from / 64;
    uint64_t word = (words[index] ^ flip) & ~pfi_bits_below(from % 64);
    size_t last = (to - 1) / 64;
    while (word == 0) {
        if (index == last) {
            return to;
        }
        word = words[++index] ^ flip;
        if (word != 0) {
            break; /* short runs are common: pins and what lies between them */
        }
        while (index + 4 < last && ((words[index + 1] ^ flip) | (words[index + 2] ^ flip) | (words[index + 3] ^ flip) |
                                    (words[index + 4] ^ flip)) == 0) {
            index += 4; /* and so are long ones: dead young objects, heaps in which everything lives */
        }
    }
    size_t found = index * 64 + pfi_bits_lowest(word);
    return found < to ? found : to;
}

static inline size_t pfi_bits_find_one(const uint64_t *words, size_t from, size_t to) {
    return pfi_bits_find(words, from, to, 0);
}
static inline size_t pfi_bits_find_zero(const uint64_t *words, size_t from, size_t to) {
    return pfi_bits_find(words, from, to, ~(uint64_t)0);
}

/* Clears whole words that cover [from, to); both must be multiples of 64. */
static inline void pfi_bits_clear_words(uint64_t *words, size_t from, size_t to) {
    memset(words + from / 64, 0, (to - from) / 8);
}

#endif
