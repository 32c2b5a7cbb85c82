/* SPDX-License-Identifier: MIT
 *
 * Frames and root sources.
 */
#include "alloc/platform/check.h"
#include "gc/heap.h"
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
