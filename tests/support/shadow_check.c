/* SPDX-License-Identifier: MIT
 *
 * The checks that compare heap and shadow.
 */
#include "tests/support/shadow_check.h"

#include <check.h>
#include <stdlib.h>

#include "tests/support/fixture.h"
#include "tests/support/replay.h"
#include "tests/support/shadow_pin.h"

/* --- the walk in step --- */

struct place {
    const char *what;
    uint64_t id;
    size_t index;
};

static void fail_at(struct place place, const char *problem, const void *word) {
    replay_fail("%s %llu, slot %zu: %s (%p)", place.what, (unsigned long long)place.id, place.index, problem, word);
}

static void reach(struct shadow *shadow, const struct shadow_value *value, const void *word, struct place place) {
    if (value->target == NULL) {
        if ((uintptr_t)word != value->word) {
            fail_at(place, "a word that is no reference was changed", word);
        }
        return;
    }
    if (((uintptr_t)word & shadow->tag_mask) != value->word) {
        fail_at(place, "the tag was changed", word);
    }
    char *address = (char *)((uintptr_t)word & ~shadow->tag_mask);
    struct shadow_object *target = value->target;
    if (target->seen == shadow->checks) {
        if (target->address != address) {
            fail_at(place, "two references to one object lead to different places", word);
        }
        return;
    }
    if (((uintptr_t)address & 7) != 0 || pf_generation_of(shadow->heap, address) < 0) {
        fail_at(place, "the reference leads out of the heap", word);
    }
    target->seen = shadow->checks;
    target->address = address;
    shadow->pending[shadow->pending_count++] = target;
}

static void check_object(struct shadow *shadow, struct shadow_object *object) {
    const char *name = shadow_kind_name(object->shape.kind);
    unsigned long long id = (unsigned long long)object->id;
    if (object->birthplace != NULL &&
        (object->address != object->birthplace || pf_generation_of(shadow->heap, object->address) != PINFOLD_PINNED)) {
        replay_fail("%s %llu was born pinned at %p and is at %p now", name, id, object->birthplace, object->address);
    }
    if (pf_type_of(object->address) != shadow_type(object->shape.kind)) {
        replay_fail("%s %llu at %p has another type word", name, id, object->address);
    }
    if (shadow_kind_is_array(object->shape.kind) && pf_length(object->address) != object->shape.length) {
        replay_fail("%s %llu has length %zu, not %zu", name, id, pf_length(object->address), object->shape.length);
    }
    size_t offset = shadow_payload_mismatch(&object->shape, object->address, object->id + (object->version << 32));
    if (offset != SIZE_MAX) {
        replay_fail("%s %llu at %p: payload changed at offset %zu", name, id, object->address, offset);
    }
    for (size_t i = 0; i < object->slots; i++) {
        reach(shadow, &object->values[i], *shadow_slot_at(&object->shape, object->address, i),
              (struct place){name, object->id, i});
    }
}

/* A pin is never written anew, because what it holds does not move. */
static void reach_pin(struct shadow *shadow, const struct shadow_value *value, const void *word, struct place place) {
    if (word != shadow_word(value)) {
        fail_at(place, "a pinned reference was changed", word);
    }
    reach(shadow, value, word, place);
}

/* Reached first, so that every other reference to a pinned object must lead to where the object was. */
static void reach_pins(struct shadow *shadow) {
    for (size_t i = 0; i < SHADOW_PINS; i++) {
        const struct shadow_pin *pin = &shadow->pins[i];
        if (pin->handle != NULL) {
            reach_pin(shadow, &pin->value, pf_handle_get(pin->handle), (struct place){"pin", i, 0});
        }
    }
    for (size_t i = 0; i < shadow->frame_count; i++) {
        const struct shadow_frame *frame = &shadow->frames[i];
        for (size_t slot = 0; frame->is_pinning && slot < frame->count; slot++) {
            reach_pin(shadow, &frame->values[slot], frame->slots[slot], (struct place){"pinning frame", i, slot});
        }
    }
}

