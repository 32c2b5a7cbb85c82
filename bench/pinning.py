# SPDX-License-Identifier: MIT
"""What pins cost Pinfold in space: the four demotion runs of perfsim as a table, and a picture of the heap of
pinned-server with and without what keeps pins cheap. Called by run.py as --demotion and --heap-curve."""

import csv
import os
import statistics
import tempfile

import plot
from programs import EXIT_OUT_OF_MEMORY, RunError

MIB = 1 << 20
GIB = 1 << 30

DEMOTION_OPTIONS = ["-tc=2", "-tagb=50", "-tlgb=2", "-lohpi=0", "-sohsi=50", "-ramb=20", "-rlmb=2"]
DEMOTION_INTERVALS = [0, 50, 8, 5]  # every so manieth survivor is pinned; the first one is what the others compare with

VARIANTS = [
    ("as it is", {}),
    ("without demotion and segment reuse", {"PINFOLD_DEMOTION": "0", "PINFOLD_SEGMENT_REUSE": "0"}),
]


class Trace:
    """The heap right after each collection of one run, over what was asked for until then; one for each variant."""

    def __init__(self, label, points, ran_out):
        self.label = label
        self.points = points  # [(GiB asked for, MiB of heap)]
        self.ran_out = ran_out

    def legend(self):
        end = "; ran out of memory" if self.ran_out else ""
        if not self.points:
            return "%s (no collections%s)" % (self.label, end)
        return "%s (at most %.0f MiB%s)" % (self.label, max(size for _, size in self.points), end)


def run_demotion(bench, runs, report):
    """Records of perfsim in rounds, each with its -sohpi as "interval"."""
    records = []
    for round_number in range(runs):
        for interval in DEMOTION_INTERVALS:
            record = bench.run("pinfold", "perfsim", more=DEMOTION_OPTIONS + ["-sohpi=%d" % interval])
            record.update(round=round_number, interval=interval)
            records.append(record)
            report("[%d/%d] perfsim -sohpi %d: %.3f s" % (len(records), runs * len(DEMOTION_INTERVALS), interval,
                                                         record["cpu_s"]))
    return records


def demotion_ratio(records, interval):
    """Median over the rounds of the mean heap after collections, relative to the run without pins."""
    def sizes(wanted):
        return {r["round"]: r["heap_after_mean_bytes"] for r in records
                if r["interval"] == wanted and "heap_after_mean_bytes" in r}

    mine, base = sizes(interval), sizes(DEMOTION_INTERVALS[0])
    found = [mine[i] / base[i] for i in mine if i in base and base[i] > 0]
    return statistics.median(found) if found else None


def demotion_rows(records):
    rows = []
    for interval in DEMOTION_INTERVALS:
        mine = [record for record in records if record["interval"] == interval]
        row = {"interval": interval, "ratio": demotion_ratio(records, interval)}
        for name in ("pins", "heap_after_mean_bytes", "heap_after_max_bytes", "live_bytes", "cpu_s", "pause_p99_ms",
                     "gc0", "gc1", "gc2"):
            values = [record[name] for record in mine if name in record]
            row[name] = statistics.median(values) if values else None
        rows.append(row)
    return rows


def demotion_table(rows):
    def number(value, form, divisor=1):
        return "-" if value is None else form % (value / divisor)

    lines = ["| -sohpi | pins at the end | heap after collections, MiB | ratio | largest, MiB | live, MiB | time s | "
             "p99 ms | collections |",
             "|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        counts = "/".join(number(row[name], "%.0f") for name in ("gc0", "gc1", "gc2"))
        cells = ["%d" % row["interval"], number(row["pins"], "%.0f"),
                 number(row["heap_after_mean_bytes"], "%.1f", MIB), number(row["ratio"], "%.3f"),
                 number(row["heap_after_max_bytes"], "%.1f", MIB), number(row["live_bytes"], "%.1f", MIB),
                 number(row["cpu_s"], "%.3f"), number(row["pause_p99_ms"], "%.2f"), counts]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def differing_checksums(records):
    """A sentence when the runs did not do the same work: pins change nothing of it."""
    found = sorted({record["checksum"] for record in records})
    return ["the demotion runs have the checksums %s" % ", ".join(map(str, found))] if len(found) > 1 else []


def read_trace(lines):
    """[(GiB asked for, MiB of heap after the collection)] from the lines of a --trace file."""
    return [(float(row["asked_bytes"]) / GIB, float(row["after_bytes"]) / MIB) for row in csv.DictReader(lines)]


def trace_variant(bench, workload, label, environment):
    """A run that ends for want of memory is part of the picture; any other failure is passed on."""
    with tempfile.TemporaryDirectory() as directory:
        name = os.path.join(directory, "trace.csv")
        ran_out = False
        try:
            bench.run("pinfold", workload, more=["--trace=" + name], environment=environment)
        except RunError as error:
            if error.code != EXIT_OUT_OF_MEMORY:
                raise
            ran_out = True
        with open(name, encoding="utf-8") as file:
            return Trace(label, read_trace(file), ran_out)


def heap_curve(bench, workload, file_name, report):
    traces = []
    for label, environment in VARIANTS:
        report("%s, %s" % (workload, label))
        traces.append(trace_variant(bench, workload, label, environment))
    series = [(trace.legend(), trace.points) for trace in traces]
    title = "%s, scale %g: heap after each collection" % (workload, bench.scale)
    with open(file_name, "w", encoding="utf-8") as file:
        file.write(plot.curves(title, "allocated, GiB", "heap, MiB", series))
    for trace in traces:
        print(trace.legend())
