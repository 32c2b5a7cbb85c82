/* SPDX-License-Identifier: MIT
 *
 * The inner loop of marking: from a slot through the FIFO to the bits, and from the stack to the slots. Everything is
 * written once and compiled twice: for a worker that marks alone, with plain writes to the bitmap, and for one among
 * several, whose claims are atomic. `is_shared` is a constant wherever it is passed.
 */
#ifndef PINFOLD_GC_PHASE_MARK_TRACE_H
#define PINFOLD_GC_PHASE_MARK_TRACE_H

#include "alloc/platform/atomic_bitmap.h"
#include "gc/phase/mark.h"

enum { PINFOLD_ARRAY_PIECE = 512 /* slots of an array that are followed before the rest is pushed */ };

/* Sets the bits of an object; false when they were set already. */
static inline bool set_mark_alone(const struct pfi_marker *marker, uintptr_t object, const struct pf_type **type) {
    size_t granule = object >> PINFOLD_GRANULE_SHIFT;
    uint64_t *word = &marker->mark_words[granule / 64];
    unsigned bit = granule % 64;
    if ((*word >> bit) & 1) {
        return false;
    }
    *type = pfi_object_type(object);
    size_t size = pfi_object_size(object);
    size_t granules = size >> PINFOLD_GRANULE_SHIFT;
    if (PINFOLD_LIKELY(bit + granules <= 64)) {
        *word |= (~(uint64_t)0 >> (64 - granules)) << bit;
    } else if (size < marker->large_threshold) {
        pfi_bits_set_run(marker->mark_words, granule, granules);
    } else {
        *word |= (uint64_t)1 << bit;
    }
    return true;
}

enum { PINFOLD_DRAFT_BITS = 8, PINFOLD_MARK_DRAFTS = 1 << PINFOLD_DRAFT_BITS };

/* Bits that one of several workers has found and not added to the bitmap yet. */
struct pfi_mark_draft {
    size_t word;
    uint64_t bits;
};

/* Words at distances of a power of two, as trees have them, must not meet in one draft. */
static inline unsigned draft_of_word(size_t word) {
    return (uint32_t)word * UINT32_C(0x9E3779B1) >> (32 - PINFOLD_DRAFT_BITS);
}

/* Bits of small objects go into a draft of their word, which is added to the bitmap when it is needed for another word.
 * Until then another worker may find the same object unmarked and follow it as well: that costs the time of one object
 * and changes nothing, and is far cheaper than an atomic operation for every object. Objects that reach into a second
 * word, long arrays among them, are claimed by one worker. */
PINFOLD_INLINE bool set_mark_shared(const struct pfi_marker *marker, uintptr_t object, const struct pf_type **type) {
    size_t granule = object >> PINFOLD_GRANULE_SHIFT;
    size_t word = granule / 64;
    unsigned bit = granule % 64;
    struct pfi_mark_draft *draft = &marker->drafts[draft_of_word(word)];
    uint64_t drafted = draft->word == word ? draft->bits : 0;
    if (pfi_atomic_bits_test(marker->mark_words, granule) || ((drafted >> bit) & 1)) {
        return false;
    }
    *type = pfi_object_type(object);
    size_t size = pfi_object_size(object);
    size_t granules = size >> PINFOLD_GRANULE_SHIFT;
    if (PINFOLD_UNLIKELY(bit + granules > 64)) {
        return pfi_atomic_bits_claim_run(marker->mark_words, granule, size < marker->large_threshold ? granules : 1);
    }
    if (draft->word != word) {
        pfi_atomic_bits_add(marker->mark_words, draft->word, draft->bits);
        draft->word = word;
    }
    draft->bits = drafted | (~(uint64_t)0 >> (64 - granules)) << bit;
    return true;
}

