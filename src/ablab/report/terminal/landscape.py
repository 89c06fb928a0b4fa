"""Landscapes as a person reads them: bars, a table of figures with their range, a picture; and all numbers as JSON."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ablab.nouns import counted
from ablab.probe.landscape import Landscape
from ablab.report.chart import Axis, Line, Lines, Multiples, Surface
from ablab.report.draw.text import bars
from ablab.report.scale import reaching
from ablab.report.table import table
from ablab.report.terminal.screen import on_screen

MEANINGS = {
    "rise": "how much higher the loss is at the ends of a line than in its middle",
    "non_convexity": "absolute downward second differences over all second differences: 0 is convex, 1 is concave",
    "descent": "descents over all ascents and descents on the way outward: 0 means that the loss rises all the way",
    "sharpness": "largest eigenvalue of the Hessian over all trained parameters; +- is its error",
}


def landscapes_text(seen: Mapping[str, Landscape], seed: int, span: float) -> str:
    """The first line of each network as bars, then a table of the figures with their range over the directions."""
    drawn = []
    for name, landscape in seen.items():
        losses = [loss for loss in landscape.lines[0] if math.isfinite(loss)]
        if losses:
            drawn += [f"{name}: loss from -{span:g} to {span:g} along the first direction", bars(losses), ""]
    heads = ("network", "loss >", f"rise at {span:g} >", "non-convexity >", "descent >", "sharpness >")
    rows = [[name, *_figures(landscape)] for name, landscape in seen.items()]
    first = next(iter(seen.values()))
    many, steps = len(first.lines), len(first.places)
    notes = [
        "",
        f"mean (smallest to largest) over {counted(many, 'random direction')} of seed {seed}, {steps} places "
        "each; at distance 1, every filter has moved by its norm",
        *(f"{key.replace('_', '-')}: {meaning}" for key, meaning in MEANINGS.items()),
        "each figure is of one network, and seeds change these figures, too: compare several seeds before you "
        "conclude anything",
    ]
    return "\n".join([*drawn, on_screen(table("landscape", heads, rows)), *notes])


def _figures(landscape: Landscape) -> list[str]:
    sharp = landscape.sharpness
    return [
        f"{landscape.centre:.4f}",
        *(_range(values) for values in (landscape.rise, landscape.non_convexity, landscape.descent)),
        f"{sharp.value:.4g} +- {sharp.within:.2g} ({sharp.images} images)" if sharp else "-",
    ]


def _range(values: Sequence[float]) -> str:
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return "no finite loss"
    return f"{sum(finite) / len(finite):.3g} ({min(finite):.3g} to {max(finite):.3g})"


def landscape_value(landscape: Landscape) -> dict[str, Any]:
    """All numbers as JSON; what is not finite is null."""
    figures = {"rise": landscape.rise, "non_convexity": landscape.non_convexity, "descent": landscape.descent}
    sharp = landscape.sharpness
    return {
        "images": landscape.images,
        "loss": _finite(landscape.centre),
        "places": landscape.places,
        "lines": [[_finite(loss) for loss in line] for line in landscape.lines],
        "plane": [[_finite(loss) for loss in row] for row in landscape.plane],
        **{
            key: {"mean": _mean(values), "each": [_finite(value) for value in values]}
            for key, values in figures.items()
        },
        "sharpness": sharp and {**vars(sharp), "value": _finite(sharp.value), "within": _finite(sharp.within)},
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _mean(values: Sequence[float]) -> float | None:
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) / len(finite) if finite else None


def landscapes_chart(seen: Mapping[str, Landscape]) -> Multiples:
    """The planes where there are any, else the lines, one panel a network."""
    first = next(iter(seen.values()))
    if first.plane:
        title = "loss on a plane of two filter-normalised directions"
        colour = _colour(loss for landscape in seen.values() for row in landscape.plane for loss in row)
        charts: list[Lines | Surface] = [
            Surface(
                name=name,
                title=f"{title}: {name}",
                heading=name,
                places=landscape.places,
                values=landscape.plane,
                x_axis=Axis("first direction"),
                y_axis=Axis("second"),
                colour=colour,
            )
            for name, landscape in seen.items()
        ]
    else:
        title = f"loss along {len(first.lines)} filter-normalised directions"
        y_axis = reaching("loss", (loss for landscape in seen.values() for line in landscape.lines for loss in line))
        charts = [
            Lines(
                name=name,
                title=f"{title}: {name}",
                heading=name,
                x_axis=Axis("distance"),
                y_axis=y_axis,
                lines=tuple(
                    Line("", 0, tuple(zip(landscape.places, line, strict=True)), shade=0.3) for line in landscape.lines
                ),
            )
            for name, landscape in seen.items()
        ]
    return Multiples(name="landscape", title=title, charts=tuple(charts), by="network")


def _colour(losses: Iterable[float]) -> Axis:
    """Colours go by powers: a loss at the rim is often a hundred times that in the middle."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    low, high = min(finite, default=1.0), max(finite, default=2.0)
    return Axis("loss", span=(low, high if high > low else low + 1), is_log=low > 0)
