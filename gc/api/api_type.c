/* SPDX-License-Identifier: MIT
 *
 * Making and checking types.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "pinfold/type.h"

struct report {
    char *text;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static enum pf_status refuse(struct report report, const char *format, ...) {
    if (report.text != NULL && report.size != 0) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(report.text, report.size, format, arguments);
        va_end(arguments);
    }
    return PINFOLD_BAD_TYPE;
}

static enum pf_status check_run(const char *name, const struct pf_run *runs, size_t index, size_t first, size_t size,
                                const char *part, struct report report) {
    const struct pf_run *run = &runs[index];
    uint64_t end = run->offset + (uint64_t)run->count * sizeof(void *);
    if (run->offset % sizeof(void *) != 0) {
        return refuse(report, "type %s: run %zu of the %s begins at offset %u, which is not word aligned", name, index,
                      part, (unsigned)run->offset);
    }
    if (run->count == 0 || run->offset < first || end > size) {
        return refuse(report,
                      "type %s: run %zu of the %s covers bytes %u to %llu, outside %zu (end of the header) to %zu",
                      name, index, part, (unsigned)run->offset, (unsigned long long)end, first, size);
    }
    for (size_t other = 0; other < index; ++other) {
        uint64_t other_end = runs[other].offset + (uint64_t)runs[other].count * sizeof(void *);
        if (run->offset < other_end && runs[other].offset < end) {
            return refuse(report, "type %s: runs %zu and %zu of the %s overlap", name, other, index, part);
        }
    }
    return PINFOLD_OK;
}

static enum pf_status check_runs(const char *name, const struct pf_run *runs, size_t count, size_t first, size_t size,
                                 const char *part, struct report report) {
    if (count != 0 && runs == NULL) {
        return refuse(report, "type %s: the runs of the %s are NULL", name, part);
    }
    for (size_t index = 0; index < count; ++index) {
        enum pf_status status = check_run(name, runs, index, first, size, part, report);
        if (status != PINFOLD_OK) {
            return status;
        }
    }
    return PINFOLD_OK;
}

static size_t header_size(size_t element_size) {
    return element_size == 0 ? sizeof(void *) : 2 * sizeof(void *);
}

static enum pf_status check_sizes(const char *name, size_t base_size, size_t element_size, struct report report) {
    size_t header = header_size(element_size);
    if (base_size < header || base_size > UINT32_MAX - 8) {
        return refuse(report, "type %s: base size %zu is not between %zu (the header) and 2^32 - 8", name, base_size,
                      header);
    }
    if (element_size > UINT32_MAX) {
        return refuse(report, "type %s: element size %zu is above 2^32 - 1", name, element_size);
    }
    return PINFOLD_OK;
}

/* Elements follow each other, so their references must be word aligned from element to element, too. */
static enum pf_status check_layout(const struct pf_type *type, struct report report) {
    size_t header = header_size(type->element_size);
    enum pf_status status = check_sizes(type->name, type->base_size, type->element_size, report);
    if (status == PINFOLD_OK) {
        status = check_runs(type->name, type->runs, type->run_count, header, type->base_size, "fixed part", report);
    }
    if (status == PINFOLD_OK) {
        status = check_runs(type->name, type->element_runs, type->element_run_count, 0, type->element_size, "element",
                            report);
    }
    if (status == PINFOLD_OK && type->element_run_count != 0 && type->element_size % sizeof(void *) != 0) {
        status = refuse(report, "type %s: elements of %u bytes cannot hold references: not a multiple of the word size",
                        type->name, (unsigned)type->element_size);
    }
    return status;
}

static uint64_t bitmap_of(const struct pf_run *runs, size_t count) {
    uint64_t bitmap = 0;
    for (size_t index = 0; index < count; ++index) {
        for (uint32_t slot = 0; slot < runs[index].count; ++slot) {
            bitmap |= (uint64_t)1 << (runs[index].offset / sizeof(void *) + slot);
        }
    }
    return bitmap;
}

static bool runs_fit_bitmap(const struct pf_type *type) {
    return type->base_size <= 64 * sizeof(void *);
}

/* The cheapest way to find the references of a layout that was checked. */
static void derive_scan(struct pf_type *type) {
    bool elements_are_references = type->element_run_count == 1 && type->element_size == sizeof(void *);
    if (type->run_count == 0 && type->element_run_count == 0) {
        type->scan = PINFOLD_SCAN_NONE;
    } else if (type->run_count == 0 && elements_are_references) {
        type->scan = PINFOLD_SCAN_VECTOR;
    } else if (type->element_run_count == 0 && runs_fit_bitmap(type)) {
        type->scan = PINFOLD_SCAN_BITMAP;
        type->word_bitmap = bitmap_of(type->runs, type->run_count);
    } else {
        type->scan = PINFOLD_SCAN_RUNS;
    }
}

/* What follows elements of an array is rounded up, not what comes before them. */
static uint32_t round_base(size_t base_size, size_t element_size) {
    size_t words = (base_size + sizeof(void *) - 1) / sizeof(void *);
    return element_size == 0 ? PINFOLD_ROUND_SIZE(base_size) : (uint32_t)(words * sizeof(void *));
}

