# SPDX-License-Identifier: MIT
"""Every workload on every system that was built, with little work and small live data: test_smoke.py DIRECTORY
SYSTEM,SYSTEM,... All systems must agree on the checksum, and on what was allocated."""

import os
import sys
import unittest
import unittest.mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import run  # noqa: E402

SMALL = {
    "gcbench": ["--depth=12", "--array=20000"],
    "binary-trees": ["--depth=12"],
    "lru-cache": ["--entries=5000"],
    "loh-churn": ["--slots=20"],
    "pinned-server": ["--connections=200"],
    "survival": ["--young=1000000"],
}
BENCH = run.Bench(sys.argv[1], scale=0.01, timeout=120, options=SMALL)
SYSTEMS = sys.argv[2].split(",")
HAVE_PINFOLD = "pinfold" in SYSTEMS

# Small enough for a collection at every few allocations, each with a check of the whole heap.
TINY = {
    "gcbench": ["--depth=8", "--array=2000"],
    "binary-trees": ["--depth=8"],
    "alloc-die": [],
    "lru-cache": ["--entries=100"],
    "loh-churn": ["--slots=5"],
    "pinned-server": ["--connections=20"],
}
TINY_HEAP = {
    "PINFOLD_SEGMENT_SIZE": "256Ki",
    "PINFOLD_LARGE_SEGMENT_SIZE": "256Ki",
    "PINFOLD_GEN0_SIZE": "16000",
    "PINFOLD_GEN0_MAX_SIZE": "64Ki",
}
STRESS = ["collect=53,verify", "collect=53,compact,poison,verify", "collect=53,sweep,verify",
          "collect=53,expand,verify"]


class SmokeTest(unittest.TestCase):
    def test_systems_agree(self):
        plan = run.make_plan(BENCH, SYSTEMS, None)
        records, errors = run.measure(BENCH, plan, 1, report=lambda text: None)
        self.assertEqual(errors, [])
        self.assertEqual(len(records), len(plan))
        self.assertEqual(run.check_checksums(records, BENCH.known_checksum), [])
        for workload in {record["workload"] for record in records}:
            asked = {(r["objects"], r["bytes"]) for r in records if r["workload"] == workload}
            self.assertEqual(len(asked), 1, workload)
            self.assertTrue(all(count > 0 for pair in asked for count in pair), workload)

    def test_lines_have_their_pairs(self):
        names = ["workload", "system", "scale", "wall_s", "cpu_s", "objects", "bytes"]
        for system in SYSTEMS:
            line = BENCH.run(system, "gcbench")
            self.assertEqual(list(line)[:len(names)], names)
            self.assertEqual(list(line)[-2:], ["rss_kib", "checksum"])
            self.assertEqual(line["system"], system)
            self.assertGreater(line["rss_kib"], 0)

    @unittest.skipUnless(HAVE_PINFOLD, "pinfold was not built")
    def test_pinfold_under_stress(self):
        peer = run.Bench(BENCH.directory, scale=0.0001, options=TINY)
        expected = {workload: peer.run("malloc", workload)["checksum"] for workload in TINY}
        for stress in STRESS:
            with unittest.mock.patch.dict(os.environ, {**TINY_HEAP, "PINFOLD_STRESS": stress}):
                found = {workload: peer.run("pinfold", workload)["checksum"] for workload in TINY}
            self.assertEqual(found, expected, stress)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
