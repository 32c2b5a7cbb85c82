/* SPDX-License-Identifier: MIT */
#include "alloc/arena.h"

#include <string.h>

#include "alloc/platform/check.h"
#include "alloc/platform/os_memory.h"
#include "alloc/segment.h"
#include "alloc/side_tables.h"
#include "alloc/window.h"

enum { MODEST_SHARE = 8 /* of limited address space: what sizes of segments are derived from */ };

/* Headers lie on pages of their own, so that a collection can make a segment without malloc. They are kept until the
 * arena goes. */
struct pfi_header_page {
    struct pfi_header_page *next;
    struct pfi_segment headers[(PINFOLD_PAGE - sizeof(void *)) / sizeof(struct pfi_segment)];
};
enum { HEADERS = sizeof((struct pfi_header_page *)NULL)->headers / sizeof(struct pfi_segment) };
static_assert(sizeof(struct pfi_header_page) <= PINFOLD_PAGE, "a page of headers is a page");

/* ---- Beginning and end ------------------------------------------------------------------------------------------ */

static void occupy(struct pfi_arena *arena, size_t size) {
    pfi_word_add(&arena->reserved_bytes, size);
}

static void vacate(struct pfi_arena *arena, size_t size) {
    pfi_word_subtract(&arena->reserved_bytes, size);
}

/* The rest of an arena whose window is known. */
static bool open_window(struct pfi_arena *arena, const struct pfi_window *window) {
    arena->base = window->base;
    arena->end = window->end;
    arena->unit_count = (window->end - window->base) >> PINFOLD_UNIT_SHIFT;
    arena->tables = window->tables;
    arena->tables_size = pfi_side_tables_size(window->end - window->base);
    pfi_side_tables_place(arena, window->tables);
    arena->owners_size = pfi_align_up(arena->unit_count * sizeof *arena->unit_owners, PINFOLD_PAGE);
    arena->owners = pfi_os_reserve(arena->owners_size, PINFOLD_PAGE);
    arena->unit_owners = (uintptr_t *)(arena->owners - (arena->base >> PINFOLD_UNIT_SHIFT) * sizeof(uintptr_t));
    occupy(arena, arena->owners_size);
    return arena->owners != 0;
}

static void clear(struct pfi_arena *arena) {
    memset(arena, 0, sizeof *arena);
    arena->commit_step = PINFOLD_COMMIT_STEP;
    arena->most_mapped = SIZE_MAX;
    pfi_account_init(&arena->account);
}

static void init_locks(struct pfi_arena *arena) {
    pfi_mutex_init(&arena->lock);
    pfi_decommit_queue_init(&arena->waiting);
}

static bool init_reserved(struct pfi_arena *arena, size_t size) {
    struct pfi_window window = {.base = pfi_os_reserve(size, PINFOLD_CHUNK)};
    if (window.base == 0) {
        return false;
    }
    size_t tables_size = pfi_side_tables_size(size);
    window.tables = pfi_os_reserve(tables_size, PINFOLD_PAGE);
    window.end = window.base + size;
    clear(arena);
    arena->is_reserved = true;
    occupy(arena, size + tables_size);
    if (window.tables != 0 && open_window(arena, &window)) {
        init_locks(arena);
        return true;
    }
    if (window.tables != 0) {
        pfi_os_release(window.tables, tables_size);
    }
    pfi_os_release(window.base, size);
    return false;
}

static bool init_on_demand(struct pfi_arena *arena, size_t most) {
    struct pfi_window window;
    clear(arena);
    arena->most_mapped = most == 0 ? SIZE_MAX : most;
    if (!pfi_window_choose(arena->most_mapped, &window) || !open_window(arena, &window)) {
        return false;
    }
    arena->most_mapped = pfi_min(arena->most_mapped, arena->end - arena->base);
    init_locks(arena);
    return true;
}

bool pfi_arena_init(struct pfi_arena *arena, size_t size, size_t smallest) {
    return pfi_arena_init_as(arena, size == 0 ? 0 : pfi_max(size, smallest), PINFOLD_LAYOUT_DERIVED);
}

