/* SPDX-License-Identifier: MIT
 *
 * Catches a broken contract: FATAL_CATCH(caught, statement) runs the statement and sets `caught` to the sentence with
 * which the library refused it, or to NULL when it did not. The heap must not be used afterwards: the library was left
 * in the middle of a call.
 */
#ifndef TESTS_SUPPORT_FATAL_H
#define TESTS_SUPPORT_FATAL_H

#include <setjmp.h>

extern jmp_buf fatal_return;

/* Installs a handler that keeps the sentence and jumps to fatal_return. */
void fatal_arm(void);
/* Goes back to the library's own ending: print and abort. */
void fatal_disarm(void);
/* The sentence of the last refusal. */
const char *fatal_sentence(void);
/* Whether every one of the comma-separated words occurs in the sentence, upper and lower case alike. */
int fatal_says(const char *sentence, const char *words);

#define FATAL_CATCH(caught, statement)   \
    do {                                 \
        fatal_arm();                     \
        if (setjmp(fatal_return) == 0) { \
            statement;                   \
            (caught) = NULL;             \
        } else {                         \
            (caught) = fatal_sentence(); \
        }                                \
        fatal_disarm();                  \
    } while (0)

/* The statement must be refused with a sentence that has all the words. */
#define ck_assert_refused(statement, words)                                                   \
    do {                                                                                      \
        const char *refusal_;                                                                 \
        FATAL_CATCH(refusal_, statement);                                                     \
        ck_assert_msg(refusal_ != NULL, "not refused: %s", #statement);                       \
        ck_assert_msg(fatal_says(refusal_, words), "'%s' lacks one of: %s", refusal_, words); \
    } while (0)

#endif
