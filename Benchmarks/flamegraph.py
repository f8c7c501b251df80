#!/usr/bin/env python3
"""Draws where a thread's time goes: `perf script` on standard input, an SVG on standard output.

  perf record -e cpu-clock -F 1999 --call-graph fp -t THREAD -- sleep 5
  perf script -F comm,tid,ip,sym,dso | swift demangle --simplified | Benchmarks/flamegraph.py "title" > picture.svg

The width of a box is its share of the samples, what it calls lies on top of it; siblings are in alphabetical order.
A box tells its share when the mouse rests on it. Boxes of the kernel are blue, OpenSSL's green, the rest orange. Code
without frame pointers (libc, OpenSSL) hides who called it: its boxes stand on the ground.
"""
import html, os, re, sys
from dataclasses import dataclass, field

WIDTH, ROW, MARGIN, HEADER, SMALLEST = 1400, 17, 10, 46, 0.4
COLOURS = {"kernel": ("#9cc3e6", "#b4d3ee"), "crypto": ("#a9d8a0", "#bfe3b7"), "own": ("#f4b183", "#f8c8a4")}
FRAME = re.compile(r"\s+[0-9a-f]+ (?P<symbol>.*?)(\+0x[0-9a-f]+)? \((?P<file>[^()]*)\)$")


@dataclass
class Frame:
    name: str
    kind: str = "own"
    samples: int = 0
    callees: dict = field(default_factory=dict)

    def callee(self, name, kind):
        return self.callees.setdefault(name, Frame(name, kind))

    @property
    def depth(self): return 1 + max((frame.depth for frame in self.callees.values()), default=0)


def stacks(lines):
    """The stacks of `perf script`, each from the outermost function to the innermost, as (name, kind)."""
    stack = []
    for line in lines:
        frame = FRAME.match(line)
        if frame and frame["file"] != "[unknown]":  # what lies beyond code without frame pointers is not an address
            named = name_and_kind(frame["symbol"], frame["file"])
            if stack[-1:] != [named]: stack.append(named)
        elif not line.strip() and stack:
            yield stack[::-1]
            stack = []
    if stack: yield stack[::-1]


def name_and_kind(symbol, file):
    """A function that is not named in its file goes by the file's name."""
    file = os.path.basename(file)
    name = symbol if symbol and symbol != "[unknown]" else f"[{file}]"
    if file.startswith("[kernel"): return name, "kernel"
    return name, "crypto" if "libcrypto" in file else "own"


def tree(samples):
    root = Frame("all")
    for stack in samples:
        root.samples += 1
        frame = root
        for name, kind in stack:
            frame = frame.callee(name, kind)
            frame.samples += 1
    return root


def shorten(name, room):
    """What fits into the box, at about 6.2 pixels a letter."""
    letters = int((room - 6) / 6.2)
    if letters < 3: return ""
    return name if len(name) <= letters else name[:letters - 1] + "…"


def boxes(frame, x, level, scale, bottom, total):
    width = frame.samples * scale
    if width < SMALLEST: return
    y = bottom - (level + 1) * ROW
    share = f"{frame.name}: {100 * frame.samples / total:.1f} % ({frame.samples} samples)"
    colour = COLOURS[frame.kind][level % 2]
    yield (f'<g><title>{html.escape(share)}</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 1}" '
           f'fill="{colour}" rx="1"/><text x="{x + 3:.1f}" y="{y + 12}">{html.escape(shorten(frame.name, width))}'
           '</text></g>')
    for name in sorted(frame.callees):
        callee = frame.callees[name]
        yield from boxes(callee, x, level + 1, scale, bottom, total)
        x += callee.samples * scale


def picture(root, title):
    height = HEADER + root.depth * ROW + MARGIN
    scale = (WIDTH - 2 * MARGIN) / max(1, root.samples)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">',
        '<style>text { font: 11px monospace; fill: #222 } .title { font: 15px sans-serif }</style>',
        '<rect width="100%" height="100%" fill="#fffdf8"/>',
        f'<text class="title" x="{MARGIN}" y="26">{html.escape(title)} — {root.samples} samples</text>',
        *boxes(root, MARGIN, 0, scale, height - MARGIN, max(1, root.samples)), "</svg>"]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(picture(tree(stacks(sys.stdin)), " ".join(sys.argv[1:]) or "Flame graph"))
