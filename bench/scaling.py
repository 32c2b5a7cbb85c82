# SPDX-License-Identifier: MIT
"""How much faster several threads are than one at the same total work: mt-gcbench, whose --instances are divided among
the threads. Called by run.py as --scaling."""

import statistics

WORKLOAD = "mt-gcbench"
THREADS = 2


def run_scaling(bench, systems, threads, runs, report):
    """Records of all systems with 1 and `threads` threads, in rounds."""
    records = []
    for round_number in range(runs):
        for system in systems:
            for count in (1, threads):
                record = bench.run(system, WORKLOAD, more=["--threads=%d" % count, "--instances=%d" % threads])
                record["round"] = round_number
                records.append(record)
                report("[%d/%d] %s %s with %d: %.3f s" % (len(records), runs * len(systems) * 2, WORKLOAD, system,
                                                         count, record["wall_s"]))
    return records


def wall_times(records, system, threads):
    return {r["round"]: r["wall_s"] for r in records if (r["system"], r["threads"]) == (system, threads)}


def median_ratio(one, other):
    """Median of the rounds' ratios; None without a round that has both."""
    found = [one[i] / other[i] for i in one if other.get(i)]
    return statistics.median(found) if found else None


def median(records, system, threads, name):
    found = [r[name] for r in records if (r["system"], r["threads"]) == (system, threads) and name in r]
    return statistics.median(found) if found else None


def scaling_rows(records, systems, threads):
    """One row a system; "speedup" is its rate with all threads over that with one, "ratio" the time of the first system
    over its own, both with all threads."""
    rows = []
    for system in systems:
        one, many = wall_times(records, system, 1), wall_times(records, system, threads)
        row = {"system": system, "one_s": median(records, system, 1, "wall_s"),
               "many_s": median(records, system, threads, "wall_s"), "speedup": median_ratio(one, many),
               "ratio": median_ratio(wall_times(records, systems[0], threads), many)}
        for name in ("cpu_s", "pause_total_ms", "pause_p99_ms", "stop_p99_us", "rss_kib"):
            row[name] = median(records, system, threads, name)
        rows.append(row)
    return rows


def scaling_table(rows, systems, threads):
    def number(value, form, divisor=1):
        return "-" if value is None else form % (value / divisor)

    lines = ["| system | 1 thread, s | %d threads, s | speedup | %s/it | cpu s | gc ms | p99 ms | stop p99 us | rss MiB |"
             % (threads, systems[0]), "|---" * 10 + "|"]
    for row in rows:
        cells = [row["system"], number(row["one_s"], "%.3f"), number(row["many_s"], "%.3f"),
                 number(row["speedup"], "%.2f"), number(row["ratio"], "%.2f"), number(row["cpu_s"], "%.3f"),
                 number(row["pause_total_ms"], "%.0f"), number(row["pause_p99_ms"], "%.2f"),
                 number(row["stop_p99_us"], "%.0f"), number(row["rss_kib"], "%.1f", 1024)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
