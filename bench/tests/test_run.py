# SPDX-License-Identifier: MIT
"""The parts of run.py and plot.py that decide something, without bench programs: parsing, medians, ratios, checksums,
the search for the smallest heap, and how a child ends."""

import os
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import image_limit  # noqa: E402
import limits  # noqa: E402
import pinning  # noqa: E402
import plot  # noqa: E402
import programs  # noqa: E402
import run  # noqa: E402
import scaling  # noqa: E402


def record(workload, system, round_number, cpu_s, checksum=1, **more):
    pairs = {"workload": workload, "system": system, "round": round_number, "cpu_s": cpu_s, "wall_s": 2 * cpu_s,
             "rss_kib": 2048, "checksum": checksum}
    return {**pairs, **more}


class ParseTest(unittest.TestCase):
    def test_values_become_numbers_where_they_are(self):
        pairs = programs.parse_line("note\nworkload=gcbench scale=0.5 objects=12 cpu_s=1.250\n")
        self.assertEqual(pairs, {"workload": "gcbench", "scale": 0.5, "objects": 12, "cpu_s": 1.25})

    def test_output_without_a_line_is_an_error(self):
        with self.assertRaisesRegex(programs.RunError, "no line of results"):
            programs.parse_line("nothing\n")

    def test_a_word_that_is_no_pair_is_an_error(self):
        with self.assertRaisesRegex(programs.RunError, "not a name=value pair"):
            programs.parse_line("workload=gcbench oops")

    def test_workload_options(self):
        options = run.parse_workload_options(["gcbench:depth=12", "gcbench:array=2000", "lru-cache:entries=9"])
        self.assertEqual(options, {"gcbench": ["--depth=12", "--array=2000"], "lru-cache": ["--entries=9"]})
        with self.assertRaises(ValueError):
            run.parse_workload_options(["depth=12"])


class ChecksumTest(unittest.TestCase):
    def test_equal_and_known_is_silent(self):
        records = [record("a", "pinfold", 0, 1, 7), record("a", "malloc", 0, 1, 7)]
        self.assertEqual(run.check_checksums(records, lambda workload: 7), [])

    def test_systems_that_differ(self):
        records = [record("a", "pinfold", 0, 1, 7), record("a", "malloc", 0, 1, 8)]
        complaints = run.check_checksums(records, lambda workload: None)
        self.assertEqual(len(complaints), 1)
        self.assertIn("7 on pinfold", complaints[0])
        self.assertIn("8 on malloc", complaints[0])

    def test_all_equal_but_not_the_known_one(self):
        complaints = run.check_checksums([record("a", "pinfold", 0, 1, 7)], lambda workload: 9)
        self.assertEqual(complaints, ["a: the checksum is 7 on pinfold, and should be 9"])

    def test_runs_for_a_time_are_not_compared(self):
        records = [record("a", "pinfold", 0, 1, 7, comparable="no"), record("a", "malloc", 0, 1, 8, comparable="no")]
        self.assertEqual(run.check_checksums(records, lambda workload: 9), [])

    def test_known_values_hold_for_the_ordinary_run_only(self):
        self.assertEqual(programs.Bench("x").known_checksum("gcbench"), 524287)
        self.assertIsNone(programs.Bench("x", scale=0.5).known_checksum("gcbench"))
        self.assertIsNone(programs.Bench("x", seed=1).known_checksum("gcbench"))
        self.assertIsNone(programs.Bench("x", options={"gcbench": ["--depth=9"]}).known_checksum("gcbench"))


