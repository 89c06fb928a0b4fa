"""What must not change a verdict does not, whatever the runs are; and words that nothing may say."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.weightstats import ttost_paired

from ablab.recipe import Recipe
from ablab.records import EpochRow, Measurement
from ablab.statistics.paired import interval, t_multiplier
from ablab.statistics.sequential import looks, multipliers
from ablab.study import Rule, Study, Variant, decide, plan
from ablab.study.secondary import learning_speed
from ablab.study.verdict import word_for
from sample_runs import sample_run

BASE = Recipe()
NORM = BASE.with_("norm=batch")
SOURCE = Path(__file__).parent.parent.parent / "src" / "ablab"
accuracies = st.lists(st.integers(4000, 6000), min_size=8, max_size=8)  # right images of 10,000
MIRROR = {
    "helps": "hurts",
    "hurts": "helps",
    "undecided": "undecided",
    "no practical difference": "no practical difference",
}


def verdict(a, b, base=BASE, variant=NORM, margin=0.5, seeds=(3, 8)):
    study = Study("?", base, (Variant("v", variant, "norm=batch"),), Rule(margin=margin, seeds=seeds))
    runs = [
        sample_run(seed, one / 10_000, recipe, test=Measurement(1.0, one / 10_000, 10_000))
        for recipe, side in ((base, a), (variant, b))
        for seed, one in enumerate(side)
    ]
    return decide(plan(study, "fingerprint"), runs).verdicts[0]


@settings(max_examples=60)
@given(accuracies, accuracies)
def test_base_and_variant_changed_over_negate_everything_and_mirror_the_word(a, b):
    one, other = verdict(a, b), verdict(b, a, NORM, BASE)
    assert other.word == MIRROR[one.word]
    assert other.pairs == one.pairs
    assert (other.effect, other.low, other.high) == pytest.approx((-one.effect, -one.high, -one.low), abs=1e-9)


@settings(max_examples=60)
@given(accuracies, accuracies, st.integers(-3000, 3000))
def test_what_is_added_to_both_sides_changes_nothing(a, b, more):
    one, other = verdict(a, b), verdict([x + more for x in a], [x + more for x in b])
    assert (one.word, one.pairs) == (other.word, other.pairs)
    assert (other.effect, other.low, other.high) == pytest.approx((one.effect, one.low, one.high), abs=1e-9)


@settings(max_examples=60)
@given(accuracies, accuracies, st.randoms())
def test_with_one_look_the_order_of_the_seeds_changes_nothing(a, b, random):
    order = list(range(8))
    random.shuffle(order)
    one = verdict(a, b, seeds=(8, 8))
    other = verdict([a[at] for at in order], [b[at] for at in order], seeds=(8, 8))
    assert (one.word, one.low, one.high) == (other.word, pytest.approx(other.low), pytest.approx(other.high))


@settings(max_examples=60)
@given(st.lists(st.floats(-5, 5), min_size=10, max_size=10), st.floats(0.1, 10))
def test_differences_and_margin_in_another_unit_give_the_same_word(gaps, unit):
    def word(values, margin, grid):
        seen = looks(values, multipliers(3, 10, 0.05), margin=margin, grid=grid)[-1]
        return word_for(seen.interval.low, seen.interval.high, margin), seen.pairs

    assert word(gaps, 0.5, 0.01) == word([gap * unit for gap in gaps], 0.5 * unit, 0.01 * unit)


def test_looking_less_often_never_shortens_an_interval():
    every = multipliers(3, 10, 0.05)
    plain = {n: t_multiplier(n, 0.05) for n in every}
    assert all(every[n] >= plain[n] for n in every)


@pytest.mark.parametrize("effect", [0.5, 1.0, 2.0])
def test_a_real_effect_is_hardly_ever_told_the_other_way_round(effect):
    draw = np.random.default_rng(11)
    factors = multipliers(3, 10, 0.05)
    gaps = draw.normal(effect, 1.0, (4000, 10))  # in standard deviations of a difference
    last = [looks(one, factors, margin=0.01, grid=1e-9)[-1] for one in gaps.tolist()]
    assert sum(look.interval.high < 0 for look in last) / len(last) <= 0.005


@settings(max_examples=40)
@given(st.lists(st.floats(-2, 2), min_size=4, max_size=12).filter(lambda values: np.std(values) > 0.05))
def test_no_practical_difference_is_two_one_sided_tests_at_half_the_level(gaps):
    seen = interval(gaps, t_multiplier(len(gaps), 0.05), grid=0.0)
    p, *_ = ttost_paired(np.array(gaps), np.zeros(len(gaps)), -0.5, 0.5)
    assert (word_for(seen.low, seen.high, 0.5)[0] == "no practical difference") == (p < 0.025)


@settings(max_examples=40)
@given(st.lists(st.integers(1, 30), min_size=3, max_size=20))
def test_the_restricted_mean_time_is_the_area_under_the_survival_curve(times):
    horizon = 20
    arrived = [time <= horizon for time in times]
    curve = SurvfuncRight([min(time, horizon) for time in times], [int(one) for one in arrived])
    steps = [0.0, *curve.surv_times, float(horizon)]
    area = sum((b - a) * s for a, b, s in zip(steps, steps[1:], [1.0, *curve.surv_prob], strict=False))

    def run(time):
        # on straight lines between epochs a run arrives a little earlier; from so far below it is at the epoch itself
        rows = [EpochRow(i, 0.1, 1.0, 0.5, 1.0, 0.8 if i >= time else -1e12, 1.0) for i in range(1, horizon + 1)]
        return sample_run(0, 0.5, curve=tuple(rows))

    found = learning_speed([(run(time), run(time)) for time in times], 0.8)
    if found is not None and found.horizon == horizon:
        assert sum(found.base_epochs) / len(times) == pytest.approx(area, rel=1e-6)


def test_nothing_that_a_person_reads_says_significant_or_proves():
    wrong = re.compile(r"\b(significan(t|ce)|proves|proven|no effect)\b", re.IGNORECASE)
    found = [
        (path.name, match[0])
        for path in SOURCE.rglob("*")
        if path.suffix in {".py", ".html", ".js"}
        for match in wrong.finditer(path.read_text("utf-8"))
    ]
    assert found == []


def test_every_verdict_has_its_pairs_its_interval_its_margin_and_its_cost():
    draw = np.random.default_rng(2)
    words = set()
    for effect, noise in ((300, 20), (-300, 20), (0, 4), (0, 200)):
        a = draw.normal(5000, 10, 8).round()
        found = verdict(a.tolist(), (a + draw.normal(effect, noise, 8).round()).tolist())
        words.add(found.word)
        for part in (
            f"{found.pairs} seed pair",
            "margin" if found.word != "no practical difference" else "smaller than",
            "training time",
        ):
            assert part in found.sentence
        assert re.search(r"[+-]\d+\.\d\d (to|and) [+-]\d+\.\d\d", found.sentence)
    assert words == {"helps", "hurts", "no practical difference", "undecided"}
    assert math.isfinite(found.effect)
