"""The first rule, which goes on judging the studies that were locked under it.

Its comparisons pass nothing on, and each look stands alone. Its multipliers are a table from 4 million simulated paths,
kept as it was. Rows that the table does not have are bounded: the error that a look adds is spent as if no path crossed
at two looks. That holds whatever the looks have to do with each other, and it is wider than it must be: tests hold the
exact multipliers against it.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ablab.statistics.paired import t_multiplier
from ablab.statistics.sequential import Design, Look, looks, spent

LEAST = 3  # pairs at the first look of the table
TABLE = Path(__file__).with_name("first_rule.json")


def first_looks(
    paths: Sequence[Sequence[float]], grids: Sequence[float], design: Design
) -> tuple[tuple[Look, ...], ...]:
    """The looks at each comparison, up to the first that decides."""
    alpha = design.alpha / design.comparisons
    factors = first_multipliers(design.least, design.most, alpha)
    return tuple(
        looks(path, factors, margin=design.margin, grid=grid, alpha=alpha)
        for path, grid in zip(paths, grids, strict=True)
    )


@functools.lru_cache(maxsize=256)
def first_multipliers(least: int, most: int, alpha: float) -> Mapping[int, float]:
    """For each look, how many standard errors the interval reaches to each side.

    >>> [round(c, 2) for c in first_multipliers(3, 5, 0.05).values()]
    [6.45, 4.55, 3.52]
    """
    row = _table().get(f"{alpha:.6g}", {}).get(str(most)) if LEAST == least < most else None  # one look is exact
    return dict(zip(range(least, most + 1), row, strict=True)) if row else union_bound(least, most, alpha)


def union_bound(least: int, most: int, alpha: float) -> dict[int, float]:
    """Multipliers that hold whatever the looks have to do with each other; that of the first look is exact.

    >>> [round(c, 2) for c in union_bound(3, 5, 0.05).values()]
    [6.45, 5.39, 4.15]
    """
    steps = {
        n: spent(n, most, alpha) - (spent(n - 1, most, alpha) if n > least else 0.0) for n in range(least, most + 1)
    }
    return {n: t_multiplier(n, step) for n, step in steps.items()}


@functools.cache
def _table() -> dict[str, dict[str, list[float]]]:
    rows: dict[str, dict[str, list[float]]] = json.loads(TABLE.read_text(encoding="utf-8"))["rows"]
    return rows
