"""Calibration: simulated studies whose truth is known, judged by the rule that judges real ones."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
