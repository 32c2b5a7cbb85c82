/* SPDX-License-Identifier: MIT */
#include "gc/policy/external.h"

#include <stdint.h>

enum {
    YOUNG_SHARE = 4,  /* of the budget: for a collection of generation 1 */
    FUTILE_SHARE = 8, /* of the budget: less freed than that is nothing */
    MOST_DOUBLINGS = 3,
};

size_t pfi_external_budget(const struct pfi_external_input *input) {
    size_t budget = input->low / 2 > input->minimum ? input->low / 2 : input->minimum;
    unsigned doublings = input->futile < MOST_DOUBLINGS ? input->futile : MOST_DOUBLINGS;
    return budget <= SIZE_MAX >> doublings ? budget << doublings : SIZE_MAX;
}

int pfi_external_generation(const struct pfi_external_input *input) {
    size_t budget = pfi_external_budget(input);
    if (input->bytes - input->low >= budget) {
        return 2;
    }
    return input->bytes - input->last >= budget / YOUNG_SHARE ? 1 : -1;
}

bool pfi_external_was_futile(const struct pfi_external_input *input, size_t freed) {
    return freed < pfi_external_budget(input) / FUTILE_SHARE;
}
