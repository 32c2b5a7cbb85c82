#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Pinfold at work: installs what is missing, builds the release preset, runs a Scheme program on the collector, serves
# thousands of slow connections from pinned buffers, and prints a table of the benchmarks against other memory managers.
# Takes a few minutes.
set -eu
cd "$(dirname "$0")/.."

echo "demo: 1/5 installing what is missing (tools/setup.sh)"
./tools/setup.sh
echo "demo: 2/5 building the preset release in build/release"
cmake --preset release
cmake --build --preset release
echo "demo: 3/5 a Scheme program, gcbench, on Pinfold"
./build/release/tools/scheme/pinfold-scheme tools/scheme/programs/gcbench.scm
echo "demo: 4/5 an echo server whose buffers stay pinned while the kernel reads into them"
./build/release/tools/pinned-echo/pinned-echo --seconds 6
echo "demo: 5/5 the allocation benchmarks: Pinfold against a conservative collector and two allocators"
exec python3 bench/run.py --scale 0.3
