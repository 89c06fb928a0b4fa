"""The calibration page: what simulated studies and real trainings say of verdicts, with what each figure must be.

    python tools/calibration_page.py > docs/calibration.md

Minutes. It ends with 1 if a figure that must hold does not. Rows that are known to fail are shown as failing.
"""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ablab.statistics.reach import ENOUGH, HOPELESS
from calibration import (
    GIVING_UP,
    MARGIN,
    SD,
    SPREADS,
    STUDIES,
    Cell,
    Figure,
    cells,
    data_rows,
    failing_rows,
    family_rows,
    figures,
    giving_up,
)

TRAININGS = Path(__file__).with_name("real_trainings.json")  # figures of benchmarks/real_trainings.py


def page(many: int = STUDIES, giving: int = GIVING_UP) -> tuple[str, bool]:
    """The page, and whether everything on it holds that must."""
    claims, table = list(figures(many)), list(cells(many))
    coverages = [Figure("least coverage of the truth in the table", min(c.coverage for *_, c in table), 0.943, 1.0)]
    data = list(data_rows(many))
    families = list(family_rows(many))
    failures = list(failing_rows(many // 10))
    lines = [
        "# Calibration",
        "",
        f"Simulated studies whose truth is known, {many:,} for each figure, judged by the rule that judges real ones.",
        "Made by `make calibrate`; the draws are seeded, so the figures come out the same. [The rule](looks.md) is",
        "derived on a page of its own.",
        "",
        "| claim | found | must be | |",
        "|---|---|---|---|",
        *(_row(one) for one in (*claims, *coverages)),
        *_data_lines(data),
        *_failing_lines(failures, many // 10),
        *_family_lines(families),
        *_giving_up_lines(giving),
        *_cell_lines(table),
    ]
    found = json.loads(TRAININGS.read_text(encoding="utf-8")) if TRAININGS.exists() else []
    more, real = trainings(found)
    must = [*claims, *coverages, *failures, *real, *(one for _, one, _ in data)]
    must += [one for _, one, *_ in families if one]
    return "\n".join([*lines, *more, *PROTOCOL]) + "\n", all(one.is_as_known for one in must)


def _data_lines(rows: Sequence[tuple[str, Figure, float]]) -> list[str]:
    return [
        "",
        "## Data of many kinds",
        "",
        "Equals, 3..10 seeds, one variant, runs with an sd of 0.5 pp where nothing else is said. The t interval is",
        "exact for normal differences and cautious for symmetric ones with heavy tails. It errs where one arm alone is",
        "skewed, because mean and sd then move together. Every verdict is therefore checked by a sign-flip test and a",
        "robust estimate, and its sentence says so where they disagree. No check makes the failing rows hold.",
        "",
        "| data | false verdicts | must be | coverage | |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {100 * one.found:.2f} % | 0 to {100 * one.high:.2f} % | {100 * coverage:.1f} % | {one.word} |"
            for name, one, coverage in rows
        ),
    ]


def _failing_lines(rows: Sequence[Figure], many: int) -> list[str]:
    return [
        "",
        "## Runs that fail",
        "",
        f"Ten classes, accuracies around 70 %, sd of a difference {SD} pp, 3..10 seeds, {many:,} studies a row,",
        "judged by the code that judges real ones. A run that fails ends at chance. All pairs are looked at, and those",
        "where both train; the first look that decides gives the verdict, and says which pairs it is about. Where a",
        "recipe fails more often than another, the verdict is about what it does where it trains, and the rates of",
        "failure stand beside it.",
        "",
        "| claim | found | must be | |",
        "|---|---|---|---|",
        *(_row(one) for one in rows),
    ]


def _family_lines(rows: Sequence[tuple[tuple[float, ...], Figure | None, list[float], list[float]]]) -> list[str]:
    lines = [
        "",
        "## Several variants",
        "",
        f"Variants that share a base, sd of a difference {SD} pp, 3..10 seeds, margin {MARGIN} pp. *Small effects",
        "found* is the share of effects below 1 pp whose interval excludes 0, first if every variant keeps its part of",
        "the error, then with the error passed on; *runs* include those of the base.",
        "",
        "| true effects (pp) | any effect said of an equal | must be | | small effects found | runs |",
        "|---|---|---|---|---|---|",
    ]
    for truths, wrong, found, runs in rows:
        said = "– | – | –"
        if wrong:
            said = f"{100 * wrong.found:.2f} % | 0 to {100 * wrong.high:.2f} % | {wrong.word}"
        shares = "–" if math.isnan(found[0]) else f"{found[0]:.2f} → {found[1]:.2f}"
        lines.append(
            f"| {', '.join(f'{one:g}' for one in truths)} | {said} | {shares} | {runs[0]:.1f} → {runs[1]:.1f} |"
        )
    return lines


def _giving_up_lines(many: int) -> list[str]:
    lines = [
        "",
        "## Giving up",
        "",
        f"`give_up = true`: from {ENOUGH} pairs on, a comparison ends where the chance that the rest decides it is",
        f"below {100 * HOPELESS:g} %. {many} studies a row. It binds nobody, so it cannot add false verdicts.",
        "",
        "| true effect | sd of a difference | seeds | pairs used | decided |",
        "|---|---|---|---|---|",
    ]
    for effect, spread, most in ((0.0, SD, 10), (0.0, 1.41, 20), (MARGIN, SD, 10), (MARGIN, SD, 20)):
        pairs, decided = giving_up(effect, spread, most, many)
        lines.append(
            f"| {effect:g} pp | {spread} pp | 3..{most} | {pairs[0]:.1f} → {pairs[1]:.1f} | "
            f"{100 * decided[0]:.1f} % → {100 * decided[1]:.1f} % |"
        )
    return lines


def _cell_lines(table: Sequence[tuple[str, float, int, Cell]]) -> list[str]:
    words = list(table[0][3].words)
    lines = [
        "",
        "## How studies end",
        "",
        f"Margin {MARGIN} pp, one variant. *Coverage* is that of the true effect by the 95 % interval at the look",
        "where the study stopped; *no practical difference* counts real effects that are smaller than the margin, too.",
        "",
        "| sd of a difference | true effect | seeds | " + " | ".join(words) + " | coverage | pairs used |",
        "|---" * (len(words) + 5) + "|",
    ]
    for name, effect, most, one in table:
        shares = " | ".join(f"{100 * one.words[word]:.1f} %" for word in words)
        spread = f"{SPREADS[name]} pp ({name})"
        lines.append(
            f"| {spread} | {effect:g} pp | 3..{most} | {shares} | {100 * one.coverage:.1f} % | {one.pairs:.1f} |"
        )
    return lines


PROTOCOL = (
    "",
    "## The protocol, item by item",
    "",
    "| item | where it is held |",
    "|---|---|",
    "| V1 multipliers | `tests/statistics/test_recursion.py`: scipy's t at the first look, an independent simulation |",
    "| V2 equals, V3 and V4 coverage, V5 power | the first table, *Data of many kinds*, and *How studies end* |",
    "| V6 equality at the margin | the first table. The level is that of two one-sided tests, 5 %, and no longer 3 % |",
    "| V7 wrong direction, V8 the negative control | the first table |",
    "| V9 heavy tails | *Data of many kinds*; runs that are low in one arm are a known failure, 6.4 % |",
    "| V10 grids of images | *Data of many kinds*; `tests/statistics/test_paired.py`: no interval without a width |",
    "| V11 other test images | `tests/statistics/test_paired.py`, on fewer studies and images than planned (below) |",
    "| V12 noise floor | `tests/statistics/test_paired.py` |",
    "| V13 families | the first table and *Several variants* |",
    "| V14 no last look | the first table |",
    "| V15 other programs | `tests/statistics/`: scipy, statsmodels, and baycomp and rliable on their own examples |",
    "| V16 invariances | `tests/study/test_invariances.py` |",
    "| V17 real equals | *Real trainings* |",
    "| V18 planted effects | *Real trainings*: true on CIFAR-10, **not true** on phantom |",
    "| V19 leaks | `tests/train/test_loop.py`, `tests/models/test_initial.py`, `tests/cli/test_tricks.py` |",
    "| V20 sentences | `tests/study/test_verdict.py`, `tests/report/page/test_page.py` |",
    "",
    "## What is not shown here",
    "",
    "- The new-image interval is tested on 400 simulated studies of 500 images, not on 2,000 of 10,000.",
    "- Resampled real runs are equals by construction, and symmetric ones: they say nothing of one-armed skew.",
    "- Half of the images of phantom, an effect of 0.7 sd, is not found in every study, as the row above says.",
    "- Holm's procedure bounds effects that are said of equals for any dependence between variants. That an effect is",
    "  said to point the wrong way is bounded for one variant; for several it is simulated alone, and lies far below.",
)


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
        claims.append(Figure(told, one["half_hurts"] / one["half_studies"], 1.0, 1.0, is_known_to_fail=size < 1))
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
    wanted = f"{100 * one.low:.2f} to {100 * one.high:.2f} %"
    return f"| {one.claim} | {100 * one.found:.2f} % | {wanted} | {one.word} |"


if __name__ == "__main__":
    text, holds = page()
    sys.stdout.write(text)
    sys.exit(0 if holds else 1)
