/* SPDX-License-Identifier: MIT
 *
 * Nothing here outlives a test.
 */
#include "tests/support/fixture.h"

#include <check.h>

const struct pf_type node_type =
    PINFOLD_FIXED_TYPE("node", struct node, PINFOLD_REF(struct node, left) | PINFOLD_REF(struct node, right));
const struct pf_type vector_type = FIXTURE_VECTOR("vector", PINFOLD_TYPE_PLAIN);
const struct pf_type bytes_type = FIXTURE_BYTES("bytes", PINFOLD_TYPE_PLAIN);

struct fixture fixture_open(const struct pf_options *options) {
    struct fixture fixture = {NULL, NULL};
    struct pf_message message = {""};
    enum pf_status status = pf_heap_create(options, &fixture.heap, &message);
    ck_assert_msg(status == PINFOLD_OK, "no heap: %s", message.text);
    status = pf_thread_attach(fixture.heap, &fixture.thread);
    ck_assert_msg(status == PINFOLD_OK, "no thread: %s", pf_status_text(status));
    return fixture;
}

void fixture_verify(const struct fixture *fixture) {
    struct pf_message message = {""};
    ck_assert_msg(pf_heap_verify(fixture->thread, &message) == 0, "the heap is not clean: %s", message.text);
}

void fixture_close(struct fixture *fixture) {
    fixture_verify(fixture);
    pf_thread_detach(fixture->thread);
    pf_heap_destroy(fixture->heap);
    *fixture = (struct fixture){NULL, NULL};
}

struct pf_options fixture_options(void) {
    struct pf_options options;
    pf_options_init(&options);
    return options;
}

void fixture_set(struct pf_options *options, const char *name, const char *text) {
    struct pf_message message = {""};
    enum pf_status status = pf_options_set(options, name, text, &message);
    ck_assert_msg(status == PINFOLD_OK, "%s=%s refused: %s", name, text, message.text);
}

struct pf_options fixture_tiny_options(void) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "segment_size", "256Ki");
    fixture_set(&options, "large_segment_size", "256Ki");
    fixture_set(&options, "gen0_size", "16K");
    fixture_set(&options, "gen0_max_size", "64K");
    fixture_set(&options, "large_threshold", "4096");
    return options;
}

size_t fixture_footprint(const struct pf_heap *heap, const void *object) {
    static const size_t page = 4096;
    size_t size = pf_size_of(object);
    return pf_generation_of(heap, object) == PINFOLD_LARGE ? (size + page - 1) & ~(page - 1) : size;
}

struct node *fixture_node(struct pf_thread *thread, uintptr_t key) {
    struct node *node = pf_alloc(thread, &node_type);
    node->key = key;
    return node;
}

void fixture_list(struct pf_thread *thread, void **root, size_t count) {
    *root = NULL;
    for (size_t i = 0; i < count; i++) {
        struct node *node = fixture_node(thread, i);
        pf_store(thread, &node->left, *root);
        *root = node;
    }
}

/* Plain comparisons: Check writes a record for every assertion that holds, too much for long lists. */
void fixture_check_list(const struct node *list, size_t count) {
    while (count > 0) {
        count--;
        if (list == NULL) {
            ck_abort_msg("the list ends before key %zu", count);
        }
        if (list->type != &node_type || list->key != count || list->right != NULL) {
            ck_abort_msg("the node at %p should have key %zu", (const void *)list, count);
        }
        list = list->left;
    }
    ck_assert_msg(list == NULL, "the list goes on behind key 0");
}
