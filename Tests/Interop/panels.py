"""Draws a dashboard of Dashboards/ as one SVG picture from what Prometheus answers; light or dark as the reader's page."""

import math
import re
from html import escape

from prometheus import fill

WIDTH, CELL, ROW, GAP = 1200, 50, 26, 8
# Distinguishable side by side, with enough contrast on white and on black.
COLOURS = ["#3b82d6", "#e0752d", "#3f9e4d", "#c64b8c", "#8a63d2", "#b8901c", "#1f9ba3", "#d64545", "#7a7f87", "#5f8f1e"]
LEVELS = {"green": "#3f9e4d", "orange": "#d97a1e", "red": "#d64545", "transparent": "none"}
STYLE = """
  .page { fill: #f4f5f7 } .card { fill: #ffffff; stroke: #dfe2e6 } .line { stroke: #e6e8eb } .text { fill: #22262b }
  .soft { fill: #666d76 } .track { fill: #eceef1 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #111417 } .card { fill: #181c20; stroke: #2b3036 } .line { stroke: #2b3036 } .text { fill: #dfe3e8 }
    .soft { fill: #98a1ab } .track { fill: #272c32 }
  }
  text { font-family: "Helvetica Neue", Arial, "Liberation Sans", sans-serif; font-size: 12px }
"""


def number(value, unit):
    """A value as people read it."""
    if math.isnan(value):
        return "–"
    if unit == "percentunit":
        return f"{100 * value:.3g} %"
    if unit == "s":
        return _seconds(value)
    if unit == "bytes":
        return f"{value / 2 ** 20:.3g} MiB"
    word = {"cpm": " /min", "reqps": " /s", "pps": " /s"}.get(unit, "")
    return (f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}") + word


def _seconds(value):
    if value == 0:
        return "0 s"
    if value < 1e-3:
        return f"{1e6 * value:.3g} µs"
    if value < 1:
        return f"{1e3 * value:.3g} ms"
    if value < 120:
        return f"{value:.3g} s"
    return f"{value / 60:.3g} min" if value < 2 * 86400 else f"{value / 86400:.3g} d"


def legend(form, labels, title):
    for name, value in labels.items():
        form = form.replace("{{" + name + "}}", value)
    return re.sub(r"{{\w+}}", "", form).strip() or title


def ceiling(value):
    """The next round number."""
    if value <= 0:
        return 1
    step = 10 ** math.floor(math.log10(value))
    return next(step * factor for factor in (1, 2, 2.5, 5, 10) if value <= step * factor * 1.0001)


class Picture:
    """One dashboard in the making; `start` and `end` bound the time that is shown."""

    def __init__(self, board, prometheus, start, end):
        self.board, self.prometheus, self.start, self.end = board, prometheus, start, end
        self.parts = []

    def draw(self):
        """The picture as text."""
        top, height = self._tops()
        for panel in self.board["panels"]:
            place = panel["gridPos"]
            x, y = place["x"] * CELL, top(place["y"])
            if panel["type"] == "row":
                self.text(x + GAP, y + 18, panel["title"], size=14, weight=600)
            else:
                box = (x + GAP / 2, y + GAP / 2, place["w"] * CELL - GAP, place["h"] * ROW - GAP)
                self._card(panel, box)
        body = "\n".join(self.parts)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
                f'height="{height:.0f}" role="img" aria-label="{escape(self.board["title"])}">\n<style>{STYLE}</style>\n'
                f'<rect class="page" width="{WIDTH}" height="{height:.0f}"/>\n{body}\n</svg>\n')

    def _tops(self):
        """Where a row of the grid begins, and the height of all."""
        title = 34
        self.text(GAP, 23, self.board["title"], size=17, weight=600)
        bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in self.board["panels"])
        return (lambda y: title + y * ROW), title + bottom * ROW + GAP / 2

    def _card(self, panel, box):
        x, y, width, height = box
        self.parts.append(f'<rect class="card" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="4"/>')
        self.text(x + 10, y + 18, panel["title"], weight=600)
        {"stat": self._stat, "bargauge": self._bars, "timeseries": self._graph}[panel["type"]](panel, box)

    def text(self, x, y, text, size=12, weight=400, anchor="start", kind="text", colour=None):
        paint = f'fill="{colour}"' if colour else f'class="{kind}"'
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" {paint} font-weight="{weight}" text-anchor="{anchor}" '
                          f'style="font-size:{size}px">{escape(text)}</text>')

    # Panels

    def _now(self, panel):
        target = panel["targets"][0]
        for labels, value in self.prometheus.now(fill(target["expr"])):
            yield legend(target["legendFormat"], labels, panel["title"]), value

    def _stat(self, panel, box):
        x, y, width, height = box
        defaults = panel["fieldConfig"]["defaults"]
        value = next((value for _, value in self._now(panel)), math.nan)
        self.text(x + width / 2, y + height / 2 + 22, number(value, defaults["unit"]), size=28, weight=600,
                   anchor="middle", colour=_level(defaults, value))

    def _bars(self, panel, box):
        x, y, width, height = box
        defaults = panel["fieldConfig"]["defaults"]
        rows = sorted(self._now(panel), key=lambda row: (-row[1], row[0]))[:10]
        most = max((value for _, value in rows), default=1) or 1
        step = min(24, (height - 30) / max(1, len(rows)))
        for index, (name, value) in enumerate(rows):
            top = y + 28 + index * step
            self.text(x + 10, top + step / 2 + 4, _short(name, width * 0.5 / 6.2))
            left, room = x + width * 0.55, width * 0.45 - 80
            self.parts.append(f'<rect class="track" x="{left:.1f}" y="{top + 4:.1f}" width="{room:.1f}" height="{step - 8:.1f}"/>')
            self.parts.append(f'<rect x="{left:.1f}" y="{top + 4:.1f}" width="{max(0, room * value / most):.1f}" '
                              f'height="{step - 8:.1f}" fill="{_level(defaults, value)}"/>')
            self.text(x + width - 10, top + step / 2 + 4, number(value, defaults["unit"]), anchor="end")

    def _graph(self, panel, box):
        defaults = panel["fieldConfig"]["defaults"]
        stacked = "stacking" in defaults["custom"]
        step = max(1, round((self.end - self.start) / 110))
        courses = []
        for target in panel["targets"]:
            for labels, points in self.prometheus.course(fill(target["expr"]), self.start, self.end, step):
                courses.append((legend(target["legendFormat"], labels, panel["title"]),
                                {at: value for at, value in points if not math.isnan(value)}))
        Plot(self, box, defaults, sorted(courses), stacked).draw()


