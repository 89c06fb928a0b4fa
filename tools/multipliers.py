"""The table of multipliers for repeated looks, made anew: `python tools/multipliers.py` (4 million paths, minutes).

A path is a sequence of differences between equals; t_n is Student's t of its first n. The multiplier of look n is the
|t_n| that so many paths exceed as the error allows to be spent by then, of those that exceeded none before. The law of
t_3, t_4, ... does not depend on the standard deviation, so the table holds for every study.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ablab.statistics.sequential import LEAST, TABLE, spent, union_bound

PATHS = 4_000_000
SEED = 20_260_101
CHUNK = 500_000
MOST = (*range(3, 21), 25, 30)  # pairs of seeds at most
LEVELS = sorted({level / comparisons for level in (0.01, 0.05, 0.1) for comparisons in range(1, 11)})


def paths(number: int, most: int, seed: int, keep: Any = None) -> Any:
    """|t_n| for n = 3 to `most`, f32[n, paths]; of each chunk, the paths for which `keep` is true."""
    kept = []
    for at, size in enumerate(_sizes(number)):
        draws = np.random.Generator(np.random.PCG64([seed, at])).standard_normal((most, size))
        counts = np.arange(1, most + 1)[:, None]
        means = draws.cumsum(0) / counts
        variances = (np.square(draws).cumsum(0) - counts * np.square(means))[LEAST - 1 :] / (counts[LEAST - 1 :] - 1)
        scores = (np.abs(means[LEAST - 1 :]) / np.sqrt(variances / counts[LEAST - 1 :])).astype(np.float32)
        kept.append(scores if keep is None else scores[:, keep(scores)])
    return np.concatenate(kept, axis=1)


def multipliers_of(scores: Any, number: int, most: int, alpha: float) -> list[float]:
    """One row of the table, from the |t_n| of the paths that can exceed anything; the first look is exact."""
    bound = union_bound(LEAST, most, alpha)
    found = [bound[LEAST]]
    alive = scores[0] <= found[0]
    crossed = number * spent(LEAST, most, alpha)  # as many as the exact multiplier lets cross
    for at, pairs in enumerate(range(LEAST + 1, most + 1), start=1):
        here = np.where(alive, scores[at], np.float32(0))
        many = round(number * spent(pairs, most, alpha) - crossed)
        highest = float(np.partition(here, -many - 1)[-many - 1])
        found.append(min(highest, bound[pairs]))
        alive &= here <= np.float32(found[-1])
        crossed = number * spent(pairs, most, alpha)
    return found


def table(number: int = PATHS, seed: int = SEED) -> dict[str, Any]:
    """Every row, by the most pairs and the error that is allowed."""
    largest = max(LEVELS)
    # No multiplier is smaller than that of a single look at the largest error, so most paths never matter.
    lowest = np.array([[union_bound(n, n, largest)[n]] for n in range(LEAST, max(MOST) + 1)], np.float32)
    scores = paths(number, max(MOST), seed, lambda chunk: (chunk > lowest).any(0))
    rows: dict[str, dict[str, list[float]]] = {}
    for alpha in LEVELS:
        for most in MOST:
            row = (
                multipliers_of(scores, number, most, alpha)
                if most > LEAST
                else [union_bound(LEAST, LEAST, alpha)[LEAST]]
            )
            rows.setdefault(f"{alpha:.6g}", {})[str(most)] = [round(one, 4) for one in row]
        print(f"alpha = {alpha:.5f}: {len(MOST)} rows", file=sys.stderr, flush=True)
    return {"paths": number, "seed": seed, "least": LEAST, "numpy": np.__version__, "rows": rows}


def _sizes(number: int) -> Iterator[int]:
    while number > 0:
        yield min(CHUNK, number)
        number -= CHUNK


if __name__ == "__main__":
    Path(TABLE).write_text(json.dumps(table(), separators=(",", ":")).replace('},"', '},\n"') + "\n", encoding="utf-8")
