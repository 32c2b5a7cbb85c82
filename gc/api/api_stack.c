/* SPDX-License-Identifier: MIT
 *
 * C stacks of threads, for heaps with the option conservative_stacks: where they lie, maps of frames, what they hold.
 */
#include "alloc/lookup.h"
#include "alloc/platform/check.h"
#include "alloc/platform/stack_unwind.h"
#include "gc/heap.h"
#include "pinfold/stack.h"

void pf_thread_set_stack(struct pf_thread *thread, const void *low, const void *high) {
    PINFOLD_REQUIRE(thread != NULL && (low == NULL) == (high == NULL) && (uintptr_t)low <= (uintptr_t)high,
                    "pf_thread_set_stack: the thread is NULL, or [%p, %p) is no stack", low, high);
    PINFOLD_REQUIRE(!pf_thread_is_native(thread),
                    "pf_thread_set_stack: thread %s is native: a collection may be looking at the stack it left",
                    pf_thread_name(thread));
    struct pfi_stack *stack = thread->stack;
    if (stack != NULL) {
        stack->low = low == NULL ? stack->system_low : (uintptr_t)low;
        stack->high = low == NULL ? stack->system_high : (uintptr_t)high;
        stack->caller.ip = 0; /* the next stop is on this one */
    }
}

/* The link that leads to the map; the one at the end of the list when it is not there. */
static struct pf_frame_map **find_map(struct pf_heap *heap, const struct pf_frame_map *map) {
    struct pf_frame_map **link = &heap->roots.frame_maps;
    while (*link != NULL && *link != map) {
        link = &(*link)->next;
    }
    return link;
}

void pf_frame_map_add(struct pf_heap *heap, struct pf_frame_map *map) {
    PINFOLD_REQUIRE(heap != NULL && map != NULL && map->visit != NULL && (uintptr_t)map->low < (uintptr_t)map->high,
                    "pf_frame_map_add: the heap, the map or its visit function is NULL, or its range is empty");
    PINFOLD_REQUIRE(heap->options.conservative_stacks,
                    "pf_frame_map_add: the heap does not look at stacks: option conservative_stacks");
    pfi_heap_hold(heap);
    bool is_new = *find_map(heap, map) == NULL;
    if (is_new) {
        map->next = heap->roots.frame_maps;
        heap->roots.frame_maps = map;
    }
    pfi_world_release(&heap->world);
    PINFOLD_REQUIRE(is_new, "pf_frame_map_add: the map was added before");
}

void pf_frame_map_remove(struct pf_heap *heap, struct pf_frame_map *map) {
    PINFOLD_REQUIRE(heap != NULL && map != NULL, "pf_frame_map_remove: the heap or the map is NULL");
    pfi_heap_hold(heap);
    struct pf_frame_map **link = find_map(heap, map);
    bool is_known = *link != NULL;
    if (is_known) {
        *link = map->next;
        map->next = NULL;
    }
    pfi_world_release(&heap->world);
    PINFOLD_REQUIRE(is_known, "pf_frame_map_remove: the map was never added");
}

struct report {
    const struct pf_heap *heap;
    pf_stack_root_visit *visit;
    void *data;
    int result;
    uintptr_t done; /* on the stack at hand */
    struct pf_stack_root root;
    char function[128];
};

/* The object that a word keeps, as marking sees it. */
static uintptr_t kept_object(const struct pf_heap *heap, uintptr_t word) {
    uintptr_t object = pfi_lookup_object(&heap->arena, word);
    bool is_exact = (word & ~heap->tags.mask) == object && pfi_tags_is_reference(heap->tags, word);
    return heap->options.conservative_interior || is_exact ? object : 0;
}

static void report_word(struct report *report, uintptr_t word, uintptr_t slot) {
    uintptr_t object = kept_object(report->heap, word);
    if (object != 0 && report->result == 0) {
        report->root.slot = (const void *)slot;
        report->root.address = (const void *)word;
        report->root.object = (void *)object;
        report->root.type = pfi_object_type(object);
        report->result = report->visit(&report->root, report->data);
    }
}

static void report_until(struct report *report, uintptr_t end) {
    for (uintptr_t slot = pfi_align_up(report->done, sizeof(uintptr_t)); slot < end; slot += sizeof(uintptr_t)) {
        uintptr_t word;
        pfi_stack_copy(&word, slot, 1);
        report_word(report, word, slot);
    }
    report->done = pfi_max(report->done, end);
}

static bool report_frame(void *context, const struct pfi_active_frame *frame) {
    struct report *report = context;
    if (pfi_frame_map_find(report->heap->roots.frame_maps, frame->ip) != NULL) {
        report->done = frame->end;
        return report->result == 0;
    }
    pfi_function_name(frame->ip, report->function, sizeof report->function, &report->root.offset);
    report_until(report, frame->end);
    return report->result == 0;
}

static void report_stack(struct report *report, const struct pf_thread *thread) {
    const struct pfi_stack *stack = thread->stack;
    if (stack == NULL || stack->caller.ip == 0) {
        return;
    }
    report->root = (struct pf_stack_root){.thread = thread, .function = report->function};
    report->function[0] = '\0';
    size_t below = pfi_min((stack->caller.sp - stack->from) / sizeof(uintptr_t), stack->near_count);
    for (size_t index = 0; index < below; ++index) {
        report_word(report, stack->near[index], 0);
    }
    report->done = pfi_stack_settled(stack);
    pfi_stack_unwind(stack, report_frame, report);
    report->function[0] = '\0';
    report->root.offset = 0;
    report_until(report, report->result == 0 ? stack->high : 0);
}

int pf_stack_report(struct pf_thread *thread, pf_stack_root_visit *visit, void *data) {
    PINFOLD_REQUIRE(thread != NULL && visit != NULL, "pf_stack_report: the thread or the visit callback is NULL");
    struct pf_heap *heap = thread->heap;
    struct report report = {.heap = heap, .visit = visit, .data = data};
    pfi_heap_stop(heap, thread);
    for (const struct pf_thread *other = heap->roots.threads; other != NULL && report.result == 0;
         other = other->next) {
        report_stack(&report, other);
    }
    pfi_heap_resume(heap);
    return report.result;
}