static void reach_roots(struct shadow *shadow) {
    for (size_t i = 0; i < SHADOW_TABLE_ROOTS; i++) {
        reach(shadow, &shadow->table_values[i], shadow->table[i], (struct place){"root table", 0, i});
    }
    for (size_t i = 0; i < SHADOW_HANDLES; i++) {
        if (shadow->handles[i] != NULL) {
            reach(shadow, &shadow->handle_values[i], pf_handle_get(shadow->handles[i]), (struct place){"handle", i, 0});
        }
    }
    for (size_t i = 0; i < shadow->frame_count; i++) {
        for (size_t slot = 0; slot < shadow->frames[i].count; slot++) {
            reach(shadow, &shadow->frames[i].values[slot], shadow->frames[i].slots[slot],
                  (struct place){"frame", i, slot});
        }
    }
}

static void forget_unreached(struct shadow *shadow) {
    size_t kept = 0;
    for (size_t i = 0; i < shadow->count; i++) {
        struct shadow_object *object = shadow->objects[i];
        if (object->seen == shadow->checks) {
            shadow->objects[kept++] = object;
        } else {
            shadow->bytes -= shadow_size(&object->shape);
            free(object->values);
            free(object);
        }
    }
    shadow->count = kept;
}

static int by_address(const void *left, const void *right) {
    uintptr_t a = (uintptr_t)(*(struct shadow_object *const *)left)->address;
    uintptr_t b = (uintptr_t)(*(struct shadow_object *const *)right)->address;
    return (a > b) - (a < b);
}

static void check_disjoint(struct shadow *shadow) {
    if (shadow->count == 0) {
        return;
    }
    qsort(shadow->objects, shadow->count, sizeof(struct shadow_object *), by_address);
    for (size_t i = 1; i < shadow->count; i++) {
        const struct shadow_object *left = shadow->objects[i - 1];
        const struct shadow_object *right = shadow->objects[i];
        if ((uintptr_t)left->address + shadow_size(&left->shape) > (uintptr_t)right->address) {
            replay_fail("%s %llu at %p reaches into %s %llu at %p", shadow_kind_name(left->shape.kind),
                        (unsigned long long)left->id, left->address, shadow_kind_name(right->shape.kind),
                        (unsigned long long)right->id, right->address);
        }
    }
}

void shadow_check(struct shadow *shadow) {
    shadow->checks++;
    shadow->is_stale = 0;
    shadow->pending_count = 0;
    reach_pins(shadow);
    reach_roots(shadow);
    while (shadow->pending_count > 0) {
        check_object(shadow, shadow->pending[--shadow->pending_count]);
    }
    forget_unreached(shadow);
    check_disjoint(shadow);
}

void shadow_refresh(struct shadow *shadow) {
    if (shadow->is_stale) {
        shadow_check(shadow);
    }
}

void shadow_verify(struct shadow *shadow) {
    struct pf_message message = {""};
    int result = pf_heap_verify(shadow->thread, &message);
    if (result != 0 && !(result < 0 && shadow->may_be_refused)) {
        replay_fail("the heap does not verify: %s", message.text);
    }
}

/* --- exactness --- */

struct meeting {
    struct shadow *shadow;
    size_t met;
    size_t bytes;
};

static struct shadow_object *object_at(const struct shadow *shadow, void *address) {
    struct shadow_object key = {.address = address};
    struct shadow_object *key_pointer = &key;
    struct shadow_object **found =
        bsearch(&key_pointer, shadow->objects, shadow->count, sizeof(struct shadow_object *), by_address);
    return found == NULL ? NULL : *found;
}

static int meet(void *object, size_t size, int generation, int is_free, void *data) {
    struct meeting *meeting = data;
    if (is_free) {
        return 0;
    }
    const struct shadow_object *known = object_at(meeting->shadow, object);
    if (known == NULL) {
        replay_fail("a %s at %p of generation %d survived a full collection without being reachable",
                    pf_type_of(object)->name, object, generation);
    }
    if (size != fixture_footprint(meeting->shadow->heap, object)) {
        replay_fail("the walk says %zu bytes for a %s of %zu", size, shadow_kind_name(known->shape.kind),
                    shadow_size(&known->shape));
    }
    meeting->met++;
    meeting->bytes += size;
    return 0;
}

