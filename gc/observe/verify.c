/* SPDX-License-Identifier: MIT */
#include "gc/observe/verify.h"

#include <stdarg.h>
#include <stdio.h>

#include "alloc/card_table.h"
#include "alloc/free_pages.h"
#include "alloc/object_starts.h"
#include "alloc/platform/os_memory.h"
#include "alloc/walk.h"
#include "gc/observe/walkable.h"

struct verifier {
    const struct pfi_share *share;
    struct pfi_tags tags;
    struct pf_message *message;
    uint64_t *starts; /* a bit for each granule at which an object starts; biased */
    uintptr_t previous;
    uintptr_t holder; /* whose slots are being visited; 0 = a root */
    const struct pfi_segment *segment;
    bool failed;
    size_t free_bytes[PINFOLD_GENERATIONS];
    struct pfi_readable_types types;
    size_t clean_bytes[PINFOLD_GENERATIONS];
};

__attribute__((format(printf, 2, 3))) static int fail(struct verifier *verifier, const char *format, ...) {
    if (!verifier->failed) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(verifier->message->text, sizeof verifier->message->text, format, arguments);
        va_end(arguments);
    }
    verifier->failed = true;
    return 1;
}

/* Name of an object's type, as far as it can be trusted. */
static const char *name_of(uintptr_t object) {
    return object == 0 ? "root" : pfi_object_type(object)->name;
}

static int check_shape(struct verifier *verifier, const struct pfi_segment *segment, uintptr_t object) {
    if (!pfi_type_is_plausible(verifier->share->arena, object, &verifier->types)) {
        return fail(verifier, "object %#zx (after %#zx) in segment %#zx has the type word %#zx, no type",
                    (size_t)object, (size_t)verifier->previous, (size_t)segment->base, (size_t)pfi_words(object)[0]);
    }
    size_t size = pfi_walk_step(segment, object);
    if (size < PINFOLD_MIN_OBJECT || size % PINFOLD_GRANULE != 0 || size > segment->allocated - object) {
        return fail(verifier, "object %#zx (after %#zx) in segment %#zx has the size %zu, which ends outside it",
                    (size_t)object, (size_t)verifier->previous, (size_t)segment->base, size);
    }
    return 0;
}

/* First pass: walkability, and where objects start. */
static int note_chain(struct verifier *verifier, const struct pfi_segment *segment) {
    for (; segment != NULL; segment = segment->next) {
        if (!pfi_segment_is_valid(segment)) {
            return fail(verifier, "segment %#zx: ends are not in order", (size_t)segment->base);
        }
        verifier->previous = 0;
        for (uintptr_t object = segment->first; object < segment->allocated;) {
            if (check_shape(verifier, segment, object) != 0) {
                return 1;
            }
            if (!pfi_object_is_free(object)) {
                pfi_bits_set(verifier->starts, object >> PINFOLD_GRANULE_SHIFT);
            } else {
                int generation = pfi_share_generation_of(verifier->share, object);
                size_t size = pfi_object_size(object);
                verifier->free_bytes[generation] += size;
                verifier->clean_bytes[generation] += generation >= 2 ? pfi_free_pages_clean(object) : 0;
            }
            verifier->previous = object;
            object += pfi_walk_step(segment, object);
        }
    }
    return 0;
}

static int check_boundaries(struct verifier *verifier) {
    const struct pfi_share *share = verifier->share;
    if (!pfi_share_is_valid(share)) {
        return fail(verifier, "generation starts %#zx, %#zx are not in order on segment %#zx", (size_t)share->start[1],
                    (size_t)share->start[0], (size_t)share->ephemeral->base);
    }
    for (int generation = 0; generation < 2; ++generation) {
        uintptr_t start = share->start[generation];
        bool starts_object = start == share->ephemeral->allocated ||
                             pfi_bits_test(verifier->starts, start >> PINFOLD_GRANULE_SHIFT) ||
                             pfi_object_is_free(start);
        if (!starts_object) {
            return fail(verifier, "generation %d starts at %#zx, inside an object", generation, (size_t)start);
        }
    }
    return 0;
}

