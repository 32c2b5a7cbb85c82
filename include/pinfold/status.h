/* SPDX-License-Identifier: MIT
 *
 * Results of calls that can fail for reasons outside the program. A call that returns a status leaves its
 * out-parameter untouched unless the status is PINFOLD_OK.
 */
#ifndef PINFOLD_STATUS_H
#define PINFOLD_STATUS_H

#if defined(__GNUC__)
#define PINFOLD_MUST_CHECK __attribute__((warn_unused_result))
#define PINFOLD_NORETURN __attribute__((noreturn))
#define PINFOLD_COLD __attribute__((cold, noinline))
#define PINFOLD_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define PINFOLD_UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#else
#define PINFOLD_MUST_CHECK
#define PINFOLD_NORETURN
#define PINFOLD_COLD
#define PINFOLD_LIKELY(condition) (condition)
#define PINFOLD_UNLIKELY(condition) (condition)
#endif

#if defined(_WIN32) || defined(__CYGWIN__)
#error "Pinfold needs a POSIX system"
#elif defined(__GNUC__)
#define PINFOLD_API __attribute__((visibility("default")))
#else
#define PINFOLD_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define PINFOLD_STATUS_TABLE(X)                                                                      \
    X(OK, "the call did what was asked")                                                             \
    X(OUT_OF_MEMORY, "the heap is full, and collecting did not make room")                           \
    X(CANNOT_RESERVE, "the address space for the heap cannot be reserved")                           \
    X(CANNOT_COMMIT, "the operating system refused memory for an address range already reserved")    \
    X(BAD_LENGTH, "an array length is negative or so large that its size overflows")                 \
    X(BAD_TYPE, "a type's layout contradicts itself")                                                \
    X(BAD_OPTION, "an option is unknown, malformed or outside its range")                            \
    X(ALREADY_ATTACHED, "the calling thread is attached to this heap already")                       \
    X(TOO_LARGE, "more was asked for than a segment, or the heap, can ever hold")                    \
    X(EXCEEDED, "more was allocated than the region without collections had room for")               \
    X(INDUCED, "a collection was asked for in the region without collections")                       \
    X(ABOVE_LIMIT, "more is committed than a hard limit allows, and collecting did not free enough") \
    X(LIMIT_UNKNOWN, "the container's limit on memory cannot be read now")

enum pf_status {
#define PINFOLD_STATUS_ENUMERATOR(name, sentence) PINFOLD_##name,
    PINFOLD_STATUS_TABLE(PINFOLD_STATUS_ENUMERATOR)
#undef PINFOLD_STATUS_ENUMERATOR
};

/* The sentence that belongs to a status; static storage, never NULL. Any thread, any time. */
PINFOLD_API const char *pf_status_text(enum pf_status status);

/* A broken contract (bad argument, corrupted heap) ends here. The handler gets one sentence and may longjmp away or
 * exit (a heap that was collecting is lost then; `visit` callbacks that break their contract may run on a thread of the
 * library's own, which no longjmp can leave); when it returns, or when none is set, the library prints the sentence
 * on standard error and aborts. Process wide; set it before the first heap is created. */
typedef void pf_fatal_handler(const char *sentence);
PINFOLD_API void pf_set_fatal_handler(pf_fatal_handler *handler);

#ifdef __cplusplus
}
#endif
#endif
