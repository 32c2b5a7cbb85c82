/* SPDX-License-Identifier: MIT
 *
 * Large objects are made, linked, dropped, pinned and unpinned at random, and compacted now and then, against a model:
 * contents and links stay, a pinned object keeps its address, and one that only its pin keeps alive lives. On heaps
 * with poison and without, with segments of 64 pages and of 512, and on one that is nearly full.
 */
#include <stdbool.h>
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { OBJECTS = 96, OPERATIONS = 4000, SEEDS = 3, LINKS = 3, NONE = -1 };

struct setup {
    const char *name;
    const char *option;
    const char *text;
    const char *stress;
};

static const struct setup setups[] = {
    {"large pins", "large_segment_size", "256Ki", NULL},
    {"large pins, always sweep", "large_segment_size", "256Ki", "sweep"},
    {"large pins, poison", "large_segment_size", "256Ki", "poison"},
    {"large pins, longer segments", "large_segment_size", "2Mi", "poison"},
    {"large pins, expand", "large_segment_size", "256Ki", "expand"},
    {"large pins, standby", "retain_vm", "1", "poison"},
    {"large pins, nearly full", "reserve_size", "4Mi", "poison"},
};

/* A vector holds links in its first slots and numbers with the lowest bit set, which are no references, in others; an
 * array of bytes holds a pattern. An object without root is alive only while it is pinned. */
struct object {
    bool exists;
    bool has_root;
    bool is_vector;
    size_t length;
    uint8_t seed;
    int links[LINKS];
    struct pf_handle *pin;
    uintptr_t pinned_at;
};

static struct fixture fixture;
static struct object objects[OBJECTS];
static void *roots[OBJECTS];
static bool may_be_full;

static void enumerate_roots(struct pf_visitor *visitor, void *data) {
    (void)data;
    pf_visit_slots(visitor, roots, OBJECTS);
}

static struct pf_root_source source = {enumerate_roots, NULL, NULL};

static void *address_of(int index) {
    return objects[index].has_root ? roots[index] : pf_handle_get(objects[index].pin);
}

static uintptr_t word_at(const struct object *object, size_t slot) {
    return ((uintptr_t)object->seed << 24) + (slot << 1) + 1;
}

static void write_contents(const struct object *object, void *address) {
    if (!object->is_vector) {
        memset(pf_elements(address), object->seed, object->length);
        return;
    }
    uintptr_t *slots = pf_elements(address);
    for (size_t slot = LINKS; slot < object->length; ++slot) {
        slots[slot] = word_at(object, slot);
    }
}

static void check_contents(int index) {
    const struct object *object = &objects[index];
    void *address = address_of(index);
    if (pf_length(address) != object->length) {
        replay_fail("object %d has the length %zu, not %zu", index, pf_length(address), object->length);
    }
    if (object->is_vector) {
        const uintptr_t *slots = pf_elements(address);
        for (size_t slot = LINKS; slot < object->length; ++slot) {
            if (slots[slot] != word_at(object, slot)) {
                replay_fail("slot %zu of object %d has changed", slot, index);
            }
        }
        for (int link = 0; link < LINKS; ++link) {
            void *wanted = object->links[link] == NONE ? NULL : address_of(object->links[link]);
            if ((void *)slots[link] != wanted) {
                replay_fail("link %d of object %d leads to %#zx, not %p", link, index, (size_t)slots[link], wanted);
            }
        }
        return;
    }
    const uint8_t *bytes = pf_elements(address);
    if (bytes[0] != object->seed || memcmp(bytes, bytes + 1, object->length - 1) != 0) {
        replay_fail("bytes of object %d have changed", index);
    }
}

static void check_all(void) {
    struct pf_message message;
    for (int index = 0; index < OBJECTS; ++index) {
        const struct object *object = &objects[index];
        if (object->exists) {
            if (object->pin != NULL && (uintptr_t)address_of(index) != object->pinned_at) {
                replay_fail("object %d is pinned at %#zx and lies at %p", index, (size_t)object->pinned_at,
                            address_of(index));
            }
            check_contents(index);
        }
    }
    if (pf_heap_verify(fixture.thread, &message) > 0) {
        replay_fail("%s", message.text);
    }
}

static void set_link(int from, int link, int to) {
    if (objects[from].is_vector) {
        objects[from].links[link] = to;
        pf_store(fixture.thread, (void **)pf_elements(address_of(from)) + link, to == NONE ? NULL : address_of(to));
    }
}

