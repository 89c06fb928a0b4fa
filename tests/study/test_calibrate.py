"""The calibration of verdicts, with fewer studies than the page; and that it can fail."""

import numpy as np

from ablab.study.calibrate import Figure, cell, false_share, figures
from ablab.study.sequential import multipliers


def test_everything_that_is_claimed_holds():
    found = list(figures(many=1500))
    assert len(found) >= 10
    assert [one.claim for one in found if not one.holds] == []


def test_multipliers_that_are_too_small_are_found_out():
    draw = np.random.Generator(np.random.PCG64(1))
    narrow = {n: 0.8 * c for n, c in multipliers(3, 10, 0.05).items()}
    assert not Figure("", false_share(narrow, draw=draw, many=2000), 0.0, 0.07).holds


def test_a_large_effect_ends_a_study_early_and_a_small_one_late():
    draw = np.random.Generator(np.random.PCG64(2))
    large, small = (cell(effect, 0.71, 10, draw=draw, many=500) for effect in (3.0, 0.5))
    assert large.words["helps"] == 1.0
    assert large.pairs < 4.5 < 8 < small.pairs
    assert min(large.coverage, small.coverage) > 0.93