class SummaryTest(unittest.TestCase):
    def test_a_ratio_is_the_median_of_the_rounds_ratios(self):
        # The second round ran on a machine three times as slow: the ratios do not notice.
        records = [record("a", "pinfold", 0, 1.0), record("a", "malloc", 0, 2.0),
                   record("a", "pinfold", 1, 3.0), record("a", "malloc", 1, 6.0),
                   record("a", "pinfold", 2, 1.0), record("a", "malloc", 2, 1.0)]
        rows = run.summarise(records, "pinfold")
        self.assertEqual([row["system"] for row in rows], ["pinfold", "malloc"])
        self.assertEqual(rows[1]["time_s"], 2.0)
        self.assertEqual(rows[1]["ratio"], 0.5)
        self.assertEqual(rows[1]["rss_mib"], 2.0)
        self.assertEqual(rows[0]["runs"], 3)

    def test_a_round_that_one_system_missed_does_not_count(self):
        records = [record("a", "pinfold", 0, 1.0), record("a", "pinfold", 1, 5.0), record("a", "malloc", 1, 2.0)]
        self.assertEqual(run.ratios(records, "a", "pinfold", "malloc"), [2.5])

    def test_threaded_workloads_are_compared_by_wall_time(self):
        for threads in (1, 2):
            rows = run.summarise([record("a", "pinfold", 0, 1.0, threads=threads)], "pinfold")
            self.assertEqual((rows[0]["time_s"], rows[0]["clock"]), (2.0, "wall"))
            line = run.format_table(rows, "pinfold").splitlines()[2]
            self.assertEqual([text.strip() for text in line.split("|")][3:6], [str(threads), "wall", "2.000"])
        rows = run.summarise([record("a", "pinfold", 0, 1.0)], "pinfold")
        self.assertEqual((rows[0]["time_s"], rows[0]["clock"]), (1.0, "cpu"))

    def test_the_table_shows_what_a_system_cannot_tell_as_a_dash(self):
        rows = run.summarise([record("a", "malloc", 0, 1.0), record("a", "pinfold", 0, 1.0, gc0=3, gc1=2, gc2=1)],
                             "pinfold")
        lines = run.format_table(rows, "pinfold").splitlines()
        self.assertEqual(len({len(line) for line in lines}), 1)
        self.assertIn("3/2/1", lines[3])
        self.assertTrue(lines[2].rstrip(" |").endswith("-"))

    def test_survival_pairs_are_shown(self):
        rows = run.summarise([record("survival", "pinfold", 0, 1.0, **{"pause_0.1_percent_ms": 0.25})], "pinfold")
        self.assertIn("0.1 %: 0.250 ms", run.format_survival(rows))


class ScalingTest(unittest.TestCase):
    @staticmethod
    def timed(system, threads, round_number, wall_s):
        return record("mt-gcbench", system, round_number, wall_s / 2, threads=threads)

    def test_a_speedup_is_the_median_of_the_rounds_speedups(self):
        times = {("pinfold", 1): [4.0, 12.0, 4.0], ("pinfold", 2): [2.0, 6.0, 4.0],
                 ("bdwgc", 1): [8.0, 24.0, 8.0], ("bdwgc", 2): [8.0, 18.0, 8.0]}
        records = [self.timed(system, threads, i, time)
                   for (system, threads), walls in times.items() for i, time in enumerate(walls)]
        rows = scaling.scaling_rows(records, ["pinfold", "bdwgc"], 2)
        self.assertEqual([(row["one_s"], row["many_s"]) for row in rows], [(4.0, 4.0), (8.0, 8.0)])
        self.assertEqual([row["speedup"] for row in rows], [2.0, 1.0])
        self.assertEqual([row["ratio"] for row in rows], [1.0, 1 / 3])
        lines = scaling.scaling_table(rows, ["pinfold", "bdwgc"], 2).splitlines()
        self.assertEqual(len({line.count("|") for line in lines}), 1)
        self.assertIn("| 2.00 | 1.00 |", lines[2])

    def test_rounds_run_the_same_work_on_one_thread_and_on_all(self):
        class FakeBench:
            def __init__(self):
                self.calls = []

            def run(self, system, workload, more):
                self.calls.append((system, workload, more))
                return record(workload, system, 0, 1.0, threads=int(more[0].partition("=")[2]))

        bench = FakeBench()
        records = scaling.run_scaling(bench, ["one", "two"], 3, 2, report=lambda text: None)
        self.assertEqual([r["round"] for r in records], [0] * 4 + [1] * 4)
        self.assertEqual(bench.calls[:2], [("one", "mt-gcbench", ["--threads=1", "--instances=3"]),
                                           ("one", "mt-gcbench", ["--threads=3", "--instances=3"])])


class ThreadsTest(unittest.TestCase):
    def test_only_threaded_workloads_get_the_number(self):
        bench = programs.Bench("x", threads=5)
        bench.threaded["malloc"] = ["larson"]
        self.assertIn("--threads=5", bench.command("malloc", "larson"))
        self.assertNotIn("--threads=5", bench.command("malloc", "gcbench"))
        self.assertIsNone(bench.known_checksum("larson"))


