/* SPDX-License-Identifier: MIT */
#include "gc/policy/limits.h"

#include "alloc/layout.h"

enum { ALL = 100 };
static const uint64_t mib = 1 << 20;

static const struct pfi_limit no_limit = {PINFOLD_NO_LIMIT, PINFOLD_LIMIT_SOURCE_NONE};

static struct pfi_limit limit_of(uint64_t bytes, enum pf_limit_source source) {
    return bytes < PINFOLD_NO_LIMIT ? (struct pfi_limit){(size_t)bytes, source} : no_limit;
}

static struct pfi_limit smaller(struct pfi_limit a, struct pfi_limit b) {
    return b.bytes < a.bytes ? b : a;
}

static struct pfi_limit from_options(size_t bytes, uint32_t percent, uint64_t of) {
    struct pfi_limit absolute = bytes == 0 ? no_limit : limit_of(bytes, PINFOLD_LIMIT_SOURCE_OPTION);
    struct pfi_limit relative =
        percent == 0 || of == UINT64_MAX ? no_limit : limit_of(of / ALL * percent, PINFOLD_LIMIT_SOURCE_PERCENT);
    return smaller(absolute, relative);
}

/* A limit above what the machine has binds nothing. */
static bool is_contained(struct pfi_machine machine) {
    return machine.container != 0 && (machine.physical == 0 || machine.container < machine.physical);
}

/* What the machine has for this process; UINT64_MAX: the system does not tell, and there is nothing to take a share of.
 */
static uint64_t memory_of(struct pfi_machine machine) {
    uint64_t memory = is_contained(machine) ? machine.container : machine.physical;
    return memory == 0 ? UINT64_MAX : memory;
}

/* The figures are the CLR's. */
static struct pfi_limit from_container(struct pfi_machine machine) {
    if (!is_contained(machine)) {
        return no_limit;
    }
    uint64_t part = machine.container / 4 * 3;
    return limit_of(part < 20 * mib ? 20 * mib : part, PINFOLD_LIMIT_SOURCE_CONTAINER);
}

static bool has_percentage(const struct pf_options *given) {
    return given->hard_limit_percent != 0 || given->small_hard_limit_percent != 0 ||
           given->large_hard_limit_percent != 0 || given->pinned_hard_limit_percent != 0;
}

bool pfi_limits_are_known(const struct pf_options *given, struct pfi_machine machine) {
    bool is_of_container = given->container_limit && given->hard_limit == 0;
    return !machine.is_container_unknown || !(is_of_container || has_percentage(given));
}

static struct pfi_limit of_space(size_t bytes, uint32_t percent, uint64_t of, struct pfi_limit whole) {
    struct pfi_limit limit = from_options(bytes, percent, of);
    bool is_clipped = limit.bytes != PINFOLD_NO_LIMIT && limit.bytes > whole.bytes;
    return is_clipped ? (struct pfi_limit){whole.bytes, PINFOLD_LIMIT_SOURCE_WHOLE} : limit;
}

struct pfi_limits pfi_limits_derive(const struct pf_options *given, struct pfi_machine machine) {
    uint64_t memory = memory_of(machine);
    struct pfi_limit whole = from_options(given->hard_limit, given->hard_limit_percent, memory);
    if (whole.source == PINFOLD_LIMIT_SOURCE_NONE && given->container_limit) {
        whole = from_container(machine);
    }
    uint64_t of = whole.bytes != PINFOLD_NO_LIMIT ? whole.bytes : memory;
    return (struct pfi_limits){
        .whole = whole,
        .spaces = {
            [PINFOLD_SEGMENT_SMALL] = of_space(given->small_hard_limit, given->small_hard_limit_percent, of, whole),
            [PINFOLD_SEGMENT_LARGE] = of_space(given->large_hard_limit, given->large_hard_limit_percent, of, whole),
            [PINFOLD_SEGMENT_PINNED] = of_space(given->pinned_hard_limit, given->pinned_hard_limit_percent, of, whole),
        }};
}

size_t pfi_limits_segment(size_t given, size_t usual, size_t limit) {
    if (given != usual || limit == PINFOLD_NO_LIMIT) {
        return given;
    }
    return pfi_clamp(limit, PINFOLD_UNIT, PINFOLD_LARGEST_SIZE);
}

size_t pfi_limits_commit_step(size_t limit) {
    size_t step = PINFOLD_COMMIT_STEP;
    while (step > PINFOLD_PAGE && step > limit / 64) {
        step /= 2;
    }
    return step;
}

bool pfi_limits_allow_huge_pages(size_t limit) {
    return limit / 64 >= PINFOLD_HUGE_PAGE;
}

size_t pfi_limits_mark_stack(size_t given, size_t limit) {
    return limit == PINFOLD_NO_LIMIT ? given : pfi_min(given, pfi_max(limit / 16, PINFOLD_PAGE));
}

uint32_t pfi_limits_workers(uint32_t derived, size_t limit) {
    size_t most = pfi_max(limit / (4 * mib), 1);
    return derived < most ? derived : (uint32_t)most;
}

size_t pfi_limits_least_budget(size_t given, size_t limit) {
    return limit == PINFOLD_NO_LIMIT ? given : pfi_min(given, limit / 8);
}

size_t pfi_limits_gen0_max(size_t given, size_t limit) {
    return limit == PINFOLD_NO_LIMIT ? given : pfi_min(given, limit / 4);
}

unsigned pfi_limits_load(size_t limit, size_t room) {
    if (limit == PINFOLD_NO_LIMIT) {
        return 0;
    }
    return room >= limit ? 0 : (unsigned)((double)(limit - room) / (double)limit * ALL);
}

bool pfi_limits_is_near(unsigned load, size_t grown, size_t room) {
    enum { HIGH = 90 };
    return load >= HIGH && grown >= room;
}

size_t pfi_limits_budget(int generation, size_t budget, size_t least, size_t room) {
    enum { SMALLEST = 64 << 10 };
    size_t most = generation < 2 ? room / 4 : room / 4 * 3;
    size_t floor = generation == 0 ? pfi_min(least, pfi_max(room / 2, SMALLEST)) : least;
    return pfi_min(budget, pfi_max(most, floor));
}
