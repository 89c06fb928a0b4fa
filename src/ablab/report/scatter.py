"""Accuracy against what it costs: a point for each recipe, and the front of those that no other one beats."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from ablab.records import Run
from ablab.report.charts import Scale, reach, tick_texts, ticks
from ablab.report.embedded import Sheet, short
from ablab.report.wording import visible
from ablab.result import Arm

WIDTH, HEIGHT = 340, 250  # of a picture, in user units; its frame below
LEFT, RIGHT, TOP, BELOW = 36, 334, 6, 210
MOST = 60  # recipes in one picture
WIDE = 20  # times the smallest cost from which the axis has powers of ten
COSTS: tuple[tuple[str, Callable[[Run], float | None]], ...] = (
    ("training, seconds", lambda run: run.cost.seconds),
    ("MACs an image", lambda run: run.cost.macs),
    ("parameters", lambda run: run.cost.parameters),
)


@dataclass(frozen=True)
class Spot:
    """One recipe: its number in the list, its cost, and its accuracy in percent with the ends over its runs."""

    number: int
    name: str
    style: int
    cost: float
    accuracy: float
    low: float
    high: float
    n: int


def front(spots: Sequence[Spot]) -> tuple[Spot, ...]:
    """Those that no other spot beats: none is cheaper and at least as accurate, or as cheap and more accurate."""
    ordered = sorted(spots, key=lambda one: one.number)
    return tuple(ordered[at] for at in pareto([one.cost for one in ordered], [one.accuracy for one in ordered]))


def pareto(costs: Sequence[float], values: Sequence[float]) -> list[int]:
    """The places of those that nothing else beats: none costs as little and is better. In the order of cost.

    >>> pareto([1, 2, 3, 4], [10, 30, 20, 30])
    [0, 1]
    """
    kept: list[int] = []
    for at in sorted(range(len(costs)), key=lambda at: (costs[at], -values[at])):
        if not kept or values[at] > values[kept[-1]]:
            kept.append(at)
    return kept


def scatters(arms: Sequence[Arm]) -> tuple[list[dict[str, Any]], Sheet]:
    """A picture for each kind of cost that is known of two recipes at least, and their data."""
    pictures, rows = [], []
    for name, cost in COSTS:
        spots = spots_of(arms, cost)
        if len(spots) < 2 or (name.startswith("training") and not _is_one_machine(arms)):
            continue
        best = front(spots)
        pictures.append({"name": name, "svg": _picture(spots, best, name), "front": [spot.name for spot in best]})
        rows += [
            (name, visible(s.name), short(s.cost, 12), short(s.accuracy), short(s.low), short(s.high), s.n, s in best)
            for s in spots
        ]
    columns = ("cost", "recipe", "value", "mean accuracy, %", "smallest", "largest", "runs", "on the front")
    return pictures, Sheet(columns, tuple(rows))


def spots_of(arms: Sequence[Arm], cost: Callable[[Run], float | None]) -> tuple[Spot, ...]:
    """The recipes whose cost and accuracy are known; the cost is the median of the runs."""
    found = []
    for number, arm in enumerate(arms[:MOST]):
        runs = [run for run in arm.measured if run.status == "finished"]
        costs = [value for run in runs if (value := cost(run))]
        if runs and len(costs) == len(runs):
            seen = [100 * run.test.accuracy for run in runs if run.test]
            mean = math.fsum(seen) / len(seen)
            middle = float(statistics.median(costs))
            found.append(Spot(number, arm.name, arm.style, middle, mean, min(seen), max(seen), len(seen)))
    return tuple(found)


def _is_one_machine(arms: Sequence[Arm]) -> bool:
    return len({(m.name, m.device, m.threads) for arm in arms for m in (run.machine for run in arm.runs)}) == 1


def _picture(spots: Sequence[Spot], best: Sequence[Spot], name: str) -> Markup:
    costs = [spot.cost for spot in spots]
    is_log = max(costs) > WIDE * min(costs)
    place = math.log10 if is_log else float
    room = reach(map(place, costs)) if is_log else (0.0, 1.08 * max(costs))
    x = Scale(*room, LEFT + 12 * is_log, RIGHT - 12 * is_log)
    y = Scale(*reach(end for spot in spots for end in (spot.low, spot.high)), BELOW - 12, TOP + 12)
    marks = ticks(y.low, y.high)
    parts = []
    for mark, text in zip(marks, tick_texts(marks), strict=True):
        at = f"{y(mark):.1f}"
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at}" dy="4" text-anchor="end">{text}</text>')
    for value in _powers(room) if is_log else ticks(*room, most=5):
        at = f"{x(place(value)):.1f}"
        parts.append(f'<text x="{at}" y="{BELOW + 16}" text-anchor="middle">{magnitude(value)}</text>')
    parts.append(f'<line class="axis" x1="{LEFT}" x2="{RIGHT}" y1="{BELOW}" y2="{BELOW}"/>')
    parts.append(f'<text x="{(LEFT + RIGHT) / 2:g}" y="{BELOW + 34}" text-anchor="middle">{escape(name)}</text>')
    steps = [f"{x(place(spot.cost)):.1f} {y(spot.accuracy):.1f}" for spot in best]
    parts.append(f'<path class="front" d="M{"L".join(steps)}"/>')
    for spot in spots:
        cx, cy = f"{x(place(spot.cost)):.1f}", f"{y(spot.accuracy):.1f}"
        said = escape(f"{visible(spot.name)}: {spot.accuracy:.2f} %, {magnitude(spot.cost)}, n = {spot.n}")
        parts.append(
            f'<g class="spot s{spot.style}"><title>{said}</title>'
            f'<line class="reach" x1="{cx}" x2="{cx}" y1="{y(spot.low):.1f}" y2="{y(spot.high):.1f}"/>'
            f'<circle cx="{cx}" cy="{cy}" r="9"/><text x="{cx}" y="{cy}" dy="4" text-anchor="middle">{spot.number}'
            "</text></g>"
        )
    label = escape(f"test accuracy in percent against {name}")
    return Markup(  # noqa: S704 (numbers, and names that are escaped)
        f'<svg class="scatter" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}"><title>{label}'
        f"</title>{''.join(parts)}</svg>"
    )


def _powers(room: tuple[float, float]) -> list[float]:
    """Round numbers on an axis of powers of ten: 1, 2 and 5 of each where there are few."""
    powers = range(math.floor(room[0]), math.ceil(room[1]) + 1)
    steps = (1, 2, 5) if len(powers) < 4 else (1,)
    values = [step * 10.0**power for power in powers for step in steps]
    kept = [value for value in values if room[0] <= math.log10(value) <= room[1]]
    return kept[:: 1 + len(kept) // 7]


def magnitude(value: float) -> str:
    """A number with at most four figures and a letter for its size.

    >>> [magnitude(v) for v in (12.34, 82030, 1_500_000, 2.5e9)]
    ['12.34', '82.03k', '1.5M', '2.5G']
    """
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"
