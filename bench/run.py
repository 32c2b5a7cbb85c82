#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs workloads on systems, interleaved and several times, and prints medians and ratios.

    bench/run.py --build build/release --systems pinfold,bdwgc,malloc,mimalloc --runs 5

Interleaved: round 1 runs every system on every workload, then round 2, and so on, so that a machine that gets slower
for a while slows all systems. A ratio is the median of the rounds' ratios, each taken inside one round. Exit code 1
when a run failed or a checksum differs between systems or from the known one; 2 for wrong arguments.
"""

import argparse
import json
import os
import statistics
import sys

sys.dont_write_bytecode = True  # the source tree stays clean
import image_limit  # noqa: E402
import limits  # noqa: E402
import pinning  # noqa: E402
import plot  # noqa: E402
import scaling  # noqa: E402
from programs import Bench, RunError, time_name  # noqa: E402

SYSTEMS = ["pinfold", "bdwgc", "malloc", "mimalloc"]


def parse_workload_options(texts):
    """["gcbench:depth=12"] -> {"gcbench": ["--depth=12"]}"""
    options = {}
    for text in texts:
        workload, colon, setting = text.partition(":")
        if not colon or "=" not in setting:
            raise ValueError("--with %s: expected WORKLOAD:NAME=VALUE" % text)
        options.setdefault(workload, []).append("--" + setting)
    return options


def parse_environment(texts):
    """["PINFOLD_DEMOTION=0"] -> {"PINFOLD_DEMOTION": "0"}"""
    pairs = [text.partition("=") for text in texts]
    for text, (name, equals, _) in zip(texts, pairs):
        if not name or not equals:
            raise ValueError("--env %s: expected NAME=VALUE" % text)
    return {name: value for name, _, value in pairs}


def progress(text):
    print(text, file=sys.stderr, flush=True)


def measure(bench, plan, runs, report=progress):
    """plan: [(workload, system)]. Returns [record] and [error]; a record is a line's pairs and its round."""
    records, errors = [], []
    total = runs * len(plan)
    for round_number in range(runs):
        for at, (workload, system) in enumerate(plan):
            done = round_number * len(plan) + at + 1
            try:
                record = bench.run(system, workload)
            except RunError as error:
                errors.append(str(error))
                report("[%d/%d] %s" % (done, total, error))
                continue
            record["round"] = round_number
            records.append(record)
            report("[%d/%d] %s %s: %.3f s" % (done, total, workload, system, record[time_name(record)]))
    return records, errors


def check_checksums(records, known):
    """Sentences about checksums that are not what they should be. known(workload) is a number or None. A run that did
    as much as its time allowed says comparable=no, and counts for nothing here."""
    complaints = []
    by_workload = {}
    for record in (record for record in records if record.get("comparable") != "no"):
        by_workload.setdefault(record["workload"], {}).setdefault(record["checksum"], set()).add(record["system"])
    for workload, found in by_workload.items():
        if len(found) > 1:
            texts = ["%s on %s" % (checksum, ", ".join(sorted(systems))) for checksum, systems in found.items()]
            complaints.append("%s: the checksums differ: %s" % (workload, "; ".join(texts)))
        expected = known(workload)
        for checksum, systems in found.items():
            if expected is not None and checksum != expected:
                text = "%s: the checksum is %s on %s, and should be %s"
                complaints.append(text % (workload, checksum, ", ".join(sorted(systems)), expected))
    return complaints


def ratios(records, workload, system, base):
    """system/base in time, round by round."""
    def times(name):
        return {r["round"]: r[time_name(r)] for r in records if r["workload"] == workload and r["system"] == name}

    mine, its = times(system), times(base)
    return [mine[i] / its[i] for i in sorted(mine) if i in its and its[i] > 0]


def median_of(records, name):
    values = [record[name] for record in records if name in record]
    return statistics.median(values) if values else None


def summarise(records, base):
    """One row a workload and system, in order of appearance: medians, and base's time over this system's."""
    keys = list(dict.fromkeys((record["workload"], record["system"]) for record in records))
    rows = []
    for workload, system in keys:
        mine = [r for r in records if (r["workload"], r["system"]) == (workload, system)]
        pairs = ratios(records, workload, base, system)
        row = {"workload": workload, "system": system, "runs": len(mine)}
        row["clock"] = time_name(mine[0])[:-len("_s")]
        row["threads"] = mine[0].get("threads")
        row["time_s"] = median_of(mine, time_name(mine[0]))
        row["ratio"] = statistics.median(pairs) if pairs else None
        row["rss_mib"] = median_of(mine, "rss_kib") / 1024
        for name in ("pause_p99_ms", "pause_max_ms", "pause_total_ms", "gc0", "gc1", "gc2"):
            row[name] = median_of(mine, name)
        for name in mine[0]:
            if name.startswith("pause_") and name.endswith("_percent_ms"):
                row[name] = median_of(mine, name)
        rows.append(row)
    return rows


def cell(value, form):
    return "-" if value is None else form % value


