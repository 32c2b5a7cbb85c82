# SPDX-License-Identifier: MIT
"""Every workload on every system that was built, with little work and small live data: test_smoke.py DIRECTORY
SYSTEM,SYSTEM,... All systems must agree on the checksum, and on what was allocated."""

import os
import sys
import tempfile
import unittest
import unittest.mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import limits  # noqa: E402
import models  # noqa: E402
import pinning  # noqa: E402
import programs  # noqa: E402
import run  # noqa: E402

SMALL = {
    "gcbench": ["--depth=12", "--array=20000"],
    "binary-trees": ["--depth=12"],
    "lru-cache": ["--entries=5000"],
    "loh-churn": ["--slots=20"],
    "pinned-server": ["--connections=200"],
    "buffer-pool": ["--connections=500", "--buffers=40"],
    "image-writer": ["--image=5000000", "--live=1Mi"],
    "perfsim": ["-ramb=1", "-rlmb=0.2", "-lohar=10", "-sohpi=8", "-lohpi=2", "-at=reference"],
    "survival": ["--young=1000000"],
    "handles": ["--handles=10000", "--young=100000"],
    "mt-gcbench": ["--depth=12", "--array=20000"],
    "larson": ["--slots=200", "--handover=9000"],
    "xmalloc": ["--batch=50", "--queue=3"],
    "mstress": ["--objects=2000", "--slots=50"],
    "stop-time": ["--gap=20"],
}
THREADED = ["mt-gcbench", "larson", "xmalloc", "mstress"]
BENCH = programs.Bench(sys.argv[1], scale=0.01, timeout=120, options=SMALL)
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
    "buffer-pool": ["--connections=50", "--buffers=7", "--mode=fresh"],
    "blob-builder": ["--mode=chunks"],
    "image-writer": ["--image=3000000", "--live=10000"],
    "perfsim": ["-ramb=0.1", "-rlmb=0.02", "-lohar=10", "-lohsr=90000-95000", "-sohpi=3", "-lohpi=2", "-at=reference"],
    "mt-gcbench": ["--depth=8", "--array=2000"],
    "larson": ["--slots=50", "--handover=100"],
    "xmalloc": ["--batch=100", "--queue=2"],
    "mstress": ["--objects=300", "--slots=20"],
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

    def test_systems_agree_with_any_number_of_threads(self):
        for threads in (1, 2, 5):
            bench = programs.Bench(sys.argv[1], scale=0.01, timeout=120, options=SMALL, threads=threads)
            records, errors = run.measure(bench, run.make_plan(bench, SYSTEMS, THREADED), 1, report=lambda text: None)
            self.assertEqual(errors, [])
            self.assertEqual({record["threads"] for record in records}, {threads})
            self.assertEqual(run.check_checksums(records, bench.known_checksum), [])
            for workload in THREADED:
                asked = {(r["objects"], r["bytes"]) for r in records if r["workload"] == workload}
                self.assertEqual(len(asked), 1, (workload, threads))

    def test_the_same_total_work_on_any_number_of_threads(self):
        nodes = (2 << 10) - 1
        for system in SYSTEMS:
            for threads, instances in ((1, 3), (2, 3), (5, 3), (3, 3)):
                line = BENCH.run(system, "mt-gcbench", more=["--threads=%d" % threads, "--instances=%d" % instances])
                self.assertEqual(line["checksum"], instances * nodes, (system, threads))

    @unittest.skipIf("PINFOLD_STRESS" in os.environ, "with a collection every few objects, this takes hours")
    def test_objects_of_all_sizes_cross_threads_whole(self):
        # Large enough for large objects, which other threads' collections find half made.
        options = ["--objects=20000", "--slots=1000", "--threads=5", "--scale=0.08"]
        sums = {BENCH.run(system, "mstress", more=options)["checksum"] for system in SYSTEMS}
        self.assertEqual(len(sums), 1)

    def test_stop_time_sums_what_threads_only_exchanged(self):
        for system in run.SYSTEMS:
            if system not in SYSTEMS or "stop-time" not in BENCH.workloads(system):
                continue
            for threads in (1, 2, 5):
                line = BENCH.run(system, "stop-time", more=["--threads=%d" % threads, "--elements=100"])
                self.assertEqual(line["checksum"], 50 + threads * sum(range(100)), system)
                self.assertGreaterEqual(line["gc0"] if "gc0" in line else line["gc2"], 50)
                self.assertTrue(0 < line["stop_p50_us"] <= line["stop_p99_us"] <= line["stop_max_us"], line)

    def test_lines_have_their_pairs(self):
        names = ["workload", "system", "scale", "wall_s", "cpu_s", "objects", "bytes"]
        for system in SYSTEMS:
            line = BENCH.run(system, "gcbench")
            self.assertEqual(list(line)[:len(names)], names)
            self.assertEqual(list(line)[-2:], ["rss_kib", "checksum"])
            self.assertEqual(line["system"], system)
            self.assertGreater(line["rss_kib"], 0)

    def test_both_modes_of_the_pool_do_the_same_requests(self):
        for system in SYSTEMS:
            fresh = BENCH.run(system, "buffer-pool", more=["--mode=fresh"])
            pool = BENCH.run(system, "buffer-pool", more=["--mode=pool"])
            self.assertEqual((fresh["mode"], pool["mode"]), ("fresh", "pool"))
            self.assertEqual(fresh["checksum"], pool["checksum"], system)
            self.assertGreater(fresh["bytes"], pool["bytes"])

    def test_a_server_that_runs_for_a_time_says_so(self):
        for system in SYSTEMS:
            line = BENCH.run(system, "pinned-server", more=["--seconds=1"])
            self.assertEqual((line["seconds"], line["comparable"]), (1, "no"))
            self.assertTrue(1 <= line["wall_s"] < 30, line)
            self.assertEqual(line["objects"], 1 + 11 * line["requests"])
            self.assertNotIn("comparable", BENCH.run(system, "pinned-server"))

    def test_blobs_are_what_a_model_says_in_every_mode(self):
        passes = 5
        expected = models.blob_builder(seed=7, passes=passes)
        for system in SYSTEMS:
            lines = {mode: BENCH.run(system, "blob-builder", more=["--seed=7", "--mode=" + mode])
                     for mode in ("doubling", "chunks", "pooled", "a", "b", "c")}
            self.assertEqual({line["checksum"] for line in lines.values()}, {expected}, system)
            for letter, mode in zip("abc", ("doubling", "chunks", "pooled")):
                self.assertEqual((lines[letter]["mode"], lines[mode]["mode"]), (mode, mode))
                self.assertEqual(lines[letter]["bytes"], lines[mode]["bytes"])
            blobs, = {line["blob_bytes"] for line in lines.values()}
            self.assertGreater(lines["doubling"]["loh_bytes"], 2 * blobs)
            self.assertEqual((lines["chunks"]["loh_bytes"], lines["pooled"]["loh_bytes"]), (0, 0))
            self.assertLess(blobs, lines["chunks"]["bytes"])
            self.assertLess(lines["pooled"]["bytes"], blobs / passes * 2)

    def test_images_are_what_a_model_says_from_a_copy_and_in_place(self):
        for image in (4096, 70000, 5000000):
            expected = models.image_writer(seed=7, images=4, image_bytes=image)
            for system in SYSTEMS:
                copy, in_place = [
                    BENCH.run(system, "image-writer", more=["--seed=7", "--scale=0.25", "--image=%d" % image,
                                                            "--checksum=" + checksum]) for checksum in ("copy", "in-place")]
                self.assertEqual((copy["checksum"], in_place["checksum"]), (expected, expected), (system, image))
                self.assertEqual(copy["bytes"] - in_place["bytes"], 4 * image, system)
                self.assertEqual((copy["checksum_from"], in_place["checksum_from"]), ("copy", "in-place"))

    @unittest.skipUnless(HAVE_PINFOLD, "pinfold was not built")
    def test_several_heaps_write_the_image_that_one_writes(self):
        one, four = [BENCH.run("pinfold", "image-writer", more=["--heaps=%d" % heaps]) for heaps in (1, 4)]
        self.assertEqual((one["heaps"], four["heaps"]), (1, 4))
        self.assertEqual(one["checksum"], four["checksum"])
        self.assertGreater(four["bytes"] - one["bytes"], 3 * 1000000)

    def test_an_image_that_address_space_is_too_short_for_ends_in_a_sentence(self):
        for system in SYSTEMS:
            small = ["--image=3000000", "--address-space=512Mi"]
            line = BENCH.run(system, "image-writer", more=small)
            self.assertEqual(line["address_space"], 512 << 20)
            self.assertLessEqual(line["address_space_peak_kib"], 512 << 10)
            for heaps in (1, 4) if system == "pinfold" else (1,):
                with self.assertRaisesRegex(programs.RunError, "cannot be|out of memory") as caught:
                    BENCH.run(system, "image-writer", more=["--image=600Mi", "--address-space=512Mi",
                                                            "--heaps=%d" % heaps])
                self.assertEqual(caught.exception.code, programs.EXIT_OUT_OF_MEMORY, caught.exception)

    @unittest.skipUnless(HAVE_PINFOLD, "pinfold was not built")
    def test_four_heaps_leave_room_for_a_large_image_in_a_small_address_space(self):
        # Reserved up front, in equal parts or a share of what is left, no heap would have as much.
        line = BENCH.run("pinfold", "image-writer", more=["--image=500Mi", "--checksum=in-place", "--live=16Mi",
                                                          "--heaps=4", "--address-space=2Gi"])
        self.assertEqual(line["checksum"], models.image_writer(images=1, image_bytes=500 << 20))
        self.assertLessEqual(line["address_space_peak_kib"], 2 << 20)

    @unittest.skipUnless(HAVE_PINFOLD, "pinfold was not built")
    def test_the_large_object_heap_tells_the_modes_of_the_blob_builder_apart(self):
        doubling, chunks = [BENCH.run("pinfold", "blob-builder", more=["--mode=" + mode])
                            for mode in ("doubling", "chunks")]
        self.assertGreater(doubling["loh_collections"], 0)
        self.assertGreater(doubling["loh_max_bytes"], doubling["blob_bytes"] / 5)
        self.assertEqual(chunks["loh_max_bytes"], 0)

    def test_a_workload_runs_in_its_smallest_heap_and_not_in_half_of_it(self):
        for system in SYSTEMS:
            if not BENCH.limits_heap(system):
                continue
            # A tenth more, because at the edge bdwgc's luck with addresses decides.
            heap = limits.find_min_heap(BENCH, system, "loh-churn", lambda text: None) * 11 // 10
            line = BENCH.run(system, "loh-churn", heap)
            self.assertEqual(line["heap_limit_bytes"], heap)
            if system == "pinfold":
                self.assertLessEqual(line["committed_bytes"], heap)
            self.assertEqual(line["checksum"], BENCH.run("malloc", "loh-churn")["checksum"])
            with self.assertRaises(programs.RunError) as caught:
                BENCH.run(system, "loh-churn", heap // 2)
            self.assertEqual(caught.exception.code, programs.EXIT_OUT_OF_MEMORY, caught.exception)

    def test_perfsim_does_what_its_options_say(self):
        for system in SYSTEMS:
            def perfsim(*options):
                return BENCH.run(system, "perfsim", more=["-tagb=2", "-tlgb=0.5", "-lohar=0", *options])

            few, none, many = perfsim(), perfsim("-sohpi=0"), perfsim("-sohpi=1", "-tc=5")
            self.assertEqual(few["checksum"], none["checksum"], "pins change nothing of the work")
            live = 0.5 * (1 << 30) * BENCH.scale
            for line in (few, none, many):
                self.assertTrue(0.98 * live <= line["checksum"] <= live, line)
                self.assertGreaterEqual(line["sohAllocatedBytes"], 4 * live * 0.999)
                self.assertEqual(line["lohAllocatedBytes"], 0)
            self.assertEqual(none["pins"], 0)
            self.assertTrue(0 < few["pins"] < many["pins"], (few, many))
            grown = perfsim("-testKind=highSurvival")
            self.assertEqual(grown["sohAllocatedBytes"], 0)
            self.assertTrue(0.98 * live <= grown["checksum"] <= live, grown)

    @unittest.skipUnless(HAVE_PINFOLD, "pinfold was not built")
    def test_demotion_and_segment_reuse_bound_the_heap(self):
        budget = {"PINFOLD_GEN0_SIZE": "2Mi", "PINFOLD_GEN0_MAX_SIZE": "2Mi"}
        without = dict(pinning.VARIANTS)["without demotion and segment reuse"]
        with_both = BENCH.run("pinfold", "pinned-server", environment=budget)
        with_neither = BENCH.run("pinfold", "pinned-server", environment={**budget, **without})
        self.assertEqual(with_both["pins"], 200)
        self.assertGreater(with_neither["heap_after_max_bytes"], 4 * with_both["heap_after_max_bytes"])

    @unittest.skipUnless(HAVE_PINFOLD, "pinfold was not built")
    def test_a_trace_has_a_line_for_each_collection(self):
        with tempfile.TemporaryDirectory() as directory:
            name = os.path.join(directory, "trace.csv")
            line = BENCH.run("pinfold", "pinned-server", more=["--trace=" + name],
                             environment={"PINFOLD_GEN0_SIZE": "1Mi", "PINFOLD_GEN0_MAX_SIZE": "1Mi"})
            with open(name, encoding="utf-8") as file:
                points = pinning.read_trace(file)
        self.assertEqual(len(points), line["gc0"] + line["gc1"] + line["gc2"])
        self.assertAlmostEqual(max(size for _, size in points) * limits.MIB, line["heap_after_max_bytes"], delta=1)
        self.assertEqual(points, sorted(points, key=lambda point: point[0]))
        self.assertTrue(0.9 < points[-1][0] * pinning.GIB / line["bytes"] <= 1, (points[-1], line))

    @unittest.skipUnless(HAVE_PINFOLD, "pinfold was not built")
    def test_pinfold_under_stress(self):
        peer = programs.Bench(BENCH.directory, scale=0.0001, options=TINY)
        expected = {workload: peer.run("malloc", workload)["checksum"] for workload in TINY}
        for stress in STRESS:
            with unittest.mock.patch.dict(os.environ, {**TINY_HEAP, "PINFOLD_STRESS": stress}):
                found = {workload: peer.run("pinfold", workload)["checksum"] for workload in TINY}
            self.assertEqual(found, expected, stress)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
