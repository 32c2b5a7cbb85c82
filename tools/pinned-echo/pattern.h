/* SPDX-License-Identifier: MIT
 *
 * What a client says: an endless stream of text lines that its number determines, so that any byte of it can be checked
 * by its position alone. Lines are 64 or 256 bytes long on average, some a thousand and more.
 */
#ifndef PINNED_ECHO_PATTERN_H
#define PINNED_ECHO_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* The mixing function of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static inline uint64_t pattern_mix(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* The next random number of a sequence; any state is a good one. */
static inline uint64_t pattern_random(uint64_t *state) {
    *state += UINT64_C(0x9E3779B97F4A7C15);
    return pattern_mix(*state);
}

/* Byte number `position` of the stream of a client. */
static inline uint8_t pattern_byte(unsigned client, uint64_t position) {
    uint64_t word = pattern_mix(((uint64_t)client << 40) ^ (position >> 3));
    unsigned value = (unsigned)(word >> (8 * (position & 7))) & 0xFF;
    unsigned ends_line = client % 4 < 2 ? 4 : 1; /* of 256 */
    return (uint8_t)(value < ends_line ? '\n' : '!' + value % 94);
}

static inline void pattern_fill(uint8_t *bytes, size_t count, unsigned client, uint64_t position) {
    for (size_t i = 0; i < count; i++) {
        bytes[i] = pattern_byte(client, position + i);
    }
}

#endif
