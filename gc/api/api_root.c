/* SPDX-License-Identifier: MIT
 *
 * Frames, root sources and handles.
 */
#include "alloc/platform/check.h"
#include "gc/heap.h"
#include "pinfold/handle.h"
#include "pinfold/root.h"

void pf_frame_misuse(struct pf_thread *thread, const struct pf_frame *frame) {
    pfi_fatal("pf_frame_pop: frame %p is not the newest one, %p is", (const void *)frame, (void *)thread->frames);
}

/* The link that leads to the source; the one at the end of the list when it is not there. */
static struct pf_root_source **find_source(struct pf_heap *heap, const struct pf_root_source *source) {
    struct pf_root_source **link = &heap->roots.sources;
    while (*link != NULL && *link != source) {
        link = &(*link)->next;
    }
    return link;
}

void pf_root_source_add(struct pf_heap *heap, struct pf_root_source *source) {
    PINFOLD_REQUIRE(heap != NULL && source != NULL && source->enumerate != NULL,
                    "pf_root_source_add: the heap, the source or its enumerate function is NULL");
    pfi_heap_hold(heap);
    bool is_new = *find_source(heap, source) == NULL;
    if (is_new) {
        source->next = heap->roots.sources;
        heap->roots.sources = source;
    }
    pfi_world_release(&heap->world);
    PINFOLD_REQUIRE(is_new, "pf_root_source_add: the source was added before");
}

void pf_root_source_remove(struct pf_heap *heap, struct pf_root_source *source) {
    PINFOLD_REQUIRE(heap != NULL && source != NULL, "pf_root_source_remove: the heap or the source is NULL");
    pfi_heap_hold(heap);
    struct pf_root_source **link = find_source(heap, source);
    bool is_known = *link != NULL;
    if (is_known) {
        *link = source->next;
        source->next = NULL;
    }
    pfi_world_release(&heap->world);
    PINFOLD_REQUIRE(is_known, "pf_root_source_remove: the root source was never added");
}

/* What marking may know of a pinned object without looking at it. */
static void note_plain_object(const struct pf_heap *heap, struct pfi_handle_block *block,
                              const struct pf_handle *handle) {
    uintptr_t object = handle->object & ~heap->tags.mask;
    if (object == 0 || !pfi_tags_is_reference(heap->tags, handle->object) ||
        pfi_object_type(object)->scan != PINFOLD_SCAN_NONE) {
        return;
    }
    size_t size = pfi_object_size(object);
    if (size < heap->options.large_threshold && size >> PINFOLD_GRANULE_SHIFT <= PINFOLD_MOST_PLAIN_GRANULES) {
        block->plain_granules[handle - block->slots] = (uint16_t)(size >> PINFOLD_GRANULE_SHIFT);
    }
}

static void fill_handle(const struct pf_heap *heap, struct pfi_handle_block *block, struct pf_handle *handle,
                        void *object) {
    pfi_handle_block_fill(block, handle, (uintptr_t)object, heap->history.count);
    if (block->kind == PINFOLD_HANDLE_PINNED) {
        note_plain_object(heap, block, handle);
    }
}

enum pf_status pf_handle_create(struct pf_heap *heap, enum pf_handle_kind kind, void *object,
                                struct pf_handle **handle) {
    PINFOLD_REQUIRE(heap != NULL && handle != NULL, "pf_handle_create: the heap or the place for the handle is NULL");
    PINFOLD_REQUIRE((unsigned)kind < PINFOLD_HANDLE_KINDS, "pf_handle_create: there is no handle kind %d", (int)kind);
    struct pf_handle *created = NULL;
    pfi_mutex_lock(&heap->handle_lock);
    if (kind != PINFOLD_HANDLE_PINNED || pfi_heap_reserve_pins_locked(heap, 1)) {
        created = pfi_handle_table_add(&heap->roots.handles, kind, (uintptr_t)object);
    }
    if (created != NULL) {
        fill_handle(heap, pfi_handle_block_around(created), created, object);
        *handle = created;
    }
    pfi_mutex_unlock(&heap->handle_lock);
    return created == NULL ? PINFOLD_OUT_OF_MEMORY : PINFOLD_OK;
}

/* Locks the table. A handle that is not alive or belongs to another heap is a broken contract. */
static struct pfi_handle_block *lock_block(struct pf_heap *heap, const struct pf_handle *handle, const char *caller) {
    pfi_mutex_lock(&heap->handle_lock);
    struct pfi_handle_block *block = pfi_handle_block_of(handle);
    if (block == NULL || block->table != &heap->roots.handles) {
        pfi_mutex_unlock(&heap->handle_lock); /* the fatal handler may leave by longjmp */
        PINFOLD_REQUIRE(block != NULL, "%s: %p is no handle, or was destroyed before", caller, (const void *)handle);
        pfi_fatal("%s: handle %p belongs to another heap", caller, (const void *)handle);
    }
    return block;
}

void pf_handle_destroy(struct pf_heap *heap, struct pf_handle *handle) {
    if (handle == NULL) {
        return;
    }
    PINFOLD_REQUIRE(heap != NULL, "pf_handle_destroy: the heap is NULL");
    lock_block(heap, handle, "pf_handle_destroy");
    pfi_handle_table_remove(&heap->roots.handles, handle);
    pfi_mutex_unlock(&heap->handle_lock);
}

void *pf_handle_get(const struct pf_handle *handle) {
    PINFOLD_REQUIRE(handle != NULL, "pf_handle_get: the handle is NULL");
    return (void *)handle->object;
}

void pf_handle_set(struct pf_heap *heap, struct pf_handle *handle, void *object) {
    PINFOLD_REQUIRE(heap != NULL && handle != NULL, "pf_handle_set: the heap or the handle is NULL");
    fill_handle(heap, lock_block(heap, handle, "pf_handle_set"), handle, object);
    pfi_mutex_unlock(&heap->handle_lock);
}
