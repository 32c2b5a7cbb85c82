/* SPDX-License-Identifier: MIT
 *
 * The model and its operations; each changes heap and shadow together. The check is in shadow_check.c.
 */
#include "tests/support/shadow.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/replay.h"

/* --- opening and closing --- */

static void enumerate_table(struct pf_visitor *visitor, void *data) {
    struct shadow *shadow = data;
    pf_visit_slot(visitor, &shadow->table[0]);
    pf_visit_slots(visitor, &shadow->table[1], SHADOW_TABLE_ROOTS - 1);
}

void shadow_note_collection(struct shadow *shadow) {
    shadow->is_stale = 1;
    shadow->collections++;
}

static void note_collection(void *data, const struct pf_collection *record) {
    (void)record;
    shadow_note_collection(data);
}

static void sort_tags(struct shadow *shadow, const struct pf_options *options) {
    shadow->tag_mask = options->ref_tag_mask;
    for (uintptr_t tag = 0; tag <= shadow->tag_mask; tag++) {
        if ((tag & ~shadow->tag_mask) != 0) {
            continue;
        }
        if ((options->ref_tags >> tag & 1) != 0) {
            shadow->reference_tags[shadow->reference_tag_count++] = tag;
        } else {
            shadow->other_tags[shadow->other_tag_count++] = tag;
        }
    }
}

void shadow_init(struct shadow *shadow, struct pf_heap *heap) {
    memset(shadow, 0, sizeof(*shadow));
    shadow->heap = heap;
    sort_tags(shadow, pf_heap_options(heap));
    shadow->source.enumerate = enumerate_table;
    shadow->source.data = shadow;
    shadow->next_id = 1;
}

void shadow_enter(struct shadow *shadow) {
    enum pf_status status = pf_thread_attach(shadow->heap, &shadow->thread);
    if (status != PINFOLD_OK) {
        replay_fail("no thread: %s", pf_status_text(status));
    }
    pf_root_source_add(shadow->heap, &shadow->source);
}

void shadow_open(struct shadow *shadow, const struct pf_options *options) {
    struct pf_message message = {""};
    struct pf_heap *heap;
    enum pf_status status = pf_heap_create(options, &heap, &message);
    if (status != PINFOLD_OK) {
        replay_fail("no heap: %s", message.text);
    }
    shadow_init(shadow, heap);
    shadow->listener.collection_end = note_collection;
    pf_heap_set_listener(heap, &shadow->listener, shadow);
    shadow_enter(shadow);
}

static void release(struct shadow_object *object) {
    free(object->values);
    free(object);
}

void shadow_leave(struct shadow *shadow) {
    shadow_reset_frames(shadow, 0);
    for (size_t i = 0; i < SHADOW_HANDLES; i++) {
        pf_handle_destroy(shadow->heap, shadow->handles[i]);
    }
    for (size_t i = 0; i < SHADOW_PINS; i++) {
        pf_unpin(shadow->heap, shadow->pins[i].handle);
    }
    pf_root_source_remove(shadow->heap, &shadow->source);
    pf_thread_detach(shadow->thread);
}

void shadow_finish(struct shadow *shadow) {
    for (size_t i = 0; i < shadow->count; i++) {
        release(shadow->objects[i]);
    }
    free(shadow->objects);
    free(shadow->pending);
    memset(shadow, 0, sizeof(*shadow));
}

void shadow_close(struct shadow *shadow) {
    struct pf_heap *heap = shadow->heap;
    shadow_leave(shadow);
    pf_heap_destroy(heap);
    shadow_finish(shadow);
}

/* --- objects --- */

static void *checked_calloc(size_t count, size_t size) {
    void *memory = calloc(count == 0 ? 1 : count, size);
    ck_assert_ptr_nonnull(memory);
    return memory;
}

static void track(struct shadow *shadow, struct shadow_object *object) {
    if (shadow->count == shadow->capacity) {
        shadow->capacity = shadow->capacity == 0 ? 256 : shadow->capacity * 2;
        shadow->objects = realloc(shadow->objects, shadow->capacity * sizeof(struct shadow_object *));
        shadow->pending = realloc(shadow->pending, shadow->capacity * sizeof(struct shadow_object *));
        ck_assert_ptr_nonnull(shadow->objects);
        ck_assert_ptr_nonnull(shadow->pending);
    }
    shadow->objects[shadow->count++] = object;
    shadow->bytes += shadow_size(&object->shape);
}

