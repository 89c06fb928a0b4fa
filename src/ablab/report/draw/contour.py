"""Lines of equal value on a square grid."""

import math
from collections.abc import Iterator, Sequence

from ablab.report.chart import Point
from ablab.report.scale import Scale

LEVELS = 10


def levels(tone: Scale) -> list[float]:
    """Values evenly spread over what colours show, in powers where colours go by powers."""
    low, high = ((math.log10(end) if tone.is_log else end) for end in (tone.low, tone.high))
    at = [low + (high - low) * (number + 1) / (LEVELS + 1) for number in range(LEVELS)]
    return [10.0**value if tone.is_log else value for value in at]


def contour(places: Sequence[float], rows: Sequence[Sequence[float]], level: float) -> Iterator[tuple[Point, Point]]:
    """Pieces of the line on which a surface has this level, cell by cell, straight within a cell."""
    for i in range(len(places) - 1):
        for j in range(len(places) - 1):
            corners = [(places[b], places[a], rows[a][b]) for a, b in ((i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j))]
            if not all(math.isfinite(value) for *_, value in corners):
                continue
            cuts = []
            for (x1, y1, v1), (x2, y2, v2) in zip(corners, [*corners[1:], corners[0]], strict=True):
                if (v1 < level) != (v2 < level):
                    share = (level - v1) / (v2 - v1)
                    cuts.append((x1 + share * (x2 - x1), y1 + share * (y2 - y1)))
            yield from zip(cuts[::2], cuts[1::2], strict=True)
