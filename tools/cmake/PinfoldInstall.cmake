# SPDX-License-Identifier: MIT
#
# Installs the library for find_package(pinfold CONFIG) and for pkg-config. Both packages find themselves by their own
# place, so that an installed tree may be moved.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pinfold)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(TARGETS pinfold EXPORT pinfold-targets)
install(EXPORT pinfold-targets NAMESPACE pinfold:: DESTINATION ${package_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/pinfold DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "*.def")

configure_package_config_file(${PROJECT_SOURCE_DIR}/tools/cmake/pinfold-config.cmake.in
                              ${PROJECT_BINARY_DIR}/pinfold-config.cmake INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/pinfold-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/pinfold-config.cmake ${PROJECT_BINARY_DIR}/pinfold-config-version.cmake
        DESTINATION ${package_dir})

# A static library leaves its dependencies to whoever links the program; a shared one has linked them itself.
if(BUILD_SHARED_LIBS)
    set(PINFOLD_PC_REQUIRES "Requires.private: atomic_ops libunwind")
else()
    set(PINFOLD_PC_REQUIRES "Requires: atomic_ops libunwind")
endif()
file(RELATIVE_PATH PINFOLD_PC_PREFIX /${pkgconfig_dir} /)
string(REGEX REPLACE "/$" "" PINFOLD_PC_PREFIX "${PINFOLD_PC_PREFIX}")
configure_file(${PROJECT_SOURCE_DIR}/tools/cmake/pinfold.pc.in ${PROJECT_BINARY_DIR}/pinfold.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/pinfold.pc DESTINATION ${pkgconfig_dir})
