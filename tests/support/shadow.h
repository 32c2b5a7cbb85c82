/* SPDX-License-Identifier: MIT
 *
 * The shadow: a model of a heap in malloc memory. For every object that the program may still reach it knows shape,
 * payload and what every slot holds; for every root likewise. After a collection the check walks heap and shadow in
 * step from the roots: the same graph up to addresses, or the test fails.
 *
 * An object that the check does not reach is forgotten, because the collector may have freed it; so everything in
 * `objects` may be used until the next collection, whether the roots still reach it or not.
 *
 * A model belongs to one thread. Several threads of a heap have one each (shadow_crowd.h): what one of them knows of,
 * the others must leave alone, collections excepted.
 */
#ifndef TESTS_SUPPORT_SHADOW_H
#define TESTS_SUPPORT_SHADOW_H

#include "pinfold/pinfold.h"
#include "tests/support/random.h"
#include "tests/support/shadow_layout.h"

/* What a slot holds: a reference with its tag, or a word that the heap must leave alone. */
struct shadow_value {
    struct shadow_object *target;
    uintptr_t word; /* the tag when there is a target, the whole word otherwise */
};

struct shadow_object {
    uint64_t id; /* 1, 2, ... in the order of allocation */
    struct shadow_shape shape;
    uint64_t version; /* how often the payload was written anew */
    struct shadow_value *values;
    size_t slots;
    void *address;    /* valid until the next collection */
    void *birthplace; /* of an object that was born pinned, which stays there; NULL: not so */
    uint64_t seen;    /* the check that reached it last */
};

enum { SHADOW_TABLE_ROOTS = 96, SHADOW_HANDLES = 64, SHADOW_PINS = 512, SHADOW_FRAMES = 24, SHADOW_FRAME_SLOTS = 5 };

struct shadow_frame {
    struct pf_frame frame;
    void *slots[SHADOW_FRAME_SLOTS];
    struct shadow_value values[SHADOW_FRAME_SLOTS];
    size_t count;
    int is_pinning;
};

struct shadow_pin {
    struct pf_handle *handle; /* NULL: none */
    struct shadow_value value;
    uint64_t birth; /* collections before it was made or set */
};

struct shadow {
    struct pf_heap *heap;
    struct pf_thread *thread;

    struct shadow_object **objects;
    size_t count;
    size_t capacity;
    size_t bytes; /* what the objects take in the heap */
    uint64_t next_id;

    /* Roots: a source with a table of slots, handles, a stack of frames (pinning ones among them), and pins. */
    struct pf_root_source source;
    void *table[SHADOW_TABLE_ROOTS];
    struct shadow_value table_values[SHADOW_TABLE_ROOTS];
    struct pf_handle *handles[SHADOW_HANDLES]; /* NULL: none */
    struct shadow_value handle_values[SHADOW_HANDLES];
    struct shadow_frame frames[SHADOW_FRAMES];
    size_t frame_count;
    struct shadow_pin pins[SHADOW_PINS]; /* shadow_pin.h */

    /* Which low bits are a tag, and which tags make a slot a reference. */
    uintptr_t tag_mask;
    uintptr_t reference_tags[8];
    size_t reference_tag_count;
    uintptr_t other_tags[8];
    size_t other_tag_count;

    struct pf_listener listener; /* of a heap that has no other model */
    struct shadow *next;         /* the crowd's; the model is not all of the heap then */
    int is_in_crowd;
    int may_be_refused; /* whatever the system can refuse; without this, only allocations that may fail */
    uint64_t collections;
    uint64_t checks;
    int is_stale; /* a collection has come since the last check */

    struct shadow_object **pending; /* the check's work list, `capacity` long */
    size_t pending_count;
};

/* Creates a heap with these options, a thread and an empty model; no other listener may be set on the heap. */
void shadow_open(struct shadow *shadow, const struct pf_options *options);

/* Detaches and destroys; does not check. */
void shadow_close(struct shadow *shadow);

/* The parts of which opening and closing are made. An empty model, which must hear of every collection from here on. */
void shadow_init(struct shadow *shadow, struct pf_heap *heap);
/* Attaches the calling thread, and makes the model's roots the heap's. */
void shadow_enter(struct shadow *shadow);
/* The reverse. */
void shadow_leave(struct shadow *shadow);
void shadow_finish(struct shadow *shadow);

/* With the world stopped. */
void shadow_note_collection(struct shadow *shadow);

/* Allocates and records an object, with all slots zero and its payload written, and puts it into table root `root`.
 * NULL when the try form refused. */
struct shadow_object *shadow_allocate(struct shadow *shadow, const struct shadow_shape *shape, size_t root,
                                      int may_fail);

/* The same for an object that is born pinned: its first element, or the object itself, is aligned. */
struct shadow_object *shadow_allocate_pinned(struct shadow *shadow, const struct shadow_shape *shape, size_t alignment,
                                             size_t root, int may_fail);

/* Writes slot `index` of `holder`, in heap and shadow, through the barrier. */
void shadow_store(struct shadow *shadow, struct shadow_object *holder, size_t index, struct shadow_value value);

/* The same without the barrier: allowed for an object allocated since the last safepoint. */
void shadow_initialize(struct shadow *shadow, struct shadow_object *fresh, size_t index, struct shadow_value value);

/* Copies `count` slots as one block of memory (they may overlap); both must be slots without a gap between them. */
void shadow_store_range(struct shadow *shadow, struct shadow_object *to, size_t to_index, struct shadow_object *from,
                        size_t from_index, size_t count);

/* New payload. */
void shadow_rewrite(struct shadow *shadow, struct shadow_object *object);

/* Roots. */
void shadow_set_table(struct shadow *shadow, size_t root, struct shadow_value value);
void shadow_create_handle(struct shadow *shadow, size_t index, struct shadow_value value);
void shadow_set_handle(struct shadow *shadow, size_t index, struct shadow_value value);
void shadow_destroy_handle(struct shadow *shadow, size_t index);
void shadow_push_frame(struct shadow *shadow, size_t slots);
void shadow_set_frame_slot(struct shadow *shadow, size_t frame, size_t slot, struct shadow_value value);
void shadow_pop_frame(struct shadow *shadow);
/* Drops frames until `count` are left, all in one assignment. */
void shadow_reset_frames(struct shadow *shadow, size_t count);

/* The word that stands for a value in the heap as it is now. */
void *shadow_word(const struct shadow_value *value);

/* A reference to a random tracked object with a random tag of the heap's set; a zero word when there is none. */
struct shadow_value shadow_random_reference(const struct shadow *shadow, struct random *random);

/* A word that leads to no object: NULL, with a tag or without, or (if the heap has tags for it) anything with a tag
 * that makes it no reference. */
struct shadow_value shadow_random_word(const struct shadow *shadow, struct random *random);

#endif
