# SPDX-License-Identifier: MIT
#
# pinfold (alias pinfold::pinfold)  the library, static unless BUILD_SHARED_LIBS
# pinfold_internal                  for tests: the library with its internal (hidden) symbols linkable and its internal
#                                   headers ("alloc/segment.h") on the include path
# pinfold_faults_internal           the same of a library in which calls to the system can be made to fail

# Globbed, so that adding a source file is one step; CONFIGURE_DEPENDS has every build look for new ones. The layering
# test, not a list of files, decides what may lie in these folders.
file(GLOB_RECURSE pinfold_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/alloc/*.c ${PROJECT_SOURCE_DIR}/gc/*.c)
set(pinfold_faults_source ${PROJECT_SOURCE_DIR}/alloc/platform/fault.c)
list(REMOVE_ITEM pinfold_sources ${pinfold_faults_source})
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

# Fault points (alloc/platform/fault.h) that count and decide, where an ordinary library has constants.
function(pinfold_add_faults name)
    target_sources(${name} PRIVATE ${pinfold_faults_source})
    target_compile_definitions(${name} PRIVATE PINFOLD_FAULTS=1)
endfunction()

# The inside of the static library `library`, under the name `name`.
function(pinfold_add_internal name library)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${library})
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_compile_definitions(${name} INTERFACE ${pinfold_definitions})
    # Internal headers include libatomic_ops' and libunwind's, so tests need their include folders as well.
    target_link_libraries(${name} INTERFACE PkgConfig::PINFOLD_ATOMIC_OPS PkgConfig::PINFOLD_LIBUNWIND Threads::Threads)
endfunction()

pinfold_add_library(pinfold)
if(PINFOLD_FAULTS)
    pinfold_add_faults(pinfold)
endif()
add_library(pinfold::pinfold ALIAS pinfold)
set_target_properties(pinfold PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})

# A shared library keeps its hidden symbols to itself, so tests of the inside then get a static twin.
if(BUILD_SHARED_LIBS)
    pinfold_add_library(pinfold_static STATIC EXCLUDE_FROM_ALL)
    pinfold_add_internal(pinfold_internal pinfold_static)
else()
    pinfold_add_internal(pinfold_internal pinfold)
endif()

if(PINFOLD_FAULTS)
    target_compile_definitions(pinfold_internal INTERFACE PINFOLD_FAULTS=1)
endif()

# Built when a test wants it, beside a library without faults.
if(PROJECT_IS_TOP_LEVEL AND BUILD_TESTING)
    pinfold_add_library(pinfold_faults STATIC EXCLUDE_FROM_ALL)
    pinfold_add_faults(pinfold_faults)
    pinfold_add_internal(pinfold_faults_internal pinfold_faults)
    target_compile_definitions(pinfold_faults_internal INTERFACE PINFOLD_FAULTS=1)
endif()
