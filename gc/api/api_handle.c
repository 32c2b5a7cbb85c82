/* SPDX-License-Identifier: MIT
 *
 * Handles. A managed thread takes slots from its cache and gives them back to it; every other thread goes to the table,
 * under the handle lock, which a collection holds. So no slot changes while a collection looks. (The number of
 * collections is read on the same terms.)
 */
#include "alloc/platform/check.h"
#include "gc/api/handle.h"
#include "gc/give_back.h"
#include "gc/heap.h"
#include "gc/world/mutator.h"
#include "pinfold/handle.h"

/* The calling thread's cache; NULL when it is not attached, or native: then slots change under the lock alone. */
static struct pfi_handle_cache *cache_of_caller(const struct pf_heap *heap) {
    struct pf_thread *thread = pfi_mutator_managed(heap);
    return thread == NULL ? NULL : &pfi_mutator_of(thread)->handles;
}

/* How many slots may leave the table at once: pinned ones need room in the pin queue. 0: no memory. */
static size_t reserve_locked(struct pf_heap *heap, enum pf_handle_kind kind, size_t most) {
    if (kind != PINFOLD_HANDLE_PINNED || pfi_heap_reserve_pins_locked(heap, most)) {
        return most;
    }
    return pfi_heap_reserve_pins_locked(heap, 1) ? 1 : 0;
}

static struct pf_handle *take_from_table(struct pf_heap *heap, enum pf_handle_kind kind) {
    struct pf_handle *slot = NULL;
    pfi_mutex_lock(&heap->handle_lock);
    size_t count = reserve_locked(heap, kind, 1);
    if (count != 0 && pfi_handle_table_take_locked(&heap->roots.handles, kind, &slot, count) == 0) {
        slot = NULL;
    }
    pfi_mutex_unlock(&heap->handle_lock);
    return slot;
}

PINFOLD_COLD static bool refill(struct pf_heap *heap, struct pfi_handle_cache *cache, enum pf_handle_kind kind) {
    pfi_mutex_lock(&heap->handle_lock);
    size_t most = reserve_locked(heap, kind, PINFOLD_HANDLE_CACHE_BATCH);
    bool is_refilled = most != 0 && pfi_handle_cache_refill_locked(cache, &heap->roots.handles, kind, most);
    pfi_mutex_unlock(&heap->handle_lock);
    return is_refilled;
}

static inline struct pf_handle *try_take_slot(struct pf_heap *heap, struct pfi_handle_cache *cache,
                                              enum pf_handle_kind kind) {
    if (cache == NULL) {
        return take_from_table(heap, kind);
    }
    struct pf_handle *slot = pfi_handle_cache_pop(cache, kind);
    if (PINFOLD_UNLIKELY(slot == NULL) && refill(heap, cache, kind)) {
        slot = pfi_handle_cache_pop(cache, kind);
    }
    return slot;
}

static inline struct pf_handle *take_slot(struct pf_heap *heap, struct pfi_handle_cache *cache,
                                          enum pf_handle_kind kind) {
    struct pf_handle *slot = try_take_slot(heap, cache, kind);
    return PINFOLD_LIKELY(slot != NULL) || !pfi_heap_relieve(heap) ? slot : try_take_slot(heap, cache, kind);
}

PINFOLD_COLD static void spill(struct pf_heap *heap, struct pfi_handle_cache *cache, unsigned kind) {
    pfi_mutex_lock(&heap->handle_lock);
    pfi_handle_cache_spill_locked(cache, &heap->roots.handles, kind);
    pfi_mutex_unlock(&heap->handle_lock);
}

PINFOLD_COLD static void rejuvenate(struct pf_heap *heap, struct pfi_handle_block *block) {
    pfi_mutex_lock(&heap->handle_lock);
    pfi_handle_block_rejuvenate_locked(block);
    pfi_mutex_unlock(&heap->handle_lock);
}

/* After a store into one of the block's slots: its next collection looks at it. A block's age only rises while the
 * world is stopped, and then no managed thread is between a store and this. */
static inline void note_store(struct pf_heap *heap, struct pfi_handle_block *block) {
    if (PINFOLD_UNLIKELY(pfi_handle_block_age(block) != 0)) {
        rejuvenate(heap, block);
    }
}