bool pfi_arena_init_as(struct pfi_arena *arena, size_t size, enum pf_initial_layout layout) {
    bool wants_all = layout == PINFOLD_LAYOUT_DERIVED || layout == PINFOLD_LAYOUT_AT_ONCE;
    if (size > PINFOLD_LARGEST_ARENA) {
        return false;
    }
    size = pfi_align_up(size, PINFOLD_UNIT);
    if (wants_all && size != 0) {
        return init_reserved(arena, size);
    }
    if (wants_all && !pfi_window_is_short() && init_reserved(arena, pfi_window_largest())) {
        return true;
    }
    return init_on_demand(arena, size);
}

size_t pfi_arena_room(const struct pfi_arena *arena) {
    if (arena->is_reserved) {
        return arena->end - arena->base;
    }
    size_t limit = pfi_min(pfi_os_address_space_limit(), arena->end - arena->base);
    return pfi_min(pfi_window_is_short() ? limit / MODEST_SHARE : limit, arena->most_mapped);
}

void pfi_arena_set_commit_step(struct pfi_arena *arena, size_t step, bool huge_pages) {
    arena->commit_step = step;
    arena->wants_huge_pages = huge_pages;
    if (huge_pages && arena->is_reserved) {
        pfi_os_wish_huge_pages(arena->base, arena->end - arena->base);
    }
}

static uintptr_t unit_base(const struct pfi_arena *arena, size_t unit) {
    return arena->base + (unit << PINFOLD_UNIT_SHIFT);
}

static size_t unit_of(const struct pfi_arena *arena, uintptr_t address) {
    return (address - arena->base) >> PINFOLD_UNIT_SHIFT;
}

/* NULL for units that have never been carved, too. */
static struct pfi_segment *owner_of(const struct pfi_arena *arena, size_t unit) {
    size_t entry = (arena->base >> PINFOLD_UNIT_SHIFT) + unit;
    return unit < arena->used_units ? (struct pfi_segment *)pfi_word_load(&arena->unit_owners[entry]) : NULL;
}

static void set_owner(struct pfi_arena *arena, size_t unit, struct pfi_segment *segment) {
    pfi_word_store(&arena->unit_owners[(arena->base >> PINFOLD_UNIT_SHIFT) + unit], (uintptr_t)segment);
}

/* ---- Chunks, of which several segments may have parts ----------------------------------------------------------- */

struct range {
    uintptr_t low;
    uintptr_t high;
};

/* Whether another segment has a part in this chunk: a described part, or any. */
static bool is_shared(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t chunk,
                      bool described) {
    size_t first = unit_of(arena, chunk);
    for (size_t unit = first; unit < first + PINFOLD_CHUNK / PINFOLD_UNIT; ++unit) {
        const struct pfi_segment *owner = owner_of(arena, unit);
        if (owner != NULL && owner != segment && (!described || owner->described > unit_base(arena, unit))) {
            return true;
        }
    }
    return false;
}

/* The chunks of a part of a segment that it does not share with others. */
static struct range own_chunks(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t low,
                               uintptr_t high, bool described) {
    struct range range = {pfi_align_down(low - arena->base, PINFOLD_CHUNK) + arena->base,
                          pfi_align_up(high - arena->base, PINFOLD_CHUNK) + arena->base};
    if (range.low < range.high && is_shared(arena, segment, range.low, described)) {
        range.low += PINFOLD_CHUNK;
    }
    if (range.low < range.high && is_shared(arena, segment, range.high - PINFOLD_CHUNK, described)) {
        range.high -= PINFOLD_CHUNK;
    }
    return range;
}

static bool charge_table(struct pfi_arena *arena, size_t size) {
    if (size != 0 && !pfi_account_charge(&arena->account, PINFOLD_SPACE_BOOKKEEPING, size)) {
        return false;
    }
    pfi_word_add(&arena->table_bytes, size);
    return true;
}

