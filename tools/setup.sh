#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs what building and testing Pinfold needs: tools/setup.sh [--ci]. With --ci also what only .ci/run uses.
# Installs only what is missing, asks nothing, and may be run any number of times from any folder. Where there is no
# apt-get it installs nothing but says what is missing, and fails if that is something the build cannot do without.
set -eu

# A line each: Debian package, how to see that it is there, what it is for. command:NAME is a program on the path,
# module:NAME a module of pkg-config, header:NAME a header that the compiler finds.
needed='
gcc command:gcc the C compiler
g++ command:g++ the C++ consumer among the tests
libc6-dev header:stdio.h the C library
cmake command:cmake the build system, 3.21 or newer
ninja-build command:ninja what the presets build with
pkg-config command:pkg-config finding libraries
python3 command:python3 the layering test and the table of the benchmarks
check module:check the test framework
libatomic-ops-dev module:atomic_ops atomic operations
libunwind-dev module:libunwind stack walks
liburing-dev module:liburing the echo server, which uses io_uring'
for_benchmarks='
libgc-dev module:bdw-gc the collector that the benchmarks compare with
libmimalloc-dev header:mimalloc.h the allocator that the benchmarks compare with'
for_models='
spin command:spin the check of the models in tests/model'
for_ci='
clang command:clang the second compiler
clang-format-14 command:clang-format-14 the format check'

say() {
    echo "setup: $*"
}

is_there() {
    case $1 in
    command:*) command -v "${1#*:}" >/dev/null 2>&1 ;;
    module:*) command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "${1#*:}" 2>/dev/null ;;
    header:*) echo "#include <${1#*:}>" | gcc -E - >/dev/null 2>&1 ;;
    esac
}

# Prints the lines of a list whose thing is not there.
missing_of() {
    echo "$1" | while read -r package test purpose; do
        if [ -n "$package" ] && ! is_there "$test"; then
            echo "$package $test $purpose"
        fi
    done
}

report_missing() {
    missing_of "$1" | while read -r package test purpose; do
        say "missing: ${test#*:} ($purpose), in Debian's package $package"
    done
}

install_packages() {
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1; then
        as_root=sudo
    else
        say "not running as root, and there is no sudo; install these by hand: $*"
        exit 1
    fi
    say "installing $*"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 update -q </dev/null
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -q -y \
        --no-install-recommends "$@" </dev/null
}

case ${1-} in
'') wanted="$needed$for_benchmarks$for_models" ;;
--ci) wanted="$needed$for_benchmarks$for_models$for_ci" needed="$needed$for_models$for_ci" ;;
*)
    echo "usage: tools/setup.sh [--ci]" >&2
    exit 2
    ;;
esac

packages=$(missing_of "$wanted" | while read -r package rest; do echo "$package"; done)
if [ -z "$packages" ]; then
    say "everything that is needed is installed"
    exit 0
fi
if command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086 # a list of words
    install_packages $packages
else
    say "there is no apt-get here, so nothing is installed"
fi

report_missing "$wanted"
if [ -n "$(missing_of "$needed")" ]; then
    say "not everything that is needed is there"
    exit 1
fi
say "done"