/* What marking may know of a pinned object without looking at it. */
static inline void note_plain_object(const struct pf_heap *heap, struct pfi_handle_block *block,
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

/* What a dependent handle keeps as its key: a tag on no address is no key. */
static uintptr_t key_of(const struct pf_heap *heap, uintptr_t word) {
    bool is_nothing = (word & ~heap->tags.mask) == 0 && pfi_tags_is_reference(heap->tags, word);
    return is_nothing ? 0 : word;
}

static inline void write_handle(const struct pf_heap *heap, struct pfi_handle_block *block, struct pf_handle *handle,
                                void *object) {
    uintptr_t word = (uintptr_t)object;
    if (block->kind == PINFOLD_HANDLE_DEPENDENT) {
        word = key_of(heap, word);
        if (word == 0) {
            pfi_handle_value(handle)->object = 0;
        }
    }
    pfi_handle_block_fill(block, handle, word, heap->history.count);
    if (block->kind == PINFOLD_HANDLE_PINNED) {
        note_plain_object(heap, block, handle);
    }
}

static inline void fill_handle(struct pf_heap *heap, const struct pfi_handle_cache *cache, struct pf_handle *handle,
                               void *object) {
    struct pfi_handle_block *block = pfi_handle_block_around(handle);
    if (PINFOLD_LIKELY(cache != NULL)) {
        write_handle(heap, block, handle, object);
        note_store(heap, block);
        return;
    }
    pfi_mutex_lock(&heap->handle_lock);
    write_handle(heap, block, handle, object);
    pfi_handle_block_rejuvenate_locked(block);
    pfi_mutex_unlock(&heap->handle_lock);
}

struct pf_handle *pfi_handle_make(struct pf_heap *heap, enum pf_handle_kind kind, void *object) {
    struct pfi_handle_cache *cache = cache_of_caller(heap);
    struct pf_handle *handle = take_slot(heap, cache, kind);
    if (PINFOLD_LIKELY(handle != NULL)) {
        fill_handle(heap, cache, handle, object);
        PINFOLD_SEND(&heap->events, handle_created, handle, kind);
    }
    return handle;
}

enum pf_status pf_handle_create(struct pf_heap *heap, enum pf_handle_kind kind, void *object,
                                struct pf_handle **handle) {
    PINFOLD_REQUIRE(heap != NULL && handle != NULL, "pf_handle_create: the heap or the place for the handle is NULL");
    PINFOLD_REQUIRE((unsigned)kind < PINFOLD_HANDLE_KINDS, "pf_handle_create: there is no handle kind %d", (int)kind);
    struct pf_handle *created = pfi_handle_make(heap, kind, object);
    if (created == NULL) {
        return PINFOLD_OUT_OF_MEMORY;
    }
    *handle = created;
    return PINFOLD_OK;
}

/* The block of a handle that is alive and belongs to `heap`; anything else is a broken contract. */
static struct pfi_handle_block *require_block(const struct pf_heap *heap, const struct pf_handle *handle,
                                              const char *caller) {
    struct pfi_handle_block *block = pfi_handle_block_of(handle);
    PINFOLD_REQUIRE(block != NULL, "%s: %p is no handle, or was destroyed before", caller, (const void *)handle);
    PINFOLD_REQUIRE(block->table == &heap->roots.handles, "%s: handle %p belongs to another heap", caller,
                    (const void *)handle);
    return block;
}

static void destroy_in_table(struct pf_heap *heap, struct pfi_handle_block *block, struct pf_handle *handle) {
    pfi_mutex_lock(&heap->handle_lock);
    pfi_handle_block_empty(block, handle);
    pfi_handle_table_give_locked(&heap->roots.handles, handle);
    pfi_mutex_unlock(&heap->handle_lock);
}

void pfi_handle_unmake(struct pf_heap *heap, struct pfi_handle_block *block, struct pf_handle *handle) {
    PINFOLD_SEND(&heap->events, handle_destroyed, handle, (enum pf_handle_kind)block->kind);
    struct pfi_handle_cache *cache = cache_of_caller(heap);
    if (cache == NULL) {
        destroy_in_table(heap, block, handle);
        return;
    }
    pfi_handle_block_empty(block, handle);
    if (PINFOLD_UNLIKELY(!pfi_handle_cache_push(cache, block->kind, handle))) {
        spill(heap, cache, block->kind);
        (void)pfi_handle_cache_push(cache, block->kind, handle);
    }
}

void pf_handle_destroy(struct pf_heap *heap, struct pf_handle *handle) {
    if (handle == NULL) {
        return;
    }
    PINFOLD_REQUIRE(heap != NULL, "pf_handle_destroy: the heap is NULL");
    pfi_handle_unmake(heap, require_block(heap, handle, "pf_handle_destroy"), handle);
}

void *pf_handle_get(const struct pf_handle *handle) {
    PINFOLD_REQUIRE(handle != NULL, "pf_handle_get: the handle is NULL");
    return (void *)handle->object;
}

void pf_handle_set(struct pf_heap *heap, struct pf_handle *handle, void *object) {
    PINFOLD_REQUIRE(heap != NULL && handle != NULL, "pf_handle_set: the heap or the handle is NULL");
    (void)require_block(heap, handle, "pf_handle_set");
    fill_handle(heap, cache_of_caller(heap), handle, object);
}

/* By a managed thread: no other knows what an object's address is. */
static void store_value(struct pf_heap *heap, struct pf_handle *handle, void *value) {
    if (handle->object != 0) {
        pfi_handle_value(handle)->object = (uintptr_t)value;
        note_store(heap, pfi_handle_block_around(handle));
    }
}

enum pf_status pf_dependent_create(struct pf_heap *heap, void *key, void *value, struct pf_handle **handle) {
    PINFOLD_REQUIRE(heap != NULL && handle != NULL,
                    "pf_dependent_create: the heap or the place for the handle is NULL");
    struct pf_handle *created = pfi_handle_make(heap, PINFOLD_HANDLE_DEPENDENT, key);
    if (created == NULL) {
        return PINFOLD_OUT_OF_MEMORY;
    }
    store_value(heap, created, value);
    *handle = created;
    return PINFOLD_OK;
}

void *pf_dependent_value(const struct pf_handle *handle) {
    PINFOLD_REQUIRE(handle != NULL, "pf_dependent_value: the handle is NULL");
    const struct pfi_handle_block *block = pfi_handle_block_of(handle);
    PINFOLD_REQUIRE(block != NULL && block->kind == PINFOLD_HANDLE_DEPENDENT,
                    "pf_dependent_value: %p is no dependent handle, or was destroyed before", (const void *)handle);
    return (void *)pfi_handle_value(handle)->object;
}

void pf_dependent_set_value(struct pf_heap *heap, struct pf_handle *handle, void *value) {
    PINFOLD_REQUIRE(heap != NULL && handle != NULL, "pf_dependent_set_value: the heap or the handle is NULL");
    const struct pfi_handle_block *block = require_block(heap, handle, "pf_dependent_set_value");
    PINFOLD_REQUIRE(block->kind == PINFOLD_HANDLE_DEPENDENT, "pf_dependent_set_value: %p is no dependent handle",
                    (const void *)handle);
    store_value(heap, handle, value);
}