def format_table(rows, base):
    heads = ["workload", "system", "threads", "clock", "time s", base + "/it", "rss MiB", "p99 ms", "max ms", "gc ms", "collections"]
    lines = [heads]
    for row in rows:
        counts = [row[name] for name in ("gc0", "gc1", "gc2") if row[name] is not None]
        lines.append([
            row["workload"], row["system"], cell(row["threads"], "%d"), row["clock"],
            cell(row["time_s"], "%.3f"), cell(row["ratio"], "%.2f"),
            cell(row["rss_mib"], "%.1f"), cell(row["pause_p99_ms"], "%.2f"), cell(row["pause_max_ms"], "%.2f"),
            cell(row["pause_total_ms"], "%.0f"), "/".join("%.0f" % count for count in counts) or "-"])
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    lines.insert(1, ["-" * width for width in widths])
    text = []
    for line in lines:
        cells = [value.ljust(width) if column < 2 else value.rjust(width)
                 for column, (value, width) in enumerate(zip(line, widths))]
        text.append("| " + " | ".join(cells) + " |")
    return "\n".join(text)


def format_survival(rows):
    """The survival workload's own figures, where there are any."""
    lines = []
    for row in rows:
        own = [(name, value) for name, value in row.items() if name.endswith("_percent_ms")]
        if own:
            texts = ["%s %%: %.3f ms" % (name[len("pause_"):-len("_percent_ms")], value) for name, value in own]
            lines.append("%s on %s, median pause by survival: %s" % (row["workload"], row["system"], ", ".join(texts)))
    return "\n".join(lines)


def print_min_heaps(bench, plan):
    failed = False
    for workload, system in plan:
        if not bench.limits_heap(system):
            print("%-13s %-9s has no heap limit that could be lowered" % (workload, system))
            continue
        try:
            heap = limits.find_min_heap(bench, system, workload, progress)
            print("%-13s %-9s %.1f MiB" % (workload, system, heap / limits.MIB), flush=True)
        except RunError as error:
            failed = True
            print("%-13s %-9s %s" % (workload, system, error))
    return 1 if failed else 0


def compare_at_multiples(bench, plan, arguments, base):
    """Workload by workload: the smallest heap of any system, then all systems at its multiples."""
    records = []
    for workload in dict.fromkeys(name for name, _ in plan):
        systems = [system for name, system in plan if name == workload and bench.limits_heap(system)]
        if not systems:
            progress("%s: no system of this run has a heap limit" % workload)
            continue
        heap = min(limits.find_min_heap(bench, system, workload, progress) for system in systems)
        records += limits.run_at_multiples(bench, systems, workload, heap, arguments.heap_multiples, arguments.runs,
                                           progress)
    rows = limits.multiple_rows(records, base)
    complaints = check_checksums([record for record in records if "failure" not in record], bench.known_checksum)
    if not rows:
        complaints.append("nothing was compared")
    else:
        print(limits.multiple_table(rows, base))
    return finish(arguments, records, rows, complaints)


def compare_image_limits(bench, systems, arguments):
    rows = image_limit.image_limit_rows(bench, systems, arguments.image_limit, progress)
    print(image_limit.image_limit_table(rows))
    return finish(arguments, [], rows, [])


def make_plan(bench, systems, workloads):
    """[(workload, system)] of what the programs offer; `workloads` None means all."""
    offers = {system: bench.workloads(system) for system in systems}
    names = workloads or list(dict.fromkeys(name for offer in offers.values() for name in offer))
    unknown = [name for name in names if not any(name in offer for offer in offers.values())]
    if unknown:
        raise ValueError("no system has the workload %s" % ", ".join(unknown))
    return [(name, system) for name in names for system in systems if name in offers[system]]


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/release", help="build directory (%(default)s)")
    parser.add_argument("--systems", help="comma list; default: all that were built, of " + ", ".join(SYSTEMS))
    parser.add_argument("--workloads", help="comma list; default: all")
    parser.add_argument("--runs", type=int, default=3, help="rounds (%(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="amount of work (%(default)s)")
    parser.add_argument("--seed", type=int, default=42, help="of the random numbers (%(default)s)")
    parser.add_argument("--threads", type=int, help="of threaded workloads; the others run as ever (each its own)")
    parser.add_argument("--timeout", type=float, default=600, help="seconds a run may take (%(default)s)")
    parser.add_argument("--with", dest="options", action="append", default=[], metavar="WORKLOAD:NAME=VALUE",
                        help="an option of one workload, as in gcbench:depth=12")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE",
                        help="a variable for the programs, as in PINFOLD_DEMOTION=0")
    parser.add_argument("--json", metavar="FILE", help="write every run and the summary")
    parser.add_argument("--svg", metavar="FILE", help="write a bar plot of time and memory")
    parser.add_argument("--min-heap", action="store_true", help="find the smallest heap limit that suffices, instead")
    parser.add_argument("--heap-multiples", metavar="X,Y,...",
                        help="compare systems with a heap limit at these multiples of the smallest heap, instead")
    parser.add_argument("--image-limit", metavar="SIZE",
                        help="find the largest image that image-writer can write in so much address space, instead")
    parser.add_argument("--demotion", action="store_true",
                        help="the four demotion runs of perfsim on pinfold, instead; --scale 0.1 for small machines")
    parser.add_argument("--heap-curve", metavar="FILE", help="plot the heap of pinned-server, or of the one workload "
                        "that --workloads names, with and without demotion and segment reuse, instead")
    parser.add_argument("--scaling", action="store_true",
                        help="mt-gcbench with the same total work on one thread and on --threads (%d), instead"
                        % scaling.THREADS)
    parsed = parser.parse_args(arguments)
    if parsed.runs < 1:
        parser.error("--runs must be at least 1")
    if parsed.threads is not None and parsed.threads < 1:
        parser.error("--threads must be at least 1")
    try:
        parsed.options = parse_workload_options(parsed.options)
        parsed.env = parse_environment(parsed.env)
        if parsed.heap_multiples is not None:
            parsed.heap_multiples = limits.parse_multiples(parsed.heap_multiples)
        if parsed.image_limit is not None:
            parsed.image_limit = image_limit.parse_size(parsed.image_limit)
    except ValueError as error:
        parser.error(str(error))
    return parser, parsed


