"""The calibration page: simulated studies whose truth is known, judged by the rule that judges real ones.

    python tools/calibration.py > docs/calibration.md

Minutes. It ends with 1 if a figure that must hold does not. Rows that are known to fail are shown as failing.
"""

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ablab.recipe import Recipe
from ablab.records import Cost, EpochRow, Machine, Measurement, Run, RunSpec
from ablab.statistics.paired import t_multiplier
from ablab.statistics.reach import ENOUGH, HOPELESS, ahead, detectable_effect, pairs_to_detect, pairs_to_equality
from ablab.statistics.recycling import recycled_looks
from ablab.statistics.sequential import Design, multipliers, open_ended
from ablab.study import Rule, Study, Variant, Verdict, decide, plan
from simulated_looks import DATA, Array, Ends, equals, family, judged

STUDIES = 10_000
GIVING_UP = 400  # studies of that table: each look of each simulates what is to come
TRAININGS = Path(__file__).with_name("real_trainings.json")  # figures of benchmarks/real_trainings.py
SEED = 5
ALPHA, MARGIN, SD = 0.05, 0.5, 0.71  # points
# the spread of a difference: of a good network, of a small one, of an unstable one (points)
SPREADS = {"good network": 0.28, "small CNN": SD, "unstable": 1.41}
BASE = Recipe.of({})
VARIANT = BASE.with_("width=2")
SKEWED = "one arm"  # data for which the t interval is known to err
# effects of the variants of a study, in points: those of 0 must not be called effects
TRUTHS = (
    (0, 0),
    (0, 0, 0, 0, 0),
    (3, 0, 0),
    (3, -3, 2, 0, 0),
    (0.7, 0.7, 0),
    (0.5, 0.5, 0.5),
    (0.5, 0, 0),
    (3, 3, 0.7),
    (3, -3, 2, 0.7, 0.7),
)


@dataclass(frozen=True)
class Figure:
    """One claim with what was found and what it must be."""

    claim: str
    found: float
    low: float
    high: float
    is_known_to_fail: bool = False

    @property
    def holds(self) -> bool:
        return self.low <= self.found <= self.high

    @property
    def is_as_known(self) -> bool:
        """It holds, or it is known not to: a row that is said to fail and does not is as wrong as the reverse."""
        return self.holds != self.is_known_to_fail

    @property
    def word(self) -> str:
        return "holds" if self.holds else "**FAILS**, as is known" if self.is_known_to_fail else "**FAILS**"


@dataclass(frozen=True)
class Cell:
    """Many studies of one truth: how they ended."""

    words: Mapping[str, float]  # share of each
    coverage: float  # of the truth by the interval at the look where the study stopped
    pairs: float  # used, on average


def cell(effect: float, spread: float, most: int, *, draw: Any, many: int = STUDIES) -> Cell:
    """How studies of a true effect end."""
    ends = judged(np.round(draw.normal(effect, spread, (many, 1, most)), 2), Design(3, most, ALPHA, 1, MARGIN), 0.01)
    words = {
        "helps": (ends.low > 0) & ~ends.is_small,
        "hurts": (ends.high < 0) & ~ends.is_small,
        "no practical difference": ends.is_small,
        "undecided": ~ends.is_decided,
    }
    return Cell({word: float(share.mean()) for word, share in words.items()}, _coverage(ends, effect), _pairs(ends))


def false_share(differences: Array, design: Design, grid: float = 1e-9, **others: Any) -> float:
    """The share of studies of equals that call one of them different."""
    return float(judged(differences, design, grid, **others).is_effect.any(1).mean())


def _coverage(ends: Ends, effect: float) -> float:
    return float(((ends.low <= effect) & (effect <= ends.high)).mean())


def _pairs(ends: Ends) -> float:
    return float(ends.pairs.mean())