/* The collector promises zeroed objects. */
static void check_fresh(const struct shadow_shape *shape, const void *address) {
    size_t header = shadow_kind_is_array(shape->kind) ? 2 * sizeof(void *) : sizeof(void *);
    const char *bytes = address;
    size_t size = shadow_size(shape);
    for (size_t offset = header; offset < size; offset++) {
        if (bytes[offset] != 0) {
            replay_fail("a fresh %s of %zu bytes is not zero at offset %zu", shadow_kind_name(shape->kind), size,
                        offset);
        }
    }
    if (((uintptr_t)address & 7) != 0 || pf_size_of(address) != size) {
        replay_fail("a fresh %s at %p has size %zu, not %zu", shadow_kind_name(shape->kind), address,
                    pf_size_of(address), size);
    }
}

static void *allocate(struct pf_thread *thread, const struct shadow_shape *shape, int may_fail) {
    const struct pf_type *type = shadow_type(shape->kind);
    if (shadow_kind_is_array(shape->kind)) {
        return may_fail ? pf_try_alloc_array(thread, type, shape->length) : pf_alloc_array(thread, type, shape->length);
    }
    return may_fail ? pf_try_alloc(thread, type) : pf_alloc(thread, type);
}

static void *allocate_pinned(struct pf_thread *thread, const struct shadow_shape *shape, size_t alignment,
                             int may_fail) {
    const struct pf_type *type = shadow_type(shape->kind);
    if (shadow_kind_is_array(shape->kind)) {
        return may_fail ? pf_try_alloc_array_pinned(thread, type, shape->length, alignment)
                        : pf_alloc_array_pinned(thread, type, shape->length, alignment);
    }
    return may_fail ? pf_try_alloc_pinned(thread, type, alignment) : pf_alloc_pinned(thread, type, alignment);
}

/* Makes a fresh object of the heap known. */
static struct shadow_object *adopt(struct shadow *shadow, const struct shadow_shape *shape, size_t root,
                                   void *address) {
    check_fresh(shape, address);
    struct shadow_object *object = checked_calloc(1, sizeof(*object));
    object->id = shadow->next_id++;
    object->shape = *shape;
    object->slots = shadow_slot_count(shape);
    object->values = checked_calloc(object->slots, sizeof(struct shadow_value));
    object->address = address;
    shadow_payload_write(shape, address, object->id);
    track(shadow, object);
    shadow_set_table(shadow, root, (struct shadow_value){object, shadow->reference_tags[0]});
    return object;
}

struct shadow_object *shadow_allocate(struct shadow *shadow, const struct shadow_shape *shape, size_t root,
                                      int may_fail) {
    void *address = allocate(shadow->thread, shape, may_fail);
    return address == NULL ? NULL : adopt(shadow, shape, root, address);
}

struct shadow_object *shadow_allocate_pinned(struct shadow *shadow, const struct shadow_shape *shape, size_t alignment,
                                             size_t root, int may_fail) {
    if (shadow_elements_begin(shape->kind) % 8 != 0) {
        alignment = 0; /* with words of 32 bits; such arrays cannot have any other */
    }
    void *address = allocate_pinned(shadow->thread, shape, alignment, may_fail);
    if (address == NULL) {
        return NULL;
    }
    uintptr_t aligned = (uintptr_t)(shadow_kind_is_array(shape->kind) ? pf_elements(address) : address);
    if (alignment != 0 && aligned % alignment != 0) {
        replay_fail("a pinned %s at %p is not aligned to %zu", shadow_kind_name(shape->kind), address, alignment);
    }
    struct shadow_object *object = adopt(shadow, shape, root, address);
    object->birthplace = address;
    return object;
}

void *shadow_word(const struct shadow_value *value) {
    return value->target == NULL ? (void *)value->word : (char *)value->target->address + value->word;
}

void shadow_store(struct shadow *shadow, struct shadow_object *holder, size_t index, struct shadow_value value) {
    void **slot = shadow_slot_at(&holder->shape, holder->address, index);
    if (*slot != shadow_word(&holder->values[index])) {
        replay_fail("slot %zu of %s %llu holds %p", index, shadow_kind_name(holder->shape.kind),
                    (unsigned long long)holder->id, *slot);
    }
    pf_store(shadow->thread, slot, shadow_word(&value));
    holder->values[index] = value;
}

