/* SPDX-License-Identifier: MIT
 *
 * How many blocks of malloc are alive in this process. The C library's own figures count what threads keep to
 * themselves, so this program's malloc counts. Under a sanitizer, which has a malloc of its own, leaks are what it says
 * they are.
 */
#ifndef TESTS_FAULT_SUPPORT_LIVE_BLOCKS_H
#define TESTS_FAULT_SUPPORT_LIVE_BLOCKS_H

/* 0 under a sanitizer. */
long live_blocks(void);

/* Under AddressSanitizer: whether blocks that nothing refers to are alive. 0 elsewhere. */
int live_blocks_are_lost(void);

#endif