/* An object that the model forgets must not be kept alive by others. */
static void forget(int index) {
    for (int from = 0; from < OBJECTS; ++from) {
        for (int link = 0; from != index && objects[from].exists && link < LINKS; ++link) {
            if (objects[from].is_vector && objects[from].links[link] == index) {
                set_link(from, link, NONE);
            }
        }
    }
    objects[index].exists = false;
}

static void make(struct random *random, int index) {
    size_t most = random_chance(random, 5) ? 600000 : random_chance(random, 30) ? 100000 : 20000;
    size_t size = random_between(random, 4096, most);
    struct object object = {.exists = true, .has_root = true, .links = {NONE, NONE, NONE}};
    object.is_vector = random_chance(random, 50) != 0;
    object.length = object.is_vector ? size / sizeof(void *) : size;
    object.seed = (uint8_t)random_between(random, 1, 255);
    const struct pf_type *type = object.is_vector ? &vector_type : &bytes_type;
    void *address = pf_try_alloc_array(fixture.thread, type, object.length);
    if (address == NULL) {
        ck_assert(may_be_full);
        return;
    }
    write_contents(&object, address);
    objects[index] = object;
    roots[index] = address;
}

static void drop(int index) {
    objects[index].has_root = false;
    roots[index] = NULL;
    if (objects[index].pin == NULL) {
        forget(index);
    }
}

static void toggle_pin(int index) {
    struct object *object = &objects[index];
    if (object->pin == NULL) {
        object->pinned_at = (uintptr_t)address_of(index);
        ck_assert_int_eq(pf_pin(fixture.heap, address_of(index), &object->pin), PINFOLD_OK);
        return;
    }
    if (!object->has_root) {
        forget(index);
    }
    pf_unpin(fixture.heap, object->pin);
    object->pin = NULL;
}

static void collect(struct random *random) {
    enum pf_collect_mode mode = PINFOLD_COLLECT_COMPACT_LARGE;
    if (random_chance(random, 40)) {
        mode = (enum pf_collect_mode)random_below(random, PINFOLD_COLLECT_COMPACT_LARGE);
    }
    pf_collect(fixture.thread, random_chance(random, 80) ? 2 : (int)random_below(random, 2), mode);
    check_all();
}

static void operate(struct random *random) {
    int index = (int)random_below(random, OBJECTS);
    size_t choice = random_below(random, 100);
    if (choice < 4) {
        collect(random);
    } else if (!objects[index].exists) {
        make(random, index);
    } else if (choice < 40) {
        if (objects[index].has_root) {
            drop(index);
        }
    } else if (choice < 60) {
        toggle_pin(index);
    } else {
        int to = (int)random_below(random, OBJECTS);
        set_link(index, (int)random_below(random, LINKS), objects[to].exists ? to : NONE);
    }
}

/* With nothing pinned, a compaction leaves no free run: every segment's objects lie side by side. */
static void close_heap(bool compacts) {
    for (int index = 0; index < OBJECTS; ++index) {
        if (objects[index].exists && objects[index].pin != NULL) {
            toggle_pin(index);
        }
    }
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT_LARGE);
    check_all();
    struct pf_statistics statistics;
    pf_heap_statistics(fixture.heap, &statistics);
    if (compacts) {
        ck_assert_uint_eq(statistics.free_bytes[PINFOLD_LARGE], 0);
    }
    pf_root_source_remove(fixture.heap, &source);
    fixture_close(&fixture);
}

static void run(const struct setup *setup, uint64_t seed) {
    struct random random = {seed};
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "ref_tag_mask", "1");
    fixture_set(&options, setup->option, setup->text);
    if (setup->stress != NULL) {
        fixture_set(&options, "stress", setup->stress);
    }
    replay_begin(setup->name, seed);
    fixture = fixture_open(&options);
    memset(objects, 0, sizeof objects);
    memset(roots, 0, sizeof roots);
    may_be_full = strcmp(setup->option, "reserve_size") == 0;
    pf_root_source_add(fixture.heap, &source);
    uint64_t operations = settings_operations(OPERATIONS);
    for (uint64_t operation = 0; operation < operations; ++operation) {
        replay_operation(operation);
        operate(&random);
    }
    close_heap(options.stress.sweep == 0);
}

START_TEST(large_objects_keep_contents_and_links_and_pinned_ones_their_place) {
    struct seed_range seeds = settings_seeds(SEEDS);
    for (size_t index = 0; index < sizeof setups / sizeof setups[0]; ++index) {
        for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
            run(&setups[index], seed);
        }
    }
}
END_TEST

SUITE("property/large_pins", large_objects_keep_contents_and_links_and_pinned_ones_their_place)
