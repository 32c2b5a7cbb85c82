/* SPDX-License-Identifier: MIT
 *
 * Weak tables: from objects, by identity, to values. An entry keeps neither its key nor, once that is dead, its value:
 * the value is alive while the key is, as if the key referred to it, even if it refers to the key itself. When a
 * collection finds a key dead, its entry is gone. What property lists, caches of computed things and wrappers of
 * foreign objects need.
 *
 * Keys are hashed by address; a lookup hashes those again that may have moved (address.h), which after a young
 * collection are the young ones. An entry takes a dependent handle (handle.h).
 *
 * For managed threads, one at a time. None of these calls is a safepoint, so keys and values that were passed or
 * returned are good until the caller's next one.
 */
#ifndef PINFOLD_WEAK_TABLE_H
#define PINFOLD_WEAK_TABLE_H

#include "pinfold/thread.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pf_weak_table; /* opaque */

/* An empty table. OUT_OF_MEMORY. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_weak_table_create(struct pf_heap *heap, struct pf_weak_table **table);

/* Destroys the table, not its keys and values. Before its heap is destroyed. NULL does nothing. */
PINFOLD_API void pf_weak_table_destroy(struct pf_weak_table *table);

/* Gives `key` the value, instead of the one it has. The key must be an object of the heap, with its tag (two tags make
 * two keys); the value is any word that a slot may hold. OUT_OF_MEMORY: nothing has changed. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_weak_table_insert(struct pf_weak_table *table, void *key, void *value);

/* Whether there is an entry; then its value is stored in *value (may be NULL). */
PINFOLD_API int pf_weak_table_find(struct pf_weak_table *table, const void *key, void **value);

/* Removes the entry; whether there was one. */
PINFOLD_API int pf_weak_table_remove(struct pf_weak_table *table, const void *key);

/* Entries whose key no collection has found dead. The first call after a collection takes time in proportion to the
 * table, as does every iteration. */
PINFOLD_API size_t pf_weak_table_count(struct pf_weak_table *table);

/* Calls `visit` for each of these entries, in no order. A nonzero result ends the iteration and is returned. The
 * callback may allocate; it must not use the table. */
typedef int pf_weak_table_visit(void *key, void *value, void *data);
PINFOLD_API int pf_weak_table_iterate(struct pf_weak_table *table, pf_weak_table_visit *visit, void *data);

#ifdef __cplusplus
}
#endif
#endif