class PinningTest(unittest.TestCase):
    @staticmethod
    def demotion(interval, round_number, heap, checksum=1):
        return record("perfsim", "pinfold", round_number, 1.0, checksum, interval=interval, pins=interval,
                      heap_after_mean_bytes=heap, heap_after_max_bytes=2 * heap)

    def test_a_ratio_is_of_one_round(self):
        records = [self.demotion(0, 0, 100), self.demotion(50, 0, 110), self.demotion(0, 1, 200),
                   self.demotion(50, 1, 260), self.demotion(0, 2, 100), self.demotion(50, 2, 120)]
        self.assertAlmostEqual(pinning.demotion_ratio(records, 50), 1.2)
        self.assertAlmostEqual(pinning.demotion_ratio(records, 0), 1.0)
        self.assertIsNone(pinning.demotion_ratio(records, 8))

    def test_the_table_has_a_row_for_each_interval(self):
        records = [self.demotion(interval, 0, limits.MIB * (10 + interval)) for interval in pinning.DEMOTION_INTERVALS]
        lines = pinning.demotion_table(pinning.demotion_rows(records)).splitlines()
        self.assertEqual(len(lines), 2 + len(pinning.DEMOTION_INTERVALS))
        self.assertTrue(lines[3].startswith("| 50 | 50 | 60.0 | 6.000 | 120.0 | - |"), lines[3])

    def test_pins_must_not_change_the_work(self):
        self.assertEqual(pinning.differing_checksums([self.demotion(0, 0, 1), self.demotion(8, 0, 1)]), [])
        self.assertIn("1, 2", pinning.differing_checksums([self.demotion(0, 0, 1), self.demotion(8, 0, 1, 2)])[0])

    def test_a_trace_is_read_by_the_names_of_its_columns(self):
        lines = ["number,asked_bytes,after_bytes", "1,%d,%d" % (4 * limits.MIB, limits.MIB)]
        self.assertEqual(pinning.read_trace(lines), [(4.0 / 1024, 1.0)])

    def test_a_run_out_of_memory_is_a_part_of_the_picture(self):
        class FullBench:
            def __init__(self, code):
                self.code = code

            def run(self, system, workload, more, environment):
                with open(more[0].partition("=")[2], "w", encoding="utf-8") as file:
                    file.write("asked_bytes,after_bytes\n%d,%d\n" % (2 * limits.MIB, limits.MIB))
                raise programs.RunError("full", self.code)

        trace = pinning.trace_variant(FullBench(programs.EXIT_OUT_OF_MEMORY), "pinned-server", "bad", {})
        self.assertIn("ran out of memory", trace.legend())
        self.assertEqual(len(trace.points), 1)
        with self.assertRaisesRegex(programs.RunError, "full"):
            pinning.trace_variant(FullBench(-11), "pinned-server", "bad", {})

    def test_variables_for_the_programs(self):
        self.assertEqual(run.parse_environment(["A=1", "B="]), {"A": "1", "B": ""})
        with self.assertRaisesRegex(ValueError, "NAME=VALUE"):
            run.parse_environment(["A"])
        script = "import os; print(os.environ['BENCH_TEST_A'])"
        self.assertEqual(programs.run_program([sys.executable, "-c", script], 20, {"BENCH_TEST_A": "x"}), "x\n")


class LimitedBench:
    """Workload "a" needs 37 MiB on pinfold and 50 on bdwgc, and takes longer the less it has."""

    timeout = 600

    def __init__(self, least=37 * limits.MIB, failure=programs.RunError("full", programs.EXIT_OUT_OF_MEMORY)):
        self.least = {"pinfold": least, "bdwgc": 50 * limits.MIB}
        self.failure = failure
        self.timeouts = []

    def run(self, system, workload, heap_limit=None, timeout=None):
        self.timeouts.append(timeout)
        if heap_limit is not None and heap_limit < self.least[system]:
            raise self.failure
        seconds = 1 + (0 if heap_limit is None else self.least[system] / heap_limit)
        return {"workload": workload, "system": system, "wall_s": seconds, "cpu_s": seconds, "rss_kib": 1024,
                "checksum": 7}


def silent(text):
    del text


