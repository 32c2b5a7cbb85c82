/* SPDX-License-Identifier: MIT */
#include "gc/state/fit_cursor.h"

#include "alloc/card_table.h"
#include "alloc/free_pages.h"
#include "alloc/platform/check.h"

void pfi_fit_cursor_open(struct pfi_fit_cursor *cursor, const struct pfi_free_list *list, struct pfi_account *account) {
    memset(cursor, 0, sizeof *cursor);
    cursor->list = list;
    cursor->account = account;
    cursor->nonempty = list->nonempty;
    for (unsigned bin = 0; bin < list->bin_count; ++bin) {
        cursor->next[bin] = list->bins[bin].head;
    }
}

static void close_region(struct pfi_fit_cursor *cursor) {
    if (cursor->item != 0) {
        *pfi_free_object_planned_end(cursor->item) = cursor->ptr;
    }
    cursor->item = 0;
    cursor->ptr = 0;
    cursor->end = 0;
}

static bool charge(struct pfi_fit_cursor *cursor, uintptr_t item) {
    size_t clean = cursor->account == NULL ? 0 : pfi_free_pages_clean(item);
    if (clean != 0 && !pfi_account_charge(cursor->account, PINFOLD_SPACE_SMALL, clean)) {
        return false;
    }
    cursor->charged += clean;
    return true;
}

static bool open_region(struct pfi_fit_cursor *cursor, size_t size) {
    unsigned first = pfi_free_list_sure_bin(cursor->list, size + PINFOLD_MIN_OBJECT);
    uint32_t bins = cursor->nonempty & ~(uint32_t)(((uint64_t)1 << first) - 1);
    if (bins == 0) {
        return false;
    }
    unsigned bin = (unsigned)__builtin_ctz(bins);
    if (!charge(cursor, cursor->next[bin])) {
        return false;
    }
    close_region(cursor);
    cursor->item = cursor->next[bin];
    cursor->next[bin] = *pfi_free_object_link(cursor->item);
    if (cursor->next[bin] == 0) {
        cursor->nonempty &= ~(1u << bin);
    }
    cursor->ptr = cursor->item;
    cursor->end = cursor->item + pfi_object_size(cursor->item);
    return true;
}

uintptr_t pfi_fit_cursor_take(struct pfi_fit_cursor *cursor, size_t size) {
    if (!pfi_leaves_no_splinter(cursor->end - cursor->ptr, size) && !open_region(cursor, size)) {
        return 0;
    }
    uintptr_t place = cursor->ptr;
    cursor->ptr += size;
    return place;
}

/* Returns the rest of a consumed item to the front of the list; how many of its clean bytes were used. */
static size_t return_rest(struct pfi_share *share, uintptr_t item) {
    struct pfi_generation *generation = &share->generations[2];
    uintptr_t end = item + pfi_object_size(item);
    uintptr_t rest = *pfi_free_object_planned_end(item);
    size_t clean = pfi_free_pages_clean(item);
    size_t used = pfi_free_pages_used(clean, rest, end - rest);
    generation->free_bytes -= end - item;
    generation->clean_bytes -= used;
    pfi_cards_clean_inside(share->arena->cards, item, end);
    pfi_share_format_gap(share, 2, rest, end - rest);
    pfi_free_pages_set_clean(rest, end - rest, clean);
    if (end - rest >= PINFOLD_MIN_FREE_ITEM) {
        pfi_free_list_push(&generation->free_list, rest);
    }
    return used;
}

void pfi_fit_cursor_abandon(struct pfi_fit_cursor *cursor) {
    if (cursor->charged != 0) {
        pfi_account_subtract(cursor->account, PINFOLD_SPACE_SMALL, cursor->charged);
        cursor->charged = 0;
    }
}

void pfi_fit_cursor_commit(struct pfi_fit_cursor *cursor, struct pfi_share *share) {
    struct pfi_free_list *list = &share->generations[2].free_list;
    uintptr_t consumed[PINFOLD_MAX_BINS];
    PINFOLD_ASSERT(cursor->list == list);
    close_region(cursor);
    for (unsigned bin = 0; bin < list->bin_count; ++bin) {
        consumed[bin] = list->bins[bin].head;
        for (uintptr_t item = consumed[bin]; item != cursor->next[bin]; item = *pfi_free_object_link(item)) {
            list->bytes -= pfi_object_size(item);
        }
        list->bins[bin].head = cursor->next[bin];
        if (cursor->next[bin] == 0) {
            list->bins[bin].tail = 0;
            list->nonempty &= ~(1u << bin);
        }
    }
    for (unsigned bin = 0; bin < list->bin_count; ++bin) {
        for (uintptr_t item = consumed[bin]; item != cursor->next[bin];) {
            uintptr_t next = *pfi_free_object_link(item);
            cursor->charged -= pfi_min(cursor->charged, return_rest(share, item));
            item = next;
        }
    }
    pfi_fit_cursor_abandon(cursor); /* what the plan did not use */
}