PINFOLD_INLINE void mark_object(struct pfi_marker *marker, uintptr_t object, bool is_shared) {
    const struct pf_type *type;
    if (!(is_shared ? set_mark_shared(marker, object, &type) : set_mark_alone(marker, object, &type))) {
        return;
    }
    if (PINFOLD_UNLIKELY(!is_shared && marker->watched != NULL)) {
        pfi_key_index_find(marker->watched, object);
    }
    if (type->scan != PINFOLD_SCAN_NONE) {
        pfi_mark_stack_push(marker->stack, object);
    }
}

/* Puts `object` into the FIFO and handles the one that has waited longest. */
PINFOLD_INLINE void enqueue(struct pfi_marker *marker, uintptr_t object, bool is_shared) {
    __builtin_prefetch((const void *)object);
    __builtin_prefetch(&marker->mark_words[object >> PINFOLD_CARD_SHIFT], 1);
    unsigned index = marker->fifo_next++ % PINFOLD_MARK_FIFO;
    uintptr_t waited = marker->fifo[index];
    marker->fifo[index] = object;
    if (waited != 0) {
        mark_object(marker, waited, is_shared);
    }
}

static inline bool is_condemned(const struct pfi_marker *marker, uintptr_t value, uintptr_t *object) {
    *object = value & ~marker->tags.mask;
    return *object - marker->condemned_low < marker->condemned_size && pfi_tags_is_reference(marker->tags, value);
}

PINFOLD_INLINE void visit_slots(struct pfi_marker *marker, uintptr_t slots, size_t count, bool is_shared) {
    const uintptr_t *slot = pfi_words(slots);
    for (size_t index = 0; index < count; ++index) {
        uintptr_t object;
        if (is_condemned(marker, slot[index], &object)) {
            enqueue(marker, object, is_shared);
        }
    }
}

PINFOLD_INLINE void visit_slots_alone(void *context, uintptr_t slots, size_t count) {
    visit_slots(context, slots, count, false);
}

PINFOLD_INLINE void visit_slots_shared(void *context, uintptr_t slots, size_t count) {
    visit_slots(context, slots, count, true);
}

/* Follows a piece of an array of references and pushes the rest. */
PINFOLD_INLINE void scan_array(struct pfi_marker *marker, uintptr_t array, const struct pf_type *type, size_t index,
                               bool is_shared) {
    size_t length = pfi_object_length(array);
    size_t count = length - index;
    if (count > PINFOLD_ARRAY_PIECE) {
        count = PINFOLD_ARRAY_PIECE;
        pfi_mark_stack_push_rest(marker->stack, array, index + count);
    }
    visit_slots(marker, array + type->base_size + index * sizeof(uintptr_t), count, is_shared);
}

PINFOLD_INLINE void scan_object(struct pfi_marker *marker, uintptr_t object, bool is_shared) {
    const struct pf_type *type = pfi_object_type(object);
    if (type->scan == PINFOLD_SCAN_VECTOR) {
        scan_array(marker, object, type, 0, is_shared);
    } else if (is_shared) {
        pfi_object_visit(object, type, visit_slots_shared, marker);
    } else {
        pfi_object_visit(object, type, visit_slots_alone, marker);
    }
}

/* Follows the newest entry of the stack, which is not empty. */
PINFOLD_INLINE void scan_entry(struct pfi_marker *marker, bool is_shared) {
    size_t index;
    uintptr_t object = pfi_mark_stack_pop(marker->stack, &index);
    if (PINFOLD_UNLIKELY(index != SIZE_MAX)) {
        scan_array(marker, object, pfi_object_type(object), index, is_shared);
    } else {
        scan_object(marker, object, is_shared);
    }
}

/* The oldest first. Along a list this happens at every node. */
PINFOLD_INLINE void drain_fifo(struct pfi_marker *marker, bool is_shared) {
    unsigned oldest = marker->fifo_next;
    for (unsigned count = 0; count < PINFOLD_MARK_FIFO; ++count) {
        uintptr_t *waiting = &marker->fifo[(oldest + count) % PINFOLD_MARK_FIFO];
        uintptr_t object = *waiting;
        if (object != 0) {
            *waiting = 0;
            mark_object(marker, object, is_shared);
        }
    }
}

#endif
