"""Robust figures speak up where a few pairs carry a verdict, and are silent on well-behaved pairs."""

import numpy as np
import pytest

from ablab.recipe import Recipe
from ablab.records import Measurement
from ablab.study import Rule, Study, Variant, decide, plan
from ablab.study.doubts import doubt, robust_of
from sample_runs import sample_run

BASE, NORM = Recipe(), Recipe().with_("norm=batch")


def verdict(gaps, *, margin=0.5, seeds=None):
    """The verdict on pairs with these differences in points."""
    study = Study(
        "?", BASE, (Variant("norm", NORM, "norm=batch"),), Rule(margin=margin, seeds=seeds or (len(gaps),) * 2)
    )
    runs = [
        sample_run(seed, accuracy, recipe, test=Measurement(1.0, accuracy, 1_000_000))
        for seed, gap in enumerate(gaps)
        for recipe, accuracy in ((BASE, 0.6), (NORM, 0.6 + gap / 100))
    ]
    return decide(plan(study, "fingerprint"), runs).verdicts[0]


def test_one_wild_pair_that_keeps_a_study_open_is_named():
    found = verdict([2.0, 2.1, 1.9, 2.2, 2.0, 1.8, -14.0])
    assert found.word == "undecided"
    assert (
        "Outliers keep this undecided: without the highest and the lowest difference the interval is +1."
        in found.sentence
    )
    assert found.sentence.count('which would be "helps"') == 1


def test_ten_pairs_leave_out_two_at_each_end():
    found = verdict([0.1, 0.0, -0.1, 0.05, -0.05, 0.1, -0.1, 0.0, 9.0, -8.0])
    assert "without the 2 highest and 2 lowest differences" in doubt(found)
    assert 'which would be "no practical difference"' in doubt(found)


def test_a_mean_far_from_the_typical_pair_is_called_the_work_of_a_few():
    found = verdict([0.1, 0.1, 0.2, 0.1, 0.1, 0.2, 0.1, 0.2, 0.1, 0.2, 0.1, 0.2, 3.0, 3.1, 2.9, 3.0], margin=0.01)
    assert found.word == "helps"
    assert "This effect depends on a few pairs: the typical pair (Hodges-Lehmann) shows +0.20 pp." in found.sentence


def test_sign_flips_that_are_less_sure_than_the_interval_are_told():
    found = verdict([1.0, 1.1, 0.9, 1.2, 1.0, -0.05], margin=0.1)
    assert found.word == "helps"
    assert robust_of(found).p == 0.0625
    assert "is less certain: p = 0.062." in found.sentence


@pytest.mark.parametrize("pairs", [3, 6, 10])
def test_normal_differences_are_doubted_seldom(pairs):
    draws = np.random.default_rng(pairs).normal(1.0, 0.7, (150, pairs))
    found = [verdict(list(gaps), seeds=(3, 10)) for gaps in draws]
    assert sum(bool(doubt(one)) for one in found) <= 9


def test_before_the_first_look_there_is_nothing_to_check():
    found = verdict([1.0, 1.1], seeds=(3, 5))
    assert robust_of(found) is None
    assert doubt(found) == ""
