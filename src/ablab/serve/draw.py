"""Numbers to SVG: curves that grow while one looks, the intervals of all looks, and a curve as small as a word.

What the pointer shows stands in `data-` attributes beside the paths, so the numbers are said once.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from ablab.report.charts import Point, Scale, is_drawable, reach, tick_texts, ticks
from ablab.statistics.sequential import Look

WIDTH, HEIGHT = 460, 240
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 10, 38
INNER = 8
SPARK = (96, 26)
LOOKS_HEIGHT = 170
STYLES = 6  # lines that can be told apart by colour and dashes


@dataclass(frozen=True)
class Line:
    """One run in a chart: `kind` is bold, faint, running or broken."""

    name: str
    style: int
    kind: str
    points: tuple[Point, ...]
    selected: float | None = None


def curves(lines: Sequence[Line], *, title: str, unit: str = "", epochs: int | None = None) -> Markup:
    """Values against the epoch. Lines that are not faint can be read off with the pointer."""
    whole = [y for line in lines if line.kind != "broken" for _, y in line.points if is_drawable(y)]
    every = [y for line in lines for _, y in line.points if is_drawable(y)]
    span = reach(whole or every, floor=0.0)
    last = max([x for line in lines for x, _ in line.points] + [epochs or 1])
    x_span = (1.0, float(last)) if last > 1 else (0.5, 1.5)
    x = Scale(*x_span, LEFT + INNER, WIDTH - RIGHT - INNER)
    y = Scale(*span, HEIGHT - BOTTOM, TOP)
    parts = [*_left_axis(span, y, WIDTH), *_epochs(x_span, x)]
    parts.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}"/>')
    order = {"faint": 0, "broken": 1, "bold": 2, "running": 3}
    for line in sorted(lines, key=lambda line: order[line.kind]):
        parts += _line(line, x, y, span, unit)
    parts.append(f'<line class="at" x1="0" x2="0" y1="{TOP}" y2="{HEIGHT - BOTTOM}" visibility="hidden"/>')
    scale = f'data-x="{_n(x_span[0])} {_n(x_span[1])} {_n(x.start)} {_n(x.end)}"'
    return _svg(parts, f'class="curves" viewBox="0 0 {WIDTH} {HEIGHT}" {scale}', title)


def looks(taken: Sequence[Look], *, seeds: tuple[int, int], margin: float, title: str) -> Markup:
    """The interval after each look, from left to right, against the band of the margin."""
    last = taken[-1].interval
    # the first intervals are so wide that those that matter would be a line: they are cut off at the frame
    room = max(2.5 * (last.high - last.low), 3 * margin)
    low, high = last.low - room, last.high + room
    ends = [end for look in taken for end in (look.interval.low, look.interval.high)]
    span = reach([*(min(max(end, low), high) for end in ends), -1.4 * margin, 1.4 * margin])
    first, most = seeds
    x = Scale(first - 0.5, max(most, first) + 0.5, LEFT, WIDTH - RIGHT)
    bottom = LOOKS_HEIGHT - BOTTOM
    y = Scale(*span, bottom, TOP)
    marks = ticks(*span, most=4)
    band = f'y="{_n(y(margin))}" width="{WIDTH - LEFT - RIGHT}" height="{_n(y(-margin) - y(margin))}"'
    parts = [
        f'<rect class="margin" x="{LEFT}" {band}/>',
        f'<line class="zero" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_n(y(0))}" y2="{_n(y(0))}"/>',
    ]
    for mark, text in zip(marks, tick_texts(marks), strict=True):
        sign = "+" if mark > 0 else ""
        parts.append(f'<text x="{LEFT - 6}" y="{_n(y(mark))}" dy="4" text-anchor="end">{sign}{text}</text>')
    step = max(1, math.ceil((most - first + 1) / 12))
    for pairs in range(first, most + 1, step):
        parts.append(f'<text x="{_n(x(pairs))}" y="{bottom + 16}" text-anchor="middle">{pairs}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:g}" y="{LOOKS_HEIGHT - 4}" text-anchor="middle">pairs</text>')
    for look in taken:
        parts += _look(look, x, y, is_last=look is taken[-1])
    return _svg(parts, f'class="looks" viewBox="0 0 {WIDTH} {LOOKS_HEIGHT}"', title)


def spark(values: Sequence[float], epochs: int, *, title: str) -> Markup:
    """A curve as small as a word: as wide as its run has come."""
    wide, high = SPARK
    kept = [(float(at), value) for at, value in enumerate(values, start=1)]
    x = Scale(1.0, float(max(epochs, 2)), 2, wide - 3)
    y = Scale(*reach([value for _, value in kept]), high - 2, 3)
    parts = list(_paths(kept, x, y, "mean"))
    if kept and is_drawable(kept[-1][1]):
        parts.append(f'<circle class="end" cx="{_n(x(kept[-1][0]))}" cy="{_n(y(kept[-1][1]))}" r="2.2"/>')
    return _svg(parts, f'class="spark s1" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}"', title)


def sample(style: int) -> Markup:
    """The line of a style, for a legend."""
    line = f'<line class="mean s{style}" x1="1" x2="33" y1="6" y2="6"/>'
    return Markup(f'<svg class="sample" width="34" height="12" aria-hidden="true">{line}</svg>')  # noqa: S704 (an int)


def _line(line: Line, x: Scale, y: Scale, span: tuple[float, float], unit: str) -> Iterator[str]:
    said = ""
    if line.kind != "faint":
        values = " ".join(f"{_n(at)}:{value:.6g}" for at, value in line.points)
        said = f' data-name="{escape(line.name)}" data-unit="{escape(unit)}" data-values="{values}"'
    yield f'<g class="line {line.kind} s{line.style}"{said}>'
    inside = [(at, min(max(value, span[0]), span[1]) if is_drawable(value) else value) for at, value in line.points]
    yield from _paths(inside, x, y, "mean")
    for at, value in inside:
        if at == line.selected and is_drawable(value) and line.kind == "bold":
            yield f'<circle class="selected" cx="{_n(x(at))}" cy="{_n(y(value))}" r="4"/>'
    if line.kind == "running" and inside and is_drawable(inside[-1][1]):
        yield f'<circle class="end" cx="{_n(x(inside[-1][0]))}" cy="{_n(y(inside[-1][1]))}" r="4"/>'
    yield "</g>"


def _look(look: Look, x: Scale, y: Scale, *, is_last: bool) -> Iterator[str]:
    across, kind = _n(x(look.pairs)), "now" if is_last else "before"

    def inside(value: float) -> float:
        return min(max(y(value), TOP), LOOKS_HEIGHT - BOTTOM)

    low, high = look.interval.low, look.interval.high
    says = f"after {look.pairs} pairs: {look.interval.mean:+.2f}, {low:+.2f} to {high:+.2f}"
    yield f'<g class="look {kind}"><title>{says}</title>'
    yield f'<line x1="{across}" x2="{across}" y1="{_n(inside(low))}" y2="{_n(inside(high))}"/>'
    yield f'<circle cx="{across}" cy="{_n(inside(look.interval.mean))}" r="{4 if is_last else 3}"/></g>'


def _left_axis(span: tuple[float, float], y: Scale, width: int) -> Iterator[str]:
    marks = ticks(*span)
    for mark, text in zip(marks, tick_texts(marks), strict=True):
        at = _n(y(mark))
        yield f'<line class="grid" x1="{LEFT}" x2="{width - RIGHT}" y1="{at}" y2="{at}"/>'
        yield f'<text x="{LEFT - 6}" y="{at}" dy="4" text-anchor="end">{text}</text>'


def _epochs(span: tuple[float, float], x: Callable[[float], float]) -> Iterator[str]:
    last = math.floor(span[1])
    for mark in sorted({max(1, round(tick)) for tick in (1.0, *ticks(*span)) if 1 <= round(tick) <= last}):
        if mark == 1 or x(mark) - x(1) >= 18:
            yield f'<text x="{_n(x(mark))}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{mark}</text>'
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2:g}" y="{HEIGHT - 4}" text-anchor="middle">epoch</text>'


def _paths(points: Iterable[Point], x: Scale, y: Scale, kind: str) -> Iterator[str]:
    """Paths, interrupted where a value is no finite number; a point without neighbours is a dot."""
    for is_there, some in itertools.groupby(points, key=lambda point: is_drawable(point[1])):
        piece = [(x(at), y(value)) for at, value in some] if is_there else []
        if len(piece) == 1:
            yield f'<circle class="dot" cx="{_n(piece[0][0])}" cy="{_n(piece[0][1])}" r="3"/>'
        elif piece:
            yield f'<path class="{kind}" d="M{"L".join(f"{_n(a)} {_n(b)}" for a, b in piece)}"/>'


def _n(value: float) -> str:
    return f"{round(value, 1) + 0.0:.1f}".rstrip("0").rstrip(".")


def _svg(parts: Iterable[str], attributes: str, title: str) -> Markup:
    """The picture. Its parts are numbers and escaped names; its title, from outside too, is escaped here."""
    return Markup(  # noqa: S704
        f'<svg {attributes} role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
