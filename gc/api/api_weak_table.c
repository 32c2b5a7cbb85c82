/* SPDX-License-Identifier: MIT
 *
 * Weak tables: chained hashing over an array of entries, each with a dependent handle.
 *
 *     buckets[hash] -> entry -> entry          by `next`
 *     classes[generation] <-> entry <-> entry  by the generation in which the key lay when it was hashed last
 *
 * Each class has a stamp that depends on the addresses of its keys. Before a lookup, the classes whose stamp says
 * "moved" are settled: their entries are hashed anew and join the class of their key's present generation. So keys that
 * have grown old are left alone by young collections. An entry whose key has died is never found, because its handle
 * holds NULL; it is removed when its class is settled, or when somebody counts, iterates or wants room.
 *
 * Invariant: every entry in use is in exactly one chain and one class; there are as many buckets as entries, a power of
 * two. Owner: the program.
 */
#include "alloc/platform/check.h"
#include "gc/api/weak_table.h"
#include "gc/heap.h"
#include "pinfold/address.h"
#include "pinfold/weak_table.h"

enum { SMALLEST_CAPACITY = 16, LARGEST_CAPACITY = 1 << 30, SPARSE = 8 /* shrinks when fewer than 1/8 are in use */ };
static const uint32_t nobody = UINT32_MAX;

struct entry {
    struct pf_handle *handle; /* NULL: not in use */
    uint32_t hash;
    uint32_t next; /* in its bucket, or among those not in use */
    uint32_t next_of_class;
    uint32_t previous_of_class;
};

struct pf_weak_table {
    struct pf_heap *heap;
    struct entry *entries;
    uint32_t *buckets;
    uint32_t capacity;
    uint32_t used; /* entries from here on were never in use */
    uint32_t free; /* first of those that were */
    uint32_t count;
    uint32_t classes[PINFOLD_GENERATIONS];
    struct pf_address_stamp stamps[PINFOLD_GENERATIONS];
    size_t rehashed;    /* keys hashed anew so far */
    uint64_t purged_at; /* collections, when dead entries were last looked for everywhere */
    bool is_iterating;
};

/* Addresses differ in the middle: multiplication by 2^64 / phi brings that to the top (Knuth, 6.4). */
static uint32_t hash_of(const void *key) {
    return (uint32_t)((uint64_t)(uintptr_t)key * UINT64_C(0x9E3779B97F4A7C15) >> 32);
}

static uint32_t *bucket_of(const struct pf_weak_table *table, uint32_t hash) {
    return &table->buckets[hash & (table->capacity - 1)];
}

static uintptr_t address_of(const struct pf_weak_table *table, const void *key) {
    return (uintptr_t)key & ~table->heap->tags.mask;
}

/* --- chains and classes --- */

static void link_entry(struct pf_weak_table *table, uint32_t index) {
    struct entry *entry = &table->entries[index];
    uint32_t *bucket = bucket_of(table, entry->hash);
    entry->next = *bucket;
    *bucket = index;
}

static void unlink_entry(struct pf_weak_table *table, uint32_t index) {
    uint32_t *link = bucket_of(table, table->entries[index].hash);
    while (*link != index) {
        link = &table->entries[*link].next;
    }
    *link = table->entries[index].next;
}

static void join_class(struct pf_weak_table *table, uint32_t index, uint32_t *head) {
    struct entry *entry = &table->entries[index];
    entry->previous_of_class = nobody;
    entry->next_of_class = *head;
    if (*head != nobody) {
        table->entries[*head].previous_of_class = index;
    }
    *head = index;
}

static void leave_class(struct pf_weak_table *table, uint32_t index) {
    const struct entry *entry = &table->entries[index];
    if (entry->next_of_class != nobody) {
        table->entries[entry->next_of_class].previous_of_class = entry->previous_of_class;
    }
    if (entry->previous_of_class != nobody) {
        table->entries[entry->previous_of_class].next_of_class = entry->next_of_class;
        return;
    }
    for (int class = 0; class < PINFOLD_GENERATIONS; ++class) {
        if (table->classes[class] == index) {
            table->classes[class] = entry->next_of_class;
        }
    }
}

/* Hashes a live key as it lies now. */
static void place_entry(struct pf_weak_table *table, uint32_t index, const void *key) {
    int class = pfi_share_generation_of(&table->heap->share, address_of(table, key));
    pf_address_note(table->heap, &table->stamps[class], key);
    table->entries[index].hash = hash_of(key);
    link_entry(table, index);
    join_class(table, index, &table->classes[class]);
}

