/* SPDX-License-Identifier: MIT
 *
 * Ranges that wait lie in an array without a lock, so that a fork at any moment leaves nothing locked in the child: a
 * slot belongs to whoever has changed its state to BUSY.
 *
 *     FREE --> BUSY --> FULL --> BUSY --> FREE or FULL
 *
 * Looking for a place maps and unmaps, and each time may leave a range behind: with half of the slots full nothing is
 * reserved any more, and the other half is for what is there. A process with all slots full keeps further ranges
 * mapped, without memory. A heap that is destroyed leaves a handful at most.
 */
#include "alloc/platform/unmap.h"

#include <errno.h>
#include <sys/mman.h>

#include "alloc/platform/atomics.h"
#include "alloc/platform/fault.h"

enum { SLOTS = 256 };
enum state { FREE, BUSY, FULL };

struct slot {
    uintptr_t state;
    uintptr_t address;
    size_t size;
};

static struct slot slots[SLOTS];
static uintptr_t waiting; /* bytes; nonzero means that it is worth a look */
static uintptr_t full;    /* slots */

static bool take(struct slot *slot, enum state from) {
    return pfi_word_load(&slot->state) == from && pfi_word_claim(&slot->state, from, BUSY);
}

static bool unmap(uintptr_t address, size_t size) {
    int result = pfi_fault(PINFOLD_FAULT_UNMAP, size) ? -1 : munmap((void *)address, size);
    return result == 0;
}

/* The memory first: that splits no mapping, and is what hurts. */
static void keep(uintptr_t address, size_t size) {
    if (!pfi_fault(PINFOLD_FAULT_DISCARD, size)) {
        madvise((void *)address, size, MADV_DONTNEED);
    }
    for (struct slot *slot = slots; slot < slots + SLOTS; ++slot) {
        if (take(slot, FREE)) {
            slot->address = address;
            slot->size = size;
            pfi_word_add(&waiting, size);
            pfi_word_add(&full, 1);
            pfi_word_store_release(&slot->state, FULL);
            return;
        }
    }
}

static void try_again(struct slot *slot) {
    if (!take(slot, FULL)) {
        return;
    }
    bool is_done = unmap(slot->address, slot->size);
    if (is_done) {
        pfi_word_subtract(&waiting, slot->size);
        pfi_word_subtract(&full, 1);
    }
    pfi_word_store_release(&slot->state, is_done ? FREE : FULL);
}

void pfi_unmap_again(void) {
    int saved_errno = errno;
    for (struct slot *slot = slots; pfi_unmap_waiting() != 0 && slot < slots + SLOTS; ++slot) {
        try_again(slot);
    }
    errno = saved_errno;
}

void pfi_unmap(uintptr_t address, size_t size) {
    int saved_errno = errno;
    pfi_unmap_again();
    if (!unmap(address, size)) {
        keep(address, size);
    }
    errno = saved_errno;
}

size_t pfi_unmap_waiting(void) {
    return pfi_word_load(&waiting);
}

bool pfi_unmap_is_behind(void) {
    return pfi_word_load(&full) >= SLOTS / 2;
}
