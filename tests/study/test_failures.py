"""Runs that fail: they count, later seeds go on, and the verdict says what it rests on."""

import numpy as np
import pytest

from ablab.metric import metric_of
from ablab.recipe import Recipe
from ablab.records import Measurement
from ablab.study import Rule, Study, Variant, decide
from ablab.study.failures import Scale, trained_pairs
from ablab.study.plan import plans
from sample_runs import sample_run

BASE, NORM = Recipe(), Recipe().with_("norm=batch")
LABELS = tuple(range(10)) * 20
ACCURACY = metric_of("accuracy")


def planned(seeds=(3, 10), metric="accuracy", margin=0.5, protocol=0):
    study = Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), Rule(metric=metric, margin=margin, seeds=seeds))
    return plans(study, "fingerprint")[protocol]


def run(seed, recipe, accuracy):
    """A run with this accuracy in percent; one without is one that diverged."""
    if accuracy is None:
        return sample_run(seed, 0.1, recipe, status="diverged", test=None, predictions=b"")
    return sample_run(seed, accuracy / 100, recipe, test=Measurement(1.0, accuracy / 100, 10_000), predictions=b"")


def verdict_of(it, base, variant):
    """The verdict on accuracies by seed, trained only as far as they are wanted."""
    world = {BASE.hash: base, NORM.hash: variant}
    runs = []
    while True:
        decision = decide(it, runs, labels=LABELS)
        if not decision.wanted:
            return decision.verdicts[0]
        runs += [run(spec.seed, spec.recipe, world[spec.recipe.hash][spec.seed]) for spec in decision.wanted]


def noisy(level, count=10, sd=0.3, seed=1):
    return list(np.random.default_rng(seed).normal(level, sd, count))


def test_three_of_three_that_diverged_hurt():
    verdict = verdict_of(planned(), noisy(70), [None] * 10)
    assert (verdict.word, verdict.pairs, verdict.failures, verdict.runs) == ("hurts", 3, 3, 3)
    assert verdict.accuracies == (10.0, 10.0, 10.0)
    assert verdict.effect == pytest.approx(-60, abs=1)
    assert (
        "3 of 3 (95 % interval 29 to 100 %) of norm, 0 of 3 (95 % interval 0 to 71 %) of the base" in verdict.sentence
    )
    assert "count as chance (10 %)" in verdict.sentence
    assert verdict.sentence.startswith("norm hurts: ")
    assert "Runs that failed or ended near chance: 3 of 3" in verdict.sentence


def test_three_of_three_that_collapsed_to_chance_hurt_as_well_and_are_called_failures():
    verdict = verdict_of(planned(), noisy(70), [10.0, 10.1, 9.9] * 4)
    assert (verdict.word, verdict.failures, verdict.base_failures) == ("hurts", 3, 0)
    assert verdict.failing.chance is None


def test_one_failure_freezes_nothing_and_the_verdict_is_about_the_seeds_where_both_train():
    base, variant = noisy(70), noisy(80, seed=2)
    variant[1] = None
    verdict = verdict_of(planned(), base, variant)
    assert (verdict.word, verdict.pairs, verdict.tried) == ("helps", 3, 4)
    assert verdict.seeds == (0, 2, 3)
    assert verdict.failing.where_both_train
    effect, low, high = verdict.failing.counted
    assert low < effect < 0 < high
    assert "This verdict covers only the seeds where both train" in verdict.sentence
    assert "1 of 4 (95 % interval 1 to 81 %) of norm" in verdict.sentence


def test_a_failure_of_the_base_freezes_no_variant():
    base = noisy(70)
    base[0] = None
    verdict = verdict_of(planned(), base, noisy(80, seed=2))
    assert (verdict.word, verdict.tried, verdict.base_failures) == ("helps", 4, 1)


def test_seeds_where_neither_trained_have_no_difference_and_are_never_called_equal():
    verdict = verdict_of(planned(), [None] * 10, [None] * 10)
    assert (verdict.word, verdict.pairs, verdict.tried) == ("undecided", 0, 10)
    assert verdict.failing.reliability == "not told apart"


def test_a_recipe_that_fails_far_more_often_trains_less_reliably():
    variant = [None if seed % 5 else 70.0 for seed in range(20)]
    verdict = verdict_of(planned(seeds=(10, 20)), noisy(70, 20), variant)
    assert verdict.failing.reliability == "trains less reliably"
    assert "norm trains less reliably than the base." in verdict.sentence


def test_where_all_runs_end_near_the_line_failing_is_of_degree_and_no_run_is_left_out():
    """Above 20 % is no failure, and to look only at pairs above it would call a loss of 2 points equal."""
    verdict = verdict_of(planned(), noisy(21, sd=0.05), noisy(19, sd=0.05, seed=2))
    assert verdict.word == "hurts"
    assert verdict.effect == pytest.approx(-2, abs=0.1)
    assert not verdict.failing.where_both_train