/* An entry that is in no chain and no class. */
static void free_entry(struct pf_weak_table *table, uint32_t index) {
    struct entry *entry = &table->entries[index];
    pf_handle_destroy(table->heap, entry->handle);
    entry->handle = NULL;
    entry->next = table->free;
    table->free = index;
    --table->count;
}

static void remove_entry(struct pf_weak_table *table, uint32_t index) {
    unlink_entry(table, index);
    leave_class(table, index);
    free_entry(table, index);
}

static void settle_class(struct pf_weak_table *table, int class) {
    uint32_t index = table->classes[class];
    table->classes[class] = nobody;
    table->stamps[class] = (struct pf_address_stamp){{0}};
    while (index != nobody) {
        uint32_t next = table->entries[index].next_of_class;
        const void *key = pf_handle_get(table->entries[index].handle);
        unlink_entry(table, index);
        if (key == NULL) {
            free_entry(table, index);
        } else {
            place_entry(table, index, key);
            ++table->rehashed;
        }
        index = next;
    }
}

static void settle(struct pf_weak_table *table) {
    for (int class = 0; class < PINFOLD_GENERATIONS; ++class) {
        if (pf_addresses_moved(table->heap, &table->stamps[class])) {
            settle_class(table, class);
        }
    }
}

/* --- size --- */

static void give_arrays(const struct pf_weak_table *table) {
    pfi_heap_give(table->heap, table->entries, table->capacity * sizeof *table->entries);
    pfi_heap_give(table->heap, table->buckets, table->capacity * sizeof *table->buckets);
}

/* Entries keep their hashes, so nothing is looked up in the heap. false: no memory, nothing has changed. */
static bool resize(struct pf_weak_table *table, uint32_t capacity) {
    struct pf_heap *heap = table->heap;
    struct entry *entries = pfi_heap_take(heap, capacity * sizeof *entries);
    uint32_t *buckets = pfi_heap_take(heap, capacity * sizeof *buckets);
    if (entries == NULL || buckets == NULL) {
        pfi_heap_give(heap, entries, capacity * sizeof *entries);
        pfi_heap_give(heap, buckets, capacity * sizeof *buckets);
        return false;
    }
    struct pf_weak_table old = *table;
    table->entries = entries;
    table->buckets = buckets;
    table->capacity = capacity;
    table->used = 0;
    table->free = nobody;
    memset(buckets, 0xFF, capacity * sizeof *buckets);
    for (int class = 0; class < PINFOLD_GENERATIONS; ++class) {
        table->classes[class] = nobody;
        for (uint32_t index = old.classes[class]; index != nobody; index = old.entries[index].next_of_class) {
            uint32_t place = table->used++;
            entries[place] = old.entries[index];
            link_entry(table, place);
            join_class(table, place, &table->classes[class]);
        }
    }
    give_arrays(&old);
    return true;
}

/* A table that cannot shrink for want of memory stays as it is. */
static void shrink(struct pf_weak_table *table) {
    uint32_t capacity = table->capacity;
    while (capacity > SMALLEST_CAPACITY && table->count < capacity / SPARSE) {
        capacity /= 2;
    }
    if (capacity < table->capacity) {
        (void)resize(table, capacity);
    }
}

/* Removes all entries whose keys are dead, once after each collection. */
static void purge(struct pf_weak_table *table) {
    if (table->purged_at == table->heap->history.count) {
        return;
    }
    table->purged_at = table->heap->history.count;
    for (uint32_t index = 0; index < table->used; ++index) {
        struct pf_handle *handle = table->entries[index].handle;
        if (handle != NULL && pf_handle_get(handle) == NULL) {
            remove_entry(table, index);
        }
    }
    shrink(table);
}

/* Makes sure that one more entry can be had; doubles what would be nearly full again at once. */
static bool make_room(struct pf_weak_table *table) {
    if (table->free != nobody || table->used < table->capacity) {
        return true;
    }
    purge(table);
    bool has_room = table->free != nobody || table->used < table->capacity;
    if (has_room && table->count < table->capacity / 4 * 3) {
        return true;
    }
    return (table->capacity < LARGEST_CAPACITY && resize(table, 2 * table->capacity)) || has_room;
}

static uint32_t take_entry(struct pf_weak_table *table) {
    uint32_t index = table->free;
    if (index == nobody) {
        return table->used++;
    }
    table->free = table->entries[index].next;
    return index;
}

/* --- the interface --- */

size_t pfi_weak_table_rehashed(const struct pf_weak_table *table) {
    return table->rehashed;
}