class LimitsTest(unittest.TestCase):
    def test_finds_the_edge(self):
        asked = []

        def works(size):
            asked.append(size)
            return size >= 70000

        found = limits.smallest(65536, 131072, works, tolerance=0.0001)
        self.assertTrue(70000 <= found <= 70010, found)
        self.assertTrue(all(65536 < size < 131072 for size in asked))

    def test_min_heap_doubles_until_it_works(self):
        found = limits.find_min_heap(LimitedBench(), "pinfold", "a", silent)
        self.assertTrue(37 * limits.MIB <= found <= 37.5 * limits.MIB, found)

    def test_min_heap_is_the_first_one_when_that_suffices(self):
        self.assertEqual(limits.find_min_heap(LimitedBench(least=0), "pinfold", "a", silent), limits.FIRST_HEAP)

    def test_a_heap_in_which_the_end_does_not_come_is_too_small(self):
        bench = LimitedBench(failure=programs.RunTimeout("too long"))
        found = limits.find_min_heap(bench, "pinfold", "a", silent)
        self.assertTrue(37 * limits.MIB <= found <= 37.5 * limits.MIB, found)
        self.assertEqual(bench.timeouts[0], None)
        self.assertEqual(set(bench.timeouts[1:]), {limits.PATIENCE_S + limits.PATIENCE_FACTOR})

    def test_min_heap_passes_other_failures_on(self):
        bench = LimitedBench(failure=programs.RunError("crash", -11))
        with self.assertRaisesRegex(programs.RunError, "crash"):
            limits.find_min_heap(bench, "pinfold", "a", silent)

    def test_a_limit_must_not_change_the_checksum(self):
        class WrongBench(LimitedBench):
            def run(self, system, workload, heap_limit=None, timeout=None):
                return {**super().run(system, workload, heap_limit), "checksum": heap_limit or 7}

        with self.assertRaisesRegex(programs.RunError, "without a limit it is 7"):
            limits.find_min_heap(WrongBench(), "pinfold", "a", silent)

    def test_multiples_of_the_smallest_heap(self):
        records = limits.run_at_multiples(LimitedBench(), ["pinfold", "bdwgc"], "a", 40 * limits.MIB, [1, 2], 3, silent)
        self.assertEqual(len(records), 12)
        rows = limits.multiple_rows(records, "pinfold")
        self.assertEqual([(row["multiple"], row["system"], row["failure"]) for row in rows],
                         [(1, "pinfold", None), (1, "bdwgc", "out of memory"), (2, "pinfold", None), (2, "bdwgc", None)])
        self.assertAlmostEqual(rows[0]["time_s"], 1 + 37 / 40)
        self.assertAlmostEqual(rows[3]["ratio"], (1 + 37 / 80) / (1 + 50 / 80))
        lines = limits.multiple_table(rows, "pinfold").splitlines()
        self.assertEqual({line.count("|") for line in lines}, {11})
        self.assertTrue(lines[3].startswith("| a | 1 | 40.0 | bdwgc | - | out of memory |"), lines[3])

    def test_one_round_out_of_memory_leaves_no_figures(self):
        records = limits.run_at_multiples(LimitedBench(), ["pinfold"], "a", 40 * limits.MIB, [1], 2, silent)
        records[1] = {"workload": "a", "system": "pinfold", "round": 1, "multiple": 1, "heap_limit": 40 * limits.MIB,
                      "failure": "out of memory"}
        row, = limits.multiple_rows(records, "pinfold")
        self.assertEqual(row["failure"], "out of memory")
        self.assertNotIn("time_s", row)

    def test_texts_of_multiples(self):
        self.assertEqual(limits.parse_multiples("1.5,2,3"), [1.5, 2.0, 3.0])
        for text in ("", "1.5,", "0.5", "two", "nan"):
            with self.assertRaisesRegex(ValueError, "--heap-multiples"):
                limits.parse_multiples(text)


class ImageLimitTest(unittest.TestCase):
    class ImageBench:
        """Room for 300 MiB with one heap and 100 with four, half as much with a copy; "old" has one heap."""

        def run(self, system, workload, more):
            options = dict(option.lstrip("-").split("=") for option in more)
            if system == "old" and options["heaps"] != "1":
                raise programs.RunError("one heap", programs.EXIT_ARGUMENTS)
            room = {"1": 300, "4": 100}[options["heaps"]] * limits.MIB
            needed = int(options["image"]) * (2 if options["checksum"] == "copy" else 1)
            if needed > room:
                raise programs.RunError("full", programs.EXIT_OUT_OF_MEMORY)

    def test_finds_the_largest_image_for_each_number_of_heaps(self):
        rows = image_limit.image_limit_rows(self.ImageBench(), ["pinfold", "old"], 1 << 30, silent)
        self.assertEqual([(row["system"], row["heaps"]) for row in rows], [("pinfold", 1), ("pinfold", 4), ("old", 1)])
        for row, room in zip(rows, (300, 100, 300)):
            self.assertTrue(0.98 * room / 2 <= row["copy"] / limits.MIB <= room / 2, row)
            self.assertTrue(0.98 * room <= row["in-place"] / limits.MIB <= room, row)
        self.assertEqual(len(image_limit.image_limit_table(rows).splitlines()), 5)

    def test_nothing_fits(self):
        class FullBench:
            def run(self, system, workload, more):
                raise programs.RunError("full", programs.EXIT_OUT_OF_MEMORY)

        self.assertEqual(image_limit.find_largest_image(FullBench(), "pinfold", 1 << 30, 1, "copy", silent), 0)

    def test_other_failures_are_passed_on(self):
        class BrokenBench:
            def run(self, system, workload, more):
                raise programs.RunError("crash", -6)

        with self.assertRaisesRegex(programs.RunError, "crash"):
            image_limit.image_limit_rows(BrokenBench(), ["pinfold"], 1 << 30, silent)

    def test_sizes_as_the_programs_read_them(self):
        self.assertEqual([image_limit.parse_size(text) for text in ("4096", "2M", "2Gi")], [4096, 2000000, 2 << 30])
        for text in ("", "0", "2GiB", "two", "2i"):
            with self.assertRaisesRegex(ValueError, "--image-limit"):
                image_limit.parse_size(text)