void shadow_initialize(struct shadow *shadow, struct shadow_object *fresh, size_t index, struct shadow_value value) {
    if (shadow->is_stale) {
        replay_fail("slot %zu of %s %llu is initialized with an address from before a collection", index,
                    shadow_kind_name(fresh->shape.kind), (unsigned long long)fresh->id);
    }
    *shadow_slot_at(&fresh->shape, fresh->address, index) = shadow_word(&value);
    fresh->values[index] = value;
}

void shadow_store_range(struct shadow *shadow, struct shadow_object *to, size_t to_index, struct shadow_object *from,
                        size_t from_index, size_t count) {
    void **destination = shadow_slot_at(&to->shape, to->address, to_index);
    void **source = shadow_slot_at(&from->shape, from->address, from_index);
    memmove(destination, source, count * sizeof(void *));
    pf_store_range(shadow->thread, destination, count);
    memmove(&to->values[to_index], &from->values[from_index], count * sizeof(struct shadow_value));
}

void shadow_rewrite(struct shadow *shadow, struct shadow_object *object) {
    (void)shadow;
    object->version++;
    shadow_payload_write(&object->shape, object->address, object->id + (object->version << 32));
}

/* --- roots --- */

void shadow_set_table(struct shadow *shadow, size_t root, struct shadow_value value) {
    shadow->table[root] = shadow_word(&value);
    shadow->table_values[root] = value;
}

void shadow_create_handle(struct shadow *shadow, size_t index, struct shadow_value value) {
    enum pf_status status =
        pf_handle_create(shadow->heap, PINFOLD_HANDLE_STRONG, shadow_word(&value), &shadow->handles[index]);
    if (status == PINFOLD_OUT_OF_MEMORY && shadow->may_be_refused) {
        return;
    }
    if (status != PINFOLD_OK) {
        replay_fail("no handle: %s", pf_status_text(status));
    }
    shadow->handle_values[index] = value;
}

void shadow_set_handle(struct shadow *shadow, size_t index, struct shadow_value value) {
    pf_handle_set(shadow->heap, shadow->handles[index], shadow_word(&value));
    shadow->handle_values[index] = value;
}

void shadow_destroy_handle(struct shadow *shadow, size_t index) {
    pf_handle_destroy(shadow->heap, shadow->handles[index]);
    shadow->handles[index] = NULL;
    shadow->handle_values[index] = (struct shadow_value){NULL, 0};
}

void shadow_push_frame(struct shadow *shadow, size_t slots) {
    struct shadow_frame *frame = &shadow->frames[shadow->frame_count++];
    memset(frame, 0, sizeof(*frame));
    frame->count = slots;
    pf_frame_push(shadow->thread, &frame->frame, frame->slots, slots);
}

void shadow_set_frame_slot(struct shadow *shadow, size_t frame, size_t slot, struct shadow_value value) {
    shadow->frames[frame].slots[slot] = shadow_word(&value);
    shadow->frames[frame].values[slot] = value;
}

void shadow_pop_frame(struct shadow *shadow) {
    pf_frame_pop(shadow->thread, &shadow->frames[--shadow->frame_count].frame);
}

void shadow_reset_frames(struct shadow *shadow, size_t count) {
    pf_frames_reset(shadow->thread, count == 0 ? NULL : &shadow->frames[count - 1].frame);
    shadow->frame_count = count;
}

/* --- random values --- */

struct shadow_value shadow_random_reference(const struct shadow *shadow, struct random *random) {
    if (shadow->count == 0) {
        return (struct shadow_value){NULL, 0};
    }
    struct shadow_object *target = shadow->objects[random_below(random, shadow->count)];
    return (struct shadow_value){target, shadow->reference_tags[random_below(random, shadow->reference_tag_count)]};
}

/* A tag alone is a tagged NULL. Most other words look like addresses in the heap: a collector that mistook one would
 * change or chase it. */
struct shadow_value shadow_random_word(const struct shadow *shadow, struct random *random) {
    if (shadow->other_tag_count == 0 || random_chance(random, 20)) {
        size_t tag = random_below(random, shadow->reference_tag_count);
        return (struct shadow_value){NULL, random_chance(random, 50) ? shadow->reference_tags[tag] : 0};
    }
    uintptr_t word = (uintptr_t)random_next(random);
    if (shadow->count > 0 && random_chance(random, 70)) {
        word = (uintptr_t)shadow->objects[random_below(random, shadow->count)]->address;
    }
    word = (word & ~shadow->tag_mask) | shadow->other_tags[random_below(random, shadow->other_tag_count)];
    return (struct shadow_value){NULL, word};
}