static void discharge_table(struct pfi_arena *arena, size_t size) {
    pfi_account_subtract(&arena->account, PINFOLD_SPACE_BOOKKEEPING, size);
    pfi_word_subtract(&arena->table_bytes, size);
}

static bool describe_locked(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t to)
    PINFOLD_NEEDS(arena->lock) {
    struct range range = own_chunks(arena, segment, segment->described, to, true);
    size_t size = pfi_side_tables_size(range.high - range.low);
    if (!charge_table(arena, size)) {
        return false;
    }
    if (!pfi_side_tables_commit(arena, range.low, range.high)) {
        discharge_table(arena, size);
        return false;
    }
    segment->described = to;
    return true;
}

/* Where the chunk around an address of the segment ends, or the segment. */
static uintptr_t described_end(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t address) {
    return pfi_min(pfi_align_up(address - arena->base, PINFOLD_CHUNK) + arena->base, segment->end);
}

bool pfi_arena_describe(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t address) {
    if (address <= segment->described) {
        return true;
    }
    pfi_mutex_lock(&arena->lock);
    bool done = describe_locked(arena, segment, described_end(arena, segment, address));
    pfi_mutex_unlock(&arena->lock);
    return done;
}

/* Whole chunks go back, the segment's part of shared ones is zeroed. */
static void forget_locked(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t from)
    PINFOLD_NEEDS(arena->lock) {
    uintptr_t to = segment->described;
    segment->described = from;
    struct range range = own_chunks(arena, segment, from, to, true);
    if (range.low >= range.high) {
        pfi_side_tables_clear(arena, from, to);
        return;
    }
    pfi_side_tables_clear(arena, from, pfi_max(range.low, from));
    pfi_side_tables_clear(arena, pfi_min(range.high, to), to);
    pfi_side_tables_decommit(arena, range.low, range.high);
    discharge_table(arena, pfi_side_tables_size(range.high - range.low));
}

void pfi_arena_forget(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t address) {
    uintptr_t from = address <= segment->base ? segment->base : described_end(arena, segment, address);
    if (from < segment->described) {
        pfi_mutex_lock(&arena->lock);
        forget_locked(arena, segment, from);
        pfi_mutex_unlock(&arena->lock);
    }
}

/* ---- Headers and owners ----------------------------------------------------------------------------------------- */

static void free_header(struct pfi_arena *arena, struct pfi_segment *header) {
    header->next = arena->free_headers;
    arena->free_headers = header;
}

static bool add_header_page(struct pfi_arena *arena) {
    if (!charge_table(arena, PINFOLD_PAGE)) {
        return false;
    }
    struct pfi_header_page *page = (struct pfi_header_page *)pfi_os_map_lazy(PINFOLD_PAGE);
    if (page == NULL) {
        discharge_table(arena, PINFOLD_PAGE);
        return false;
    }
    occupy(arena, PINFOLD_PAGE);
    page->next = arena->header_pages;
    arena->header_pages = page;
    for (size_t index = HEADERS; index-- > 0;) {
        free_header(arena, &page->headers[index]);
    }
    return true;
}

static struct pfi_segment *take_header(struct pfi_arena *arena) {
    if (arena->free_headers == NULL && !add_header_page(arena)) {
        return NULL;
    }
    struct pfi_segment *header = arena->free_headers;
    arena->free_headers = header->next;
    memset(header, 0, sizeof *header);
    return header;
}

/* Commits unit_owners up to a unit. */
static bool know_units(struct pfi_arena *arena, size_t count) {
    size_t known = arena->known_size >> PINFOLD_UNIT_SHIFT;
    if (count <= known) {
        return true;
    }
    uintptr_t from = arena->owners + pfi_align_up(known * sizeof *arena->unit_owners, PINFOLD_PAGE);
    uintptr_t to = arena->owners + pfi_align_up(count * sizeof *arena->unit_owners, PINFOLD_PAGE);
    if (!charge_table(arena, to - from)) {
        return false;
    }
    if (!pfi_os_commit(from, to - from)) {
        discharge_table(arena, to - from);
        return false;
    }
    size_t units = pfi_min((to - arena->owners) / sizeof *arena->unit_owners, arena->unit_count);
    pfi_word_store_release(&arena->known_size, units << PINFOLD_UNIT_SHIFT);
    return true;
}

