"""Are verdicts as right as they say? Simulated studies, of which the truth is known: `python tools/calibration.py`.

Every study goes through the code that real ones go through: the looks, the interval, the word. Prints the page
docs/calibration.md and ends with 1 if a figure is not what it must be.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from ablab.statistics.paired import detectable, t_multiplier
from ablab.statistics.sequential import Look, looks, multipliers, open_ended
from ablab.study.verdict import Word, word_for

STUDIES = 10_000
TRAININGS = Path(__file__).with_name("real_trainings.json")  # figures of benchmarks/real_trainings.py
SEED = 5
GRID = 0.01  # points: a test set of 10,000 images
MARGIN = 0.5
WORDS: tuple[Word, ...] = get_args(Word)
# the spread of a difference: of a good network, of a small one, of an unstable one (points)
SPREADS = {"good network": 0.28, "small CNN": 0.71, "unstable": 1.41}


@dataclass(frozen=True)
class Figure:
    """One claim with what was found and what it must be."""

    claim: str
    found: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        return self.low <= self.found <= self.high


@dataclass(frozen=True)
class Cell:
    """Many studies of one truth: how they ended."""

    words: Mapping[Word, float]  # share of each
    coverage: float  # of the truth by the interval at the look where the study stopped
    pairs: float  # used, on average


def studies(
    effect: float, spread: float, factors: Mapping[int, float], *, margin: float, draw: Any, many: int
) -> list[Look]:
    """The last look of so many studies."""
    most = max(factors)
    differences = draw.normal(effect, spread, (many, most))
    differences = np.round(differences / GRID) * GRID
    return [looks(one, factors, margin=margin, grid=GRID)[-1] for one in differences.tolist()]


def cell(effect: float, spread: float, most: int, *, draw: Any, many: int = STUDIES) -> Cell:
    """How studies of a true effect end."""
    last = studies(effect, spread, multipliers(3, most, 0.05), margin=MARGIN, draw=draw, many=many)
    words: Counter[Word] = Counter(word_for(one.interval.low, one.interval.high, MARGIN)[0] for one in last)
    inside = sum(one.interval.low <= effect <= one.interval.high for one in last)
    return Cell({word: words[word] / many for word in WORDS}, inside / many, sum(one.pairs for one in last) / many)


def false_share(factors: Mapping[int, float], *, draw: Any, many: int = STUDIES, shape: str = "normal") -> float:
    """The share of studies of equals that call them different."""
    most = max(factors)
    if shape == "normal":
        gaps = draw.normal(0, 1, (many, most))
    elif shape == "heavy tails":
        gaps = draw.standard_t(5, (many, most))
    else:  # one run in twelve is four sd low
        gaps = (
            draw.normal(0, 1, (many, most))
            - 4 * (draw.random((many, most)) < 0.08)
            + 4 * (draw.random((many, most)) < 0.08)
        )
    last = [looks(one, factors, margin=1e-9, grid=1e-9)[-1] for one in gaps.tolist()]
    return sum(one.interval.low > 0 or one.interval.high < 0 for one in last) / many


def figures(many: int = STUDIES, seed: int = SEED) -> Iterator[Figure]:
    """Every claim that is checked."""
    draw = np.random.Generator(np.random.PCG64(seed))
    error = 4 * (0.05 * 0.95 / many) ** 0.5
    for most in (5, 10, 20):
        share = false_share(multipliers(3, most, 0.05), draw=draw, many=many)
        yield Figure(f"false verdicts of equals, 3..{most} seeds, looking every time", share, 0.0, 0.05 + error)
    three = multipliers(3, 10, 0.05 / 3)
    yield Figure("the same for each of 3 variants", false_share(three, draw=draw, many=many), 0.0, 0.05 / 3 + error)
    for shape in ("heavy tails", "bad runs"):
        share = false_share(multipliers(3, 10, 0.05), draw=draw, many=many, shape=shape)
        yield Figure(f"false verdicts of equals, {shape}", share, 0.0, 0.06 + error)
    forever = {n: c for n in range(4, 51) if (c := open_ended(n, 0.05)) < 1e6}
    yield Figure("false verdicts without a last look, 50 looks", false_share(forever, draw=draw, many=many), 0.0, 0.05)
    plain = {n: t_multiplier(n, 0.05) for n in range(3, 11)}
    share = false_share(plain, draw=draw, many=many)
    yield Figure("negative control: the plain t interval at every look must fail", share, 0.12, 0.21)
    last = multipliers(3, 10, 0.05)[10]
    effect = detectable(10, 0.71, last)
    found = cell(effect, 0.71, 10, draw=draw, many=many).words["helps"]
    yield Figure(
        f"an effect of {effect:.2f} pp is found, as the plan said for 10 seeds (at least 4 in 5)", found, 0.79, 1.0
    )


def cells(many: int = STUDIES, seed: int = SEED) -> Iterator[tuple[str, float, int, Cell]]:
    """The four words over networks, effects and numbers of seeds."""
    draw = np.random.Generator(np.random.PCG64([seed, 1]))
    for name, spread in SPREADS.items():
        for effect in (0.0, 0.5, 1.0, 2.0):
            for most in (10, 20):
                yield name, effect, most, cell(effect, spread, most, draw=draw, many=many)


def page(many: int = STUDIES) -> tuple[str, bool]:
    """The page, and whether everything on it holds."""
    claims, table = list(figures(many)), list(cells(many))
    coverages = [Figure("least coverage of the truth in the table", min(c.coverage for *_, c in table), 0.94, 1.0)]
    lines = [
        "# Calibration",
        "",
        f"Simulated studies whose truth is known, {many:,} for each figure, through the code that judges real ones.",
        "Made by `make calibrate`; the draws are seeded, so the figures come out the same.",
        "",
        "| claim | found | must be | |",
        "|---|---|---|---|",
    ]
    lines += [_row(one) for one in (*claims, *coverages)]
    lines += [
        "",
        f"How studies end, margin {MARGIN} pp, one 95 % interval. *Coverage* is that of the true effect by the",
        "interval at the look where the study stopped; *no practical difference* counts real effects that are smaller",
        "than the margin, too.",
        "",
        "| sd of a difference | true effect | seeds | " + " | ".join(WORDS) + " | coverage | pairs used |",
        "|---" * (len(WORDS) + 5) + "|",
    ]
    for name, effect, most, one in table:
        shares = " | ".join(f"{100 * one.words[word]:.1f} %" for word in WORDS)
        spread = f"{SPREADS[name]} pp ({name})"
        lines.append(
            f"| {spread} | {effect:g} pp | 3..{most} | {shares} | {100 * one.coverage:.1f} % | {one.pairs:.1f} |"
        )
    found = json.loads(TRAININGS.read_text(encoding="utf-8")) if TRAININGS.exists() else []
    more, real = trainings(found)
    return "\n".join([*lines, *more]) + "\n", all(one.holds for one in (*claims, *coverages, *real))


def trainings(found: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[Figure]]:
    """What hundreds of real trainings said, as lines of the page, and the claims that they check."""
    if not found:
        return [], []
    claims, table = [], []
    for one in found:
        data, runs = one["data"], one["runs"]
        claims += [
            Figure(
                f"{data}: false verdicts in studies resampled from {runs} runs of one recipe", one["false"], 0.0, 0.07
            ),
            Figure(
                f"{data}: weight decay changed by 1 % is called a difference ({one['same_studies']} studies)",
                one["same_false"] / one["same_studies"],
                0.0,
                0.05,
            ),
        ]
        size = abs(one["half_effect"]) / one["sd"]
        told = f"{data}: half of the images hurts, an effect of {size:.1f} sd ({one['half_studies']} studies)"
        claims.append(Figure(told, one["half_hurts"] / one["half_studies"], 1.0, 1.0))
        table.append(
            f"| {data} | {runs} | {one['mean']:.2f} % | {one['sd']:.2f} pp | {one['skew']:+.2f} | "
            f"{one['floor']:.2f} pp | {one['instability']:.1f} | {one['rho']:+.2f} | {one['half_effect']:+.2f} pp |"
        )
    lines = [
        "",
        "## Real trainings",
        "",
        f"`{found[0]['recipe']}`, trained with as many seeds as the table says ({found[0]['machine']}),",
        "once more with its weight decay changed by 1 %, and with half of its images. Studies have 3..10 seeds and a",
        "margin of 0.5 pp; those of one recipe under two names are drawn from its runs. Made by",
        "`python benchmarks/real_trainings.py --write`.",
        "",
        "| claim | found | must be | |",
        "|---|---|---|---|",
        *(_row(one) for one in claims),
        "",
        "| data | runs | accuracy | sd of seeds | skew | noise floor | instability | correlation | half the images |",
        "|---|---|---|---|---|---|---|---|---|",
        *table,
        "",
        "*Noise floor* is the part of the sd that the choice of test images makes; *instability* is the variance of",
        "the seeds in multiples of the floor's. The *correlation* is that of two nearly equal recipes with the same",
        "seeds: what pairing is worth where training is short.",
    ]
    return lines, claims


def _row(one: Figure) -> str:
    wanted = f"{100 * one.low:g} to {100 * one.high:.2f} %"
    return f"| {one.claim} | {100 * one.found:.2f} % | {wanted} | {'holds' if one.holds else '**FAILS**'} |"


if __name__ == "__main__":
    text, holds = page()
    sys.stdout.write(text)
    sys.exit(0 if holds else 1)
