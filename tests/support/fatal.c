/* SPDX-License-Identifier: MIT
 *
 * One catcher for the process: tests run one at a time and fork.
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/support/fatal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "pinfold/pinfold.h"

jmp_buf fatal_return;
static char kept_sentence[1024];

static void keep_and_jump(const char *sentence) {
    (void)snprintf(kept_sentence, sizeof(kept_sentence), "%s", sentence);
    longjmp(fatal_return, 1);
}

void fatal_arm(void) {
    pf_set_fatal_handler(keep_and_jump);
}

void fatal_disarm(void) {
    pf_set_fatal_handler(NULL);
}

const char *fatal_sentence(void) {
    return kept_sentence;
}

static int contains(const char *sentence, const char *word, size_t length) {
    for (; *sentence != '\0'; sentence++) {
        if (strncasecmp(sentence, word, length) == 0) {
            return 1;
        }
    }
    return 0;
}

int fatal_says(const char *sentence, const char *words) {
    while (*words != '\0') {
        size_t length = strcspn(words, ",");
        if (!contains(sentence, words, length)) {
            return 0;
        }
        words += length;
        words += *words == ',';
    }
    return 1;
}