static void check_slots(void *context, uintptr_t slots, size_t count) {
    struct verifier *verifier = context;
    const struct pfi_share *share = verifier->share;
    for (uintptr_t slot = slots; slot < slots + count * sizeof(uintptr_t); slot += sizeof(uintptr_t)) {
        uintptr_t value = *pfi_words(slot);
        uintptr_t object = value & ~verifier->tags.mask;
        if (object == 0 || !pfi_tags_is_reference(verifier->tags, value)) {
            continue;
        }
        int generation = pfi_share_generation_of(share, object);
        if (generation < 0 || !pfi_bits_test(verifier->starts, object >> PINFOLD_GRANULE_SHIFT)) {
            fail(verifier, "slot %#zx of %s %#zx (generation %d, segment %#zx) holds %#zx (generation %d), no object",
                 (size_t)slot, name_of(verifier->holder), (size_t)verifier->holder,
                 verifier->holder == 0 ? -1 : pfi_share_generation_of(share, verifier->holder),
                 (size_t)(verifier->segment == NULL ? 0 : verifier->segment->base), (size_t)value, generation);
            return;
        }
        if (verifier->holder == 0 || generation > 1) {
            continue;
        }
        int holder_generation = pfi_share_generation_of(share, verifier->holder);
        if (holder_generation > generation && !pfi_card_covers(share->arena->cards, slot, generation)) {
            fail(
                verifier,
                "slot %#zx of %s %#zx (generation %d) refers to %s %#zx (generation %d) and its card is clean: a store "
                "without pf_store?",
                (size_t)slot, name_of(verifier->holder), (size_t)verifier->holder, holder_generation, name_of(object),
                (size_t)object, generation);
            return;
        }
    }
}

static bool marks_are_clear(const struct pfi_share *share, uintptr_t object, size_t size) {
    size_t granule = object >> PINFOLD_GRANULE_SHIFT;
    size_t end = granule + (size >> PINFOLD_GRANULE_SHIFT);
    return pfi_bits_find_one(share->arena->mark_words, granule, end) == end &&
           pfi_bits_find_one(share->arena->pin_words, granule, end) == end;
}

static bool start_table_is_exact(const struct verifier *verifier, uintptr_t address) {
    const int8_t *starts = verifier->share->arena->object_starts;
    int entry = starts[address >> PINFOLD_CARD_SHIFT];
    if (entry == 0) {
        return false;
    }
    uintptr_t start = pfi_object_starts_before(starts, verifier->segment->first, address);
    return pfi_bits_test(verifier->starts, start >> PINFOLD_GRANULE_SHIFT) || pfi_object_is_free(start);
}

/* Second pass: references, cards, start table, marks. */
static int check_object(void *context, const struct pfi_segment *segment, uintptr_t object, size_t size) {
    struct verifier *verifier = context;
    verifier->segment = segment;
    verifier->holder = object;
    if (!marks_are_clear(verifier->share, object, segment->kind == PINFOLD_SEGMENT_LARGE ? PINFOLD_GRANULE : size)) {
        return fail(verifier, "%s %#zx has mark or pin bits outside a collection", name_of(object), (size_t)object);
    }
    bool is_exact = start_table_is_exact(verifier, object);
    for (uintptr_t card = pfi_align_up(object + 1, PINFOLD_CARD); card < object + size && is_exact;
         card += PINFOLD_CARD) {
        is_exact = start_table_is_exact(verifier, card);
    }
    if (!is_exact) {
        return fail(verifier, "object_starts does not lead to %s %#zx, size %zu", name_of(object), (size_t)object,
                    size);
    }
    pfi_object_visit(object, pfi_object_type(object), check_slots, verifier);
    return verifier->failed;
}

