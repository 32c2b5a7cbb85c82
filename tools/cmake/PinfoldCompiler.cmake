# SPDX-License-Identifier: MIT
#
# pinfold_warnings: the warnings that Pinfold's own code is clean under, to be linked privately by each of its targets.
# They never reach a consumer. The sanitizers of PINFOLD_SANITIZE apply to everything built here, tests included,
# because a program that is only half instrumented reports errors that are none.

add_library(pinfold_warnings INTERFACE)
target_compile_options(
    pinfold_warnings
    INTERFACE -Wall -Wextra -Wundef -Wshadow -Wconversion -Wvla -Wcast-qual
              $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes>
              $<$<C_COMPILER_ID:Clang,AppleClang>:-Wthread-safety>
              $<$<BOOL:${PINFOLD_WERROR}>:-Werror>)

if(PINFOLD_SANITIZE)
    add_compile_options(-fsanitize=${PINFOLD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${PINFOLD_SANITIZE})
endif()
