"""Studies that decide by another metric than accuracy: its values, its unit, and which way is better."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from ablab.errors import StudyError
from ablab.recipe import Recipe
from ablab.records import Measurement
from ablab.study import Rule, Study, Variant, decide, plan
from ablab.study.forecast import before
from ablab.study.secondary import secondary
from sample_runs import sample_run

BASE = Recipe()
NORM = BASE.with_("norm=batch")
LOSSES = (1.90, 1.92, 1.88, 1.91), (1.50, 1.54, 1.49, 1.50)
ERRORS = (0.10, 0.11, 0.12, 0.10), (0.05, 0.05, 0.06, 0.06)


def planned(metric, margin=0.5, seeds=(3, 10)):
    rule = Rule(metric=metric, margin=margin, seeds=seeds)
    return plan(Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), rule), "fingerprint")


def runs(losses=LOSSES, errors=ERRORS, **changes):
    return [
        sample_run(seed, 0.3, recipe, test=Measurement(loss, 0.3, 200, {"ece": error}), **changes)
        for recipe, some, more in zip((BASE, NORM), losses, errors, strict=True)
        for seed, (loss, error) in enumerate(zip(some, more, strict=True))
    ]


def verdict(metric, given, **options):
    return decide(planned(metric, **options), given, labels=[0] * 200).verdicts[0]


def test_the_effect_on_another_metric_is_the_paired_interval_of_its_values():
    found = verdict("loss", runs(), margin=0.1, seeds=(4, 4))
    expected = stats.ttest_rel(LOSSES[1], LOSSES[0]).confidence_interval(0.95)
    assert found.effect == pytest.approx(np.mean(LOSSES[1]) - np.mean(LOSSES[0]))
    assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert (found.metric, found.unit) == ("loss", "nats")


def test_less_of_what_should_be_low_helps_and_more_of_it_hurts():
    better = verdict("loss", runs(), margin=0.1)
    worse = verdict("loss", runs(losses=LOSSES[::-1]), margin=0.1)
    assert (better.word, worse.word) == ("helps", "hurts")
    assert better.effect < 0 < worse.effect
    assert (better.wins, worse.wins) == (better.pairs, 0)
    assert better.chance_better > 0.9
    assert better.sentence.startswith("norm (loss) helps: -0.3900 nats (95 % interval ")
    assert "by more than your margin of 0.1000 nats" in better.sentence


def test_shares_are_told_in_percentage_points():
    found = verdict("ece", runs(), margin=0.5)
    assert found.effect == pytest.approx(-5.667, abs=1e-3)
    assert found.word == "helps"
    assert "norm (calibration error) helps: -5.67 pp" in found.sentence


def test_what_is_known_of_accuracies_alone_is_left_out():
    found = verdict("loss", runs())
    assert (found.error_reduction, found.floor, found.wide_low, found.instability) == (None, None, None, None)
    assert not found.is_of_this_test_set


def test_a_run_without_the_metric_ends_the_pairs_and_says_so():
    given = runs()
    given[1] = dataclasses.replace(given[1], test=dataclasses.replace(given[1].test, metrics={}))
    found = decide(planned("ece"), given)
    assert found.verdicts[0].pairs == 1
    assert found.verdicts[0].word == "undecided"
    assert 'A run without "ece" forms no pair' in found.verdicts[0].sentence
    assert "ablab runs rm" in found.verdicts[0].sentence
    assert found.wanted == ()


def test_studies_by_different_metrics_are_different_plans_and_accuracy_is_the_usual_one():
    names = ("accuracy", "loss", "ece")
    assert len({planned(name).hash for name in names}) == 3
    usual = plan(Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), Rule()), "fingerprint")
    assert usual.hash == planned("accuracy").hash


def test_a_study_file_may_name_any_metric_and_is_told_the_nearest_otherwise():
    text = 'question = "?"\n[variants]\n"norm" = "norm=batch"\n[decide]\nmetric = "{}"\n'
    assert Study.from_toml(text.format("ece")).rule.metric == "ece"
    with pytest.raises(StudyError, match='did you mean "ece"') as error:
        Study.from_toml(text.format("eec"))
    assert "study.toml:5" in str(error.value)


def test_what_can_be_seen_is_known_from_pairs_and_not_guessed():
    pairs = runs()
    seen = before(planned("loss"), pairs, seconds={})
    gaps = np.subtract(LOSSES[1], LOSSES[0])
    assert seen.spread == pytest.approx(np.std(gaps, ddof=1))
    unseen = before(planned("loss"), [], seconds={})
    assert unseen.spread is unseen.equality is None
    assert all(reach.points is None for reach in unseen.reaches)
    assert "loss" in unseen.source


def test_secondary_answers_leave_out_the_metric_that_decides_and_have_accuracy_instead():
    found = runs()
    pairs = list(zip(found[:4], found[4:], strict=True))
    names = {one.name for one in secondary(pairs, "ece")}
    assert "accuracy on the test images" in names
    assert "calibration error on the test images" not in names
    assert "accuracy on the test images" not in {one.name for one in secondary(pairs)}