void shadow_check_exact(struct shadow *shadow) {
    struct meeting meeting = {shadow, 0, 0};
    (void)pf_heap_walk(shadow->thread, meet, &meeting);
    if (meeting.met != shadow->count) {
        replay_fail("the walk met %zu of %zu objects", meeting.met, shadow->count);
    }
    struct pf_statistics statistics;
    pf_heap_statistics(shadow->heap, &statistics);
    if (statistics.live_bytes != meeting.bytes) {
        replay_fail("the statistics say %zu live bytes, the objects take %zu", statistics.live_bytes, meeting.bytes);
    }
}

/* --- order --- */

/* What an object was before a collection, in the address order of that time. */
struct former {
    uint64_t id;
    int generation;
    void *address;
};

static struct former *remember(const struct shadow *shadow) {
    struct former *formers = malloc((shadow->count + 1) * sizeof(struct former));
    ck_assert_ptr_nonnull(formers);
    for (size_t i = 0; i < shadow->count; i++) {
        const struct shadow_object *object = shadow->objects[i];
        formers[i] = (struct former){object->id, pf_generation_of(shadow->heap, object->address), object->address};
    }
    return formers;
}

static int by_id(const void *left, const void *right) {
    uint64_t a = ((const struct former *)left)->id;
    uint64_t b = ((const struct former *)right)->id;
    return (a > b) - (a < b);
}

static const struct former *former_of(const struct former *formers, size_t count, uint64_t id) {
    struct former key = {id, 0, NULL};
    return bsearch(&key, formers, count, sizeof(struct former), by_id);
}

/* The objects stand in the new address order, so the old addresses within a generation must rise, but for those of
 * pinned objects, which others pass. */
static void check_rising(const struct shadow *shadow, const struct former *formers, size_t former_count) {
    uintptr_t last[PINFOLD_GENERATIONS] = {0};
    for (size_t i = 0; i < shadow->count; i++) {
        const struct former *former = former_of(formers, former_count, shadow->objects[i]->id);
        if (former == NULL || former->generation == PINFOLD_LARGE || shadow_is_pinned(shadow, shadow->objects[i])) {
            continue;
        }
        uintptr_t address = (uintptr_t)former->address;
        if (address < last[former->generation]) {
            replay_fail("compacting put object %llu, once at %p of generation %d, behind one that had followed it",
                        (unsigned long long)former->id, former->address, former->generation);
        }
        last[former->generation] = address;
    }
}

void shadow_check_order(struct shadow *shadow) {
    shadow_refresh(shadow);
    check_disjoint(shadow); /* sorts */
    size_t count = shadow->count;
    struct former *formers = remember(shadow);
    qsort(formers, count, sizeof(struct former), by_id);
    pf_collect(shadow->thread, 2, PINFOLD_COLLECT_COMPACT);
    shadow_check(shadow);
    check_rising(shadow, formers, count);
    free(formers);
}

void shadow_check_settled(struct shadow *shadow) {
    pf_collect(shadow->thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_collect(shadow->thread, 2, PINFOLD_COLLECT_COMPACT);
    shadow_check(shadow);
    size_t count = shadow->count;
    struct former *formers = remember(shadow);
    pf_collect(shadow->thread, 2, PINFOLD_COLLECT_COMPACT);
    shadow_check(shadow);
    if (shadow->count != count) {
        replay_fail("%zu objects became %zu although nothing was changed", count, shadow->count);
    }
    for (size_t i = 0; i < count; i++) {
        if (shadow->objects[i]->id != formers[i].id || shadow->objects[i]->address != formers[i].address) {
            replay_fail("object %llu moved from %p in a heap that was compact already",
                        (unsigned long long)formers[i].id, formers[i].address);
        }
        if (formers[i].generation < 2) {
            replay_fail("object %llu is in generation %d after two full collections", (unsigned long long)formers[i].id,
                        formers[i].generation);
        }
    }
    free(formers);
}
