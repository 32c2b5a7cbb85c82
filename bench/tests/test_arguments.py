# SPDX-License-Identifier: MIT
"""What the bench programs accept and refuse: test_arguments.py DIRECTORY SYSTEM,SYSTEM,..."""

import os
import subprocess
import sys
import unittest

DIRECTORY = "."
SYSTEMS = []
TINY = ["binary-trees", "--depth", "6"]


def call(system, *arguments):
    command = [os.path.join(DIRECTORY, "bench-" + system), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class ArgumentsTest(unittest.TestCase):
    def refuse(self, system, arguments, sentence):
        result = call(system, *arguments)
        self.assertEqual(result.returncode, 2, (system, arguments, result))
        self.assertEqual(result.stdout, "")
        self.assertIn(sentence, result.stderr, (system, arguments))

    def test_wrong_arguments_get_a_sentence_and_code_2(self):
        for system in SYSTEMS:
            self.refuse(system, [], "name a workload")
            self.refuse(system, ["nonsense"], 'no workload "nonsense"')
            self.refuse(system, TINY + ["--scale", "0"], "--scale 0: expected a number above 0")
            self.refuse(system, TINY + ["--scale", "nan"], "--scale nan")
            self.refuse(system, TINY + ["--seed", "-1"], "--seed -1: expected a whole number")
            self.refuse(system, TINY + ["--seed"], "--seed needs a value")
            self.refuse(system, TINY + ["--threads", "2"], "at most 1 thread")
            self.refuse(system, TINY + ["--threads", "0"], "expected a number of threads")
            self.refuse(system, TINY + ["--entries", "5"], "binary-trees has no option --entries")
            self.refuse(system, TINY + ["word"], '"word" is not an option')
            self.refuse(system, ["binary-trees", "--depth=5"], "a whole number from 6 to 24")
            self.refuse(system, ["binary-trees", "--depth=25"], "a whole number from 6 to 24")

    def test_options_that_are_no_whole_numbers(self):
        for system in SYSTEMS:
            self.refuse(system, ["perfsim", "-tagb", "-1"], "-tagb -1: expected a number from 0 to 1024")
            self.refuse(system, ["perfsim", "-tagb", "1e3"], "-tagb 1e3: expected a number")
            self.refuse(system, ["perfsim", "-tagb", "."], "-tagb .: expected a number")
            self.refuse(system, ["perfsim", "-sohsr", "4000-100"], "-sohsr 4000-100: expected LOW-HIGH, within")
            self.refuse(system, ["perfsim", "-sohsr", "1-100"], "LOW-HIGH, within")
            self.refuse(system, ["perfsim", "-sohsr", "100-99999"], "LOW-HIGH, within")
            self.refuse(system, ["perfsim", "-at", "both"], "-at both: expected simple or reference")
            self.refuse(system, ["perfsim", "-sohfi", "5"], "-sohfi 5: expected 0, because")
            self.refuse(system, ["perfsim", "-pohar", "5"], "-pohar 5: expected 0, because")
            self.refuse(system, ["perfsim", "-ramb", "1", "-rlmb", "2"], "cannot keep more than the 1 MB of -ramb")
            self.refuse(system, ["perfsim", "-tc"], "-tc needs a value")
            self.refuse(system, ["perfsim", "-scale", "1"], "perfsim has no option -scale")
            self.refuse(system, ["pinned-server", "--seconds", "0.5"], "--seconds 0.5: expected a whole number from 0 to")
            self.refuse(system, ["buffer-pool", "--mode", "none"], "--mode none: expected pool or fresh")
            self.refuse(system, ["blob-builder", "--mode", "d"],
                        "--mode d: expected doubling or chunks or pooled or a or b or c")
            self.refuse(system, ["image-writer", "--checksum", "none"], "--checksum none: expected copy or in-place")
            self.refuse(system, ["image-writer", "--image", "1K"], "--image 1K: expected a size from 4Ki to 64Gi")
            self.refuse(system, ["image-writer", "--image", "64Q"], "--image 64Q: expected a size")
            self.refuse(system, ["image-writer", "--image", "0"], "--image 0: expected a size")
            self.refuse(system, ["image-writer", "--heaps", "17"], "--heaps 17: expected a whole number from 1 to 16")
            self.refuse(system, ["image-writer", "--address-space", "100"], "expected a size from 1Mi to 64Ti")
            if system != "pinfold":
                self.refuse(system, ["image-writer", "--heaps", "2"], "has one heap for the whole process")
            self.refuse(system, ["buffer-pool", "-mode", "pool"], '"-mode" is not an option')

    def test_one_dash_or_two(self):
        arguments = ["perfsim", "--scale", "0.01"]
        for system in SYSTEMS:
            sums = [call(system, *arguments, *form).stdout.split("checksum=")[1].split()[0]
                    for form in (["-tlgb", "0.1", "-sohsr", "200-200"], ["--tlgb=0.1", "--sohsr=200"])]
            self.assertEqual(sums[0], sums[1], system)

    def test_trace(self):
        for system in SYSTEMS:
            if "--trace" in call(system, "--help").stdout:
                self.refuse(system, TINY + ["--trace", "/nonexistent/file"], "the file cannot be written")
            else:
                self.refuse(system, TINY + ["--trace", "file"], "--trace is not available")

    def test_list_and_help(self):
        for system in SYSTEMS:
            names = call(system, "--list").stdout.split()
            self.assertIn("gcbench", names)
            text = call(system, "gcbench", "--help")
            self.assertEqual(text.returncode, 0)
            for name in names:
                self.assertIn(name, text.stdout)
            self.assertIn("--entries", text.stdout)

    def test_both_forms_of_an_option(self):
        for system in SYSTEMS:
            apart = call(system, "binary-trees", "--depth", "8", "--scale", "0.5").stdout
            joined = call(system, "binary-trees", "--depth=8", "--scale=0.5").stdout
            self.assertIn("scale=0.5 ", apart)
            self.assertEqual(apart.split("checksum=")[1], joined.split("checksum=")[1])

    def test_threads_are_for_threaded_workloads(self):
        for system in SYSTEMS:
            threaded = call(system, "--list-threaded").stdout.split()
            self.assertTrue({"mt-gcbench", "larson", "xmalloc", "mstress"} <= set(threaded), system)
            self.assertTrue(set(threaded) < set(call(system, "--list").stdout.split()))
            self.assertIn("threads, at most 64 (2)", call(system, "--help").stdout)
            self.refuse(system, ["larson", "--threads", "65"], "larson runs in at most 64 threads")
            self.refuse(system, ["xmalloc", "--threads", "33"], "xmalloc runs in at most 32 threads")
            self.refuse(system, ["mt-gcbench", "--threads", "two"], "expected a number of threads")

    def test_seed_changes_random_work(self):
        arguments = ["lru-cache", "--entries", "500", "--scale", "0.0005"]
        for system in SYSTEMS:
            sums = [call(system, *arguments, "--seed", seed).stdout.split("checksum=")[1] for seed in "123"]
            self.assertGreater(len(set(sums)), 1, system)

    def test_a_system_without_collections_refuses_to_measure_them(self):
        for system in {"malloc", "mimalloc"} & set(SYSTEMS):
            self.assertNotIn("survival", call(system, "--list").stdout)
            self.refuse(system, ["survival"], "has none")
            self.refuse(system, TINY + ["--explain"], "--explain is not available")

    def test_heap_limit(self):
        for system in SYSTEMS:
            if "--heap-limit" not in call(system, "--help").stdout:
                self.refuse(system, TINY + ["--heap-limit", "64M"], "--heap-limit is not available")
                continue
            self.refuse(system, TINY + ["--heap-limit", "64Q"], "expected a size")
            arguments = ["binary-trees", "--depth", "16", "--scale", "0.01", "--heap-limit"]
            self.assertEqual(call(system, *arguments, "1G").returncode, 0)
            full = call(system, *arguments, "2M")
            self.assertEqual(full.returncode, 3, full)
            self.assertIn("out of memory", full.stderr)
            self.refuse(system, TINY + ["--heap-limit", "99999999999T"], "expected a size")
            if system == "pinfold":
                self.refuse(system, TINY + ["--heap-limit", "1K"], "--heap-limit 1000: ")

    def test_explain_goes_to_standard_error(self):
        if "pinfold" in SYSTEMS:
            result = call("pinfold", "binary-trees", "--depth", "16", "--scale", "0.01", "--explain")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(len(result.stdout.splitlines()), 1)
            self.assertIn("the whole run", result.stderr)


if __name__ == "__main__":
    DIRECTORY, SYSTEMS = sys.argv[1], sys.argv[2].split(",")
    unittest.main(argv=sys.argv[:1])
