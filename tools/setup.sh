#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs what building and testing Pinfold needs: tools/setup.sh [--m32] [--ci]. With --m32 also what the 32-bit build
# on x86-64 needs (presets m32 and m32-release), with --ci that and what only .ci/run uses. Installs only what is
# missing, removes nothing, asks nothing, and may be run any number of times from any folder. Where there is no apt-get
# it installs nothing but says what is missing, and fails if that is something the build cannot do without.
#
# The i386 libraries of --m32 are unpacked into a folder of their own, PINFOLD_I386_ROOT, and not installed:
# libatomic-ops-dev is there for one architecture at a time, the others need the very version of their amd64 twin, and
# with a foreign architecture every later `apt-get update` of the machine depends on that one's lists too. Their
# archives (lib*.a) are enough, so no library of i386 is needed to run what was built.
set -eu

i386_root=${PINFOLD_I386_ROOT:-/usr/local/i386-linux-gnu}
i386_modules=$i386_root/usr/lib/i386-linux-gnu/pkgconfig

# A line each: Debian package, how to see that it is there, what it is for. command:NAME is a program on the path,
# module:NAME a module of pkg-config, header:NAME a header that the compiler finds, links32:NAME a compiler that builds
# 32-bit programs, i386:NAME a module among the unpacked packages of i386.
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
for_m32='
gcc-multilib links32:gcc the C library and the compiler of the 32-bit build
g++-multilib links32:g++ the C++ consumer among the tests of the 32-bit build
libatomic-ops-dev i386:atomic_ops atomic operations of the 32-bit build
libunwind-dev i386:libunwind stack walks of the 32-bit build
liblzma-dev i386:liblzma what libunwind needs
check i386:check the test framework of the 32-bit build
libsubunit-dev i386:libsubunit what Check needs
liburing-dev i386:liburing the echo server of the 32-bit build'
for_m32_benchmarks='
libgc-dev i386:bdw-gc the collector that the 32-bit benchmarks compare with'
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
    links32:*) links_32_bit "${1#*:}" ;;
    i386:*) test -f "$i386_modules/${1#*:}.pc" ;;
    esac
}

# The header is one that gcc and g++ find only when their 32-bit halves are installed.
links_32_bit() {
    case $1 in
    gcc) language=c header=errno.h ;;
    *) language=c++ header=string ;;
    esac
    printf '#include <%s>\nint main() { return 0; }\n' "$header" |
        "$1" -m32 -x "$language" -o "$scratch/program" - >/dev/null 2>&1
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
        case $test in
        i386:*) package="$package:i386, unpacked into $i386_root" ;;
        esac
        say "missing: ${test#*:} ($purpose), in Debian's package $package"
    done
}

find_root_command() {
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1; then
        as_root=sudo
    else
        say "not running as root, and there is no sudo; install these by hand: $*"
        exit 1
    fi
}

install_packages() {
    find_root_command "$@"
    say "installing $*"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 update -q </dev/null
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -q -y --no-remove \
        --no-install-recommends "$@" </dev/null
}

# apt-get as if this were a machine of i386 with nothing installed; what it knows lies in the scratch folder.
apt_get_i386() {
    apt-get -q -o Dir::State::Lists="$scratch/lists" -o Dir::State::Status=/dev/null -o Dir::Cache="$scratch/cache" \
        -o APT::Architecture=i386 -o APT::Architectures::=i386 -o Acquire::Languages=none \
        -o APT::Sandbox::User="$(id -un)" "$@" </dev/null
}

# The modules of pkg-config in a folder name the places in i386_root, and what their archives need of others.
adapt_modules() {
    for module in "$1"/*.pc; do
        awk -v root="$i386_root" '
            /^Libs.private:/ { sub(/^[^:]*:/, ""); private = $0; next }
            /^Libs:/ { public = $0; next }
            { sub(/=\/usr/, "=" root "/usr"); print }
            END { print public private }' "$module" >"$scratch/module"
        cp "$scratch/module" "$module"
    done
}

# Unpacks Debian packages of i386 into i386_root; what cannot be had is left to report_missing.
unpack_packages() {
    find_root_command "$@"
    say "unpacking into $i386_root, for i386: $*"
    mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial" "$scratch/packages" "$scratch/files"
    # The one list that lacks a package is not always the one that cannot be had.
    apt_get_i386 update || say "not all lists of i386 packages could be had"
    for package in "$@"; do
        (cd "$scratch/packages" && apt_get_i386 download "$package") || say "cannot be had for i386: $package"
    done
    for archive in "$scratch"/packages/*.deb; do
        if [ -f "$archive" ]; then dpkg -x "$archive" "$scratch/files"; fi
    done
    [ -d "$scratch/files/usr/lib/i386-linux-gnu/pkgconfig" ] || return 0
    # Shared libraries lie in packages of their own.
    find "$scratch/files" -name '*.so' -delete
    rm -rf "$scratch/files/usr/bin" "$scratch/files/usr/share"
    adapt_modules "$scratch/files/usr/lib/i386-linux-gnu/pkgconfig"
    $as_root mkdir -p "$i386_root"
    $as_root cp -R "$scratch/files/usr" "$i386_root/"
}

# Prints the packages of a list that are not there: those to unpack, or the others.
packages_to() {
    missing_of "$2" | while read -r package test rest; do
        case $1:$test in
        unpack:i386:*) echo "$package" ;;
        unpack:* | install:i386:*) ;;
        install:*) echo "$package" ;;
        esac
    done
}

add_m32() {
    if [ "$(uname -m)" = x86_64 ]; then
        wanted="$wanted$for_m32$for_m32_benchmarks" needed="$needed$for_m32"
    else
        say "the 32-bit build is one for x86-64 machines, so nothing is installed for it"
    fi
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

wanted="$needed$for_benchmarks$for_models"
for option in "$@"; do
    case $option in
    --m32) add_m32 ;;
    --ci)
        wanted="$wanted$for_ci" needed="$needed$for_models$for_ci"
        add_m32
        ;;
    *)
        echo "usage: tools/setup.sh [--m32] [--ci]" >&2
        exit 2
        ;;
    esac
done

if [ -z "$(missing_of "$wanted")" ]; then
    say "everything that is needed is installed"
    exit 0
fi
if command -v apt-get >/dev/null 2>&1; then
    packages=$(packages_to install "$wanted")
    # shellcheck disable=SC2086 # a list of words
    [ -z "$packages" ] || install_packages $packages
    packages=$(packages_to unpack "$wanted")
    # shellcheck disable=SC2086 # a list of words
    [ -z "$packages" ] || unpack_packages $packages
else
    say "there is no apt-get here, so nothing is installed"
fi

report_missing "$wanted"
if [ -n "$(missing_of "$needed")" ]; then
    say "not everything that is needed is there"
    exit 1
fi
say "done"
