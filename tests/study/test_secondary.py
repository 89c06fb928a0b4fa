"""Secondary answers: paired, plain, and Holm's where there are many."""

import dataclasses
import json

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ablab.errors import StudyError
from ablab.records import DataFacts, EpochRow, Measurement
from ablab.statistics.sequential import multipliers
from ablab.study.secondary import (
    after_looks,
    class_effects,
    confusion_changes,
    gap_change,
    groups_note,
    holm,
    learning_speed,
    paired_secondary,
    secondary,
)
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


def with_curve(seed, *accuracies, seconds=2.0):
    curve = tuple(EpochRow(i, 0.1, 1.0, 0.5, 1.0, one, seconds) for i, one in enumerate(accuracies, 1))
    return dataclasses.replace(sample_run(seed), curve=curve)


def test_a_run_that_never_arrives_counts_as_the_horizon():
    base = [with_curve(0, 0.2, 0.4, 0.6), with_curve(1, 0.2, 0.3, 0.5), with_curve(2, 0.1, 0.2, 0.3)]
    variant = [with_curve(seed, 0.4, 0.6, 0.7) for seed in range(3)]
    speed = learning_speed(list(zip(base, variant, strict=True)), 0.5)
    assert speed.base_epochs == pytest.approx((2.5, 3.0, 3.0))
    assert (speed.base_never, speed.variant_never, speed.horizon) == (1, 0, 3)
    expected = stats.ttest_1samp([-1.0, -1.5, -1.5], 0).confidence_interval(0.95)
    assert speed.epochs.effect == pytest.approx(-4 / 3)
    # their sd is 0.29, less than that of rounding to whole epochs, which is the least that is believed
    assert speed.epochs.high - speed.epochs.low == pytest.approx(2 * 4.302653 * 6**-0.5 / 3**0.5)
    assert speed.epochs.high > expected.high
    assert speed.seconds.effect == pytest.approx((1.5**3 / (2.5 * 3 * 3)) ** (1 / 3))
    assert speed.sentence.startswith("1 of 3 runs of the base and 0 of 3 of the variant never reached it.")
    json.dumps(dataclasses.asdict(speed))


def test_with_more_than_half_of_a_side_missing_only_the_counts_are_told():
    pairs = [(with_curve(seed, 0.1, 0.6), with_curve(seed, 0.1, 0.2 + 0.4 * (seed == 0))) for seed in range(3)]
    speed = learning_speed(pairs, 0.5)
    assert (speed.epochs, speed.seconds, speed.variant_never) == (None, None, 2)
    assert learning_speed(pairs[:2], 0.5) is None


def test_a_run_that_ended_because_it_arrived_shortens_no_other():
    pairs = [(with_curve(seed, 0.1, 0.2, 0.3, 0.6), with_curve(seed, 0.2, 0.5)) for seed in range(3)]
    speed = learning_speed(pairs, 0.5)
    assert (speed.horizon, speed.base_never) == (4, 0)
    assert speed.base_epochs == pytest.approx((11 / 3,) * 3)


def test_the_first_epoch_is_not_timed():
    slow = with_curve(0, 0.1, 0.6)
    first = dataclasses.replace(slow.curve[0], seconds=100.0)
    warming = dataclasses.replace(slow, curve=(first, slow.curve[1]))
    assert learning_speed([(warming, slow)] * 3, 0.5).seconds.effect == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("train", "test", "said"),
    [
        (-3.0, 0.0, "shrank because train fell ("),
        (0.0, 2.0, "shrank because test rose ("),
        (-2.0, 2.0, "shrank because train fell and test rose ("),
        (3.0, 1.0, "grew because train rose ("),
        (-1.0, -3.0, "grew because test fell ("),
        (1.0, 1.0, "No clear change in the gap"),
    ],
)
def test_the_gap_is_told_with_the_part_that_moved_it(train, test, said):
    a, b = [90.0, 91.0, 92.0], [70.0, 70.5, 71.0]
    change = gap_change(a, b, [x + train for x in a], [x + test for x in b])
    assert change.gap.effect == pytest.approx(train - test)
    assert (change.train.effect, change.test.effect) == (pytest.approx(train), pytest.approx(test))
    assert said in change.sentence


def test_figures_that_make_no_pairs_are_refused():
    with pytest.raises(StudyError, match="three pairs"):
        paired_secondary("x", "pp", [1.0, 2.0, 3.0], [1.0, 2.0])
    seen = paired_secondary("ece", "pp", [1.0, 2.0, 4.0], [2.0, 4.0, 4.0])
    assert seen.effect == pytest.approx(1.0)
    assert seen.low == pytest.approx(stats.ttest_1samp([1.0, 2.0, 0.0], 0).confidence_interval(0.95).low)


