# SPDX-License-Identifier: MIT
#
# Writes the C blocks of a page into a C file, one behind the other:
# cmake -D PAGE=README.md -D OUTPUT=example.c [-D FIRST_ONLY=1] -P extract_c.cmake
# #line directives make the compiler name the place in the page.
file(READ ${PAGE} rest)
set(program "")
set(line 1)

# Moves `rest` behind the next `text` and counts the lines passed; what was passed is in `passed`.
macro(pass text)
    string(FIND "${rest}" "${text}" position)
    if(NOT position EQUAL -1)
        string(SUBSTRING "${rest}" 0 ${position} passed)
        string(LENGTH "${text}" length)
        math(EXPR position "${position} + ${length}")
        string(SUBSTRING "${rest}" ${position} -1 rest)
        string(REGEX REPLACE "[^\n]" "" newlines "${passed}${text}")
        string(LENGTH "${newlines}" count)
        math(EXPR line "${line} + ${count}")
        set(position 0)
    endif()
endmacro()

pass("```c\n")
while(NOT position EQUAL -1)
    string(APPEND program "#line ${line} \"${PAGE}\"\n")
    pass("```\n")
    string(APPEND program "${passed}")
    if(FIRST_ONLY)
        break()
    endif()
    pass("```c\n")
endwhile()

if(program STREQUAL "")
    message(FATAL_ERROR "${PAGE} has no C block")
endif()
file(WRITE ${OUTPUT} "${program}")