/* ---- Places for segments ---------------------------------------------------------------------------------------- */

/* First fit, from a unit on: low addresses are used again before new ones, so tables stay small. unit_count: none. */
static size_t find_free_units(const struct pfi_arena *arena, size_t from, size_t count) {
    size_t run = 0;
    for (size_t unit = from; unit < arena->unit_count; ++unit) {
        if (unit >= arena->used_units) { /* nothing is carved from here on */
            size_t start = unit - run;
            return count <= arena->unit_count - start ? start : arena->unit_count;
        }
        run = owner_of(arena, unit) == NULL ? run + 1 : 0;
        if (run == count) {
            return unit + 1 - count;
        }
    }
    return arena->unit_count;
}

static size_t longest_free_run(const struct pfi_arena *arena) {
    size_t largest = 0;
    size_t run = 0;
    for (size_t unit = 0; unit < arena->used_units; ++unit) {
        run = owner_of(arena, unit) == NULL ? run + 1 : 0;
        largest = pfi_max(largest, run);
    }
    return pfi_max(largest, run + arena->unit_count - arena->used_units);
}

static enum pfi_os_place reserve_tables(const struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    struct range range = own_chunks(arena, NULL, low, high, false);
    return pfi_side_tables_reserve(arena, range.low, range.high);
}

static enum pfi_os_place reserve_units(const struct pfi_arena *arena, size_t first, size_t count) {
    uintptr_t low = unit_base(arena, first);
    uintptr_t high = unit_base(arena, first + count);
    enum pfi_os_place place = pfi_os_reserve_at(low, high - low);
    if (place == PINFOLD_PLACE_HAD) {
        place = reserve_tables(arena, low, high);
        if (place != PINFOLD_PLACE_HAD) {
            pfi_os_release(low, high - low);
        }
    }
    return place;
}

/* Where the 32-bit system itself finds room; it keeps its mappings together. */
static size_t let_system_choose(const struct pfi_arena *arena, size_t count) {
    size_t size = count << PINFOLD_UNIT_SHIFT;
    uintptr_t low = PINFOLD_WORD_BITS == 32 ? pfi_os_reserve(size, PINFOLD_UNIT) : 0;
    if (low == 0) {
        return arena->unit_count;
    }
    bool is_inside = low >= arena->base && low < arena->end && size <= arena->end - low;
    if (is_inside && reserve_tables(arena, low, low + size) == PINFOLD_PLACE_HAD) {
        return unit_of(arena, low);
    }
    pfi_os_release(low, size);
    return arena->unit_count;
}

/* A unit at or before which something foreign begins to be in the way of [first, first + count): no range that contains
 * it can be had. The last such, or one near it. */
static size_t last_taken_unit(const struct pfi_arena *arena, size_t first, size_t count) {
    while (count > 1) {
        size_t upper = count / 2;
        size_t middle = first + count - upper;
        if (!pfi_os_is_free(unit_base(arena, middle), upper << PINFOLD_UNIT_SHIFT)) {
            first = middle;
            count = upper;
        } else {
            count -= upper;
        }
    }
    return first;
}

/* Every place of the window is tried until one can be had. unit_count: none. */
static size_t reserve_anywhere(const struct pfi_arena *arena, size_t count) {
    size_t first = let_system_choose(arena, count);
    if (first != arena->unit_count) {
        return first;
    }
    for (first = find_free_units(arena, 0, count); first < arena->unit_count;) {
        enum pfi_os_place place = reserve_units(arena, first, count);
        if (place == PINFOLD_PLACE_HAD) {
            return first;
        }
        if (place == PINFOLD_PLACE_REFUSED) {
            break;
        }
        first = find_free_units(arena, last_taken_unit(arena, first, count) + 1, count);
    }
    return arena->unit_count;
}

