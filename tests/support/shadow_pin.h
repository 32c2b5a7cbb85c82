/* SPDX-License-Identifier: MIT
 *
 * Pins of the shadow: pinned handles and pinning frames. The model knows which objects they hold; the check of a
 * collection begins with them and fails when one has moved (shadow_check.c). Frames of both kinds are popped, reset
 * and filled by the functions of shadow.h.
 */
#ifndef TESTS_SUPPORT_SHADOW_PIN_H
#define TESTS_SUPPORT_SHADOW_PIN_H

#include "tests/support/shadow.h"

/* Pins `object` by pin `index`, which must be free. 0: no memory, and nothing has changed. */
int shadow_pin(struct shadow *shadow, size_t index, struct shadow_object *object);

/* Gives pin `index` another value, which may be no reference at all. */
void shadow_set_pin(struct shadow *shadow, size_t index, struct shadow_value value);
void shadow_unpin(struct shadow *shadow, size_t index);

/* Pushes an ordinary frame when memory for a pinning one cannot be had. */
void shadow_push_pinning_frame(struct shadow *shadow, size_t slots);

/* Whether the model says that the object may not move. */
int shadow_is_pinned(const struct shadow *shadow, const struct shadow_object *object);

/* pf_is_pinned says the same. */
void shadow_check_is_pinned(const struct shadow *shadow, const struct shadow_object *object);

/* pf_pin_report tells of every pin of the model with the right figures, and of no other unless that is another model's.
 */
void shadow_check_pin_report(struct shadow *shadow);

#endif
