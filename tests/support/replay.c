/* SPDX-License-Identifier: MIT
 *
 * One run at a time in a process. The line for a crash is formatted ahead of time, all but the operation's number,
 * because a signal handler may not call printf.
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/support/replay.h"

#include <check.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pinfold/pinfold.h"

static struct {
    const char *variant;
    uint64_t seed;
    char prefix[200];
    size_t prefix_length;
} current;
static _Thread_local volatile uint64_t current_operation;

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
enum { CRASH_SIGNALS = sizeof(crash_signals) / sizeof(crash_signals[0]) };
static struct sigaction previous_action[CRASH_SIGNALS];

static void write_number(uint64_t number) {
    char digits[24];
    size_t at = sizeof(digits);
    digits[--at] = '\n';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    (void)!write(STDERR_FILENO, digits + at, sizeof(digits) - at);
}

/* Says where, then lets the signal come again with the action it had before (a sanitizer's report, or the default). */
static void on_crash(int number) {
    (void)!write(STDERR_FILENO, current.prefix, current.prefix_length);
    write_number(current_operation);
    for (size_t i = 0; i < CRASH_SIGNALS; i++) {
        (void)sigaction(crash_signals[i], &previous_action[i], NULL);
    }
    if (number == SIGABRT) {
        (void)raise(SIGABRT);
    }
}

static void on_broken_contract(const char *sentence) {
    replay_fail("%s", sentence);
}

static void catch_crashes(void) {
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_crash;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < CRASH_SIGNALS; i++) {
        (void)sigaction(crash_signals[i], &action, &previous_action[i]);
    }
}

void replay_begin(const char *variant, uint64_t seed) {
    if (current.variant == NULL) {
        catch_crashes();
        pf_set_fatal_handler(on_broken_contract);
    }
    current.variant = variant;
    current.seed = seed;
    current_operation = 0;
    int length = snprintf(current.prefix, sizeof(current.prefix), "crashed in variant %s, seed %llu, operation ",
                          variant, (unsigned long long)seed);
    current.prefix_length = length < 0 ? 0 : (size_t)length;
    if (current.prefix_length >= sizeof(current.prefix)) {
        current.prefix_length = sizeof(current.prefix) - 1;
    }
}

void replay_operation(uint64_t number) {
    current_operation = number;
}

void replay_fail(const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    ck_abort_msg("variant %s, seed %llu, operation %llu: %s (PINFOLD_TEST_SEED=%llu runs this seed alone)",
                 current.variant, (unsigned long long)current.seed, (unsigned long long)current_operation, text,
                 (unsigned long long)current.seed);
}
