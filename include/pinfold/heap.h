/* SPDX-License-Identifier: MIT
 *
 * Heaps and their options. Any number of heaps may live in a process; they share nothing.
 */
#ifndef PINFOLD_HEAP_H
#define PINFOLD_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "pinfold/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#if UINTPTR_MAX > 0xFFFFFFFFu
#define PINFOLD_WORD_BITS 64
#define PINFOLD_DEFAULT_SEGMENT ((size_t)256 << 20)
#define PINFOLD_DEFAULT_LARGE_SEGMENT ((size_t)128 << 20)
#define PINFOLD_LARGEST_SIZE ((size_t)1 << 36)
#define PINFOLD_LARGEST_ARENA ((size_t)1 << 42)
#define PINFOLD_LARGEST_SAMPLE_INTERVAL ((size_t)1 << 40)
#else
#define PINFOLD_WORD_BITS 32
#define PINFOLD_DEFAULT_SEGMENT ((size_t)16 << 20)
#define PINFOLD_DEFAULT_LARGE_SEGMENT ((size_t)16 << 20)
#define PINFOLD_LARGEST_SIZE ((size_t)1 << 30)
#define PINFOLD_LARGEST_ARENA ((size_t)0xFFFC0000u) /* whole units of the address space */
#define PINFOLD_LARGEST_SAMPLE_INTERVAL ((size_t)1 << 31)
#endif

struct pf_heap;
struct pf_thread;

/* Stress modes; see tools/README.md. collect_every = N collects at every N-th allocation (0 = off). */
struct pf_stress {
    uint32_t collect_every;
    uint8_t compact; /* every collection compacts */
    uint8_t sweep;  /* every collection sweeps, but for the last before out of memory; contradicts compact and expand */
    uint8_t expand; /* every compaction of generation 1 or 2 moves the young generations to a new segment */
    uint8_t poison; /* memory without objects is filled with 0xDB */
    uint8_t verify; /* the heap is checked before and after every collection */
    uint8_t parallel; /* marking calls all its workers at once, however little there is to do */
};

/* How address space is taken when a heap is created; see the option initial_layout. */
#define PINFOLD_INITIAL_LAYOUTS(X) \
    X(DERIVED, derived)            \
    X(AT_ONCE, at_once)            \
    X(TWO_BLOCKS, two_blocks)      \
    X(ONE_BY_ONE, one_by_one)

enum pf_initial_layout {
#define PINFOLD_INITIAL_LAYOUT(name, word) PINFOLD_LAYOUT_##name,
    PINFOLD_INITIAL_LAYOUTS(PINFOLD_INITIAL_LAYOUT)
#undef PINFOLD_INITIAL_LAYOUT
        PINFOLD_LAYOUTS
};

struct pf_options {
#define PINFOLD_OPTION_SIZE size_t
#define PINFOLD_OPTION_COUNT uint32_t
#define PINFOLD_OPTION_PERCENT uint32_t
#define PINFOLD_OPTION_FLAG uint32_t
#define PINFOLD_OPTION_CHOICE uint32_t
#define PINFOLD_OPTION_STRESS struct pf_stress
#define OPTION(name, kind, initial, min, max, sentence) PINFOLD_OPTION_##kind name;
#include "pinfold/options.def"
#undef OPTION
};

/* One sentence that names what was wrong. */
struct pf_message {
    char text[256];
};

/* Fills in the defaults of options.def. */
PINFOLD_API void pf_options_init(struct pf_options *options);

/* Sets one option from text, as in pf_options_set(&o, "gen0_size", "32M", &m). On PINFOLD_BAD_OPTION the options are
 * unchanged and the message (may be NULL) names the option, the text and what would be accepted. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_options_set(struct pf_options *options, const char *name,
                                                             const char *text, struct pf_message *message);

/* Applies every PINFOLD_... variable of the environment. A PINFOLD_ variable that is no option is an error, so that a
 * misspelt name is not silently ignored. On failure the options are unchanged. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_options_from_environment(struct pf_options *options,
                                                                          struct pf_message *message);

/* Writes "name=value" lines of all options; returns the length needed, like snprintf. */
PINFOLD_API size_t pf_options_print(const struct pf_options *options, char *text, size_t size);

/* Writes the reference of all options (name, range, default, sentence), a line each; returns the length needed. */
PINFOLD_API size_t pf_options_reference(char *text, size_t size);

/* Creates a heap. options == NULL means the defaults and then the environment. On failure nothing stays reserved, and
 * the message (may be NULL) names what was refused. BAD_OPTION, CANNOT_RESERVE, CANNOT_COMMIT,
 * OUT_OF_MEMORY, or LIMIT_UNKNOWN: the process has no file descriptor or no memory left to read the limit of its
 * container, which the heap is to keep to (options container_limit and those in percent). */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_heap_create(const struct pf_options *options, struct pf_heap **heap,
                                                             struct pf_message *message);

/* Gives everything back. No thread may be attached, nor use the heap; all references, handles and root sources become
 * invalid. */
PINFOLD_API void pf_heap_destroy(struct pf_heap *heap);

/* The options in force, derived values included. */
PINFOLD_API const struct pf_options *pf_heap_options(const struct pf_heap *heap);

/* Called when an allocation of `size` bytes cannot be satisfied even after a full compacting collection;
 * pf_thread_oom_record (oom.h) tells what was in the way. May release references and return nonzero to have the
 * allocation tried once more, and is asked again if that fails, without a bound; return 0 (then the fatal handler
 * follows); or leave by longjmp (the thread stays attached and usable after pf_frames_reset). Runs on the thread that
 * allocates, on several at once even, with nothing locked, and may use the heap; not called for the try forms. Set
 * while no other thread uses the heap. */
typedef int pf_out_of_memory_handler(struct pf_thread *thread, size_t size, void *data);
PINFOLD_API void pf_heap_set_out_of_memory_handler(struct pf_heap *heap, pf_out_of_memory_handler *handler, void *data);

enum pf_collect_mode {
    PINFOLD_COLLECT_DEFAULT, /* the collector decides between compacting and sweeping */
    PINFOLD_COLLECT_COMPACT,
    PINFOLD_COLLECT_SWEEP,
    PINFOLD_COLLECT_COMPACT_LARGE, /* compacts large objects, too, when generation 2 is collected */
    PINFOLD_COLLECT_AGGRESSIVE /* the same, for generation 2 only; then gives back whatever memory it can, and budgets
                                  start anew from their minimum: for a program that goes to sleep */
};

/* Collects generations 0..generation (0, 1 or 2; 2 includes large objects, which move only if the mode says so). A
 * safepoint: every reference that is not in a root the collector knows is stale afterwards. */
PINFOLD_API void pf_collect(struct pf_thread *thread, int generation, enum pf_collect_mode mode);

#ifdef __cplusplus
}
#endif
#endif
