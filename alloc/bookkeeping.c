/* SPDX-License-Identifier: MIT */
#include "alloc/bookkeeping.h"

#include <string.h>

#include "alloc/layout.h"
#include "alloc/platform/memory.h"
#include "alloc/platform/os_memory.h"

static bool charge(struct pfi_account *account, size_t size) {
    return pfi_account_charge(account, PINFOLD_SPACE_BOOKKEEPING, size);
}

static void discharge(struct pfi_account *account, size_t size) {
    pfi_account_subtract(account, PINFOLD_SPACE_BOOKKEEPING, size);
}

/* What was charged for memory that could not be had was not. */
static void *settle(struct pfi_account *account, void *memory, size_t size) {
    if (memory == NULL) {
        discharge(account, size);
    }
    return memory;
}

void *pfi_bookkeeping_take(struct pfi_account *account, size_t size) {
    return charge(account, size) ? settle(account, pfi_malloc(size), size) : NULL;
}

void *pfi_bookkeeping_take_zeroed(struct pfi_account *account, size_t size) {
    return charge(account, size) ? settle(account, pfi_calloc(1, size), size) : NULL;
}

void *pfi_bookkeeping_take_aligned(struct pfi_account *account, size_t alignment, size_t size) {
    return charge(account, size) ? settle(account, pfi_aligned_alloc(alignment, size), size) : NULL;
}

void *pfi_bookkeeping_grow(struct pfi_account *account, void *memory, size_t size, size_t new_size) {
    size_t more = new_size - size;
    return charge(account, more) ? settle(account, pfi_realloc(memory, new_size), more) : NULL;
}

void pfi_bookkeeping_give(struct pfi_account *account, void *memory, size_t size) {
    if (memory != NULL) {
        free(memory);
        discharge(account, size);
    }
}

static bool commit_to(struct pfi_extent *extent, size_t end) {
    size_t more = end - extent->committed;
    if (!charge(extent->account, more)) {
        return false;
    }
    if (!pfi_os_commit(extent->start + extent->committed, more)) {
        discharge(extent->account, more);
        return false;
    }
    extent->committed = end;
    return true;
}

bool pfi_extent_init(struct pfi_extent *extent, struct pfi_account *account, size_t size, size_t committed) {
    *extent = (struct pfi_extent){.account = account, .size = pfi_align_up(size, PINFOLD_PAGE)};
    extent->least = extent->size;
    extent->most = extent->size;
    extent->start = pfi_os_reserve(extent->size, PINFOLD_PAGE);
    if (extent->start == 0) {
        return false;
    }
    if (!commit_to(extent, pfi_min(pfi_align_up(committed, PINFOLD_PAGE), extent->size))) {
        pfi_os_release(extent->start, extent->size);
        return false;
    }
    return true;
}

void pfi_extent_finish(struct pfi_extent *extent) {
    pfi_os_release(extent->start, extent->size);
    discharge(extent->account, extent->committed);
}

void pfi_extent_let_move(struct pfi_extent *extent, size_t most) {
    extent->most = pfi_max(extent->size, pfi_align_up(most, PINFOLD_PAGE));
}

/* For a moment both ranges are there, and charged. */
static bool move(struct pfi_extent *extent) {
    struct pfi_extent longer;
    size_t size = pfi_min(2 * extent->size, extent->most);
    if (!pfi_extent_init(&longer, extent->account, size, size)) {
        return false;
    }
    memcpy((void *)longer.start, (const void *)extent->start, extent->committed);
    longer.least = extent->least;
    longer.most = extent->most;
    pfi_extent_finish(extent);
    *extent = longer;
    return true;
}

bool pfi_extent_grow(struct pfi_extent *extent) {
    if (extent->committed < extent->size) {
        return commit_to(extent, pfi_min(2 * extent->committed, extent->size));
    }
    return extent->size < extent->most && move(extent);
}

void pfi_extent_shrink(struct pfi_extent *extent, size_t kept) {
    size_t end = pfi_align_up(kept, PINFOLD_PAGE);
    if (end < extent->committed) {
        pfi_os_decommit(extent->start + end, extent->committed - end);
        discharge(extent->account, extent->committed - end);
        extent->committed = end;
    }
    size_t size = pfi_max(end, extent->least);
    if (extent->most > extent->least && size < extent->size) {
        pfi_os_release(extent->start + size, extent->size - size);
        extent->size = size;
    }
}
