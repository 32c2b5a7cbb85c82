# SPDX-License-Identifier: MIT
"""What soak.py takes for flat: lines that are, lines that rise, swings, and runs that say nothing."""

import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import soak  # noqa: E402

MEBIBYTE = 1 << 20


def samples(seconds, size_at):
    return [(float(second), size_at(second) * MEBIBYTE) for second in range(seconds)]


class SoakTest(unittest.TestCase):
    def test_the_slope_of_a_line_is_its_slope_and_without_error(self):
        points = [(x, 3 * x + 7) for x in range(20)]
        self.assertAlmostEqual(soak.slope_of(points), 3)
        self.assertAlmostEqual(soak.standard_error(points), 0)

    def test_constant_memory_is_flat_whatever_came_before(self):
        self.assertTrue(soak.judge(samples(600, lambda second: 500 - second if second < 200 else 100))[0])

    def test_noise_and_swings_are_flat(self):
        source = random.Random(1)
        noisy = samples(600, lambda second: 100 + source.gauss(0, 4) + (8 if second // 7 % 2 else 0))
        self.assertTrue(soak.judge(noisy)[0])

    def test_a_mebibyte_and_a_quarter_a_minute_is_not_flat_up_or_down(self):
        source = random.Random(2)
        for slope in (1.25, -1.25):
            rising = samples(600, lambda second: 100 + slope * second / 60 + source.gauss(0, 2))
            self.assertFalse(soak.judge(rising)[0])

    def test_a_commit_step_in_the_middle_is_flat(self):
        for seconds in (90, 600):
            self.assertTrue(soak.judge(samples(seconds, lambda second: 92 + 2 * (second > seconds * 2 // 3)))[0])

    def test_a_short_run_says_nothing(self):
        is_flat, text = soak.judge(samples(30, lambda second: 100))
        self.assertFalse(is_flat)
        self.assertIn("too short", text)

    def test_a_wild_run_says_nothing(self):
        source = random.Random(3)
        is_flat, text = soak.judge(samples(120, lambda second: source.uniform(0, 100) + 50 * (second // 11 % 2)))
        self.assertFalse(is_flat)
        self.assertIn("too unsteady", text)

    def test_a_program_that_is_none_and_no_time_are_refused(self):
        for arguments in (["--program", "/nowhere"], ["--minutes", "0"], ["--minutes", "x"], ["--minutes", "nan"]):
            with self.assertRaises(SystemExit) as raised, open(os.devnull, "w", encoding="ascii") as sys.stderr:
                soak.parse(arguments)
            sys.stderr = sys.__stderr__
            self.assertEqual(raised.exception.code, 2)


if __name__ == "__main__":
    unittest.main()
