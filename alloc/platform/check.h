/* SPDX-License-Identifier: MIT
 *
 * Broken contracts. PINFOLD_REQUIRE is always on and cold (public arguments, phase entry); PINFOLD_ASSERT is compiled
 * everywhere and evaluated in builds with PINFOLD_ASSERTIONS. Both end in the fatal handler.
 */
#ifndef PINFOLD_PLATFORM_CHECK_H
#define PINFOLD_PLATFORM_CHECK_H

#include "pinfold/status.h"

#ifndef PINFOLD_ASSERTIONS
#define PINFOLD_ASSERTIONS 0
#endif

/* Says which phase of which collection this thread is in; the sentence of a failure repeats it. phase is a string
 * literal, or NULL outside collections. */
void pfi_check_set_phase(const char *phase, unsigned long long collection);

/* Hands the sentence to the fatal handler, and aborts if that returns. */
PINFOLD_NORETURN PINFOLD_COLD void pfi_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define PINFOLD_REQUIRE(condition, ...)       \
    do {                                      \
        if (PINFOLD_UNLIKELY(!(condition))) { \
            pfi_fatal(__VA_ARGS__);           \
        }                                     \
    } while (0)

#define PINFOLD_ASSERT(condition)                                                      \
    do {                                                                               \
        if (PINFOLD_ASSERTIONS && PINFOLD_UNLIKELY(!(condition))) {                    \
            pfi_fatal("assertion failed: %s (%s:%d)", #condition, __FILE__, __LINE__); \
        }                                                                              \
    } while (0)

#endif
