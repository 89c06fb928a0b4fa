"""Advice that is followed keeps what it says: by studies that are judged as real ones are."""

import numpy as np
import pytest

from ablab.statistics.paired import needed_pairs
from ablab.statistics.reach import (
    FARTHEST,
    ahead,
    detectable_effect,
    equality_margin,
    pairs_to_detect,
    pairs_to_equality,
)
from ablab.statistics.recycling import recycled_looks
from ablab.statistics.sequential import Design, multipliers
from one_look import detectable

MARGIN, GRID, STUDIES = 0.5, 1e-6, 2000


def draws(effect, sd, most, *, many=STUDIES, seed=11):
    return np.random.default_rng(seed).normal(effect, sd, (many, most)).tolist()


def last(path, most, margin=MARGIN, comparisons=1):
    return recycled_looks([path], [GRID], Design(3, most, 0.05, comparisons, margin))[0][-1]


@pytest.mark.slow
@pytest.mark.parametrize("sd", [0.35, 0.71])
def test_a_study_of_the_advised_size_settles_an_effect_of_the_margin_and_a_smaller_one_does_not(sd):
    most = pairs_to_detect(MARGIN / sd, 3, 0.05)
    shares = [np.mean([last(path, n).excludes_zero for path in draws(MARGIN, sd, n)]) for n in (most - 1, most)]
    assert shares[0] < 0.82
    assert shares[1] > 0.78


@pytest.mark.slow
@pytest.mark.parametrize("sd", [0.35, 0.6])
def test_a_study_of_the_advised_size_shows_equals_to_be_equal_and_a_smaller_one_does_not(sd):
    most = pairs_to_equality(MARGIN / sd, 3, 0.05, 0.1)
    shares = [np.mean([last(path, n).is_small(MARGIN) for path in draws(0.0, sd, n)]) for n in (most - 1, most)]
    assert shares[0] < 0.82
    assert shares[1] > 0.78


@pytest.mark.slow
def test_the_margin_within_which_a_study_shows_equals_equal_is_kept_in_4_of_5_studies():
    margin = equality_margin(3, 12, 0.05, 0.1)
    found = [last(path, 12, margin).is_small(margin) for path in draws(0.0, 1.0, 12)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize(("least", "most"), [(3, 10), (5, 12)])
def test_the_smallest_effect_that_a_study_detects_is_found_in_4_of_5_studies(least, most):
    effect = detectable_effect(least, most, 0.05)
    design = Design(least, most, 0.05, 1, 1e-9)
    found = [recycled_looks([path], [GRID], design)[0][-1].interval.low > 0 for path in draws(effect, 1.0, most)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.03)
    assert effect < detectable(most, 1.0, multipliers(least, most, 0.05)[most])  # that is of the last look alone


@pytest.mark.long
def test_so_many_more_pairs_as_are_advised_settle_an_effect_of_the_margin():
    """Advice at the sixth pair of an undecided study, at whatever sd that has seen; then the advised pairs are run."""
    most, at, kept = 24, 6, []
    design = Design(3, most, 0.05, 1, MARGIN)
    factors = (multipliers(3, most, 0.05), multipliers(3, most, 0.1))
    for path in draws(MARGIN, 0.6, most):
        looks = recycled_looks([path[:at]], [GRID], design)[0]
        if looks[-1].decides(MARGIN) or looks[-1].interval.mean < 0:
            continue
        enough = ahead(path[:at], looks[-1], MARGIN, factors, MARGIN).pairs()
        if enough:
            kept.append(recycled_looks([path[:enough]], [GRID], design)[0][-1].decides(MARGIN))
    assert len(kept) > 1000
    assert np.mean(kept) == pytest.approx(0.8, abs=0.04)


def test_one_look_alone_is_what_the_noncentral_t_distribution_says():
    assert detectable_effect(10, 10, 0.05) == pytest.approx(
        detectable(10, 1.0, multipliers(10, 10, 0.05)[10]), abs=0.03
    )


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 3])
def test_more_pairs_detect_and_show_more_and_are_needed_for_smaller_effects(alpha):
    effects = [detectable_effect(3, most, alpha) for most in range(3, 31)]
    assert effects == sorted(effects, reverse=True)
    wanted = [pairs_to_detect(ratio, 3, alpha) for ratio in (3.0, 1.0, 0.7, 0.5, 0.4)]
    assert wanted == sorted(wanted)
    assert wanted[1] >= needed_pairs(1.0, 1.0, alpha)  # looking again and again costs pairs at most


def test_what_is_out_of_reach_is_not_promised():
    assert pairs_to_detect(0.01, 3, 0.05) is None
    assert pairs_to_equality(0.01, 3, 0.05, 0.1) is None
    assert pairs_to_detect(50.0, 3, 0.05) == 3
    assert pairs_to_detect(detectable_effect(3, FARTHEST, 0.05), 3, 0.05) == FARTHEST


def test_the_rest_of_a_study_is_foreseen_from_what_was_seen():
    design, factors = Design(3, 10, 0.05, 1, MARGIN), (multipliers(3, 10, 0.05), multipliers(3, 10, 0.1))

    def foreseen(path, effect=None):
        return ahead(path, recycled_looks([path], [GRID], design)[0][-1], MARGIN, factors, effect)

    clear, noise = [0.9, 0.2, 1.4, 0.3, 1.3], [1.0, -1.1, 0.9, -1.0, 0.2]
    assert foreseen(clear).last > 0.8
    assert foreseen(noise).last < 0.1
    assert list(foreseen(noise).chances) == [6, 7, 8, 9, 10]
    assert foreseen(clear, 2.0).last > foreseen(clear, MARGIN).last > foreseen(clear, 0.0).last
    assert foreseen(noise).pairs() is None


@pytest.mark.slow
@pytest.mark.parametrize("most", [20, 60])
def test_what_is_foreseen_is_how_often_the_rule_decides_studies_that_go_on_from_there(most):
    """Each study has its own true sd, from the posterior of the one that was seen, and is judged look by look."""
    seen, effect, studies = [0.9, -0.4, 1.4, 0.3, -0.6, 1.0], 0.4, 500
    design, factors = Design(3, most, 0.05, 1, MARGIN), (multipliers(3, most, 0.05), multipliers(3, most, 0.1))
    look = recycled_looks([seen], [GRID], design)[0][-1]
    draw = np.random.default_rng(5)
    sds = look.interval.sd * np.sqrt((len(seen) - 1) / draw.chisquare(len(seen) - 1, studies))
    paths = effect + sds[:, None] * draw.standard_normal((studies, most - len(seen)))
    ends = [recycled_looks([[*seen, *path]], [GRID], design)[0][-1] for path in paths.tolist()]
    coming = ahead(seen, look, MARGIN, factors, effect)
    for pairs in (most // 2, most):
        decided = np.mean([end.pairs <= pairs and end.decides(MARGIN) for end in ends])
        assert coming.chances[pairs] == pytest.approx(decided, abs=0.07)