class Plot:
    """The courses of a graph's series within its card."""

    def __init__(self, picture, box, defaults, courses, stacked):
        self.picture, self.defaults, self.stacked = picture, defaults, stacked
        x, y, width, height = box
        self.box = (x + 62, y + 30, width - 76, height - 76)
        self.courses = self._stack(courses) if stacked else [(name, points, {}) for name, points in courses]
        values = [value for _, points, _ in self.courses for value in points.values()]
        self.low = defaults.get("min", 0)
        is_share = defaults["unit"] == "percentunit"
        most = ceiling(max([*values, 0.01 if is_share else 0]))
        self.high = min(most, defaults.get("max", most)) if is_share else defaults.get("max", most)

    @staticmethod
    def _stack(courses):
        """Each course on top of those before it: name, upper and lower edge."""
        floor, stacked = {}, []
        for name, points in courses:
            upper = {at: floor.get(at, 0) + value for at, value in points.items()}
            stacked.append((name, upper, {at: floor.get(at, 0) for at in points}))
            floor = {**floor, **upper}
        return stacked

    def draw(self):
        self._axes()
        for index, (_, points, floor) in enumerate(self.courses):
            self._course(points, floor, COLOURS[index % len(COLOURS)])
        self._thresholds()
        self._names()

    def _at(self, at, value):
        x, y, width, height = self.box
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return x + (at - self.picture.start) / (self.picture.end - self.picture.start) * width, y + height * (1 - share)

    def _axes(self):
        x, y, width, height = self.box
        for part in range(5):
            value = self.low + (self.high - self.low) * part / 4
            level = y + height * (1 - part / 4)
            self.picture.parts.append(f'<line class="line" x1="{x:.1f}" x2="{x + width:.1f}" y1="{level:.1f}" y2="{level:.1f}"/>')
            self.picture.text(x - 6, level + 4, number(value, self.defaults["unit"]), size=10, anchor="end", kind="soft")
        span = self.picture.end - self.picture.start
        for part, anchor in ((0, "start"), (0.5, "middle"), (1, "end")):
            word = "now" if part == 1 else f"−{span * (1 - part):.0f} s"
            self.picture.text(x + width * part, y + height + 14, word, size=10, anchor=anchor, kind="soft")

    def _course(self, points, floor, colour):
        if not points:
            return
        places = [self._at(at, value) for at, value in sorted(points.items())]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        if self.stacked:
            below = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self._at(at, floor[at]) for at in sorted(points, reverse=True)))
            self.picture.parts.append(f'<polygon points="{line} {below}" fill="{colour}" fill-opacity="0.25"/>')
        self.picture.parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.6"/>')

    def _thresholds(self):
        x, _, width, _ = self.box
        for step in self.defaults.get("thresholds", {}).get("steps", []):
            if step["value"] is not None and self.low < step["value"] <= self.high:
                level = self._at(self.picture.start, step["value"])[1]
                self.picture.parts.append(
                    f'<line x1="{x:.1f}" x2="{x + width:.1f}" y1="{level:.1f}" y2="{level:.1f}" '
                    f'stroke="{LEVELS[step["color"]]}" stroke-dasharray="5 4"/>')

    def _names(self):
        x, y, width, height = self.box
        left, top = x - 52, y + height + 32
        room = width + 60
        for index, (name, _, _) in enumerate(self.courses):
            name = _short(name, 30)
            length = 20 + 6.4 * len(name)
            rest = len(self.courses) - index
            if left + length + (60 if rest > 1 else 0) > x - 52 + room:
                self.picture.text(left, top, f"and {rest} more", size=11, kind="soft")
                return
            self.picture.parts.append(
                f'<rect x="{left:.1f}" y="{top - 9:.1f}" width="10" height="10" rx="2" fill="{COLOURS[index % len(COLOURS)]}"/>')
            self.picture.text(left + 14, top, name, size=11, kind="soft")
            left += length + 6


def _short(text, length):
    return text if len(text) <= length else text[:int(length) - 1] + "…"


def _level(defaults, value):
    """The colour of a value by its thresholds."""
    colour = "green"
    for step in defaults.get("thresholds", {}).get("steps", []):
        if step["value"] is None or value >= step["value"]:
            colour = step["color"]
    return LEVELS[colour]
