/* SPDX-License-Identifier: MIT
 *
 * A table of layouts in words. The payload pattern is a function of seed and offset, so nothing needs to be stored to
 * check it later.
 */
#include "tests/support/shadow_layout.h"

#include <check.h>
#include <pthread.h>

#include "pinfold/root.h"
#include "tests/support/random.h"

#define WORD sizeof(void *)
#define RUN(words, slots) \
    { (uint32_t)((words) * sizeof(void *)), (slots) }

/* A diary's fixed part: type, length, number of elements that are references, one word of payload. */
struct diary {
    const struct pf_type *type;
    size_t length;
    uintptr_t used;
    uintptr_t payload;
    void *entries[];
};

static const struct pf_run cell_runs[] = {RUN(1, 1)};
static const struct pf_run pair_runs[] = {RUN(1, 1), RUN(4, 1)};
static const struct pf_run wide_runs[] = {RUN(2, 1), RUN(66, 3)};
static const struct pf_run one_element_run[] = {RUN(0, 1)};
static const struct pf_run table_runs[] = {RUN(2, 1)};
static const struct pf_run table_element_runs[] = {RUN(1, 2), RUN(4, 1)};
static const struct pf_run diary_used_word[] = {RUN(2, 1)};

struct layout {
    const char *name;
    size_t base_size;
    size_t element_size;
    const struct pf_run *runs;
    size_t run_count;
    const struct pf_run *element_runs;
    size_t element_run_count;
};

static const struct layout layouts[SHADOW_KINDS] = {
    [SHADOW_CELL] = {"cell", 16, 0, cell_runs, 1, NULL, 0},
    [SHADOW_LEAF] = {"leaf", 5 * WORD, 0, NULL, 0, NULL, 0},
    [SHADOW_PAIR] = {"pair", 6 * WORD, 0, pair_runs, 2, NULL, 0},
    [SHADOW_WIDE] = {"wide", 70 * WORD, 0, wide_runs, 2, NULL, 0},
    [SHADOW_VECTOR] = {"vector", 2 * WORD, WORD, NULL, 0, one_element_run, 1},
    [SHADOW_LABELED] = {"labeled vector", 3 * WORD, WORD, NULL, 0, one_element_run, 1},
    [SHADOW_TABLE] = {"table", 4 * WORD, 5 * WORD, table_runs, 1, table_element_runs, 2},
    [SHADOW_BYTES] = {"bytes", 2 * WORD, 1, NULL, 0, NULL, 0},
    [SHADOW_DIARY] = {"diary", 4 * WORD, WORD, diary_used_word, 1, one_element_run, 1},
};

static size_t round_up(size_t size) {
    return (size + 7) & ~(size_t)7;
}

/* Where elements begin, if there are any. */
static size_t base_size(enum shadow_kind kind) {
    return layouts[kind].element_size == 0 ? round_up(layouts[kind].base_size) : layouts[kind].base_size;
}

const char *shadow_kind_name(enum shadow_kind kind) {
    return layouts[kind].name;
}

size_t shadow_elements_begin(enum shadow_kind kind) {
    return shadow_kind_is_array(kind) ? base_size(kind) : 0;
}

int shadow_kind_is_array(enum shadow_kind kind) {
    return layouts[kind].element_size != 0;
}

/* --- types --- */

static void visit_diary(void *object, struct pf_visitor *visitor) {
    struct diary *diary = object;
    if (diary->used > 0) {
        pf_visit_slot(visitor, &diary->entries[0]);
        pf_visit_slots(visitor, &diary->entries[1], diary->used - 1);
    }
}

static struct pf_type types[SHADOW_KINDS];
static pthread_once_t types_are_made = PTHREAD_ONCE_INIT;

static void make_type(struct pf_type *type, enum shadow_kind kind) {
    const struct layout *layout = &layouts[kind];
    char message[256] = "";
    enum pf_status status;
    if (kind == SHADOW_DIARY) {
        status = pf_type_init_callback(type, layout->name, layout->base_size, layout->element_size, visit_diary,
                                       message, sizeof(message));
    } else {
        status =
            pf_type_init(type, layout->name, layout->base_size, layout->element_size, layout->runs, layout->run_count,
                         layout->element_runs, layout->element_run_count, message, sizeof(message));
    }
    ck_assert_msg(status == PINFOLD_OK, "%s", message);
}

static void make_types(void) {
    for (int kind = 0; kind < SHADOW_KINDS; kind++) {
        make_type(&types[kind], (enum shadow_kind)kind);
    }
}

const struct pf_type *shadow_type(enum shadow_kind kind) {
    (void)pthread_once(&types_are_made, make_types);
    return &types[kind];
}

/* --- sizes and slots --- */

