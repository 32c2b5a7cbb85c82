/* SPDX-License-Identifier: MIT */
#include "gc/state/key_index.h"

#include "gc/state/handle_table.h"

void pfi_key_index_init(struct pfi_key_index *index, struct pfi_account *account) {
    *index = (struct pfi_key_index){.account = account};
}

void pfi_key_index_finish(struct pfi_key_index *index) {
    pfi_bookkeeping_give(index->account, index->buckets, pfi_key_index_bytes(index));
}

bool pfi_key_index_reserve(struct pfi_key_index *index, size_t slots) {
    if (slots <= index->capacity) {
        return true;
    }
    size_t capacity = index->capacity == 0 ? PINFOLD_HANDLES_PER_BLOCK : index->capacity;
    while (capacity < slots) {
        capacity *= 2;
    }
    /* What is in the old ones counts for nothing. */
    struct pf_handle **buckets = pfi_bookkeeping_take(index->account, capacity * sizeof *buckets);
    if (buckets == NULL) {
        return false;
    }
    pfi_bookkeeping_give(index->account, index->buckets, pfi_key_index_bytes(index));
    index->buckets = buckets;
    index->capacity = capacity;
    return true;
}

void pfi_key_index_open(struct pfi_key_index *index, uintptr_t tag_mask) {
    memset(index->buckets, 0, index->capacity * sizeof *index->buckets);
    index->found = NULL;
    index->tag_mask = tag_mask;
}

/* Objects are granules apart; multiplication by 2^64 / phi spreads what distinguishes them to the top. */
static struct pf_handle **bucket_of(const struct pfi_key_index *index, uintptr_t object) {
    uint64_t hash = (uint64_t)object * UINT64_C(0x9E3779B97F4A7C15) >> 32;
    return &index->buckets[hash & (index->capacity - 1)];
}

void pfi_key_index_add(struct pfi_key_index *index, struct pf_handle *slot) {
    struct pf_handle **bucket = bucket_of(index, slot->object & ~index->tag_mask);
    *pfi_handle_link(slot) = *bucket;
    *bucket = slot;
}

void pfi_key_index_find(struct pfi_key_index *index, uintptr_t object) {
    struct pf_handle **link = bucket_of(index, object);
    while (*link != NULL) {
        struct pf_handle *slot = *link;
        struct pf_handle **next = pfi_handle_link(slot);
        if ((slot->object & ~index->tag_mask) != object) {
            link = next;
            continue;
        }
        *link = *next;
        *next = index->found;
        index->found = slot;
    }
}

struct pf_handle *pfi_key_index_take(struct pfi_key_index *index) {
    struct pf_handle *slot = index->found;
    if (slot != NULL) {
        index->found = *pfi_handle_link(slot);
    }
    return slot;
}