def figures(many: int = STUDIES, seed: int = SEED) -> Iterator[Figure]:
    """Every claim that must hold."""
    draw = np.random.Generator(np.random.PCG64(seed))
    wide = 3.2 * math.sqrt(ALPHA * (1 - ALPHA) / STUDIES) * math.sqrt(STUDIES / many)  # 0.7 points for 10,000 studies
    for n in (3, 5, 10):
        share = false_share(draw.normal(0, 1, (many, 1, n)), Design(n, n, ALPHA, 1, 1e-9))
        yield Figure(f"false verdicts of equals, {n} seeds, one look", share, ALPHA - wide, ALPHA + wide)
    for least, most in ((3, 5), (3, 10), (3, 20), (5, 10), (3, 40)):
        share = false_share(draw.normal(0, 1, (many, 1, most)), Design(least, most, ALPHA, 1, 1e-9))
        yield Figure(f"false verdicts of equals, {least}..{most} seeds, looking every time", share, 0, ALPHA + wide)
    for among in (3, 5, 10):
        share = false_share(family(np.zeros(among), SD, draw, many, 10), Design(3, 10, ALPHA, among, 1e-9))
        yield Figure(f"any false verdict among {among} equals that share a base, 3..10 seeds", share, 0, ALPHA + wide)
    forever = {n: min(open_ended(n, ALPHA), 1e6) for n in range(3, 503)}
    share = false_share(draw.normal(0, 1, (many, 1, 502)), Design(3, 502, ALPHA, 1, 1e-9), factors=forever)
    yield Figure("false verdicts without a last look, 500 looks", share, 0, ALPHA + wide)
    plain = {n: t_multiplier(n, ALPHA) for n in range(3, 11)}
    share = false_share(draw.normal(0, 1, (many, 1, 10)), Design(3, 10, ALPHA, 1, 1e-9), factors=plain)
    yield Figure("negative control: the plain t interval at every look must fail", share, 0.15, 0.18)
    for size, least_power in ((1.0, 0.67), (1.5, 0.95), (2.0, 0.99)):
        ends = judged(draw.normal(size, 1, (many, 1, 10)), Design(3, 10, ALPHA, 1, 1e-9))
        yield Figure(f"an effect of {size:g} sd is found, 3..10 seeds", float((ends.low > 0).mean()), least_power, 1)
    for spread, most in ((0.28, 10), (0.4, 10), (SD, 20), (SD, 40)):
        for sign in (1, -1):
            ends = judged(draw.normal(sign * MARGIN, spread, (many, 1, most)), Design(3, most, ALPHA, 1, MARGIN))
            claim = f"an effect of {sign * MARGIN:+g} pp, the margin, is called no practical difference"
            yield Figure(f"{claim} (sd {spread} pp, 3..{most})", float(ends.is_small.mean()), 0, ALPHA + wide)
    for size in (0.5, 1.0):
        ends = judged(draw.normal(size, 1, (many, 1, 10)), Design(3, 10, ALPHA, 1, 1e-9))
        yield Figure(
            f"an effect of {size:g} sd is said to point the other way", float((ends.high < 0).mean()), 0, 0.005
        )
    yield from advice(draw, many)


def advice(draw: Any, many: int) -> Iterator[Figure]:
    """Studies that follow what is said before them."""
    near = 0.02 + 1.3 / math.sqrt(many)
    found = detectable_effect(3, 10, ALPHA)
    ends = judged(draw.normal(found, 1, (many, 1, 10)), Design(3, 10, ALPHA, 1, 1e-9))
    claim = f"an effect of {found:.2f} sd, which `ablab plan` gives for 10 seeds, is found"
    yield Figure(claim, float((ends.low > 0).mean()), 0.8 - near, 0.8 + near)
    if most := pairs_to_detect(MARGIN / SD, 3, ALPHA):
        ends = judged(draw.normal(MARGIN, SD, (many, 1, most)), Design(3, most, ALPHA, 1, MARGIN))
        claim = f'"a new study with up to {most} seeds would settle {MARGIN} pp" (sd {SD} pp)'
        yield Figure(claim, float(ends.is_effect.mean()), 0.8 - near, 0.84 + near)
    if most := pairs_to_equality(MARGIN / SD, 3, ALPHA, 2 * ALPHA):
        ends = judged(draw.normal(0, SD, (many, 1, most)), Design(3, most, ALPHA, 1, MARGIN))
        claim = f'"up to {most} pairs show no practical difference within {MARGIN} pp" (sd {SD} pp, no effect)'
        yield Figure(claim, float(ends.is_small.mean()), 0.8 - near, 0.84 + near)


def cells(many: int = STUDIES, seed: int = SEED) -> Iterator[tuple[str, float, int, Cell]]:
    """The four words over networks, effects and numbers of seeds."""
    draw = np.random.Generator(np.random.PCG64([seed, 1]))
    for name, spread in SPREADS.items():
        for effect in (0.0, 0.5, 1.0, 2.0):
            for most in (10, 20):
                yield name, effect, most, cell(effect, spread, most, draw=draw, many=many)


def data_rows(many: int, seed: int = SEED) -> Iterator[tuple[str, Figure, float]]:
    """Equals of many kinds: false verdicts and coverage of 0; those skewed in one arm are known to fail."""
    draw = np.random.Generator(np.random.PCG64([seed, 2]))
    wide = 3.2 * math.sqrt(ALPHA * (1 - ALPHA) / many)
    for name in DATA:
        differences, grid = equals(name, draw, many, 10)
        ends = judged(differences, Design(3, 10, ALPHA, 1, 1e-9), grid)
        figure = Figure(name, float(ends.is_effect.mean()), 0, ALPHA + wide, is_known_to_fail=SKEWED in name)
        yield name, figure, _coverage(ends, 0.0)


