# SPDX-License-Identifier: MIT
#
# What the library needs from the system, found by pkg-config. A missing one ends the configuration with the name of
# the Debian package that provides it. The benchmarks look for their own (libgc, mimalloc), and do without them.

find_package(Threads REQUIRED)
find_package(PkgConfig QUIET)
if(NOT PkgConfig_FOUND)
    message(FATAL_ERROR "Pinfold needs pkg-config. On Debian: apt-get install pkg-config")
endif()

# pinfold_require(prefix module package purpose): the imported target is PkgConfig::<prefix>.
function(pinfold_require prefix module package purpose)
    pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL ${module})
    if(NOT ${prefix}_FOUND)
        if(DEFINED PINFOLD_I386_ROOT)
            set(remedy "Run tools/setup.sh --m32, which unpacks Debian's ${package}:i386 into ${PINFOLD_I386_ROOT}")
        else()
            set(remedy "On Debian: apt-get install ${package}, or run tools/setup.sh")
        endif()
        message(FATAL_ERROR "Pinfold needs ${module} (${purpose}), and pkg-config does not find it. ${remedy}")
    endif()
endfunction()

pinfold_require(PINFOLD_ATOMIC_OPS atomic_ops libatomic-ops-dev "atomic operations")
pinfold_require(PINFOLD_LIBUNWIND libunwind libunwind-dev "stack walks")
if(PINFOLD_BUILD_TOOLS AND EXISTS ${PROJECT_SOURCE_DIR}/tools/pinned-echo/CMakeLists.txt)
    pinfold_require(PINFOLD_LIBURING liburing liburing-dev
                    "io_uring for tools/pinned-echo; not with -DPINFOLD_BUILD_TOOLS=OFF")
endif()
if(PROJECT_IS_TOP_LEVEL AND BUILD_TESTING)
    pinfold_require(PINFOLD_CHECK check check "the test framework; not with -DBUILD_TESTING=OFF")
endif()