def chosen_systems(parser, bench, text):
    if text is None:
        systems = [system for system in SYSTEMS if bench.has(system)]
        if not systems:
            parser.error("there is no bench program in %s" % bench.directory)
        return systems
    systems = text.split(",")
    for system in systems:
        if not bench.has(system):
            parser.error("%s has not been built" % bench.program(system))
    return systems


def compare(bench, plan, arguments, base):
    records, errors = measure(bench, plan, arguments.runs)
    rows = summarise(records, base)
    complaints = errors + check_checksums(records, bench.known_checksum)
    if rows:
        print(format_table(rows, base))
    if format_survival(rows):
        print("\n" + format_survival(rows))
    if arguments.svg and rows:
        with open(arguments.svg, "w", encoding="utf-8") as file:
            file.write(plot.bars(rows, base))
    return finish(arguments, records, rows, complaints)


def finish(arguments, records, rows, complaints):
    """The end of every comparison: what was asked for in a file, what is wrong on standard error; the exit code."""
    if arguments.json:
        write_json(arguments.json, records, rows, complaints)
    for complaint in complaints:
        progress("error: " + complaint)
    return 1 if complaints else 0


def write_json(name, records, rows, complaints):
    with open(name, "w", encoding="utf-8") as file:
        json.dump({"runs": records, "summary": rows, "complaints": complaints}, file, indent=1)


def compare_demotion(bench, arguments):
    records = pinning.run_demotion(bench, arguments.runs, progress)
    rows = pinning.demotion_rows(records)
    complaints = pinning.differing_checksums(records)
    print(pinning.demotion_table(rows))
    return finish(arguments, records, rows, complaints)


def compare_scaling(bench, systems, arguments):
    threads = arguments.threads or scaling.THREADS
    records = scaling.run_scaling(bench, systems, threads, arguments.runs, progress)
    rows = scaling.scaling_rows(records, systems, threads)
    complaints = check_checksums(records, lambda workload: None)
    print(scaling.scaling_table(rows, systems, threads))
    return finish(arguments, records, rows, complaints)


def draw_heap_curve(parser, bench, arguments):
    workload = arguments.workloads or "pinned-server"
    if workload not in bench.workloads("pinfold"):
        parser.error("--heap-curve draws one workload of pinfold, not %s" % workload)
    pinning.heap_curve(bench, workload, arguments.heap_curve, progress)
    return 0


def main(argv):
    parser, arguments = parse_arguments(argv)
    threads = None if arguments.scaling else arguments.threads  # scaling sets its own
    bench = Bench(arguments.build, arguments.scale, arguments.seed, threads, arguments.timeout,
                  arguments.options, arguments.env)
    if arguments.demotion or arguments.heap_curve:
        chosen_systems(parser, bench, "pinfold")
        return (compare_demotion(bench, arguments) if arguments.demotion
                else draw_heap_curve(parser, bench, arguments))
    systems = chosen_systems(parser, bench, arguments.systems)
    if arguments.scaling:
        return compare_scaling(bench, systems, arguments)
    if arguments.image_limit:
        return compare_image_limits(bench, systems, arguments)
    try:
        plan = make_plan(bench, systems, arguments.workloads.split(",") if arguments.workloads else None)
    except ValueError as error:
        parser.error(str(error))
    for name in set(arguments.options) - {workload for workload, _ in plan}:
        parser.error("--with names %s, which is not among the workloads of this run" % name)
    if arguments.min_heap:
        return print_min_heaps(bench, plan)
    base = "pinfold" if "pinfold" in systems else systems[0]
    if arguments.heap_multiples:
        return compare_at_multiples(bench, plan, arguments, base)
    return compare(bench, plan, arguments, base)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except RunError as failure:
        sys.exit("error: %s" % failure)
    except KeyboardInterrupt:
        sys.exit(130)
