/* SPDX-License-Identifier: MIT
 *
 * The text of prelude.scm; embed.cmake makes the definitions.
 */
#ifndef SCHEME_PRELUDE_H
#define SCHEME_PRELUDE_H

#include <stddef.h>

extern const char prelude_text[];
extern const size_t prelude_text_length;

#endif