static void release_units(struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    struct range range = own_chunks(arena, NULL, low, high, false);
    pfi_side_tables_release(arena, range.low, range.high);
    pfi_os_release(low, high - low);
    if (range.low < range.high) {
        vacate(arena, pfi_side_tables_size(range.high - range.low));
    }
    vacate(arena, high - low);
    arena->mapped -= high - low;
}

static void note_mapped(struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    struct range range = own_chunks(arena, NULL, low, high, false);
    if (range.low < range.high) {
        occupy(arena, pfi_side_tables_size(range.high - range.low));
    }
    occupy(arena, high - low);
    arena->mapped += high - low;
    if (arena->wants_huge_pages) {
        pfi_os_wish_huge_pages(low, high - low);
    }
}

/* Whether the system has room for so many units anywhere. */
static bool would_be_had(const struct pfi_arena *arena, size_t count) {
    size_t size = count << PINFOLD_UNIT_SHIFT;
    uintptr_t low = size > arena->most_mapped - arena->mapped ? 0 : pfi_os_reserve(size, PINFOLD_UNIT);
    if (low != 0) {
        pfi_os_release(low, size);
    }
    return low != 0;
}

size_t pfi_arena_largest_gap(const struct pfi_arena *arena) {
    size_t had = 0;
    size_t refused = longest_free_run(arena) + 1;
    if (arena->is_reserved) {
        return (refused - 1) << PINFOLD_UNIT_SHIFT;
    }
    while (refused - had > 1) {
        size_t count = had + (refused - had) / 2;
        if (would_be_had(arena, count)) {
            had = count;
        } else {
            refused = count;
        }
    }
    return had << PINFOLD_UNIT_SHIFT;
}

/* ---- Segments --------------------------------------------------------------------------------------------------- */

static size_t find_place(struct pfi_arena *arena, size_t count) {
    size_t size = count << PINFOLD_UNIT_SHIFT;
    if (arena->is_reserved) {
        return find_free_units(arena, 0, count);
    }
    if (size > arena->most_mapped || arena->mapped > arena->most_mapped - size) {
        return arena->unit_count;
    }
    size_t first = reserve_anywhere(arena, count);
    if (first != arena->unit_count) {
        note_mapped(arena, unit_base(arena, first), unit_base(arena, first + count));
    }
    return first;
}

static void own_units(struct pfi_arena *arena, struct pfi_segment *segment, size_t first, size_t count) {
    segment->base = unit_base(arena, first);
    segment->end = unit_base(arena, first + count);
    segment->described = segment->base;
    for (size_t unit = first; unit < first + count; ++unit) {
        set_owner(arena, unit, segment);
    }
    arena->used_units = pfi_max(arena->used_units, first + count);
}

static struct pfi_segment *carve_locked(struct pfi_arena *arena, size_t count) PINFOLD_NEEDS(arena->lock) {
    struct pfi_segment *segment = take_header(arena);
    if (segment == NULL) {
        return NULL;
    }
    size_t first = find_place(arena, count);
    if (first == arena->unit_count) {
        free_header(arena, segment);
        return NULL;
    }
    if (!know_units(arena, first + count)) {
        if (!arena->is_reserved) {
            release_units(arena, unit_base(arena, first), unit_base(arena, first + count));
        }
        free_header(arena, segment);
        return NULL;
    }
    own_units(arena, segment, first, count);
    return segment;
}

struct pfi_segment *pfi_arena_carve(struct pfi_arena *arena, size_t size) {
    if (size > arena->end - arena->base) {
        return NULL;
    }
    size_t count = pfi_align_up(size, PINFOLD_UNIT) >> PINFOLD_UNIT_SHIFT;
    pfi_mutex_lock(&arena->lock);
    struct pfi_segment *segment = carve_locked(arena, count);
    pfi_mutex_unlock(&arena->lock);
    return segment;
}

