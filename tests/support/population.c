/* SPDX-License-Identifier: MIT */
#include "tests/support/population.h"

#include <assert.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, FREE_HEADER = 32 };

struct body {
    const struct pf_type *type;
    size_t length;
    struct body *self;
    uint64_t id;
    /* words that follow from id */
};
static_assert(sizeof(struct body) <= POPULATION_SMALLEST, "a smallest item is a body without words");

static const struct pf_run self_run = {offsetof(struct body, self), 1};
static struct pf_type types[2];

static void make_types(void) {
    static const char *const names[2] = {"item", "finalizable item"};
    char message[128];
    for (size_t i = 0; i < 2; i++) {
        enum pf_status status =
            pf_type_init(&types[i], names[i], POPULATION_SMALLEST, 1, &self_run, 1, NULL, 0, message, sizeof message);
        ck_assert_msg(status == PINFOLD_OK, "%s", message);
    }
    types[1].flags = PINFOLD_TYPE_FINALIZABLE;
}

static void enumerate(struct pf_visitor *visitor, void *data) {
    struct population *population = data;
    pf_visit_slots(visitor, population->slots, population->count);
}

void population_open(struct population *population, const struct pf_options *options) {
    struct pf_message message = {""};
    memset(population, 0, sizeof *population);
    make_types();
    enum pf_status status = pf_heap_create(options, &population->heap, &message);
    ck_assert_msg(status == PINFOLD_OK, "no heap: %s", message.text);
    ck_assert_int_eq(pf_thread_attach(population->heap, &population->thread), PINFOLD_OK);
    population->source = (struct pf_root_source){enumerate, population, NULL};
    pf_root_source_add(population->heap, &population->source);
}

void population_close(struct population *population) {
    struct pf_message message = {""};
    ck_assert_msg(pf_heap_verify(population->thread, &message) == 0, "the heap is not clean: %s", message.text);
    while (population->count != 0) {
        population_drop(population, population->count - 1);
    }
    pf_root_source_remove(population->heap, &population->source);
    pf_thread_detach(population->thread);
    pf_heap_destroy(population->heap);
    free(population->slots);
    free(population->items);
}

size_t population_footprint(const struct population *population, size_t size, enum item_kind kind) {
    int is_large = kind != ITEM_BORN_PINNED && size >= pf_heap_options(population->heap)->large_threshold;
    return is_large ? (size + PAGE - 1) & ~(size_t)(PAGE - 1) : size;
}

static void grow(struct population *population) {
    if (population->count < population->capacity) {
        return;
    }
    population->capacity = population->capacity == 0 ? 1024 : 2 * population->capacity;
    population->slots = realloc(population->slots, population->capacity * sizeof *population->slots);
    population->items = realloc(population->items, population->capacity * sizeof *population->items);
    ck_assert(population->slots != NULL && population->items != NULL);
}

static uint64_t *words_of(const struct body *body) {
    return (uint64_t *)((uintptr_t)body + POPULATION_SMALLEST);
}

static uint64_t word_for(uint64_t id, size_t index) {
    return (id + index) * UINT64_C(0x9E3779B97F4A7C15);
}

/* Nothing is where it will be filled but zeros. */
static void fill(struct body *body, uint64_t id, size_t size) {
    uint64_t *words = words_of(body);
    uint64_t found = body->id | (uintptr_t)body->self;
    for (size_t i = 0; i < (size - POPULATION_SMALLEST) / sizeof *words; i++) {
        found |= words[i];
        words[i] = word_for(id, i);
    }
    if (found != 0) {
        ck_abort_msg("a new object of %zu bytes is not zero", size);
    }
    body->id = id;
    body->self = body;
}

static void *allocate(struct population *population, size_t size, enum item_kind kind, size_t alignment) {
    size_t length = size - POPULATION_SMALLEST;
    if (kind == ITEM_BORN_PINNED) {
        return pf_try_alloc_array_pinned(population->thread, &types[0], length, alignment);
    }
    return pf_try_alloc_array(population->thread, &types[kind == ITEM_FINALIZABLE], length);
}

