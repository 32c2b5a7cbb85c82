#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds and runs the C consumer with nothing but the compiler and pkg-config:
# pkg_config.sh COMPILER PREFIX LIBRARY-FOLDER SOURCE-FOLDER [FLAGS...]
set -eu
compiler=$1 prefix=$2 library_folder=$3 source=$4
shift 4

PKG_CONFIG_PATH=$prefix/$library_folder/pkgconfig
export PKG_CONFIG_PATH
echo "pinfold $(pkg-config --modversion pinfold)"
flags=$(pkg-config --cflags --libs pinfold)
case $flags in
*"$prefix"*) ;;
*)
    echo "the package does not find itself where it lies now: $flags"
    exit 1
    ;;
esac
# shellcheck disable=SC2086 # a list of words
"$compiler" -std=c11 -Wall -Wextra -Werror "$source/consumer.c" "$source/second_file.c" -o pkg_config_consumer "$@" $flags \
    "-Wl,-rpath,$prefix/$library_folder"
exec ./pkg_config_consumer
