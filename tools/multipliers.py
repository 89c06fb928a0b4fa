"""The table of multipliers for repeated looks, made anew: `python tools/multipliers.py` (10 seconds).

It holds the rows that most studies use: 95 % together, up to 10 comparisons, first look after 3 or 5 pairs, 30 pairs at
most. Everything else is computed when it is asked for. `paths` simulates what the table claims, for the tests.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from ablab.statistics.sequential import TABLE, computed

FIRST = (3, 5)  # pairs at the first look
MOST = 30  # pairs
ALPHA, COMPARISONS = 0.05, range(1, 11)
LEVELS = sorted({share * ALPHA / k for share in (1, 2) for k in COMPARISONS})  # of differences, and of equality
CHUNK = 500_000


def table() -> dict[str, dict[str, dict[str, list[float]]]]:
    """Every row, by the first look, the error that is allowed, and the most pairs."""
    return {
        str(least): {
            f"{alpha:.6g}": {
                str(most): [float(f"{one:.7g}") for one in computed(least, most, alpha)]
                for most in range(least, MOST + 1)
            }
            for alpha in LEVELS
        }
        for least in FIRST
    }


def paths(number: int, most: int, seed: int, *, least: int = 3) -> Any:
    """|t_n| for n = `least` to `most` of simulated differences between equals, f32[n, paths]."""
    kept = []
    for at, size in enumerate(_sizes(number)):
        draws = np.random.Generator(np.random.PCG64([seed, at])).standard_normal((most, size))
        counts = np.arange(1, most + 1)[:, None]
        means = draws.cumsum(0) / counts
        variances = (np.square(draws).cumsum(0) - counts * np.square(means))[least - 1 :] / (counts[least - 1 :] - 1)
        kept.append((np.abs(means[least - 1 :]) / np.sqrt(variances / counts[least - 1 :])).astype(np.float32))
    return np.concatenate(kept, axis=1)


def _sizes(number: int) -> Iterator[int]:
    while number > 0:
        yield min(CHUNK, number)
        number -= CHUNK


if __name__ == "__main__":
    text = json.dumps(table(), separators=(",", ":")).replace('},"', '},\n"')
    TABLE.write_text(text + "\n", encoding="utf-8")