size_t pfi_weak_table_capacity(const struct pf_weak_table *table) {
    return table->capacity;
}

static void require_usable(const struct pf_weak_table *table, const char *caller) {
    PINFOLD_REQUIRE(table != NULL, "%s: the table is NULL", caller);
    PINFOLD_REQUIRE(!table->is_iterating, "%s: the table is being iterated over", caller);
}

static void require_key(const struct pf_weak_table *table, const void *key, const char *caller) {
    require_usable(table, caller);
    PINFOLD_REQUIRE(pfi_tags_is_reference(table->heap->tags, (uintptr_t)key) &&
                        pfi_share_generation_of(&table->heap->share, address_of(table, key)) >= 0,
                    "%s: the key %p is no object of this heap", caller, key);
}

static uint32_t find_entry(struct pf_weak_table *table, const void *key) {
    settle(table);
    uint32_t hash = hash_of(key);
    uint32_t index = *bucket_of(table, hash);
    while (index != nobody &&
           (table->entries[index].hash != hash || pf_handle_get(table->entries[index].handle) != key)) {
        index = table->entries[index].next;
    }
    return index;
}

enum pf_status pf_weak_table_create(struct pf_heap *heap, struct pf_weak_table **table) {
    PINFOLD_REQUIRE(heap != NULL && table != NULL, "pf_weak_table_create: the heap or the place for the table is NULL");
    struct pf_weak_table *created = pfi_heap_take(heap, sizeof *created);
    if (created == NULL) {
        return PINFOLD_OUT_OF_MEMORY;
    }
    created->heap = heap;
    created->purged_at = heap->history.count;
    memset(created->classes, 0xFF, sizeof created->classes);
    if (!resize(created, SMALLEST_CAPACITY)) {
        pfi_heap_give(heap, created, sizeof *created);
        return PINFOLD_OUT_OF_MEMORY;
    }
    *table = created;
    return PINFOLD_OK;
}

void pf_weak_table_destroy(struct pf_weak_table *table) {
    if (table == NULL) {
        return;
    }
    require_usable(table, "pf_weak_table_destroy");
    for (uint32_t index = 0; index < table->used; ++index) {
        pf_handle_destroy(table->heap, table->entries[index].handle);
    }
    give_arrays(table);
    pfi_heap_give(table->heap, table, sizeof *table);
}

enum pf_status pf_weak_table_insert(struct pf_weak_table *table, void *key, void *value) {
    require_key(table, key, "pf_weak_table_insert");
    uint32_t index = find_entry(table, key);
    if (index != nobody) {
        pf_dependent_set_value(table->heap, table->entries[index].handle, value);
        return PINFOLD_OK;
    }
    struct pf_handle *handle;
    if (!make_room(table) || pf_dependent_create(table->heap, key, value, &handle) != PINFOLD_OK) {
        return PINFOLD_OUT_OF_MEMORY;
    }
    index = take_entry(table);
    table->entries[index].handle = handle;
    place_entry(table, index, key);
    ++table->count;
    return PINFOLD_OK;
}

int pf_weak_table_find(struct pf_weak_table *table, const void *key, void **value) {
    require_key(table, key, "pf_weak_table_find");
    uint32_t index = find_entry(table, key);
    if (index != nobody && value != NULL) {
        *value = pf_dependent_value(table->entries[index].handle);
    }
    return index != nobody;
}

int pf_weak_table_remove(struct pf_weak_table *table, const void *key) {
    require_key(table, key, "pf_weak_table_remove");
    uint32_t index = find_entry(table, key);
    if (index == nobody) {
        return 0;
    }
    remove_entry(table, index);
    shrink(table);
    return 1;
}

size_t pf_weak_table_count(struct pf_weak_table *table) {
    require_usable(table, "pf_weak_table_count");
    purge(table);
    return table->count;
}

int pf_weak_table_iterate(struct pf_weak_table *table, pf_weak_table_visit *visit, void *data) {
    require_usable(table, "pf_weak_table_iterate");
    PINFOLD_REQUIRE(visit != NULL, "pf_weak_table_iterate: the visit callback is NULL");
    int result = 0;
    purge(table);
    table->is_iterating = true;
    for (uint32_t index = 0; index < table->used && result == 0; ++index) {
        const struct pf_handle *handle = table->entries[index].handle;
        void *key = handle == NULL ? NULL : pf_handle_get(handle);
        if (key != NULL) { /* the callback may have allocated, and this key died */
            result = visit(key, pf_dependent_value(handle), data);
        }
    }
    table->is_iterating = false;
    return result;
}
