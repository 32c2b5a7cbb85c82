#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs pinned-echo and checks what it says.

    check_run.py PROGRAM [ARGUMENT ...] [NAME=VALUE ...] [--without-uring WRAPPER]
    check_run.py PROGRAM --misuse

A run has to exit with 0 and its last line to tell that all connections were served; collections must have met as many
pins as there are connections, or the run has tested nothing. Settings go into the environment. With --without-uring the
program runs in a wrapper that has the kernel refuse io_uring, and has to say so and take epoll. Exits with 77 when the
kernel does not offer what the test needs. --misuse checks that wrong arguments are refused, each with a sentence that
names it and exit status 2.
"""

import os
import re
import resource
import subprocess
import sys

TIME_LIMIT = 240
SKIPPED = 77

# The arguments, and what the sentence on standard error has to name.
MISUSE = [
    (["--connections", "0"], "--connections takes a whole number from 1 to 25000"),
    (["--connections=many"], '"many"'),
    (["--seconds", "-3"], '"-3"'),
    (["--seconds", "3x"], '"3x"'),
    (["--seconds", ""], '""'),
    (["--pause", "99999999999999999999"], "99999999999999999999"),
    (["--buffer"], "--buffer needs a value"),
    (["--engine", "select"], "--engine takes auto, uring or epoll"),
    (["--port", "80"], '"--port" is no option'),
    (["loud"], '"loud" is no option'),
]


def run(command, arguments, settings, limit_files=None):
    def lower_limit():
        if limit_files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit_files, limit_files))

    return subprocess.run([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIME_LIMIT,
                          env=dict(os.environ, **settings), preexec_fn=lower_limit, check=False, text=True)


def describe(result):
    return (f"exit status {result.returncode}\n--- standard output\n{result.stdout[-4000:]}"
            f"\n--- standard error\n{result.stderr[-4000:]}")


def check_refusal(result, sentence, failures):
    lines = result.stderr.splitlines()
    if result.returncode != 2 or result.stdout or len(lines) != 1 or sentence not in lines[0]:
        failures.append(f"{result.args[1:]} was not refused with a line that has: {sentence}\n{describe(result)}")


def check_misuse(program):
    failures = []
    for arguments, sentence in MISUSE:
        check_refusal(run([program], arguments, {}), sentence, failures)
    check_refusal(run([program], [], {"PINFOLD_GEN0_SIZE": "much"}), "gen0_size", failures)
    too_many = run([program], ["--connections", "100"], {}, limit_files=100)
    check_refusal(too_many, "hard limit (ulimit -Hn) is 100", failures)
    help_text = run([program], ["--help"], {})
    if help_text.returncode != 0 or "--connections" not in help_text.stdout:
        failures.append(f"--help does not help\n{describe(help_text)}")
    return failures


def check_figures(result, connections):
    """The run has to have been one that tests something."""
    failures = []
    lines = result.stdout.splitlines()
    passed = re.fullmatch(r"pinned-echo: passed: (\d+) connections served, (\d+) bytes in (\d+) lines echoed and "
                          r"verified", lines[-1] if lines else "")
    figures = re.search(r"(\d+) collections .* at most (\d+) pins at once, the oldest of (\d+) collections",
                        lines[-2] if len(lines) > 1 else "")
    if result.returncode != 0 or passed is None or figures is None:
        return ["the run did not pass"]
    if int(passed[1]) != connections or int(passed[2]) < connections or int(passed[3]) < connections:
        failures.append(f"the last line does not tell of {connections} connections")
    collections, pins, oldest = (int(figure) for figure in figures.groups())
    if collections < 2 or oldest < 1:
        failures.append("no collection met a pin")
    if pins < connections:
        failures.append(f"{connections} connections waited with {pins} pins only")
    return failures


def check_fallback(command, result):
    """Without io_uring the program says why it takes epoll, and when io_uring was asked for, why it does not start."""
    failures = []
    reason = "io_uring cannot be used here: Operation not permitted"
    if f"engine epoll; {reason}" not in result.stdout:
        failures.append("the first line does not tell of epoll instead of io_uring")
    check_refusal(run(command, ["--engine", "uring"], {}), reason, failures)
    return failures


def take_wrapper(words):
    """Removes --without-uring WRAPPER; returns the wrapper as a list."""
    if "--without-uring" not in words:
        return []
    place = words.index("--without-uring")
    wrapper = [words[place + 1]]
    del words[place : place + 2]
    return wrapper


def check_run(program, words):
    wrapper = take_wrapper(words)
    settings = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_0-9]+=", word))
    arguments = [word for word in words if not re.match(r"[A-Z_0-9]+=", word)]
    result = run([*wrapper, program], arguments, settings)
    print(describe(result))
    not_offered = "uring" in arguments and result.returncode == 2 and "io_uring cannot be used here" in result.stderr
    if not_offered or (wrapper and result.returncode == SKIPPED):
        sys.exit(SKIPPED)
    failures = check_figures(result, int(arguments[arguments.index("--connections") + 1]))
    if wrapper:
        failures += check_fallback([*wrapper, program], result)
    return failures


def main():
    program, words = os.path.abspath(sys.argv[1]), sys.argv[2:]
    failures = check_misuse(program) if words == ["--misuse"] else check_run(program, words)
    for failure in failures:
        print(f"FAILED {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
