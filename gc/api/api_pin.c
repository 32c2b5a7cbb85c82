/* SPDX-License-Identifier: MIT
 *
 * Pins: pinned handles and pinning frames, and what they hold.
 */
#include "alloc/context.h"
#include "alloc/object_starts.h"
#include "alloc/platform/check.h"
#include "gc/api/handle.h"
#include "gc/give_back.h"
#include "gc/heap.h"
#include "gc/world/mutator.h"
#include "pinfold/pin.h"

enum pf_status pf_pin(struct pf_heap *heap, void *object, struct pf_handle **pin) {
    PINFOLD_REQUIRE(heap != NULL && pin != NULL, "pf_pin: the heap or the place for the pin is NULL");
    PINFOLD_REQUIRE(pfi_heap_may_hold(heap, (uintptr_t)object), "pf_pin: %p is no object of this heap", object);
    /* Without a tag of a reference the pin would hold nothing. */
    void *reference = (void *)pfi_tags_refer(heap->tags, (uintptr_t)object);
    struct pf_handle *created = pfi_handle_make(heap, PINFOLD_HANDLE_PINNED, reference);
    if (created == NULL) {
        return PINFOLD_OUT_OF_MEMORY;
    }
    *pin = created;
    return PINFOLD_OK;
}

void pf_unpin(struct pf_heap *heap, struct pf_handle *pin) {
    if (pin == NULL) {
        return;
    }
    struct pfi_handle_block *block = pfi_handle_block_of(pin);
    PINFOLD_REQUIRE(block != NULL && block->kind == PINFOLD_HANDLE_PINNED,
                    "pf_unpin: %p is no pin, or was ended before", (const void *)pin);
    PINFOLD_REQUIRE(heap != NULL && block->table == &heap->roots.handles, "pf_unpin: pin %p belongs to another heap",
                    (const void *)pin);
    pfi_handle_unmake(heap, block, pin);
}

static bool reserve_frame_pins(struct pf_heap *heap, size_t more) {
    pfi_mutex_lock(&heap->handle_lock);
    bool is_reserved = pfi_heap_reserve_pins_locked(heap, more);
    heap->frame_pins += is_reserved ? more : 0;
    pfi_mutex_unlock(&heap->handle_lock);
    return is_reserved;
}

enum pf_status pf_frame_push_pinning(struct pf_thread *thread, struct pf_frame *frame, void **slots, size_t count) {
    PINFOLD_REQUIRE(thread != NULL && frame != NULL && (slots != NULL || count == 0),
                    "pf_frame_push_pinning: the thread, the frame or the slots are NULL");
    PINFOLD_REQUIRE(count <= SIZE_MAX / sizeof *slots, "pf_frame_push_pinning: there cannot be %zd slots",
                    (ptrdiff_t)count);
    struct pfi_mutator *mutator = pfi_mutator_of(thread);
    size_t pins = count + (thread->frames == NULL ? 0 : thread->frames->pins);
    if (pins > mutator->most_frame_pins) {
        struct pf_heap *heap = thread->heap;
        size_t more = pins - mutator->most_frame_pins;
        if (!reserve_frame_pins(heap, more) && !(pfi_heap_relieve(heap) && reserve_frame_pins(heap, more))) {
            return PINFOLD_OUT_OF_MEMORY;
        }
        mutator->most_frame_pins = pins;
    }
    pf_frame_link(thread, frame, slots, count, PINFOLD_FRAME_PINNING);
    frame->pins = pins;
    return PINFOLD_OK;
}

void pf_frame_must_push_pinning(struct pf_thread *thread, struct pf_frame *frame, void **slots, size_t count) {
    enum pf_status status = pf_frame_push_pinning(thread, frame, slots, count);
    PINFOLD_REQUIRE(status == PINFOLD_OK, "pf_frame_must_push_pinning: no memory to plan around %zu more pins", count);
}

/* Visiting pins with the heap as it stands: slots of pinned handles and of pinning frames. */
struct pin_search {
    struct pfi_tags tags;
    uintptr_t object;
    bool is_found;
};

