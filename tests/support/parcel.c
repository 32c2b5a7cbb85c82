/* SPDX-License-Identifier: MIT
 *
 * A parcel is a node whose key is the seed, and whose left child is an array of bytes that the seed determines.
 */
#include "tests/support/parcel.h"

#include "tests/support/replay.h"

static uint8_t byte_of(const struct label *label, size_t index) {
    return (uint8_t)(random_mix(label->seed + index / 8) >> index % 8 * 8);
}

struct label parcel_draw_label(struct random *random, size_t largest) {
    size_t most = random_chance(random, 5) ? largest : 200;
    uintptr_t seed = (uintptr_t)random_next(random) | 1; /* it is a key as well */
    return (struct label){seed, random_below(random, most)};
}

struct node *parcel_make(struct pf_thread *thread, const struct label *label) {
    PINFOLD_ROOTS(thread, root, 1);
    root[0] = pf_try_alloc(thread, &node_type);
    char *bytes = root[0] == NULL ? NULL : pf_try_alloc_array(thread, &bytes_type, label->length);
    if (bytes == NULL) {
        return NULL;
    }
    uint8_t *elements = pf_elements(bytes);
    for (size_t i = 0; i < label->length; i++) {
        elements[i] = byte_of(label, i);
    }
    struct node *node = root[0];
    node->key = label->seed;
    pf_store(thread, &node->left, bytes);
    return node;
}

void parcel_check(const struct node *node, const struct label *label, const char *where) {
    if ((node == NULL) != (label->seed == 0)) {
        replay_fail("%s: %s", where, node == NULL ? "a parcel is gone" : "a parcel has come from nowhere");
    }
    if (node == NULL) {
        return;
    }
    if (node->type != &node_type || node->key != label->seed || node->right != NULL) {
        replay_fail("%s: the parcel at %p is not what its label says", where, (const void *)node);
    }
    void *bytes = node->left;
    if (pf_type_of(bytes) != &bytes_type || pf_length(bytes) != label->length) {
        replay_fail("%s: the parcel at %p has other contents", where, (const void *)node);
    }
    const uint8_t *elements = pf_elements(bytes);
    for (size_t i = 0; i < label->length; i++) {
        if (elements[i] != byte_of(label, i)) {
            replay_fail("%s: byte %zu of the parcel at %p has changed", where, i, (const void *)node);
        }
    }
}