struct pfi_segment *pfi_arena_split(struct pfi_arena *arena, struct pfi_segment *segment, size_t size) {
    PINFOLD_ASSERT(segment->described == segment->base && size < segment->end - segment->base);
    pfi_mutex_lock(&arena->lock);
    struct pfi_segment *other = take_header(arena);
    if (other != NULL) {
        size_t first = unit_of(arena, segment->base + size);
        size_t end = unit_of(arena, segment->end);
        own_units(arena, other, first, end - first);
        segment->end = other->base;
    }
    pfi_mutex_unlock(&arena->lock);
    return other;
}

static void return_locked(struct pfi_arena *arena, struct pfi_segment *segment) PINFOLD_NEEDS(arena->lock) {
    if (segment->described > segment->base) {
        forget_locked(arena, segment, segment->base);
    }
    size_t end = unit_of(arena, segment->end);
    for (size_t unit = unit_of(arena, segment->base); unit < end; ++unit) {
        set_owner(arena, unit, NULL);
    }
    if (!arena->is_reserved) {
        release_units(arena, segment->base, segment->end);
    }
    free_header(arena, segment);
}

void pfi_arena_return(struct pfi_arena *arena, struct pfi_segment *segment) {
    pfi_mutex_lock(&arena->lock);
    return_locked(arena, segment);
    pfi_mutex_unlock(&arena->lock);
}

/* Segments that are left are released in one go where they are the whole window; on demand, each by itself. */
static void release_window(struct pfi_arena *arena) {
    if (arena->is_reserved) {
        pfi_os_release(arena->base, arena->end - arena->base);
        pfi_os_release(arena->tables, arena->tables_size);
        return;
    }
    for (size_t unit = 0; unit < arena->used_units; ++unit) {
        struct pfi_segment *segment = owner_of(arena, unit);
        if (segment != NULL) {
            return_locked(arena, segment);
        }
    }
}

PINFOLD_NOT_ANALYSED void pfi_arena_finish(struct pfi_arena *arena) {
    release_window(arena);
    pfi_os_release(arena->owners, arena->owners_size);
    while (arena->header_pages != NULL) {
        struct pfi_header_page *page = arena->header_pages;
        arena->header_pages = page->next;
        pfi_os_release((uintptr_t)page, PINFOLD_PAGE);
    }
    pfi_decommit_queue_finish(&arena->waiting);
    pfi_mutex_finish(&arena->lock);
}

/* ---- Memory ----------------------------------------------------------------------------------------------------- */

bool pfi_arena_commit(struct pfi_arena *arena, enum pfi_space space, uintptr_t address, size_t size) {
    if (!pfi_account_charge(&arena->account, space, size)) {
        return false;
    }
    if (!pfi_os_commit(address, size)) {
        pfi_account_subtract(&arena->account, space, size);
        return false;
    }
    return true;
}

void pfi_arena_decommit(struct pfi_arena *arena, enum pfi_space space, uintptr_t address, size_t size) {
    pfi_os_decommit(address, size);
    if (arena->wants_huge_pages) {
        pfi_os_wish_huge_pages(address, size);
    }
    pfi_account_subtract(&arena->account, space, size);
}

bool pfi_arena_discard(struct pfi_arena *arena, enum pfi_space space, uintptr_t address, size_t size) {
    if (!pfi_os_discard(address, size)) {
        return false;
    }
    pfi_account_subtract(&arena->account, space, size);
    return true;
}

void pfi_arena_forget_marks(struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    pfi_side_tables_discard_marks(arena, pfi_align_up(low, PINFOLD_CARD), pfi_align_down(high, PINFOLD_CARD));
}

size_t pfi_arena_bookkeeping(const struct pfi_arena *arena) {
    return pfi_word_load(&arena->table_bytes);
}

size_t pfi_arena_reserved(const struct pfi_arena *arena) {
    size_t elsewhere = pfi_account_space(&arena->account, PINFOLD_SPACE_BOOKKEEPING) - pfi_arena_bookkeeping(arena);
    return pfi_word_load(&arena->reserved_bytes) + elsewhere;
}