class ProgramTest(unittest.TestCase):
    def test_a_failure_carries_its_sentence_and_code(self):
        with self.assertRaisesRegex(programs.RunError, "too bad") as caught:
            programs.run_program([sys.executable, "-c", "import sys; print('too bad', file=sys.stderr); sys.exit(3)"], 20)
        self.assertEqual(caught.exception.code, 3)

    def test_a_timeout_ends_the_child(self):
        with self.assertRaisesRegex(programs.RunError, "took more than"):
            programs.run_program([sys.executable, "-c", "import time; time.sleep(60)"], 0.2)

    def test_measure_interleaves_and_goes_on_after_a_failure(self):
        order = []

        class FakeBench:
            def run(self, system, workload):
                order.append(system)
                if system == "broken":
                    raise programs.RunError("it broke")
                return {"workload": workload, "system": system, "cpu_s": 1.0}

        records, errors = run.measure(FakeBench(), [("a", "one"), ("a", "broken")], 2, report=lambda text: None)
        self.assertEqual(order, ["one", "broken", "one", "broken"])
        self.assertEqual([r["round"] for r in records], [0, 1])
        self.assertEqual(errors, ["it broke", "it broke"])

    def test_plan_leaves_out_what_a_system_does_not_offer(self):
        class FakeBench:
            def workloads(self, system):
                return ["a", "survival"] if system == "pinfold" else ["a"]

        systems = ["pinfold", "malloc"]
        self.assertEqual(run.make_plan(FakeBench(), systems, None),
                         [("a", "pinfold"), ("a", "malloc"), ("survival", "pinfold")])
        with self.assertRaisesRegex(ValueError, "nonsense"):
            run.make_plan(FakeBench(), systems, ["nonsense"])


class PlotTest(unittest.TestCase):
    ROWS = [{"workload": "a<b", "system": "pinfold", "time_s": 2.0, "rss_mib": 10.0},
            {"workload": "a<b", "system": "malloc", "time_s": 1.0, "rss_mib": 20.0}]

    def test_relative(self):
        self.assertEqual(plot.relative(self.ROWS, "time_s", "pinfold"),
                         {("a<b", "pinfold"): 1.0, ("a<b", "malloc"): 0.5})

    def test_the_plot_is_xml_with_a_bar_for_each_figure(self):
        root = xml.etree.ElementTree.fromstring(plot.bars(self.ROWS, "pinfold"))
        boxes = root.findall("{http://www.w3.org/2000/svg}rect")
        self.assertEqual(len(boxes), 1 + 2 + 4)  # background, legend, two systems in two panels
        labels = [element.text for element in root.findall("{http://www.w3.org/2000/svg}text")]
        self.assertIn("a<b", labels)
        self.assertIn("0.50", labels)

    def test_curves_stay_inside_their_axes(self):
        series = [("one", [(0.1 * i, 5.0 * i) for i in range(2000)]), ("none", [])]
        root = xml.etree.ElementTree.fromstring(plot.curves("title", "x", "y", series))
        lines = root.findall("{http://www.w3.org/2000/svg}polyline")
        self.assertEqual(len(lines), 2)
        places = [tuple(map(float, place.split(","))) for place in lines[0].get("points").split()]
        self.assertTrue(100 < len(places) <= plot.CURVE_POINTS)
        for x, y in places:
            self.assertTrue(plot.CURVE_LEFT <= x <= plot.CURVE_LEFT + plot.CURVE_WIDTH)
            self.assertTrue(plot.CURVE_TOP <= y <= plot.CURVE_TOP + plot.CURVE_HEIGHT)

    def test_thinning_keeps_the_peak(self):
        points = [(i, 7 if i == 501 else 1) for i in range(1000)]
        self.assertIn((501, 7), plot.thin(points, 10))
        self.assertEqual(len(plot.thin(points, 10)), 10)

    def test_ticks_are_round(self):
        self.assertEqual([plot.tick_step(x) for x in (8, 9, 50, 1016)], [1, 2, 10, 200])


if __name__ == "__main__":
    unittest.main()
