# SPDX-License-Identifier: MIT
"""The largest image that image-writer can write in an address space of a given size, with one heap in the process and
with several. Called by run.py as --image-limit."""

import re

from programs import EXIT_ARGUMENTS, EXIT_OUT_OF_MEMORY, RunError

WORKLOAD = "image-writer"
MIB = 1 << 20
HEAPS = (1, 4)
CHECKSUMS = ("copy", "in-place")
FIRST_IMAGE = MIB
TOLERANCE = 0.01


def parse_size(text):
    """ "2Gi" -> 2 << 30; the texts that the programs accept. """
    match = re.fullmatch(r"([1-9][0-9]*)(?:([KMGT])(i?))?", text)
    if match is None:
        raise ValueError("--image-limit %s: expected a size of address space, such as 2Gi" % text)
    number, unit, binary = match.groups()
    return int(number) * (1024 if binary else 1000) ** ("KMGT".index(unit) + 1 if unit else 0)


def largest(low, high, works, tolerance=TOLERANCE):
    """Largest size in [low, high) that works, to a relative tolerance; `low` does and `high` does not."""
    while high - low > max(1, int(low * tolerance)):
        middle = (low + high) // 2
        if works(middle):
            low = middle
        else:
            high = middle
    return low


def find_largest_image(bench, system, address_space, heaps, checksum, report):
    """In bytes; 0 when not even the smallest can be written."""
    def works(image):
        options = ["--scale=0.01", "--image=%d" % image, "--checksum=" + checksum, "--heaps=%d" % heaps,
                   "--address-space=%d" % address_space]
        failure = None
        try:
            bench.run(system, WORKLOAD, more=options)
        except RunError as error:
            if error.code != EXIT_OUT_OF_MEMORY:
                raise
            failure = "does not fit"
        report("%s with %d heap%s, checksum %s: an image of %.1f MiB %s" % (
            system, heaps, "" if heaps == 1 else "s", checksum, image / MIB, failure or "fits"))
        return failure is None

    high = FIRST_IMAGE
    while high < address_space and works(high):
        high *= 2
    return 0 if high == FIRST_IMAGE else largest(high // 2, min(high, address_space), works)


def image_limit_rows(bench, systems, address_space, report):
    """A row a system and number of heaps; a system with one heap for the whole process refuses to have more."""
    rows = []
    for system in systems:
        for heaps in HEAPS:
            row = {"system": system, "heaps": heaps, "address_space": address_space}
            try:
                for checksum in CHECKSUMS:
                    row[checksum] = find_largest_image(bench, system, address_space, heaps, checksum, report)
            except RunError as error:
                if heaps == 1 or error.code != EXIT_ARGUMENTS:
                    raise
                report(str(error))
                continue
            rows.append(row)
    return rows


def image_limit_table(rows):
    lines = ["| system | heaps | address space MiB | largest image MiB, checksum from a copy | in place |", "|---" * 5 + "|"]
    for row in rows:
        lines.append("| %s | %d | %.0f | %.0f | %.0f |" % (
            row["system"], row["heaps"], row["address_space"] / MIB, row["copy"] / MIB, row["in-place"] / MIB))
    return "\n".join(lines)
