#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs what is missing, builds the development preset (assertions on, warnings are errors) and runs all its tests.
# Further arguments go to ctest: tools/test.sh -L unit. The last lines are CTest's summary; its result is this script's.
set -eu
cd "$(dirname "$0")/.."

echo "test: 1/3 installing what is missing (tools/setup.sh)"
./tools/setup.sh
echo "test: 2/3 building the preset dev in build/dev"
cmake --preset dev
cmake --build --preset dev
echo "test: 3/3 running the tests of the preset dev"
exec ctest --preset dev --parallel "$(getconf _NPROCESSORS_ONLN)" "$@"
