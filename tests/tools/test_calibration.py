"""The calibration of verdicts, with fewer studies than the page; and that it can fail."""

import numpy as np
import pytest

from ablab.statistics.sequential import Design, multipliers
from calibration import Figure, cell, data_rows, failing_rows, false_share, family_rows, figures, giving_up
from calibration_page import trainings

ONE = Design(3, 10, 0.05, 1, 1e-9)


@pytest.mark.slow
def test_everything_that_is_claimed_holds():
    found = list(figures(many=2000))
    assert len(found) >= 20
    assert [one.claim for one in found if not one.holds] == []


def test_multipliers_that_are_too_small_are_found_out():
    equal = np.random.Generator(np.random.PCG64(1)).normal(0, 1, (2000, 1, 10))
    narrow = {n: 0.8 * c for n, c in multipliers(3, 10, 0.05).items()}
    assert not Figure("", false_share(equal, ONE, factors=narrow), 0.0, 0.07).holds
    assert Figure("", false_share(equal, ONE), 0.0, 0.07).holds


def test_a_large_effect_ends_a_study_early_and_a_small_one_late():
    draw = np.random.Generator(np.random.PCG64(2))
    large, small = (cell(effect, 0.71, 10, draw=draw, many=500) for effect in (3.0, 0.5))
    assert large.words["helps"] == 1.0
    assert large.pairs < 4.5 < 8 < small.pairs
    assert min(large.coverage, small.coverage) > 0.93
    assert sum(small.words.values()) == pytest.approx(1.0)


def test_data_that_are_skewed_in_one_arm_fail_and_all_others_hold():
    rows = {name: one for name, one, _ in data_rows(4000)}
    assert [name for name, one in rows.items() if one.holds == ("one arm" in name)] == []
    assert all(one.is_as_known for one in rows.values())
    assert not rows["one arm lognormal, the other ten times quieter"].holds
    assert not rows["1 run in 20 at chance, in one arm, mean effect 0"].holds


def test_a_row_that_is_known_to_fail_must_fail():
    high, low = (Figure("", found, 0.0, 0.1, is_known_to_fail=True) for found in (0.2, 0.05))
    assert high.is_as_known
    assert not low.is_as_known
    assert high.word == "**FAILS**, as is known"


@pytest.mark.slow
def test_studies_with_runs_that_fail_are_judged_as_the_page_says():
    rows = list(failing_rows(200))
    assert len(rows) == 4
    assert [one.claim for one in rows if not one.holds] == []


def test_small_effects_beside_large_ones_are_found_more_often_with_fewer_runs():
    rows = {truths: (wrong, found, runs) for truths, wrong, found, runs in family_rows(2000)}
    assert all(wrong.holds for wrong, *_ in rows.values() if wrong)
    for truths in ((3, 3, 0.7), (3, -3, 2, 0.7, 0.7)):
        _, found, runs = rows[truths]
        assert found[1] > found[0] + 0.15
        assert runs[1] < runs[0]


@pytest.mark.long
def test_giving_up_saves_pairs_of_equals_and_costs_little_power():
    pairs, _ = giving_up(0.0, 0.71, 10, 100)
    assert pairs[1] < 0.85 * pairs[0]
    _, decided = giving_up(0.5, 0.71, 20, 100)
    assert decided[1] > decided[0] - 0.05


def test_real_trainings_are_told_and_judged():
    one = {
        "data": "phantom",
        "recipe": "epochs=3",
        "machine": "a machine",
        "runs": 200,
        "mean": 40.0,
        "sd": 1.2,
        "skew": -0.3,
        "rho": 0.4,
        "floor": 0.5,
        "instability": 5.8,
        "false": 0.041,
        "same_studies": 20,
        "same_false": 1,
        "half_studies": 5,
        "half_hurts": 5,
        "half_effect": -6.0,
    }
    lines, claims = trainings([one])
    assert all(claim.holds for claim in claims)
    assert "| phantom | 200 | 40.00 % | 1.20 pp | -0.30 | 0.50 pp | 5.8 | +0.40 | -6.00 pp |" in lines
    assert not all(claim.holds for claim in trainings([{**one, "half_hurts": 4}])[1])
    small = {**one, "half_hurts": 2, "half_effect": -1.3}  # about as large as what seeds do: missed, and said to be
    assert not all(claim.holds for claim in trainings([small])[1])
    assert not all(claim.holds for claim in trainings([{**one, "false": 0.1}])[1])
    assert trainings([]) == ([], [])
