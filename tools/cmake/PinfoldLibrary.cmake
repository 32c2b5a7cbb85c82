# SPDX-License-Identifier: MIT
#
# pinfold (alias pinfold::pinfold)  the library, static unless BUILD_SHARED_LIBS
# pinfold_internal                  for tests: the library with its internal (hidden) symbols linkable and its internal
#                                   headers ("alloc/segment.h") on the include path

# Globbed, so that adding a source file is one step; CONFIGURE_DEPENDS has every build look for new ones. The layering
# test, not a list of files, decides what may lie in these folders.
file(GLOB_RECURSE pinfold_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/alloc/*.c ${PROJECT_SOURCE_DIR}/gc/*.c)
file(GLOB pinfold_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/pinfold/*.h
     ${PROJECT_SOURCE_DIR}/include/pinfold/*.def)

if(PINFOLD_ASSERTIONS)
    set(pinfold_assertions 1)
else()
    set(pinfold_assertions 0)
endif()

# _GNU_SOURCE: C_EXTENSIONS OFF hides what the platform layer needs of the system (mremap, pthread_getattr_np, ...).
set(pinfold_definitions _GNU_SOURCE PINFOLD_ASSERTIONS=${pinfold_assertions})

function(pinfold_add_library name)
    add_library(${name} ${ARGN} ${pinfold_sources} ${pinfold_headers})
    target_include_directories(
        ${name}
        PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
        PRIVATE ${PROJECT_SOURCE_DIR})
    target_compile_definitions(${name} PRIVATE ${pinfold_definitions})
    target_link_libraries(${name} PRIVATE PkgConfig::PINFOLD_ATOMIC_OPS PkgConfig::PINFOLD_LIBUNWIND Threads::Threads
                                          $<BUILD_INTERFACE:pinfold_warnings>)
    set_target_properties(${name} PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
                                             C_VISIBILITY_PRESET hidden LINKER_LANGUAGE C)
endfunction()

pinfold_add_library(pinfold)
add_library(pinfold::pinfold ALIAS pinfold)
set_target_properties(pinfold PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})

# A shared library keeps its hidden symbols to itself, so tests of the inside then get a static twin.
add_library(pinfold_internal INTERFACE)
if(BUILD_SHARED_LIBS)
    pinfold_add_library(pinfold_static STATIC EXCLUDE_FROM_ALL)
    target_link_libraries(pinfold_internal INTERFACE pinfold_static)
else()
    target_link_libraries(pinfold_internal INTERFACE pinfold)
endif()
target_include_directories(pinfold_internal INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(pinfold_internal INTERFACE ${pinfold_definitions})
# Internal headers include libatomic_ops' and libunwind's, so tests need their include folders as well.
target_link_libraries(pinfold_internal INTERFACE PkgConfig::PINFOLD_ATOMIC_OPS PkgConfig::PINFOLD_LIBUNWIND
                                                 Threads::Threads)
