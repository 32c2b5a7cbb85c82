# SPDX-License-Identifier: MIT
#
# Toolchain file of the 32-bit build on an x86-64 Debian (presets m32 and m32-release): gcc -m32 with the libraries that
# `tools/setup.sh --m32` unpacks. Programs run natively, so this is no cross build.
#
# Debian's -dev packages of i386 are unpacked, not installed: libatomic-ops-dev is there for one architecture at a time,
# and the others need the same version of their amd64 twin, so that apt would upgrade or remove packages of the machine.
set(PINFOLD_I386_ROOT /usr/local/i386-linux-gnu CACHE PATH "Where tools/setup.sh --m32 unpacked the i386 libraries")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PINFOLD_I386_ROOT)
if(NOT EXISTS ${PINFOLD_I386_ROOT}/usr/lib/i386-linux-gnu)
    message(FATAL_ERROR "There are no i386 libraries in ${PINFOLD_I386_ROOT} (PINFOLD_I386_ROOT); the 32-bit build needs "
                        "them and gcc-multilib: run tools/setup.sh --m32")
endif()

# SSE2 for floating point, as on x86-64: the registers of the x87 would round at other places. No position-independent
# programs: the archives are not made for them, and i386 pays for them with a register.
set(CMAKE_C_FLAGS_INIT "-m32 -msse2 -mfpmath=sse -fno-pie")
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT}")
set(CMAKE_EXE_LINKER_FLAGS_INIT -no-pie)

# Only this folder: the packages of x86-64 must not be found.
set(ENV{PKG_CONFIG_LIBDIR} ${PINFOLD_I386_ROOT}/usr/lib/i386-linux-gnu/pkgconfig)