static int check_bin(struct verifier *verifier, int generation, unsigned bin, size_t *bytes) {
    const struct pfi_free_list *list = &verifier->share->generations[generation].free_list;
    uintptr_t last = 0;
    for (uintptr_t item = list->bins[bin].head; item != 0; item = *pfi_free_object_link(item)) {
        if (pfi_share_generation_of(verifier->share, item) != generation || !pfi_object_is_free(item) ||
            pfi_free_list_bin(list, pfi_object_size(item)) != bin) {
            return fail(verifier, "bin %u of generation %d holds %#zx, which does not belong there", bin, generation,
                        (size_t)item);
        }
        *bytes += pfi_object_size(item);
        last = item;
    }
    if (last != list->bins[bin].tail || (last != 0) != ((list->nonempty >> bin) & 1)) {
        return fail(verifier, "bin %u of generation %d has a wrong tail or a wrong bit", bin, generation);
    }
    return 0;
}

static int check_free_lists(struct verifier *verifier) {
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        const struct pfi_generation *numbers = &verifier->share->generations[generation];
        size_t bytes = 0;
        for (unsigned bin = 0; bin < numbers->free_list.bin_count; ++bin) {
            if (check_bin(verifier, generation, bin, &bytes) != 0) {
                return 1;
            }
        }
        if (bytes != numbers->free_list.bytes || numbers->free_bytes != verifier->free_bytes[generation]) {
            return fail(verifier, "generation %d: %zu bytes listed (counted %zu), %zu bytes free (counted %zu)",
                        generation, bytes, numbers->free_list.bytes, verifier->free_bytes[generation],
                        numbers->free_bytes);
        }
        if (numbers->clean_bytes != verifier->clean_bytes[generation]) {
            return fail(verifier, "generation %d: %zu free bytes are given back, its count says %zu", generation,
                        verifier->clean_bytes[generation], numbers->clean_bytes);
        }
    }
    return 0;
}

static size_t committed_of(const struct pfi_segment *segment) {
    size_t bytes = 0;
    for (; segment != NULL; segment = segment->next) {
        bytes += segment->committed - segment->base;
    }
    return bytes;
}

static int check_committed(struct verifier *verifier) {
    const struct pfi_share *share = verifier->share;
    if (!pfi_segment_pool_is_valid(&share->arena->pool)) {
        return fail(verifier,
                    "the standby list holds a segment with memory or of the wrong size, or its sums are wrong");
    }
    if (!pfi_decommit_queue_is_valid(&share->arena->waiting)) {
        return fail(verifier, "the decommit queue holds a segment with objects, or its sums are wrong");
    }
    size_t sum = committed_of(share->segments) + committed_of(share->large_segments) +
                 committed_of(share->pinned_segments) + share->arena->waiting.bytes;
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        sum -= verifier->clean_bytes[generation];
    }
    size_t account = pfi_account_segments(&share->arena->account);
    if (sum != account) {
        return fail(verifier, "segments have %zu bytes committed, the account says %zu", sum, account);
    }
    return 0;
}

/* One word of a handle block: a slot, or the value that belongs to it. */
static int check_handle_word(struct verifier *verifier, const struct pfi_handle_block *block, size_t index,
                             uintptr_t value) {
    if (value != 0 && block->births[index] == 0) {
        return fail(verifier, "slot %zu of handle block %p holds %#zx and is no handle", index, (const void *)block,
                    (size_t)value);
    }
    int generation = pfi_share_generation_of(verifier->share, value & ~verifier->tags.mask);
    if (pfi_tags_is_reference(verifier->tags, value) && generation >= 0 && pfi_handle_block_age(block) > generation) {
        return fail(verifier, "handle block %p has age %d and an object of generation %d", (const void *)block,
                    pfi_handle_block_age(block), generation);
    }
    return 0;
}

static int check_handle_block(struct verifier *verifier, struct pfi_handle_block *block) {
    bool is_dependent = block->kind == PINFOLD_HANDLE_DEPENDENT;
    for (size_t index = 0; index < PINFOLD_HANDLES_PER_BLOCK; ++index) {
        uintptr_t key = block->slots[index].object;
        uintptr_t value = is_dependent ? pfi_handle_block_values(block)[index].object : 0;
        if (key == 0 && value != 0) {
            return fail(verifier, "dependent handle %p has no key and the value %#zx", (void *)&block->slots[index],
                        (size_t)value);
        }
        if (((block->free >> index) & 1) != 0 && block->births[index] != 0) {
            return fail(verifier, "handle %p is also a free slot", (void *)&block->slots[index]);
        }
        if (check_handle_word(verifier, block, index, key) || check_handle_word(verifier, block, index, value)) {
            return 1;
        }
    }
    return 0;
}