def test_the_verdict_says_where_the_bounds_of_a_failed_run_would_change_the_word():
    """Against a base at 20.2 %, chance is 10 points less, and twice chance is nearly the same."""
    verdict = verdict_of(planned(), noisy(20.2, sd=0.02), [None] * 10)
    assert verdict.word == "hurts"
    assert verdict.failing.other_words == ("no practical difference",)
    assert "as twice chance, they would give: no practical difference." in verdict.sentence
    assert verdict_of(planned(), noisy(70), [None] * 10).failing.other_words == ()


def test_a_finished_run_without_the_metric_that_decides_still_ends_the_pairs():
    it = planned(metric="top5")
    runs = [run(spec.seed, spec.recipe, 70.0) for spec in it.most]
    assert decide(it, runs, labels=LABELS).verdicts[0].pairs == 0


def test_of_another_metric_a_diverged_run_has_no_value_and_later_seeds_go_on():
    it = planned(metric="loss", margin=0.05)
    losses = {BASE.hash: noisy(1.0, sd=0.01), NORM.hash: noisy(0.5, sd=0.01, seed=2)}

    def made(spec):
        if spec.recipe == NORM and spec.seed == 0:
            return run(0, NORM, None)
        loss = losses[spec.recipe.hash][spec.seed]
        return sample_run(spec.seed, 0.7, spec.recipe, test=Measurement(loss, 0.7, 10_000), predictions=b"")

    verdict = decide(it, [made(spec) for spec in it.most], labels=LABELS).verdicts[0]
    assert (verdict.word, verdict.seeds) == ("helps", (1, 2, 3))
    assert verdict.failures == 1


def test_the_first_protocol_still_ends_the_pairs_at_a_run_without_a_measurement():
    verdict = verdict_of(planned(protocol=1), noisy(70), [80.0, None, *noisy(80, seed=2)])
    assert (verdict.word, verdict.pairs, verdict.failures, verdict.runs) == ("undecided", 1, 1, 3)
    assert verdict.failing is None
    assert verdict.sentence.startswith("1 of 3 runs of norm did not finish.")


@pytest.mark.parametrize(("classes", "line"), [(2, 55.6), (10, 20.0), (100, 2.0)])
def test_a_run_below_twice_chance_has_failed(classes, line):
    scale = Scale(ACCURACY, classes, counts_failures=True)
    assert scale.has_failed(run(0, BASE, line - 0.1))
    assert not scale.has_failed(run(0, BASE, line + 0.1))


@pytest.mark.slow
def test_with_5_percent_failures_studies_of_a_large_effect_end_decided():
    draw, words = np.random.default_rng(5), []
    for _ in range(100):
        base, variant = draw.normal(70, 0.5, 10), draw.normal(73.5, 0.5, 10)
        fails = draw.random((2, 10)) < 0.05
        sides = [
            [None if fail else value for value, fail in zip(side, failed, strict=True)]
            for side, failed in zip((base, variant), fails, strict=True)
        ]
        words.append(verdict_of(planned(), *sides).word)
    assert words.count("helps") >= 98


@pytest.mark.long
@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_equals_that_fail_equally_often_are_seldom_called_different(rate):
    draw, wrong = np.random.default_rng(6), 0
    for _ in range(200):
        accuracies = draw.normal(70, 0.5, (2, 10))
        fails = draw.random((2, 10)) < rate
        sides = [
            [None if fail else value for value, fail in zip(side, failed, strict=True)]
            for side, failed in zip(accuracies, fails, strict=True)
        ]
        wrong += verdict_of(planned(margin=0.01), *sides).word in ("helps", "hurts")
    assert wrong <= 0.05 * 200 + 3 * (200 * 0.05 * 0.95) ** 0.5


def test_pairs_that_trained_are_those_without_a_failure_and_none_where_a_run_came_near_the_line():
    scale = Scale(ACCURACY, 10, counts_failures=True)  # 20 % is the line, and below 30 % is near it
    clear = [(run(seed, BASE, 70), run(seed, NORM, 71)) for seed in range(3)]
    failed, near = (run(3, BASE, 12), run(3, NORM, 72)), (run(3, BASE, 29.9), run(3, NORM, 72))
    assert trained_pairs([*clear, failed], scale).places == (0, 1, 2)
    assert trained_pairs([*clear, near], scale).places == ()


def test_by_the_first_protocol_runs_of_the_base_that_did_not_finish_are_counted_in_the_sentence():
    verdict = verdict_of(planned(protocol=-1), [70.0, None, *noisy(70)], noisy(80, seed=2))
    assert verdict.base_failures == 1
    assert verdict.sentence.startswith("1 run of the base did not finish.")