def failing_rows(many: int, seed: int = SEED) -> Iterator[Figure]:
    """Studies with runs that end at chance, judged as the product does, run by run."""
    draw = np.random.Generator(np.random.PCG64([seed, 6]))
    wide = 3.2 * math.sqrt(ALPHA * (1 - ALPHA) / many)
    for name, rates in (("5 % of all runs fail", (0.05, 0.05)), ("1 run in 20 of the variant fails", (0.0, 0.05))):
        ends = [_failing_study(draw, 0.0, rates) for _ in range(many)]
        wrong = sum(one.word in ("helps", "hurts") or one.is_negligible for one in ends) / many
        yield Figure(f"equals where they train, {name}: an effect is said", wrong, 0, ALPHA + wide)
    ends = [_failing_study(draw, 5 * SD, (0.05, 0.05)) for _ in range(many)]
    yield Figure("an effect of 5 sd, 5 % of all runs fail: it is found", _share(ends, "helps"), 0.95, 1)
    ends = [_failing_study(draw, 0.0, (0.0, 1.0)) for _ in range(many // 10)]
    yield Figure("every run of the variant fails: it hurts", _share(ends, "hurts"), 1, 1)


def _share(ends: Sequence[Verdict], word: str) -> float:
    return sum(one.word == word for one in ends) / len(ends)


def _failing_study(draw: Any, effect: float, rates: tuple[float, float]) -> Verdict:
    """One study of a base and a variant, whose runs end at chance so often."""
    study = Study("?", BASE, (Variant("variant", VARIANT, "width=2"),), Rule(margin=MARGIN, seeds=(3, 10)))
    shared = draw.normal(70, 1, 10)
    runs = []
    for recipe, gain, rate in ((BASE, 0.0, rates[0]), (VARIANT, effect, rates[1])):
        points = shared + gain + draw.normal(0, SD / math.sqrt(2), 10)
        points = np.where(draw.random(10) < rate, draw.normal(10, 0.3, 10), points)
        runs += [_run(recipe, seed, round(float(each), 2) / 100) for seed, each in enumerate(points)]
    return decide(plan(study, "f"), runs, labels=range(10)).verdicts[0]


def _run(recipe: Recipe, seed: int, accuracy: float) -> Run:
    machine = Machine("simulated", "cpu", 1, "fp32", "", "", "")
    curve = (EpochRow(1, 0.1, 1.0, accuracy, 1.0, accuracy, 1.0),)
    test = Measurement(1.0, accuracy, 10_000)
    return Run(RunSpec(recipe, seed, "f"), "finished", machine, Cost(1.0, 1.0, 1, 1, 1), None, curve, 1, test)


def family_rows(
    many: int, seed: int = SEED
) -> Iterator[tuple[tuple[float, ...], Figure | None, list[float], list[float]]]:
    """Studies of several variants: any false effect, and the mean share of effects found and runs, without and with."""
    draw = np.random.Generator(np.random.PCG64([seed, 3]))
    wide = 3.2 * math.sqrt(ALPHA * (1 - ALPHA) / many)
    for truths in TRUTHS:
        effects = np.array(truths, float)
        differences = np.round(family(effects, SD, draw, many, 10), 2)
        alone = [
            judged(differences[:, [at]], Design(3, 10, ALPHA / len(truths), 1, MARGIN), 0.01)
            for at in range(len(truths))
        ]
        ends = judged(differences, Design(3, 10, ALPHA, len(truths), MARGIN), 0.01)
        pairs = [np.concatenate([one.pairs for one in alone], 1), ends.pairs]
        right = [np.concatenate([one.is_effect for one in alone], 1), ends.is_effect]
        small = np.flatnonzero((np.abs(effects) > 0) & (np.abs(effects) < 1))
        wrong = None
        if (effects == 0).any():
            wrong = Figure("", float(ends.is_effect[:, effects == 0].any(1).mean()), 0, ALPHA + wide)
        found = [float(one[:, small].mean()) if len(small) else math.nan for one in right]
        yield truths, wrong, found, [float((one.max(1) + one.sum(1)).mean()) for one in pairs]


def giving_up(
    effect: float, spread: float, most: int, many: int = GIVING_UP
) -> tuple[Sequence[float], Sequence[float]]:
    """Pairs and the share that is decided, first without and then with giving up."""
    design = Design(3, most, ALPHA, 1, MARGIN)
    factors = multipliers(3, most, ALPHA), multipliers(3, most, 2 * ALPHA)
    pairs, decided = np.zeros((2, many)), np.zeros((2, many))
    draw = np.random.Generator(np.random.PCG64([SEED, 4, most]))
    for at, path in enumerate(draw.normal(effect, spread, (many, most)).tolist()):
        looks = recycled_looks([path], [0.01], design)[0]
        open_ones = [one for one in looks if ENOUGH <= one.pairs < most and not one.decides(MARGIN)]
        stop = next(
            (one.pairs for one in open_ones if ahead(path[: one.pairs], one, MARGIN, factors).last < HOPELESS), None
        )
        pairs[:, at] = looks[-1].pairs, stop or looks[-1].pairs
        decided[:, at] = looks[-1].decides(MARGIN), looks[-1].decides(MARGIN) and not stop
    return pairs.mean(1).tolist(), decided.mean(1).tolist()


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
