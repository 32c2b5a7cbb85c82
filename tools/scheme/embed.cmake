# SPDX-License-Identifier: MIT
#
# cmake -DINPUT=prelude.scm -DOUTPUT=prelude.c -P embed.cmake: the bytes of a file as a C array.
file(READ "${INPUT}" bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR length "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(................................................................................)" "\\1\n    "
       bytes "${bytes}")
file(WRITE "${OUTPUT}"
     "/* Made from prelude.scm by embed.cmake. */\n#include \"prelude.h\"\n\n"
     "const char prelude_text[] = {\n    ${bytes}\n};\nconst size_t prelude_text_length = ${length};\n")
