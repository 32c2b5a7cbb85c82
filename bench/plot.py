# SPDX-License-Identifier: MIT
"""Plots as SVG text. bars: a summary of run.py, time and peak memory of each system on each workload, relative to one
system, so that workloads of different lengths share an axis. curves: quantities over another, from (0, 0) on."""

import math

from xml.sax.saxutils import escape

COLOURS = ["#20639b", "#ed9b40", "#8a8f98", "#3caea3", "#b5446e"]
BAR, GROUP_GAP, LEFT, PANEL, RIGHT, TOP = 16, 18, 120, 330, 40, 64


def relative(rows, name, base):
    """{(workload, system): value / base's value}; pairs without a value are left out."""
    values = {(row["workload"], row["system"]): row[name] for row in rows if row[name]}
    return {key: value / values[(key[0], base)] for key, value in values.items() if (key[0], base) in values}


CURVE_LEFT, CURVE_TOP, CURVE_WIDTH, CURVE_HEIGHT, CURVE_POINTS = 70, 40, 620, 300, 300


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


def tick_step(largest):
    """A round number that divides 0 .. largest into at most eight parts."""
    power = 10.0 ** math.floor(math.log10(largest / 8))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor * 8 >= largest)


def thin(points, limit=CURVE_POINTS):
    """At most `limit` points: of neighbours, the highest stays."""
    step = max(1, math.ceil(len(points) / limit))
    return [max(points[at:at + step], key=lambda point: point[1]) for at in range(0, len(points), step)]


def axes(x_largest, y_largest, x_title, y_title):
    """Grid and ticks; (0, 0) is the lower left corner."""
    parts = []
    bottom, right = CURVE_TOP + CURVE_HEIGHT, CURVE_LEFT + CURVE_WIDTH
    line = '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#ddd"/>'
    for at in range(int(y_largest / tick_step(y_largest)) + 1):
        y = bottom - CURVE_HEIGHT * at * tick_step(y_largest) / y_largest
        parts += [line % (CURVE_LEFT, y, right, y), text(CURVE_LEFT - 6, y + 4, "%g" % (at * tick_step(y_largest)), "end")]
    for at in range(int(x_largest / tick_step(x_largest)) + 1):
        x = CURVE_LEFT + CURVE_WIDTH * at * tick_step(x_largest) / x_largest
        parts += [line % (x, CURVE_TOP, x, bottom), text(x, bottom + 16, "%g" % (at * tick_step(x_largest)), "middle")]
    parts.append(text(right, bottom + 34, x_title, "end"))
    parts.append(text(8, CURVE_TOP - 10, y_title))
    return parts


def curves(title, x_title, y_title, series):
    """`series` is [(label, [(x, y)])] with numbers from 0 on."""
    x_largest = max((x for _, points in series for x, _ in points), default=1) or 1
    y_largest = max((y for _, points in series for _, y in points), default=1) * 1.05 or 1
    height = CURVE_TOP + CURVE_HEIGHT + 50 + 20 * len(series)
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif">'
             % (CURVE_LEFT + CURVE_WIDTH + 30, height), '<rect width="100%" height="100%" fill="white"/>',
             text(CURVE_LEFT, 20, title, weight="bold")]
    parts += axes(x_largest, y_largest, x_title, y_title)
    for index, (label, points) in enumerate(series):
        colour = COLOURS[index % len(COLOURS)]
        places = " ".join("%.1f,%.1f" % (CURVE_LEFT + CURVE_WIDTH * x / x_largest,
                                         CURVE_TOP + CURVE_HEIGHT * (1 - y / y_largest)) for x, y in thin(points))
        parts.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"/>' % (places, colour))
        y = CURVE_TOP + CURVE_HEIGHT + 44 + 20 * index
        parts.append('<rect x="%d" y="%d" width="12" height="12" fill="%s"/>' % (CURVE_LEFT, y, colour))
        parts.append(text(CURVE_LEFT + 18, y + 10, label))
    return "\n".join(parts + ["</svg>", ""])
