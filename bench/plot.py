# SPDX-License-Identifier: MIT
"""A bar plot of a summary of run.py, as SVG text: time and peak memory of each system on each workload, relative to one
system, so that workloads of different lengths share an axis."""

from xml.sax.saxutils import escape

COLOURS = ["#20639b", "#ed9b40", "#8a8f98", "#3caea3", "#b5446e"]
BAR, GROUP_GAP, LEFT, PANEL, RIGHT, TOP = 16, 18, 120, 330, 40, 64


def relative(rows, name, base):
    """{(workload, system): value / base's value}; pairs without a value are left out."""
    values = {(row["workload"], row["system"]): row[name] for row in rows if row[name]}
    return {key: value / values[(key[0], base)] for key, value in values.items() if (key[0], base) in values}


def text(x, y, content, anchor="start", size=12, weight="normal"):
    form = '<text x="%.1f" y="%.1f" font-size="%d" font-weight="%s" text-anchor="%s">%s</text>'
    return form % (x, y, size, weight, anchor, escape(content))


def bar(x, y, width, colour, label):
    box = '<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>' % (x, y, max(width, 1), BAR - 3, colour)
    return box + text(x + max(width, 1) + 4, y + BAR - 6, label, size=10)


def legend(systems):
    parts = []
    for index, system in enumerate(systems):
        x = LEFT + 110 * index
        parts.append('<rect x="%d" y="12" width="12" height="12" fill="%s"/>' % (x, COLOURS[index % len(COLOURS)]))
        parts.append(text(x + 17, 22, system))
    return parts


def panel(x, title, values, workloads, systems):
    """Bars of one quantity; `values` as relative() gives them."""
    parts = [text(x, TOP - 14, title, weight="bold")]
    scale = (PANEL - 60) / max(values.values(), default=1)
    y = TOP
    for workload in workloads:
        for index, system in enumerate(systems):
            value = values.get((workload, system))
            if value is not None:
                parts.append(bar(x, y, value * scale, COLOURS[index % len(COLOURS)], "%.2f" % value))
            y += BAR
        y += GROUP_GAP
    one = x + scale
    parts.append('<line x1="%.1f" y1="%d" x2="%.1f" y2="%.1f" stroke="#444" stroke-dasharray="3,3"/>'
                 % (one, TOP - 6, one, y - GROUP_GAP + 4))
    return parts


def bars(rows, base):
    """The whole plot."""
    workloads = list(dict.fromkeys(row["workload"] for row in rows))
    systems = list(dict.fromkeys(row["system"] for row in rows))
    height = TOP + len(workloads) * (BAR * len(systems) + GROUP_GAP) + 10
    width = LEFT + 2 * PANEL + RIGHT
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif">' % (width, height),
             '<rect width="100%" height="100%" fill="white"/>']
    parts += legend(systems)
    for index, workload in enumerate(workloads):
        y = TOP + index * (BAR * len(systems) + GROUP_GAP) + BAR * len(systems) / 2 + 4
        parts.append(text(LEFT - 10, y, workload, anchor="end"))
    parts += panel(LEFT, "time, %s = 1" % base, relative(rows, "time_s", base), workloads, systems)
    parts += panel(LEFT + PANEL, "peak resident memory, %s = 1" % base, relative(rows, "rss_mib", base), workloads,
                   systems)
    return "\n".join(parts + ["</svg>", ""])
