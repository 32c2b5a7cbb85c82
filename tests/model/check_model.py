#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks a Promela model exhaustively with Spin: check_model.py MODEL [VARIANT] [--cc COMPILER] [--seconds LIMIT].

Without a variant the model must hold: no assertion fails, nobody hangs, each LTL formula is true under weak fairness,
the search is complete, and every statement is reached, as an assertion that nothing comes to says nothing. VARIANT is one
of the names in the model's first line, `/* BROKEN_VARIANTS: NAME ... */`: a mistake that #ifdef puts into the model. Then
the verifier must find an error. The result is 0, 1 (with a sentence, and the run that leads to the error), 2 for wrong
arguments, 77 where Spin is not installed."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
MEMORY_MEBIBYTES = 1900
DEPTH = 1000000
FAIRNESS = 3  # in Spin's units: enough for ten processes
TRAIL_LINES = 80


class Failure(Exception):
    """What is wrong, as a sentence."""


def variants_of(model):
    with open(model, encoding="utf-8") as file:
        match = re.fullmatch(r"/\* BROKEN_VARIANTS:((?: \w+)+) \*/", file.readline().rstrip("\n"))
    if match is None:
        raise Failure(f"{model}: the first line must be /* BROKEN_VARIANTS: NAME ... */")
    return match.group(1).split()


def call(command, folder, seconds):
    try:
        result = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                timeout=seconds, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise Failure(f"{command[0]} was not done after {seconds} seconds") from None
    return result.returncode, result.stdout


class Verifier:
    """The verifier of one model in a folder of its own, where Spin leaves its files."""

    def __init__(self, model, variant, options, folder):
        self.model = model
        self.define = [f"-D{variant}"] if variant else []
        self.options = options
        self.folder = folder
        result, output = self.spin("-a")
        if result != 0 or not os.path.exists(os.path.join(folder, "pan.c")):
            raise Failure(f"Spin does not accept the model:\n{output}")
        self.formulas = re.findall(r"^ltl (\w+):", output, re.MULTILINE)

    def spin(self, *arguments):
        command = ["spin", f"-P{self.options.cc} -E -x c", *self.define, *arguments, self.model]
        return call(command, self.folder, self.options.seconds)

    def build(self, name, *definitions):
        # Spin's output is full of warnings, and they say nothing about the model.
        command = [self.options.cc, "-w", "-O2", f"-DMEMLIM={MEMORY_MEBIBYTES}", *definitions, "-o", name, "pan.c"]
        result, output = call(command, self.folder, self.options.seconds)
        if result != 0:
            raise Failure(f"the verifier does not compile:\n{output}")

    def searches(self):
        """Yields the name and the output of each search: states first, then cycles, a formula at a time."""
        self.build("states", "-DSAFETY", "-DNOCLAIM")
        yield "states", self.search("states")
        if self.formulas:
            self.build("cycles", f"-DNFAIR={FAIRNESS}")
        for formula in self.formulas:
            yield formula, self.search("cycles", "-a", "-f", "-N", formula)

    def search(self, program, *arguments):
        return call([os.path.join(self.folder, program), f"-m{DEPTH}", *arguments], self.folder,
                    self.options.seconds)[1]

    def story(self, output):
        """The run that led to the error."""
        trails = [name for name in os.listdir(self.folder) if name.endswith(".trail")]
        if not trails:
            return output
        lines = self.spin("-p", "-g", "-k", trails[0])[1].splitlines()
        return "\n".join([f"... the last {TRAIL_LINES} lines of the run:"] + lines[-TRAIL_LINES:])


def error_in(output):
    """The verifier's words for the error that it found, or None."""
    count = re.search(r"errors: (\d+)$", output, re.MULTILINE)
    if count is None or count.group(1) == "0":
        return None
    return re.search(r"^pan:\d+: (.*)$", output, re.MULTILINE).group(1)


def unreached_in(output):
    """Statements that no run came to. Ends of processes that go on for ever are none, nor are states of a formula."""
    found = []
    inside = False
    for line in output.splitlines():
        if line.startswith("unreached in "):
            inside = not line.startswith("unreached in claim ")
        elif inside and re.match(r"\t\S+:\d+, state ", line) and '"-end-"' not in line:
            found.append(line.strip())
    return found


def require_complete(name, output):
    complete = re.search(r"errors: 0$", output, re.MULTILINE)
    for obstacle in ("Search not completed", "max search depth too small", "out of memory", "reached MEMLIM"):
        if obstacle in output:
            complete = None
    if complete is None:
        raise Failure(f"the search of {name} is not complete:\n{output}")


def check_right(verifier):
    for name, output in verifier.searches():
        error = error_in(output)
        if error:
            raise Failure(f"{name}: {error}\n{verifier.story(output)}")
        require_complete(name, output)
        if name == "states" and unreached_in(output):
            raise Failure("never reached:\n" + "\n".join(unreached_in(output)))
        states = re.search(r"([\d.e+]+) states, stored", output).group(1)
        print(f"{name}: holds in {states} states")


def check_broken(verifier, variant):
    for name, output in verifier.searches():
        error = error_in(output)
        if error:
            print(f"{variant}: {name}: {error}")
            return
        require_complete(name, output)
    raise Failure(f"{variant} breaks nothing that the model would notice")


def parse(arguments):
    parser = argparse.ArgumentParser(prog="check_model.py")
    parser.add_argument("model")
    parser.add_argument("variant", nargs="?")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--seconds", type=int, default=240)
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    if shutil.which("spin") is None:
        print("skipped: there is no spin on the path (Debian: apt-get install spin, or tools/setup.sh)")
        return SKIPPED
    try:
        model = os.path.abspath(options.model)
        names = variants_of(model)
        if options.variant is not None and options.variant not in names:
            raise Failure(f"{options.variant} is not among the broken variants: {' '.join(names)}")
        with tempfile.TemporaryDirectory() as folder:
            verifier = Verifier(model, options.variant, options, folder)
            if options.variant is None:
                check_right(verifier)
            else:
                check_broken(verifier, options.variant)
    except (Failure, OSError) as failure:
        print(f"{os.path.basename(options.model)}: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