static void compare_slots(void *context, uintptr_t slots, size_t count) {
    struct pin_search *search = context;
    for (size_t index = 0; index < count; ++index) {
        uintptr_t value = pfi_word_load(&pfi_words(slots)[index]); /* other threads make and end pins meanwhile */
        search->is_found |=
            (value & ~search->tags.mask) == search->object && pfi_tags_is_reference(search->tags, value);
    }
}

int pf_is_pinned(struct pf_heap *heap, const void *object) {
    PINFOLD_REQUIRE(heap != NULL && object != NULL, "pf_is_pinned: the heap or the object is NULL");
    struct pin_search search = {heap->tags, (uintptr_t)object & ~heap->tags.mask, false};
    if (pfi_share_generation_of(&heap->share, search.object) == PINFOLD_PINNED) {
        return 1;
    }
    const struct pf_thread *self = pfi_mutator_managed(heap);
    if (self != NULL) {
        pfi_frames_visit_pins(self, compare_slots, &search);
    }
    pfi_mutex_lock(&heap->handle_lock);
    pfi_handles_visit(&heap->roots.handles, PINFOLD_HANDLE_PINNED, PINFOLD_OLDEST_AGE, compare_slots, &search);
    pfi_mutex_unlock(&heap->handle_lock);
    return search.is_found;
}

struct pin_report {
    struct pf_heap *heap;
    pf_pin_visit *visit;
    void *data;
    int result;
};

/* Size of the free object that ends where `object` begins; 0 when there is none. */
static size_t held_before(const struct pfi_share *share, uintptr_t object) {
    const struct pfi_segment *segment = pfi_arena_segment_of(share->arena, object);
    if (object == segment->first) {
        return 0;
    }
    uintptr_t before = segment->kind == PINFOLD_SEGMENT_LARGE
                           ? pfi_object_starts_before(share->arena->object_starts, segment->first, object - 1)
                           : pfi_object_starts_find(share->arena->object_starts, segment->first, object - 1);
    return pfi_object_is_free(before) ? pfi_object_size(before) : 0;
}

static void report_pin(struct pin_report *report, uintptr_t value, const struct pf_handle *handle, uint64_t age) {
    const struct pfi_share *share = &report->heap->share;
    uintptr_t object = value & ~report->heap->tags.mask;
    int generation = pfi_share_generation_of(share, object);
    if (report->result != 0 || generation < 0 || !pfi_tags_is_reference(report->heap->tags, value)) {
        return;
    }
    struct pf_pin_info info = {
        .object = (void *)object,
        .type = pfi_object_type(object),
        .size = pfi_object_size(object),
        .generation = generation,
        .handle = handle,
        .age = age,
        .held_bytes = held_before(share, object),
    };
    report->result = report->visit(&info, report->data);
}

static void report_handles(void *context, uintptr_t slots, size_t count) {
    struct pin_report *report = context;
    const struct pf_handle *handles = (const struct pf_handle *)slots;
    const struct pfi_handle_block *block = pfi_handle_block_around(handles);
    for (size_t index = 0; index < count; ++index) {
        size_t slot = (size_t)(handles + index - block->slots);
        report_pin(report, handles[index].object, &handles[index],
                   pfi_handle_block_collections_since(block, slot, report->heap->history.count));
    }
}

static void report_frame(void *context, uintptr_t slots, size_t count) {
    for (size_t index = 0; index < count; ++index) {
        report_pin(context, pfi_words(slots)[index], NULL, 0);
    }
}

int pf_pin_report(struct pf_thread *thread, pf_pin_visit *visit, void *data) {
    PINFOLD_REQUIRE(thread != NULL && visit != NULL, "pf_pin_report: the thread or the visit callback is NULL");
    struct pf_heap *heap = thread->heap;
    struct pin_report report = {heap, visit, data, 0};
    pfi_heap_stop(heap, thread);
    pfi_handles_visit(&heap->roots.handles, PINFOLD_HANDLE_PINNED, PINFOLD_OLDEST_AGE, report_handles, &report);
    for (const struct pf_thread *other = heap->roots.threads; other != NULL; other = other->next) {
        pfi_frames_visit_pins(other, report_frame, &report);
    }
    pfi_heap_resume(heap);
    return report.result;
}
