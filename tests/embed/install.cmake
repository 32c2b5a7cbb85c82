# SPDX-License-Identifier: MIT
#
# Installs BUILD into a fresh folder and then moves that to PREFIX, so that the packages must find themselves by their
# own place: cmake -D BUILD=... -D PREFIX=... -D CONFIG=... -P install.cmake
file(REMOVE_RECURSE ${PREFIX} ${PREFIX}-staging)
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX}-staging --config "${CONFIG}"
                COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${PREFIX}-staging ${PREFIX})