enum pf_status pf_type_init(struct pf_type *type, const char *name, size_t base_size, size_t element_size,
                            const struct pf_run *runs, size_t run_count, const struct pf_run *element_runs,
                            size_t element_run_count, char *message, size_t message_size) {
    struct report report = {message, message_size};
    name = name != NULL ? name : "(no name)";
    enum pf_status status = check_sizes(name, base_size, element_size, report);
    if (status != PINFOLD_OK) {
        return status;
    }
    if (run_count > UINT16_MAX || element_run_count > UINT16_MAX) {
        return refuse(report, "type %s: more than 65535 runs", name);
    }
    struct pf_type made = {
        .name = name,
        .base_size = round_base(base_size, element_size),
        .element_size = (uint32_t)element_size,
        .run_count = (uint16_t)run_count,
        .element_run_count = (uint16_t)element_run_count,
        .runs = runs,
        .element_runs = element_runs,
    };
    status = check_layout(&made, report);
    if (status == PINFOLD_OK) {
        derive_scan(&made);
        *type = made;
    }
    return status;
}

enum pf_status pf_type_init_callback(struct pf_type *type, const char *name, size_t base_size, size_t element_size,
                                     pf_visit_object *visit, char *message, size_t message_size) {
    struct report report = {message, message_size};
    if (visit == NULL) {
        return refuse(report, "type %s: the visit callback is NULL", name != NULL ? name : "(no name)");
    }
    struct pf_type made;
    enum pf_status status = pf_type_init(&made, name, base_size, element_size, NULL, 0, NULL, 0, message, message_size);
    if (status == PINFOLD_OK) {
        made.scan = PINFOLD_SCAN_CALLBACK;
        made.visit = visit;
        *type = made;
    }
    return status;
}

/* Bits of a bitmap that lie outside the fixed part or on its header. */
static bool bitmap_is_bad(const struct pf_type *type) {
    size_t words = type->base_size / sizeof(void *);
    uint64_t inside = words >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << words) - 1;
    uint64_t header = type->element_size == 0 ? 1 : 3;
    return (type->word_bitmap & ~inside) != 0 || (type->word_bitmap & header) != 0 || type->word_bitmap == 0;
}

/* References that are declared, but that this way to find them would miss. */
static bool scan_misses_runs(const struct pf_type *type) {
    switch (type->scan) {
    case PINFOLD_SCAN_NONE:
        return type->run_count != 0 || type->element_run_count != 0;
    case PINFOLD_SCAN_BITMAP:
        return type->element_run_count != 0 || (type->run_count != 0 && !runs_fit_bitmap(type)) ||
               (bitmap_of(type->runs, type->run_count) & ~type->word_bitmap) != 0;
    case PINFOLD_SCAN_VECTOR:
        return type->run_count != 0;
    default:
        return false;
    }
}

enum pf_status pf_type_check(const struct pf_type *type, char *message, size_t message_size) {
    struct report report = {message, message_size};
    if (type == NULL || type->name == NULL) {
        return refuse(report, "a type, or its name, is NULL");
    }
    enum pf_status status = check_layout(type, report);
    if (status != PINFOLD_OK) {
        return status;
    }
    uint32_t rounded = round_base(type->base_size, type->element_size);
    if (type->base_size != rounded) {
        return refuse(report, "type %s: base size %u is not rounded up to %u", type->name, (unsigned)type->base_size,
                      (unsigned)rounded);
    }
    if ((type->flags & ~(unsigned)(PINFOLD_TYPE_PINNED | PINFOLD_TYPE_FINALIZABLE)) != 0) {
        return refuse(report, "type %s: there are no flags %#x, only PINFOLD_TYPE_PINNED and PINFOLD_TYPE_FINALIZABLE",
                      type->name, type->flags);
    }
    if (scan_misses_runs(type)) {
        return refuse(report, "type %s: scan kind %d does not look at all of its runs", type->name, type->scan);
    }
    switch (type->scan) {
    case PINFOLD_SCAN_NONE:
    case PINFOLD_SCAN_RUNS:
        return PINFOLD_OK;
    case PINFOLD_SCAN_BITMAP:
        return bitmap_is_bad(type)
                   ? refuse(report, "type %s: the bitmap %#llx names words outside the fields of %u bytes", type->name,
                            (unsigned long long)type->word_bitmap, (unsigned)type->base_size)
                   : PINFOLD_OK;
    case PINFOLD_SCAN_VECTOR:
        return type->element_size == sizeof(void *)
                   ? PINFOLD_OK
                   : refuse(report, "type %s: a vector's elements are words, not %u bytes", type->name,
                            (unsigned)type->element_size);
    case PINFOLD_SCAN_CALLBACK:
        return type->visit != NULL ? PINFOLD_OK : refuse(report, "type %s: the visit callback is NULL", type->name);
    default:
        return refuse(report, "type %s: there is no scan kind %d", type->name, type->scan);
    }
}