static int check_handles(struct verifier *verifier, const struct pfi_handle_table *table) {
    for (int kind = 0; kind < PINFOLD_HANDLE_KINDS; ++kind) {
        for (int age = 0; age < PINFOLD_HANDLE_AGES; ++age) {
            for (struct pfi_handle_block *block = table->blocks[kind][age]; block != NULL; block = block->next) {
                if (block->kind != kind || pfi_handle_block_age(block) != age || block->table != table) {
                    return fail(verifier, "handle block %p (kind %d, age %d) is listed under kind %d, age %d",
                                (void *)block, block->kind, pfi_handle_block_age(block), kind, age);
                }
                if (check_handle_block(verifier, block)) {
                    return 1;
                }
            }
        }
    }
    return 0;
}

static int check_finalizer_ages(struct verifier *verifier, const struct pfi_finalizer_queue *queue) {
    for (int age = 0; age < PINFOLD_FINALIZER_AGES; ++age) {
        for (const struct pfi_finalizer *node = queue->registered[age].first; node != NULL; node = node->next) {
            int generation = pfi_share_generation_of(verifier->share, node->value & ~verifier->tags.mask);
            if (node->value != 0 && generation < age) {
                return fail(verifier, "finalizer %p has age %d and an object of generation %d", (const void *)node, age,
                            generation);
            }
        }
    }
    return 0;
}

static int check_roots(struct verifier *verifier, struct pfi_roots *roots) {
    verifier->holder = 0;
    verifier->segment = NULL;
    pfi_roots_visit(roots, 2, (struct pfi_root_visits){check_slots, pfi_slots_ignore, pfi_slots_ignore, verifier});
    pfi_finalizers_visit_registered(&roots->finalizers, 2, check_slots, verifier);
    if (check_finalizer_ages(verifier, &roots->finalizers) != 0) {
        return 1;
    }
    pfi_roots_visit_pins(roots, 2, check_slots, verifier);
    pfi_roots_visit_weak(roots, 2, check_slots, verifier);
    return verifier->failed || check_handles(verifier, &roots->handles);
}

static int run_checks(struct verifier *verifier, struct pfi_roots *roots) {
    const struct pfi_share *share = verifier->share;
    return note_chain(verifier, share->segments) || note_chain(verifier, share->large_segments) ||
           note_chain(verifier, share->pinned_segments) || check_boundaries(verifier) || check_free_lists(verifier) ||
           check_committed(verifier) || pfi_walk_share(share, check_object, verifier) || check_roots(verifier, roots);
}

/* The addresses between the lowest and the highest segment. */
struct extent {
    uintptr_t low;
    uintptr_t high;
};

static void extend(struct extent *extent, const struct pfi_segment *segment) {
    for (; segment != NULL; segment = segment->next) {
        extent->low = pfi_min(extent->low, segment->base);
        extent->high = pfi_max(extent->high, segment->end);
    }
}

int pfi_verify(const struct pfi_share *share, struct pfi_roots *roots, struct pfi_tags tags,
               struct pf_message *message) {
    struct verifier verifier = {.share = share, .tags = tags, .message = message};
    struct extent extent = {UINTPTR_MAX, 0};
    extend(&extent, share->segments);
    extend(&extent, share->large_segments);
    extend(&extent, share->pinned_segments);
    size_t size = (extent.high - extent.low) / PINFOLD_GRANULE / 8;
    uintptr_t bitmap = pfi_os_map_lazy(size);
    if (bitmap == 0) {
        fail(&verifier, "not checked: no memory for a bitmap of %zu bytes", size);
        return -1;
    }
    verifier.starts = (uint64_t *)(bitmap - (extent.low >> PINFOLD_GRANULE_SHIFT) / 8);
    int result = run_checks(&verifier, roots);
    pfi_os_release(bitmap, size);
    return result;
}
