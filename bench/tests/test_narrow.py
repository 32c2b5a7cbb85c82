# SPDX-License-Identifier: MIT
"""What programs with words of 32 bits must be able to do: test_narrow.py DIRECTORY. gcbench in full and pinned-server
come to the right checksum, and image-writer runs in four heaps in an address space of 2 GiB, which heaps that take all
of theirs at creation are too large for."""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import programs  # noqa: E402

DIRECTORY = sys.argv[1]
FOUR_HEAPS = ["--heaps=4", "--address-space=2Gi"]


def bench(scale, environment=None):
    return programs.Bench(DIRECTORY, scale=scale, timeout=400, environment=environment)


class NarrowTest(unittest.TestCase):
    def test_the_programs_are_narrow(self):
        with open(bench(1).program("pinfold"), "rb") as stream:
            self.assertEqual(stream.read(5)[4], 1)  # ELFCLASS32

    def test_gcbench(self):
        self.assertEqual(bench(1).run("pinfold", "gcbench")["checksum"], programs.KNOWN_CHECKSUMS["gcbench"])

    def test_pinned_server(self):
        checksum = bench(0.1).run("malloc", "pinned-server")["checksum"]
        self.assertEqual(bench(0.1).run("pinfold", "pinned-server")["checksum"], checksum)

    def test_four_heaps_share_two_gibibytes_of_addresses(self):
        checksum = bench(0.25).run("malloc", "image-writer")["checksum"]
        line = bench(0.25).run("pinfold", "image-writer", more=FOUR_HEAPS)
        self.assertEqual(line["checksum"], checksum)
        self.assertEqual(line["heaps"], 4)

    def test_four_heaps_that_reserve_everything_at_once_do_not(self):
        environment = {"PINFOLD_INITIAL_LAYOUT": "at_once", "PINFOLD_RESERVE_SIZE": "512Mi"}
        with self.assertRaises(programs.RunError) as refused:
            bench(0.25, environment).run("pinfold", "image-writer", more=FOUR_HEAPS)
        self.assertRegex(str(refused.exception), "reserve|address space|out of memory")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