size_t shadow_size(const struct shadow_shape *shape) {
    size_t size = round_up(base_size(shape->kind) + shape->length * layouts[shape->kind].element_size);
    return size < 16 ? 16 : size;
}

size_t shadow_length_for(enum shadow_kind kind, size_t size) {
    size_t base = base_size(kind);
    return size <= base ? 0 : (size - base) / layouts[kind].element_size;
}

static size_t run_slots(const struct pf_run *runs, size_t count) {
    size_t slots = 0;
    for (size_t i = 0; i < count; i++) {
        slots += runs[i].count;
    }
    return slots;
}

/* Offset of slot `index` of the runs. */
static size_t run_slot_offset(const struct pf_run *runs, size_t index) {
    while (index >= runs->count) {
        index -= runs->count;
        runs++;
    }
    return runs->offset + index * WORD;
}

size_t shadow_slot_count(const struct shadow_shape *shape) {
    const struct layout *layout = &layouts[shape->kind];
    if (shape->kind == SHADOW_DIARY) {
        return shape->used;
    }
    return run_slots(layout->runs, layout->run_count) +
           shape->length * run_slots(layout->element_runs, layout->element_run_count);
}

void **shadow_slot_at(const struct shadow_shape *shape, void *object, size_t index) {
    const struct layout *layout = &layouts[shape->kind];
    size_t fixed = shape->kind == SHADOW_DIARY ? 0 : run_slots(layout->runs, layout->run_count);
    size_t offset;
    if (index < fixed) {
        offset = run_slot_offset(layout->runs, index);
    } else {
        size_t per_element = run_slots(layout->element_runs, layout->element_run_count);
        index -= fixed;
        offset = base_size(shape->kind) + index / per_element * layout->element_size +
                 run_slot_offset(layout->element_runs, index % per_element);
    }
    return (void **)(void *)((char *)object + offset);
}

/* --- payload --- */

static uintptr_t pattern(uint64_t seed, size_t offset) {
    return (uintptr_t)random_mix(seed + offset * UINT64_C(0x9E3779B97F4A7C15));
}

static int run_covers(const struct pf_run *runs, size_t count, size_t offset) {
    for (size_t i = 0; i < count; i++) {
        if (offset >= runs[i].offset && offset < runs[i].offset + runs[i].count * WORD) {
            return 1;
        }
    }
    return 0;
}

/* Whether the word at `offset` is payload. The one word of a diary's fixed part that its run names is the count. */
static int is_payload(const struct shadow_shape *shape, size_t offset) {
    const struct layout *layout = &layouts[shape->kind];
    size_t base = base_size(shape->kind);
    if (offset < base) {
        return !run_covers(layout->runs, layout->run_count, offset);
    }
    size_t in_elements = offset - base;
    if (shape->kind == SHADOW_DIARY) {
        return in_elements / WORD >= shape->used;
    }
    return !run_covers(layout->element_runs, layout->element_run_count, in_elements % layout->element_size);
}

static size_t header_size(enum shadow_kind kind) {
    return shadow_kind_is_array(kind) ? 2 * WORD : WORD;
}

/* End of what the program may use: behind it comes the rounding to a multiple of 8. */
static size_t content_end(const struct shadow_shape *shape) {
    return base_size(shape->kind) + shape->length * layouts[shape->kind].element_size;
}

void shadow_payload_write(const struct shadow_shape *shape, void *object, uint64_t seed) {
    char *bytes = object;
    size_t end = content_end(shape);
    size_t words_end = shape->kind == SHADOW_BYTES ? base_size(shape->kind) : end;
    for (size_t offset = header_size(shape->kind); offset < words_end; offset += WORD) {
        if (is_payload(shape, offset)) {
            *(uintptr_t *)(void *)(bytes + offset) = pattern(seed, offset);
        }
    }
    for (size_t offset = words_end; offset < end; offset++) {
        bytes[offset] = (char)pattern(seed, offset);
    }
    if (shape->kind == SHADOW_DIARY) {
        ((struct diary *)object)->used = shape->used;
    }
}

size_t shadow_payload_mismatch(const struct shadow_shape *shape, const void *object, uint64_t seed) {
    const char *bytes = object;
    size_t end = content_end(shape);
    size_t words_end = shape->kind == SHADOW_BYTES ? base_size(shape->kind) : end;
    for (size_t offset = header_size(shape->kind); offset < words_end; offset += WORD) {
        if (is_payload(shape, offset) && *(const uintptr_t *)(const void *)(bytes + offset) != pattern(seed, offset)) {
            return offset;
        }
    }
    for (size_t offset = words_end; offset < end; offset++) {
        if (bytes[offset] != (char)pattern(seed, offset)) {
            return offset;
        }
    }
    if (shape->kind == SHADOW_DIARY && ((const struct diary *)object)->used != shape->used) {
        return offsetof(struct diary, used);
    }
    return SIZE_MAX;
}
