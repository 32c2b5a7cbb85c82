# SPDX-License-Identifier: MIT
"""The smallest heap in which a workload runs, and what systems take at multiples of it. Called by run.py as --min-heap
and --heap-multiples.

A collector buys time with memory, so systems are compared in heaps of equal size, and sizes mean something only against
the smallest that suffices: that of the system that needs least."""

import statistics

from programs import EXIT_OUT_OF_MEMORY, RunError, RunTimeout, time_name

MIB = 1 << 20
FIRST_HEAP = 2 * MIB  # no collector opens much below this; the search begins here
LARGEST_HEAP = 1 << 40
PATIENCE_S, PATIENCE_FACTOR = 5, 20  # a limit at which a run takes longer than this, and this many times as long as
                                     # without a limit, is too small: the end of such a run is not worth waiting for


def smallest(low, high, works, tolerance=0.01):
    """Smallest size in (low, high] that works, to a relative tolerance; `low` does not and `high` does."""
    while high - low > max(1, int(high * tolerance)):
        middle = (low + high) // 2
        if works(middle):
            high = middle
        else:
            low = middle
    return high


def failure_at(bench, system, workload, limit, expected, patience):
    """Why a run in a heap of `limit` bytes is not one to the end, or None. Whatever has other reasons than the heap's
    size, a wrong checksum above all, is raised."""
    try:
        line = bench.run(system, workload, limit, timeout=patience)
    except RunTimeout:
        return "takes more than %.0f s" % patience
    except RunError as error:
        if error.code != EXIT_OUT_OF_MEMORY:
            raise
        return "is too little"
    if line["checksum"] != expected:
        raise RunError("%s on %s in %d bytes: the checksum is %s, and without a limit it is %s" %
                       (workload, system, limit, line["checksum"], expected))
    return None


def find_min_heap(bench, system, workload, report):
    """The smallest --heap-limit with which the workload runs to its end, with the checksum it has without, in bytes."""
    unlimited = bench.run(system, workload)
    patience = min(bench.timeout, PATIENCE_S + PATIENCE_FACTOR * unlimited["wall_s"])

    def works(limit):
        failure = failure_at(bench, system, workload, limit, unlimited["checksum"], patience)
        report("%s %s: %.1f MiB %s" % (workload, system, limit / MIB, failure or "is enough"))
        return failure is None

    high = FIRST_HEAP
    while not works(high):
        high *= 2
        if high > LARGEST_HEAP:
            raise RunError("%s on %s does not run in any heap" % (workload, system))
    return high if high == FIRST_HEAP else smallest(high // 2, high, works)


def run_at_multiples(bench, systems, workload, smallest_heap, multiples, runs, report):
    """Records in rounds; one whose run ended out of memory, or not at all, has `failure` and no figures."""
    records = []
    for round_number in range(runs):
        for multiple in multiples:
            for system in systems:
                limit = int(multiple * smallest_heap)
                record = {"workload": workload, "system": system}
                try:
                    record = bench.run(system, workload, limit)
                except RunTimeout:
                    record["failure"] = "too slow"
                except RunError as error:
                    if error.code != EXIT_OUT_OF_MEMORY:
                        raise
                    record["failure"] = "out of memory"
                record.update(round=round_number, multiple=multiple, heap_limit=limit)
                records.append(record)
                report("%s %s in %.1f MiB (%g times the smallest heap): %s" % (
                    workload, system, limit / MIB, multiple,
                    record.get("failure") or "%.3f s" % record[time_name(record)]))
    return records


def multiple_rows(records, base):
    """One row a workload, multiple and system, in order of appearance: medians, and base's time over this system's,
    round by round."""
    rows = []
    for key in dict.fromkeys((r["workload"], r["multiple"], r["system"]) for r in records):
        workload, multiple, system = key
        mine = [r for r in records if (r["workload"], r["multiple"], r["system"]) == key]
        row = {"workload": workload, "multiple": multiple, "system": system, "heap_limit": mine[0]["heap_limit"]}
        row["failure"] = next((r["failure"] for r in mine if "failure" in r), None)
        if row["failure"] is None:
            its = times(records, workload, multiple, base)
            pairs = [its[r["round"]] / r[time_name(r)] for r in mine if r["round"] in its and r[time_name(r)] > 0]
            row["clock"] = time_name(mine[0])[:-len("_s")]
            row["time_s"] = statistics.median(r[time_name(r)] for r in mine)
            row["ratio"] = statistics.median(pairs) if pairs else None
            row["rss_mib"] = statistics.median(r["rss_kib"] for r in mine) / 1024
            for name in ("pause_total_ms", "pause_max_ms"):
                found = [r[name] for r in mine if name in r]
                row[name] = statistics.median(found) if found else None
        rows.append(row)
    return rows


def times(records, workload, multiple, system):
    return {r["round"]: r[time_name(r)] for r in records
            if (r["workload"], r["multiple"], r["system"]) == (workload, multiple, system) and "failure" not in r}


def multiple_table(rows, base):
    def number(value, form):
        return "-" if value is None else form % value

    lines = ["| workload | smallest heap x | heap MiB | system | clock | time s | %s/it | gc ms | max ms | rss MiB |" % base,
             "|---" * 10 + "|"]
    for row in rows:
        head = [row["workload"], "%g" % row["multiple"], "%.1f" % (row["heap_limit"] / MIB), row["system"]]
        if row["failure"] is not None:
            cells = ["-", row["failure"]] + ["-"] * 4
        else:
            cells = [row["clock"], number(row["time_s"], "%.3f"), number(row["ratio"], "%.2f"),
                     number(row["pause_total_ms"], "%.0f"), number(row["pause_max_ms"], "%.2f"),
                     number(row["rss_mib"], "%.1f")]
        lines.append("| " + " | ".join(head + cells) + " |")
    return "\n".join(lines)


def parse_multiples(text):
    """"1.5,2,3" -> [1.5, 2.0, 3.0]"""
    try:
        multiples = [float(word) for word in text.split(",")]
    except ValueError:
        multiples = []
    if not multiples or not all(1 <= multiple <= 1000 for multiple in multiples):
        raise ValueError("--heap-multiples %s: expected numbers from 1 to 1000, as in 1.5,2,3" % text)
    return multiples
