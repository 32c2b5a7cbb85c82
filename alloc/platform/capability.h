/* SPDX-License-Identifier: MIT
 *
 * What clang's thread-safety analysis is told: which functions acquire, release or need a lock. Other compilers see
 * nothing. A lock is named by an expression of the function's parameters, such as `*mutex` or `world->mutex`.
 */
#ifndef PINFOLD_PLATFORM_CAPABILITY_H
#define PINFOLD_PLATFORM_CAPABILITY_H

#if defined(__clang__)
#define PINFOLD_CAPABILITY(name) __attribute__((capability(name)))
#define PINFOLD_ACQUIRES(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define PINFOLD_RELEASES(...) __attribute__((release_capability(__VA_ARGS__)))
#define PINFOLD_NEEDS(...) __attribute__((requires_capability(__VA_ARGS__)))
#define PINFOLD_NOT_ANALYSED __attribute__((no_thread_safety_analysis))
#else
#define PINFOLD_CAPABILITY(name)
#define PINFOLD_ACQUIRES(...)
#define PINFOLD_RELEASES(...)
#define PINFOLD_NEEDS(...)
#define PINFOLD_NOT_ANALYSED
#endif

#endif
