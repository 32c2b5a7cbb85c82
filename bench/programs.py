# SPDX-License-Identifier: MIT
"""The programs that run.py runs: where they are, how one is called, and what its line says."""

import os
import subprocess

# At scale 1, seed 42 and with the number of threads and the workload's own options at their defaults.
KNOWN_CHECKSUMS = {
    "gcbench": 524287,
    "binary-trees": 306883246,
    "alloc-die": 600000000,
    "lru-cache": 4998040,
    "loh-churn": 408638067,
    "pinned-server": 37912576,
    "buffer-pool": 932864,
    "blob-builder": 8402288807177607349,
    "image-writer": 12155172229777934080,
    "mt-gcbench": 262142,
    "larson": 16389533576149309907,
    "xmalloc": 494343907975296549,
    "mstress": 14859371034816713047,
    "perfsim": 214741501,
}

EXIT_ARGUMENTS = 2  # of a bench program: something it does not accept
EXIT_OUT_OF_MEMORY = 3  # at its heap limit, or the system's


class RunError(Exception):
    """A bench program failed, took too long or printed something else than a line."""

    def __init__(self, message, code=None):
        super().__init__(message)
        self.code = code


class RunTimeout(RunError):
    """A bench program took longer than it may."""


def time_name(record):
    """Threaded workloads are compared by the clock on the wall, with one thread as well as with many."""
    return "wall_s" if "threads" in record else "cpu_s"


def parse_value(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def parse_line(output):
    """The pairs of the last line that begins with workload=."""
    lines = [line for line in output.splitlines() if line.startswith("workload=")]
    if not lines:
        raise RunError("no line of results in: %r" % output[:200])
    pairs = {}
    for word in lines[-1].split():
        name, equals, value = word.partition("=")
        if not equals:
            raise RunError("%r is not a name=value pair" % word)
        pairs[name] = parse_value(value)
    return pairs


def run_program(command, timeout, environment=None):
    """Standard output of one run. An interrupt or a timeout ends this child and nothing else."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             env={**os.environ, **(environment or {})})
    try:
        output, errors = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise RunTimeout("%s took more than %g s" % (" ".join(command), timeout)) from None
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    if child.returncode != 0:
        reason = errors.strip().splitlines()[-1:] or ["exit code %d" % child.returncode]
        raise RunError("%s: %s" % (" ".join(command), reason[0]), child.returncode)
    return output


class Bench:
    """Where the programs are and what every run of them has in common. `threads` is for threaded workloads; None
    leaves them to the programs."""

    def __init__(self, build, scale=1.0, seed=42, threads=None, timeout=600, options=None,
                 environment=None):
        directory = os.path.join(build, "bench")
        self.directory = directory if os.path.isdir(directory) else build
        self.scale = scale
        self.seed = seed
        self.threads = threads
        self.timeout = timeout
        self.options = options or {}
        self.environment = environment or {}
        self.threaded = {}  # system: its threaded workloads, once asked for

    def program(self, system):
        return os.path.join(self.directory, "bench-" + system)

    def has(self, system):
        return os.access(self.program(system), os.X_OK)

    def workloads(self, system):
        return run_program([self.program(system), "--list"], 20).split()

    def is_threaded(self, system, workload):
        if system not in self.threaded:
            self.threaded[system] = run_program([self.program(system), "--list-threaded"], 20).split()
        return workload in self.threaded[system]

    def limits_heap(self, system):
        return "--heap-limit" in run_program([self.program(system), "--help"], 20)

    def command(self, system, workload, heap_limit=None):
        command = [self.program(system), workload, "--scale=%g" % self.scale, "--seed=%d" % self.seed]
        if self.threads is not None and self.is_threaded(system, workload):
            command.append("--threads=%d" % self.threads)
        if heap_limit is not None:
            command.append("--heap-limit=%d" % heap_limit)
        return command + self.options.get(workload, [])

    def run(self, system, workload, heap_limit=None, more=(), environment=None, timeout=None):
        command = self.command(system, workload, heap_limit) + list(more)
        return parse_line(run_program(command, timeout or self.timeout, {**self.environment, **(environment or {})}))

    def known_checksum(self, workload):
        ordinary = (self.scale == 1 and self.seed == 42 and self.threads is None and
                    not self.options.get(workload))
        return KNOWN_CHECKSUMS.get(workload) if ordinary else None
