#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the tests of pinfold-scheme.

    run_tests.py PROGRAM [NAME=VALUE ...]

Every NAME.scm beside this script has to print NAME.out and exit with 0; every case of errors.txt has to end with its
message and exit status 1; the programs of ../programs have to print the same as without the settings. The settings go
into the environment, where they choose a stress mode of the collector; the tests are told to be small then. --write
writes the .out files anew. Tests with "-64" or "-32" in their names are for machines of that word size, and @NAME@ in
errors.txt is a figure of the machine.
"""

import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(os.path.dirname(HERE), "programs")
TIME_LIMIT = 300


# By word size: the largest fixnum, and its bits with the sign.
FIGURES = {
    32: {"most": "1073741823", "bits": "31"},
    64: {"most": "4611686018427387903", "bits": "63"},
}


def word_size(program):
    """The fifth byte of an ELF file is its class."""
    with open(program, "rb") as stream:
        return {1: 32, 2: 64}[stream.read(5)[4]]


class Runner:
    def __init__(self, program, settings):
        self.program = os.path.abspath(program)
        self.word_size = word_size(self.program)
        self.environment = dict(os.environ, **settings)
        self.plain_environment = {name: value for name, value in os.environ.items() if not name.startswith("PINFOLD_")}
        self.small = ["small"] if "PINFOLD_STRESS" in self.environment else []
        self.count = 0
        self.failures = 0

    def run(self, arguments, text="", environment=None, directory=HERE):
        return subprocess.run([self.program, *arguments], input=text.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, cwd=directory, env=environment or self.environment,
                              timeout=TIME_LIMIT, check=False)

    def fill_in(self, text):
        for name, figure in FIGURES[self.word_size].items():
            text = text.replace(f"@{name}@", figure)
        return text

    def is_for_another_machine(self, name):
        return any(f"-{size}." in name for size in FIGURES if size != self.word_size)

    def check(self, name, condition, details):
        self.count += 1
        if not condition:
            self.failures += 1
            print(f"FAILED {name}: {details}")


def describe(result):
    return (f"exit status {result.returncode}\n--- standard output\n{result.stdout.decode(errors='replace')[-2000:]}"
            f"\n--- standard error\n{result.stderr.decode(errors='replace')[-2000:]}")


def test_programs_with_output(runner, write):
    """NAME.scm prints NAME.out, and no check in it fails."""
    for file in sorted(name for name in os.listdir(HERE) if name.endswith(".scm")):
        if runner.is_for_another_machine(file):
            continue
        special = file == "arguments.scm"
        arguments = [file, "one", "zwei ü"] if special else [file, *runner.small]
        result = runner.run(arguments, 'line one\n(datum "two")!' if special else "")
        expected_file = os.path.join(HERE, file[:-4] + ".out")
        if write:
            with open(expected_file, "wb") as stream:
                stream.write(result.stdout)
        with open(expected_file, "rb") as stream:
            expected = stream.read()
        good = (result.returncode == (7 if special else 0) and result.stdout == expected and result.stderr == b""
                and b"FAILED" not in result.stdout)
        runner.check(file, good, describe(result))


def error_cases(runner):
    with open(os.path.join(HERE, "errors.txt"), encoding="utf-8") as stream:
        text = runner.fill_in(stream.read())
    for case in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        name, rest = case.split("\n", 1)
        program, message = rest.rsplit("\n=== ", 1)
        yield name, program + "\n", message.strip("\n")


def test_errors(runner):
    """Each case of errors.txt ends with FILE:LINE: sentence."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "case.scm")
        for name, program, message in error_cases(runner):
            if runner.is_for_another_machine(name):
                continue
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(program)
            result = runner.run(["case.scm"], directory=directory)
            lines = result.stderr.decode(errors="replace").splitlines()
            good = result.returncode == 1 and len(lines) == 1 and lines[0].startswith("case.scm:" + message)
            runner.check("error: " + name, good, f"expected case.scm:{message}\n{describe(result)}")


def test_usage(runner):
    """No file, no such file, a directory, a refused option."""
    for name, arguments, text in [("no arguments", [], "usage:"),
                                  ("missing file", ["no-such-file.scm"], "no-such-file.scm cannot be read"),
                                  ("directory", ["."], ". cannot be read")]:
        result = runner.run(arguments)
        runner.check(name, result.returncode == 2 and text in result.stderr.decode(), describe(result))
    result = runner.run(["lists.scm"], environment=dict(runner.plain_environment, PINFOLD_GEN0_SIZE="much"))
    runner.check("bad option", result.returncode == 2 and "gen0_size" in result.stderr.decode().lower(),
                 describe(result))


EXHAUSTING = [("small objects", "(define (grow l)\n  (grow (cons (make-vector 10 1) l)))\n(grow '())\n",
               "2: out of memory: the heap has no room for an object of"),
              ("large objects", "(define (grow l)\n  (grow (cons (make-string 100000) l)))\n(grow '())\n",
               "2: out of memory: the heap has no room for an object of 4000")]


def test_exhaustion(runner):
    """A program that keeps everything ends with a sentence. Never under stress: that would fill the heap too slowly."""
    environment = dict(runner.plain_environment, PINFOLD_RESERVE_SIZE="64M", PINFOLD_SEGMENT_SIZE="16M",
                       PINFOLD_LARGE_SEGMENT_SIZE="16M")
    with tempfile.TemporaryDirectory() as directory:
        for name, program, message in EXHAUSTING:
            with open(os.path.join(directory, "case.scm"), "w", encoding="utf-8") as stream:
                stream.write(program)
            result = runner.run(["case.scm"], environment=environment, directory=directory)
            good = result.returncode == 1 and result.stderr.decode().startswith("case.scm:" + message)
            runner.check("exhaustion by " + name, good, describe(result))


def test_show_cases(runner):
    """The programs of ../programs, small, print what they print without stress."""
    cases = [["gcbench.scm", "6"]]
    if runner.word_size == 64:  # products in hash-tables.scm do not fit integers of 31 bits
        cases.append(["hash-tables.scm", "150", "600"])
    for arguments in cases:
        arguments = [os.path.join(PROGRAMS, arguments[0]), *arguments[1:]]
        expected = runner.run(arguments, environment=runner.plain_environment)
        result = runner.run(arguments)
        good = result.returncode == 0 and expected.returncode == 0 and result.stdout == expected.stdout != b""
        runner.check(" ".join(arguments), good, describe(result))


def main(arguments):
    write = "--write" in arguments
    arguments = [argument for argument in arguments if argument != "--write"]
    if not arguments or not all("=" in argument for argument in arguments[1:]):
        print(__doc__, file=sys.stderr)
        return 2
    settings = dict(argument.split("=", 1) for argument in arguments[1:])
    if not os.access(arguments[0], os.X_OK):
        print(f"{arguments[0]} is no program that can be run", file=sys.stderr)
        return 2
    runner = Runner(arguments[0], settings)
    test_programs_with_output(runner, write)
    test_errors(runner)
    test_usage(runner)
    test_exhaustion(runner)
    test_show_cases(runner)
    print(f"{runner.count} tests, {runner.failures} failures")
    return 1 if runner.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
