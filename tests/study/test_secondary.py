"""Secondary answers: paired, plain, and Holm's where there are many."""

import dataclasses

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ablab.records import DataFacts, EpochRow, Measurement
from ablab.study.secondary import class_effects, holm, secondary
from sample_runs import MACHINE, sample_run

DATA = DataFacts("fingerprint", "d", ("a", "b", "c", "d", "e"), (0, 1, 2, 3, 4) * 40)


def run(seed, *, val=0.5, train=0.6, test=0.55, loss=1.2, seconds=10.0, right=100):
    """A run with these figures, that has the first so many test images right."""
    given = bytes(label if at < right else (label + 1) % 5 for at, label in enumerate(DATA.labels))
    made = sample_run(seed, test)
    curve = tuple(EpochRow(i, 0.1, 1.0, train, 1.0, val + 0.01 * i, seconds / 2, 100) for i in (1, 2))
    return dataclasses.replace(
        made,
        curve=curve,
        predictions=given,
        test=Measurement(loss, test, 200, {"ece": 0.1}),
        cost=dataclasses.replace(made.cost, seconds=seconds),
    )


PAIRS = [
    (run(seed, val=0.5), run(seed, val=0.5 + gap, seconds=20.0 + seed)) for seed, gap in enumerate((0.02, 0.03, 0.07))
]


def test_each_is_the_paired_t_interval_of_scipy():
    speed = secondary(PAIRS)[0]
    expected = stats.ttest_1samp([2.0, 3.0, 7.0], 0).confidence_interval(0.95)
    assert speed.effect == pytest.approx(4.0)
    assert (speed.low, speed.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert (speed.pairs, speed.unit) == (3, "pp")


def test_times_are_a_ratio_and_only_within_one_machine():
    times = [one for one in secondary(PAIRS) if one.unit == "times"]
    assert times[0].effect == pytest.approx(np.exp(np.mean(np.log([2.0, 2.1, 2.2]))))
    elsewhere = dataclasses.replace(PAIRS[0][1], machine=dataclasses.replace(MACHINE, name="other"))
    assert not [one for one in secondary([(PAIRS[0][0], elsewhere), *PAIRS[1:]]) if one.unit == "times"]


def test_what_some_run_lacks_is_left_out_and_two_pairs_say_nothing():
    names = {one.name for one in secondary(PAIRS)}
    assert not any("top-5" in name for name in names)
    assert any("calibration" in name for name in names)
    assert secondary(PAIRS[:2]) == ()


def test_a_class_that_changed_has_a_small_p_and_the_others_do_not():
    def with_class(seed, right_of_first):
        made = run(seed, right=200)
        given = bytearray(made.predictions)
        wrong = [at for at, label in enumerate(DATA.labels) if label == 0][right_of_first:]
        for at in wrong:
            given[at] = 1
        return dataclasses.replace(made, predictions=bytes(given))

    pairs = [(with_class(seed, 20), with_class(seed, 30 + seed % 2)) for seed in range(5)]
    effects = class_effects(pairs, DATA)
    assert effects[0].effect == pytest.approx(100 * (30.4 - 20) / 40)
    assert effects[0].p < 0.01
    assert all(one.p > 0.5 for one in effects[1:])


@pytest.mark.parametrize("seed", range(5))
def test_holm_is_that_of_statsmodels(seed):
    p_values = np.random.default_rng(seed).random(8).tolist()
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])