int population_add(struct population *population, size_t size, enum item_kind kind, size_t alignment) {
    grow(population);
    struct body *body = allocate(population, size, kind, alignment);
    if (body == NULL) {
        return 0;
    }
    uint64_t id = ++population->ids;
    fill(body, id, size);
    pf_store(population->thread, &body->self, body); /* born old ones need the card */
    size_t takes = population_footprint(population, size, kind);
    population->items[population->count] = (struct item){.id = id, .size = size, .takes = takes, .kind = kind};
    if (kind == ITEM_BORN_PINNED) {
        population->items[population->count].pinned_at = body;
    }
    population->slots[population->count++] = body;
    population->live_bytes += takes;
    return 1;
}

int population_waste(struct population *population, size_t size) {
    struct body *body = allocate(population, size, ITEM_PLAIN, 0);
    if (body != NULL) {
        fill(body, 0, size);
    }
    return body != NULL;
}

void population_pin(struct population *population, size_t index) {
    struct item *item = &population->items[index];
    ck_assert_int_eq(pf_handle_create(population->heap, PINFOLD_HANDLE_PINNED, population->slots[index], &item->pin),
                     PINFOLD_OK);
    item->pinned_at = population->slots[index];
}

void population_watch(struct population *population, size_t index) {
    struct item *item = &population->items[index];
    ck_assert_int_eq(pf_handle_create(population->heap, PINFOLD_HANDLE_WEAK, population->slots[index], &item->weak),
                     PINFOLD_OK);
}

void population_drop(struct population *population, size_t index) {
    struct item *item = &population->items[index];
    population->live_bytes -= item->takes;
    if (item->pin != NULL) {
        pf_handle_destroy(population->heap, item->pin);
    }
    if (item->weak != NULL) {
        pf_handle_destroy(population->heap, item->weak);
    }
    population->count--;
    *item = population->items[population->count];
    population->slots[index] = population->slots[population->count];
}

void population_finalize(struct population *population) {
    pf_collect(population->thread, 2, PINFOLD_COLLECT_DEFAULT);
    void *object;
    while (pf_finalizer_next(population->thread, &object)) {
    }
}

static int is_whole(const struct item *item, const struct body *body) {
    const uint64_t *words = words_of(body);
    uint64_t wrong = body->id ^ item->id;
    for (size_t i = 0; i < (item->size - POPULATION_SMALLEST) / sizeof *words; i++) {
        wrong |= words[i] ^ word_for(item->id, i);
    }
    return wrong == 0 && pf_size_of(body) == item->size && body->self == body;
}

/* Check writes down each assertion that holds, which takes longer than to look at an object. */
void population_check(const struct population *population) {
    for (size_t index = 0; index < population->count; index++) {
        const struct item *item = &population->items[index];
        const struct body *body = population->slots[index];
        unsigned long long id = item->id;
        if (!is_whole(item, body)) {
            ck_abort_msg("object %llu of %zu bytes at %p is damaged", id, item->size, (const void *)body);
        }
        if (item->pinned_at != NULL && item->pinned_at != body) {
            ck_abort_msg("object %llu has moved from %p, where it is pinned", id, item->pinned_at);
        }
        if (item->weak != NULL && pf_handle_get(item->weak) != body) {
            ck_abort_msg("the weak handle of object %llu does not hold it", id);
        }
    }
}

/* ---- Pages that pins keep --------------------------------------------------------------------------------------- */

struct range {
    uintptr_t start;
    uintptr_t end;
};

static int by_start(const void *left, const void *right) {
    uintptr_t a = ((const struct range *)left)->start;
    uintptr_t b = ((const struct range *)right)->start;
    return (a > b) - (a < b);
}

size_t population_pinned_waste(const struct population *population) {
    struct range *ranges = malloc((population->count + 1) * sizeof *ranges);
    size_t count = 0;
    size_t bytes = 0;
    ck_assert_ptr_nonnull(ranges);
    for (size_t index = 0; index < population->count; index++) {
        const struct item *item = &population->items[index];
        if (item->pinned_at != NULL) {
            uintptr_t start = (uintptr_t)item->pinned_at;
            ranges[count++] = (struct range){start, start + item->takes};
            bytes += item->takes;
        }
    }
    qsort(ranges, count, sizeof *ranges, by_start);
    size_t pages = 0;
    uintptr_t counted = 0;
    for (size_t index = 0; index < count; index++) {
        uintptr_t start = ranges[index].start & ~(uintptr_t)(PAGE - 1);
        uintptr_t end = (ranges[index].end + FREE_HEADER + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
        start = start > counted ? start : counted;
        pages += end > start ? end - start : 0;
        counted = end > counted ? end : counted;
    }
    free(ranges);
    return pages - bytes;
}
