# SPDX-License-Identifier: MIT
"""lru-cache with 350 MiB of live data under a hard limit of 512 MiB, to the end and with the right checksum:
test_memory_limit.py DIRECTORY. The limit is set by the option in bytes; by files that say what those of a control group
would, in a folder that the program takes for the root of the system; and by the system (RLIMIT_DATA, which bounds
writable memory as a container's limit does)."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest

MIB = 1 << 20
LIMIT = 512 * MIB
LIVE = 350 * MIB - MIB  # rounding of the number of entries
OPTIONS = ["lru-cache", "--entries=1795000", "--scale=0.1"]
DIRECTORY = sys.argv[1]


def limit_writable_memory():
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))


def make_root(root, memory_limit):
    """A folder with bench-pinfold, its libraries, and what a container of version 2 has under /proc and /sys."""
    program = os.path.join(DIRECTORY, "bench-pinfold")
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.split()
    for path in [program, *(word for word in libraries if word.startswith("/"))]:
        copy = root + (path if path != program else "/bench-pinfold")
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copy(path, copy)
    for path, text in {
        "/proc/self/cgroup": "0::/service",
        "/proc/self/mountinfo": "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw",
        "/sys/fs/cgroup/service/memory.max": str(memory_limit),
    }.items():
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        with open(root + path, "w", encoding="ascii") as file:
            file.write(text + "\n")


def run(system, environment=None, before=None, program=None):
    """The result line of one run, as a dictionary."""
    program = program or os.path.join(DIRECTORY, "bench-" + system)
    result = subprocess.run([program, *OPTIONS], preexec_fn=before, timeout=240,
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

    @unittest.skipUnless(os.geteuid() == 0, "only root may change the root folder")
    def test_a_share_of_a_container(self):
        with tempfile.TemporaryDirectory() as root:
            make_root(root, LIMIT)
            line = run("pinfold", {"PINFOLD_HARD_LIMIT_PERCENT": "97"}, lambda: os.chroot(root), "/bench-pinfold")
        self.check(line)
        self.assertLessEqual(int(line["committed_bytes"]), LIMIT / 100 * 97)

    def test_writable_memory_limited_by_the_system(self):
        self.check(run("pinfold", {"PINFOLD_HARD_LIMIT": str(LIMIT - 16 * MIB)}, limit_writable_memory))

    def test_a_smaller_limit_than_what_lives_is_out_of_memory(self):
        with self.assertRaisesRegex(AssertionError, "out of memory"):
            run("pinfold", {"PINFOLD_HARD_LIMIT": str(LIVE - 10 * MIB)})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
