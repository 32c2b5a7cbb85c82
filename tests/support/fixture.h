/* SPDX-License-Identifier: MIT
 *
 * A heap with one attached thread, and the few object types that most tests need.
 */
#ifndef TESTS_SUPPORT_FIXTURE_H
#define TESTS_SUPPORT_FIXTURE_H

#include "pinfold/pinfold.h"

struct fixture {
    struct pf_heap *heap;
    struct pf_thread *thread;
};

/* Creates heap and thread or fails the test. NULL: the defaults and then the environment. */
struct fixture fixture_open(const struct pf_options *options);

/* Checks the heap, then detaches and destroys. */
void fixture_close(struct fixture *fixture);

/* Fails the test, with the library's message, unless the heap verifies. */
void fixture_verify(const struct fixture *fixture);

/* The defaults whatever the environment says: for tests that expect exact figures. */
struct pf_options fixture_options(void);

/* The same with the smallest segments and budgets: 256 KiB segments, 16 KB of generation 0, large from 4096 bytes. */
struct pf_options fixture_tiny_options(void);

/* Sets one option from text or fails the test. */
void fixture_set(struct pf_options *options, const char *name, const char *text);

struct node {
    const struct pf_type *type;
    struct node *left;
    struct node *right;
    uintptr_t key;
};
/* Arrays of references and of bytes whose elements begin at byte 16 whatever the size of a word, because tests compute
 * with their sizes. */
#define FIXTURE_VECTOR(type_name, flag_set) \
    { type_name, 16, (uint32_t)sizeof(void *), PINFOLD_SCAN_VECTOR, (flag_set), 0, 0, 0, 0, NULL, NULL, NULL }
#define FIXTURE_BYTES(type_name, flag_set) \
    { type_name, 16, 1, PINFOLD_SCAN_NONE, (flag_set), 0, 0, 0, 0, NULL, NULL, NULL }

extern const struct pf_type node_type;
extern const struct pf_type vector_type; /* array of references */
extern const struct pf_type bytes_type;  /* array of bytes */

/* Bytes that an object takes in the heap: large ones take whole pages. */
size_t fixture_footprint(const struct pf_heap *heap, const void *object);

/* A node with this key and no children. */
struct node *fixture_node(struct pf_thread *thread, uintptr_t key);

/* Replaces *root by a list of `count` nodes linked through `left`, keys count - 1 down to 0. *root must be a root. */
void fixture_list(struct pf_thread *thread, void **root, size_t count);

/* Fails the test unless `list` is what fixture_list made. */
void fixture_check_list(const struct node *list, size_t count);

#endif
