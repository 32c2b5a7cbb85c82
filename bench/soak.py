#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A long run of pinned-server whose resident memory must not grow: bench/soak.py --minutes 10

Runs bench-pinfold pinned-server for that time and reads its resident memory from /proc/PID/smaps_rollup every second.
The first third, in which the heap finds its size, is left out; through the rest goes a straight line by least squares.

The slope is zero if it is nearer to zero than the bound, the larger of two figures:

  * three commit steps (2 MiB each, where huge pages are used) in the time that counts, 0.9 MiB a minute of ten minutes.
    A heap that commits one step more halfway, for good, has a slope of one and a half of them; two of these may come.
    A leak of one page in a thousand requests would be a hundred times that.
  * three standard errors of the slope, from eight blocks of the run. Resident memory swings by some MiB with each round
    of collections, and neighbouring samples belong to the same swing; so errors are estimated from the means of blocks
    that are longer than a swing, not from single samples. For ten minutes this is far below the first figure; where it
    exceeds 8 MiB a minute the run says nothing, and fails for that.
"""

import argparse
import math
import os
import statistics
import subprocess
import sys
import time

STEPS = 6.0  # MiB: three commit steps
LARGEST_BOUND = 8.0  # MiB a minute
BLOCKS = 8
MEBIBYTE = 1 << 20


def resident(pid):
    """Bytes of resident memory; None when the process is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith("Rss:"):
                    return int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None


def slope_of(points):
    """The slope of the straight line through (x, y) points by least squares."""
    mean_x = statistics.fmean(x for x, _ in points)
    mean_y = statistics.fmean(y for _, y in points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def block_means(points, count=BLOCKS):
    """The points in `count` blocks of equal length, each as its mean."""
    blocks = [points[len(points) * i // count:len(points) * (i + 1) // count] for i in range(count)]
    return [(statistics.fmean(x for x, _ in block), statistics.fmean(y for _, y in block)) for block in blocks]


def standard_error(points):
    """Of the slope through these points, from how far they lie from their line."""
    slope = slope_of(points)
    mean_x = statistics.fmean(x for x, _ in points)
    mean_y = statistics.fmean(y for _, y in points)
    residue = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in points)
    return math.sqrt(residue / (len(points) - 2) / sum((x - mean_x) ** 2 for x, _ in points))


def judge(samples):
    """samples: (seconds, bytes). Returns whether the slope is zero, and a sentence about it."""
    counted = [(seconds / 60, size / MEBIBYTE) for seconds, size in samples[len(samples) // 3:]]
    if len(counted) < 3 * BLOCKS:
        return False, f"only {len(counted)} samples count, {3 * BLOCKS} are needed: the run was too short"
    slope = slope_of(counted)
    minutes = counted[-1][0] - counted[0][0]
    bound = max(STEPS / minutes, 3 * standard_error(block_means(counted)))
    mean = statistics.fmean(size for _, size in counted)
    text = (f"{mean:.1f} MiB resident on average, slope {slope:+.3f} MiB a minute, bound {bound:.3f} "
            f"({len(counted)} samples)")
    if bound > LARGEST_BOUND:
        return False, text + ": too unsteady to tell"
    return abs(slope) < bound, text


def run(program, seconds, log):
    """Samples resident memory of the program once a second. Returns (samples, exit code)."""
    samples = []
    begin = time.monotonic()
    with subprocess.Popen([program, "pinned-server", "--seconds", str(seconds)], stdout=subprocess.PIPE,
                          text=True) as process:
        while process.poll() is None and time.monotonic() < begin + seconds:
            size = resident(process.pid)
            if size is not None:
                samples.append((time.monotonic() - begin, size))
                log.write(f"{samples[-1][0]:.1f},{size}\n")
            time.sleep(max(0.0, begin + len(samples) + 1 - time.monotonic()))
        output, _ = process.communicate()
        print(output.strip())
        return samples, process.returncode


def positive(text):
    value = float(text)
    if not 0 < value <= 1440:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1440 minutes")
    return value


def parse(arguments):
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="a long run of pinned-server whose resident memory must not grow")
    parser.add_argument("--minutes", type=positive, default=10, help="how long (10)")
    parser.add_argument("--program", default=os.path.join(here, "../build/release/bench/bench-pinfold"),
                        help="bench-pinfold (that of the preset release)")
    parser.add_argument("--samples", default=os.devnull, help="a file for the samples: seconds,bytes")
    options = parser.parse_args(arguments)
    if not os.access(options.program, os.X_OK):
        parser.error(f"{options.program} is no program: cmake --build --preset release, or --program")
    return options


def main(arguments):
    options = parse(arguments)
    with open(options.samples, "w", encoding="ascii") as log:
        samples, code = run(options.program, math.ceil(options.minutes * 60), log)
    if code != 0:
        print(f"soak: {options.program} ended with {code}", file=sys.stderr)
        return 1
    is_flat, text = judge(samples)
    print(f"soak: {text}: {'flat' if is_flat else 'NOT FLAT'}")
    return 0 if is_flat else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
