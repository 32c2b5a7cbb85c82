# SPDX-License-Identifier: MIT
"""lru-cache with 350 MiB of live data under a hard limit of 512 MiB, to the end and with the right checksum:
test_memory_limit.py DIRECTORY. The limit is set by the option in bytes, by a share of it, and by the system
(RLIMIT_DATA, which bounds writable memory as a container's limit does)."""

import os
import resource
import subprocess
import sys
import unittest

MIB = 1 << 20
LIMIT = 512 * MIB
LIVE = 350 * MIB - MIB  # rounding of the number of entries
OPTIONS = ["lru-cache", "--entries=1795000", "--scale=0.1"]
DIRECTORY = sys.argv[1]


def limit_writable_memory():
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))


def run(system, environment=None, before=None):
    """The result line of one run, as a dictionary."""
    result = subprocess.run([os.path.join(DIRECTORY, "bench-" + system), *OPTIONS], preexec_fn=before, timeout=240,
                            env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise AssertionError(f"bench-{system} ends with {result.returncode}: {result.stderr[-500:]}")
    return dict(field.split("=", 1) for field in result.stdout.split())


class MemoryLimitTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.checksum = run("malloc")["checksum"]

    def check(self, line):
        self.assertEqual(line["checksum"], self.checksum)
        self.assertGreaterEqual(int(line["live_bytes"]), LIVE)

    def test_a_hard_limit_in_bytes(self):
        line = run("pinfold", {"PINFOLD_HARD_LIMIT": str(LIMIT)})
        self.check(line)
        self.assertLessEqual(int(line["committed_bytes"]), LIMIT)
        self.assertLessEqual(int(line["rss_kib"]) << 10, LIMIT + 16 * MIB)  # the program and its libraries

    def test_writable_memory_limited_by_the_system(self):
        self.check(run("pinfold", {"PINFOLD_HARD_LIMIT": str(LIMIT - 16 * MIB)}, limit_writable_memory))

    def test_a_smaller_limit_than_what_lives_is_out_of_memory(self):
        with self.assertRaisesRegex(AssertionError, "out of memory"):
            run("pinfold", {"PINFOLD_HARD_LIMIT": str(LIVE - 10 * MIB)})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
