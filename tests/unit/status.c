/* SPDX-License-Identifier: MIT
 *
 * The sentences of status codes, reasons, decisions and phases.
 */
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static const char *const status_sentences[] = {
#define SENTENCE(name, sentence) sentence,
    PINFOLD_STATUS_TABLE(SENTENCE)};
static const char *const reason_sentences[] = {PINFOLD_REASON_TABLE(SENTENCE)};
static const char *const decision_sentences[] = {PINFOLD_DECISION_TABLE(SENTENCE)};
static const char *const phase_texts[] = {PINFOLD_PHASE_TABLE(SENTENCE)
#undef SENTENCE
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(every_status_has_the_sentence_of_its_row) {
    for (size_t i = 0; i < COUNT_OF(status_sentences); i++) {
        ck_assert_str_eq(pf_status_text((enum pf_status)i), status_sentences[i]);
    }
}
END_TEST

START_TEST(no_two_statuses_share_a_sentence) {
    for (size_t i = 0; i < COUNT_OF(status_sentences); i++) {
        for (size_t j = 0; j < i; j++) {
            ck_assert_str_ne(pf_status_text((enum pf_status)i), pf_status_text((enum pf_status)j));
        }
    }
}
END_TEST

START_TEST(reasons_decisions_and_phases_have_the_texts_of_their_rows) {
    for (size_t i = 0; i < COUNT_OF(reason_sentences); i++) {
        ck_assert_str_eq(pf_reason_text((enum pf_reason)i), reason_sentences[i]);
    }
    for (size_t i = 0; i < COUNT_OF(decision_sentences); i++) {
        ck_assert_str_eq(pf_decision_text((enum pf_decision)i), decision_sentences[i]);
    }
    for (size_t i = 0; i < PINFOLD_PHASES; i++) {
        ck_assert_str_eq(pf_phase_text((enum pf_phase)i), phase_texts[i]);
    }
}
END_TEST

START_TEST(a_number_that_is_no_status_has_a_text_too) {
    ck_assert_ptr_nonnull(pf_status_text((enum pf_status)1000));
    ck_assert_ptr_nonnull(pf_reason_text((enum pf_reason)1000));
    ck_assert_ptr_nonnull(pf_decision_text((enum pf_decision)1000));
    ck_assert_ptr_nonnull(pf_phase_text((enum pf_phase)1000));
}
END_TEST

SUITE("unit/status", every_status_has_the_sentence_of_its_row, no_two_statuses_share_a_sentence,
      reasons_decisions_and_phases_have_the_texts_of_their_rows, a_number_that_is_no_status_has_a_text_too)
