#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of check_model.py: small models, each wrong in one way, and one that is right."""

import contextlib
import io
import os
import shutil
import sys
import tempfile
import unittest

import check_model

# Two processes take turns; a variant forgets to hand the turn on, the other takes it without looking.
TURNS = """/* BROKEN_VARIANTS: KEEPS_TURN TAKES_TURN UNUSED */
byte turn;
byte inside;
active [2] proctype side() {
    do
#ifdef TAKES_TURN
    :: true ->
#else
    :: turn == _pid ->
#endif
       inside++;
       assert(inside == 1);
       inside--;
#ifndef KEEPS_TURN
       turn = 1 - _pid
#endif
    od
}
ltl first_comes { [] <> (turn == 0) }
ltl second_comes { [] <> (turn == 1) }
"""


@unittest.skipIf(shutil.which("spin") is None, "there is no spin")
class CheckModelTest(unittest.TestCase):
    def check(self, text, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "small.pml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                result = check_model.main([path, *arguments])
            return result, output.getvalue()

    def assert_refused(self, text, sentence, *arguments):
        result, output = self.check(text, *arguments)
        self.assertEqual(result, 1, output)
        self.assertIn(sentence, output)

    def test_a_right_model_holds_in_each_search(self):
        result, output = self.check(TURNS)
        self.assertEqual(result, 0, output)
        for name in ("states", "first_comes", "second_comes"):
            self.assertIn(f"{name}: holds in ", output)

    def test_a_broken_variant_is_found_by_an_assertion(self):
        result, output = self.check(TURNS, "TAKES_TURN")
        self.assertEqual(result, 0, output)
        self.assertIn("states: assertion violated", output)

    def test_a_broken_variant_is_found_by_a_formula(self):
        result, output = self.check(TURNS, "KEEPS_TURN")
        self.assertEqual(result, 0, output)
        self.assertIn("second_comes: acceptance cycle", output)

    def test_a_variant_that_breaks_nothing_is_refused(self):
        self.assert_refused(TURNS, "UNUSED breaks nothing", "UNUSED")

    def test_a_variant_that_the_first_line_does_not_name_is_refused(self):
        self.assert_refused(TURNS, "OTHER is not among the broken variants: KEEPS_TURN TAKES_TURN UNUSED", "OTHER")

    def test_a_variant_with_a_syntax_error_proves_nothing(self):
        broken = TURNS.replace("byte inside;", "byte inside;\n#ifdef UNUSED\nbyte byte;\n#endif\n")
        self.assert_refused(broken, "Spin does not accept the model", "UNUSED")

    def test_a_first_line_without_variants_is_refused(self):
        for first in ("/* Turns. */", "/* BROKEN_VARIANTS: */"):
            self.assert_refused(TURNS.replace(TURNS.splitlines()[0], first), "the first line must be")

    def test_an_assertion_that_fails_is_told_with_the_run_that_leads_to_it(self):
        wrong = TURNS.replace("inside == 1", "inside == 0")
        self.assert_refused(wrong, "states: assertion violated")
        self.assertIn("inside = 1", self.check(wrong)[1])

    def test_a_formula_that_is_wrong_is_told_by_name(self):
        self.assert_refused(TURNS.replace("[] <> (turn == 1)", "<> [] (turn == 1)"), "second_comes: acceptance cycle")

    def test_processes_that_wait_for_ever_are_an_error(self):
        self.assert_refused(TURNS.replace("turn = 1 - _pid", "turn = 2"), "states: invalid end state")

    def test_a_statement_that_nothing_reaches_is_an_error(self):
        self.assert_refused(TURNS.replace("od\n", "od;\n    assert(inside == 0)\n"), "never reached:")

    def test_a_search_without_an_end_is_an_error(self):
        endless = TURNS.replace("byte turn;", "byte turn;\nint steps;").replace("inside--;", "inside--; steps++;")
        endless = endless.replace("inside == 1", "steps >= 0")
        self.assert_refused(endless, "the search of states is not complete")

    def test_without_spin_the_check_is_skipped(self):
        path = os.environ["PATH"]
        os.environ["PATH"] = "/nowhere"
        try:
            result, output = self.check(TURNS)
        finally:
            os.environ["PATH"] = path
        self.assertEqual(result, check_model.SKIPPED)
        self.assertIn("apt-get install spin", output)


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