def test_the_mistake_that_changed_most_comes_first():
    def mistaken(seed, how_many):  # so many images of "a" taken for "c"
        made = run(seed, right=200)
        given = bytearray(made.predictions)
        given[0 : 5 * how_many : 5] = bytes([2]) * how_many
        return dataclasses.replace(made, predictions=bytes(given))

    changes = confusion_changes([(mistaken(0, 4), mistaken(0, 12)), (mistaken(1, 4), mistaken(1, 16))], DATA)
    assert [(one.true, one.given) for one in changes] == [("a", "c")]
    assert (changes[0].base, changes[0].variant) == (pytest.approx(10.0), pytest.approx(35.0))
    assert changes[0].change == pytest.approx(25.0)


def test_groups_of_classes_are_told_by_their_own_images():
    pairs = [(run(seed, right=100), run(seed, right=200)) for seed in range(3)]
    effects = class_effects(pairs, DATA, {"first": (0, 1), "rest": (2, 3, 4)})
    assert [(one.name, one.base, one.variant) for one in effects] == [("first", 50.0, 100.0), ("rest", 50.0, 100.0)]


def test_many_classes_ask_for_groups():
    many = DataFacts("fingerprint", "d", tuple(map(str, range(100))), tuple(range(100)) * 2)
    pairs = [(sample_run(seed), sample_run(seed)) for seed in range(3)]
    assert "about 2 test images each" in groups_note(many)
    assert groups_note(DATA) == ""
    assert class_effects(pairs, many) == ()
    assert class_effects(pairs, many, {"all": range(100)})[0].effect == 0


def test_predictions_of_other_images_are_refused():
    short = dataclasses.replace(run(0), predictions=b"\x00" * 7)
    with pytest.raises(StudyError, match="predictions are not those of 200 images"):
        class_effects([(short, run(0))] * 3, DATA)


@pytest.mark.parametrize("correlation", [0.0, 0.9, 1.0])
@pytest.mark.parametrize("effect", [0.0, 1.0])
def test_secondary_intervals_hold_when_the_verdict_ends_the_study(correlation, effect):
    """A figure that goes with accuracy is missed at most 5 % of the time, where plain intervals miss more."""
    draw, factors = np.random.default_rng(int(10 * correlation + effect)), multipliers(3, 10, 0.05)
    missed = 0
    for _ in range(studies := 1500):
        first = draw.normal(effect, 1, 10)
        other = effect + correlation * (first - effect) + np.sqrt(1 - correlation**2) * draw.normal(0, 1, 10)
        for pairs, factor in factors.items():
            seen = first[:pairs]
            if abs(seen.mean()) > factor * seen.std(ddof=1) / np.sqrt(pairs):
                break
        line = paired_secondary("x", "pp", [0.0] * pairs, list(other[:pairs]), 0.0, after_looks(pairs, (3, 10)))
        missed += not line.low <= effect <= line.high
    assert missed / studies <= 0.05


def test_a_clock_that_stood_still_gives_no_ratio_of_times():
    still = [(base, dataclasses.replace(it, cost=dataclasses.replace(it.cost, seconds=0.0))) for base, it in PAIRS]
    assert {one.unit for one in secondary(PAIRS)} - {one.unit for one in secondary(still)} == {"times"}


def test_seconds_to_a_target_are_a_ratio_only_within_one_machine_and_by_a_clock_that_runs():
    base = [with_curve(seed, 0.2, 0.4, 0.6) for seed in range(3)]
    faster = [with_curve(seed, 0.4, 0.6, 0.7) for seed in range(3)]
    elsewhere = [dataclasses.replace(it, machine=dataclasses.replace(MACHINE, name="other")) for it in faster]
    still = [with_curve(seed, 0.4, 0.6, 0.7, seconds=0.0) for seed in range(3)]
    # half-way between epochs 2 and 3 against half-way between 1 and 2, at 2 seconds an epoch
    assert learning_speed(list(zip(base, faster, strict=True)), 0.5).seconds.effect == pytest.approx(1.5 / 2.5)
    for others in (elsewhere, still):
        speed = learning_speed(list(zip(base, others, strict=True)), 0.5)
        assert speed.seconds is None
        assert speed.epochs.effect == pytest.approx(-1.0)


def test_without_predictions_no_mistakes_are_compared():
    silent = [(base, dataclasses.replace(it, predictions=b"")) for base, it in PAIRS]
    assert confusion_changes(silent, DATA) == confusion_changes([], DATA) == ()
