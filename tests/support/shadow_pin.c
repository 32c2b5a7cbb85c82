/* SPDX-License-Identifier: MIT
 *
 * Pins in heap and model, and what the library tells of them.
 */
#include "tests/support/shadow_pin.h"

#include <stdbool.h>
#include <string.h>

#include "tests/support/replay.h"

int shadow_pin(struct shadow *shadow, size_t index, struct shadow_object *object) {
    struct shadow_pin *pin = &shadow->pins[index];
    enum pf_status status = pf_pin(shadow->heap, object->address, &pin->handle);
    if (status == PINFOLD_OUT_OF_MEMORY) {
        return 0;
    }
    if (status != PINFOLD_OK) {
        replay_fail("no pin: %s", pf_status_text(status));
    }
    pin->value = (struct shadow_value){object, shadow->reference_tags[0]};
    pin->birth = shadow->collections;
    return 1;
}

void shadow_set_pin(struct shadow *shadow, size_t index, struct shadow_value value) {
    pf_handle_set(shadow->heap, shadow->pins[index].handle, shadow_word(&value));
    shadow->pins[index].value = value;
    shadow->pins[index].birth = shadow->collections;
}

void shadow_unpin(struct shadow *shadow, size_t index) {
    pf_unpin(shadow->heap, shadow->pins[index].handle);
    memset(&shadow->pins[index], 0, sizeof(shadow->pins[index]));
}

void shadow_push_pinning_frame(struct shadow *shadow, size_t slots) {
    struct shadow_frame *frame = &shadow->frames[shadow->frame_count];
    shadow_push_frame(shadow, slots);
    pf_frame_pop(shadow->thread, &frame->frame);
    enum pf_status status = pf_frame_push_pinning(shadow->thread, &frame->frame, frame->slots, slots);
    frame->is_pinning = status == PINFOLD_OK;
    if (!frame->is_pinning) {
        pf_frame_push(shadow->thread, &frame->frame, frame->slots, slots);
    }
}

int shadow_is_pinned(const struct shadow *shadow, const struct shadow_object *object) {
    if (object->birthplace != NULL) {
        return 1;
    }
    for (size_t i = 0; i < SHADOW_PINS; i++) {
        if (shadow->pins[i].handle != NULL && shadow->pins[i].value.target == object) {
            return 1;
        }
    }
    for (size_t i = 0; i < shadow->frame_count; i++) {
        const struct shadow_frame *frame = &shadow->frames[i];
        for (size_t slot = 0; frame->is_pinning && slot < frame->count; slot++) {
            if (frame->values[slot].target == object) {
                return 1;
            }
        }
    }
    return 0;
}

void shadow_check_is_pinned(const struct shadow *shadow, const struct shadow_object *object) {
    int expected = shadow_is_pinned(shadow, object);
    if (!pf_is_pinned(shadow->heap, object->address) != !expected) {
        replay_fail("%s %llu at %p is %s, but pf_is_pinned denies it", shadow_kind_name(object->shape.kind),
                    (unsigned long long)object->id, object->address, expected ? "pinned" : "not pinned");
    }
}

/* --- the report --- */

struct hearing {
    const struct shadow *shadow;
    size_t handles;
    size_t frame_slots;
};

/* NULL: not one of this model. */
static const struct shadow_pin *pin_of(const struct shadow *shadow, const struct pf_handle *handle) {
    for (size_t i = 0; i < SHADOW_PINS; i++) {
        if (shadow->pins[i].handle == handle) {
            return &shadow->pins[i];
        }
    }
    return NULL;
}

static void check_told(const struct shadow *shadow, const struct shadow_object *object,
                       const struct pf_pin_info *told) {
    if (told->object != object->address || told->type != shadow_type(object->shape.kind) ||
        told->size != shadow_size(&object->shape)) {
        replay_fail("the report says %s of %zu bytes at %p, it is %s %llu at %p", told->type->name, told->size,
                    told->object, shadow_kind_name(object->shape.kind), (unsigned long long)object->id,
                    object->address);
    }
    if (told->generation != pf_generation_of(shadow->heap, object->address)) {
        replay_fail("the report says that %p lies in generation %d", told->object, told->generation);
    }
}

static int hear(const struct pf_pin_info *told, void *data) {
    struct hearing *hearing = data;
    const struct shadow *shadow = hearing->shadow;
    if (told->handle == NULL) {
        hearing->frame_slots++;
        return 0;
    }
    if (hearing->frame_slots > 0) {
        replay_fail("the report tells of a handle after a frame");
    }
    const struct shadow_pin *pin = pin_of(shadow, told->handle);
    if (pin == NULL && shadow->is_in_crowd) {
        return 0;
    }
    hearing->handles++;
    if (pin == NULL || pin->value.target == NULL) {
        replay_fail("the report tells of handle %p, which pins no object", (const void *)told->handle);
    }
    check_told(shadow, pin->value.target, told);
    if (told->age != shadow->collections - pin->birth) {
        replay_fail("a pin is %llu collections old, the report says %llu",
                    (unsigned long long)(shadow->collections - pin->birth), (unsigned long long)told->age);
    }
    return 0;
}

void shadow_check_pin_report(struct shadow *shadow) {
    struct hearing expected = {shadow, 0, 0};
    struct hearing hearing = {shadow, 0, 0};
    for (size_t i = 0; i < SHADOW_PINS; i++) {
        expected.handles += shadow->pins[i].handle != NULL && shadow->pins[i].value.target != NULL;
    }
    for (size_t i = 0; i < shadow->frame_count; i++) {
        const struct shadow_frame *frame = &shadow->frames[i];
        for (size_t slot = 0; frame->is_pinning && slot < frame->count; slot++) {
            expected.frame_slots += frame->values[slot].target != NULL;
        }
    }
    (void)pf_pin_report(shadow->thread, hear, &hearing);
    bool has_all_slots =
        shadow->is_in_crowd ? hearing.frame_slots >= expected.frame_slots : hearing.frame_slots == expected.frame_slots;
    if (hearing.handles != expected.handles || !has_all_slots) {
        replay_fail("the report tells of %zu handles and %zu slots, there are %zu and %zu", hearing.handles,
                    hearing.frame_slots, expected.handles, expected.frame_slots);
    }
}
