"""What the runs say, and which are still wanted: from the store alone, whatever happened in between."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablab.errors import StudyError
from ablab.recipe import Recipe
from ablab.study import Rule, Study, Variant, decide, plan
from sample_runs import sample_run

BASE = Recipe()
NORM = BASE.with_("norm=batch")
ONE = (Variant("norm", NORM, "norm=batch"),)


def planned(margin=1.0, seeds=(3, 10), variants=ONE):
    return plan(Study("?", BASE, variants, Rule(margin=margin, seeds=seeds)), "fingerprint")


class World:
    """Gives every wanted run an accuracy: noise that a pair shares, noise of its own, and the effect of the recipe."""

    def __init__(self, seed, *, effect=0.0, own=0.4, shared=0.6, broken=()):
        self.draw = np.random.default_rng(seed)
        self.together = self.draw.normal(70, shared, 1000)
        self.alone = {recipe.hash: self.draw.normal(0, own, 1000) for recipe in (BASE, NORM)}
        self.effect, self.broken = effect, broken

    def run(self, wanted):
        if (wanted.recipe.hash, wanted.seed) in self.broken:
            return sample_run(wanted.seed, 0.1, wanted.recipe, status="diverged", test=None)
        accuracy = self.together[wanted.seed] + self.alone[wanted.recipe.hash][wanted.seed]
        return sample_run(wanted.seed, (accuracy + self.effect * (wanted.recipe != BASE)) / 100, wanted.recipe)


def carried_out(it, world):
    """All runs that a study trains until nothing is wanted, and the decision."""
    runs = []
    while True:
        decision = decide(it, runs)
        if not decision.wanted:
            return runs, decision
        runs += [world.run(wanted) for wanted in decision.wanted]


def test_at_first_the_fewest_runs_are_wanted():
    it = planned()
    assert decide(it, []).wanted == it.wanted


def test_a_study_ends_with_no_more_runs_than_planned():
    for seed in range(20):
        it = planned()
        runs, decision = carried_out(it, World(seed, effect=0.5))
        assert 6 <= len(runs) <= len(it.most)
        assert decide(it, runs) == decision


def test_a_clear_effect_ends_it_at_the_first_look():
    runs, decision = carried_out(planned(), World(0, effect=20.0, own=0.1))
    assert len(runs) == 6
    assert decision.verdicts[0].word == "helps"
    assert decision.verdicts[0].pairs == 3


def test_a_seed_more_is_wanted_while_it_is_undecided_and_only_for_who_needs_it():
    two = (*ONE, Variant("wide", BASE.with_("width=2"), "width=2"))
    it = planned(variants=two, seeds=(3, 5))
    runs = [
        sample_run(seed, accuracy + gain, recipe)
        for seed, accuracy in enumerate((0.70, 0.71, 0.72))
        for recipe, gain in ((BASE, 0), (NORM, (0.2, 0.201, 0.202)[seed]), (two[1].recipe, (-0.05, 0.05, 0.0)[seed]))
    ]
    decision = decide(it, runs)
    assert [verdict.word for verdict in decision.verdicts] == ["helps", "undecided"]
    assert {(one.recipe.hash, one.seed) for one in decision.wanted} == {(BASE.hash, 3), (two[1].recipe.hash, 3)}


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_neither_the_order_of_the_store_nor_runs_of_others_change_a_verdict(seed, random):
    it = planned()
    runs, decision = carried_out(it, World(seed, effect=0.6))
    others = [sample_run(n, 0.99, BASE.with_("lr=0.3")) for n in range(3)]
    mixed = [*runs, *others]
    random.shuffle(mixed)
    assert decide(it, mixed) == decision


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(0, 20), st.randoms(use_true_random=False))
def test_a_study_that_was_killed_ends_as_one_that_was_not(seed, survived, random):
    it, world = planned(), World(seed, effect=0.6)
    runs, decision = carried_out(it, world)
    kept = random.sample(runs, min(survived, len(runs)))
    while True:
        again = decide(it, kept)
        if not again.wanted:
            break
        kept += [world.run(wanted) for wanted in again.wanted]
    assert again == decision


def test_runs_of_later_seeds_in_the_store_are_not_looked_at_after_the_verdict():
    it = planned()
    runs, decision = carried_out(it, World(3, effect=20.0, own=0.1))
    against = [sample_run(seed, 0.9 if recipe == BASE else 0.1, recipe) for seed in (3, 4) for recipe in (BASE, NORM)]
    assert decide(it, [*runs, *against]).verdicts == decision.verdicts


def test_runs_on_other_data_do_not_count():
    it = plan(Study("?", BASE, ONE, Rule()), "other data")
    assert decide(it, [World(0).run(wanted) for wanted in planned().wanted]).wanted == it.wanted


@pytest.mark.long
@pytest.mark.parametrize("most", [3, 10])
def test_equals_are_seldom_called_different_however_often_one_looks(most):
    it = planned(margin=0.05, seeds=(3, most))  # so small that equality is never shown: every look is a temptation
    wrong = sum(carried_out(it, World(seed))[1].verdicts[0].word in ("helps", "hurts") for seed in range(300))
    assert wrong <= 0.05 * 300 + 3 * (300 * 0.05 * 0.95) ** 0.5


@pytest.mark.long
def test_the_last_interval_holds_the_truth_as_often_as_it_says():
    it = planned(margin=0.3)
    held = 0
    for seed in range(400):
        (verdict,) = carried_out(it, World(seed, effect=0.5))[1].verdicts
        held += verdict.low <= 0.5 <= verdict.high
    assert held >= 0.95 * 400 - 3 * (400 * 0.05 * 0.95) ** 0.5


def test_an_effect_well_beyond_the_noise_is_nearly_always_found():
    words = [carried_out(planned(), World(seed, effect=2.5))[1].verdicts[0].word for seed in range(100)]
    assert words.count("helps") >= 98
    words = [carried_out(planned(), World(seed, effect=-2.5))[1].verdicts[0].word for seed in range(100)]
    assert words.count("hurts") >= 98


def test_equals_are_called_so_where_the_margin_is_well_beyond_the_noise():
    words = [carried_out(planned(margin=3.0), World(seed))[1].verdicts[0].word for seed in range(100)]
    assert words.count("no practical difference") >= 95


def with_budget(text):
    rule = Rule(margin=0.01, seeds=(3, 10), budget=text)
    return plan(Study("?", BASE, (Variant("v", BASE.with_("width=2"), "width=2"),), rule), "fingerprint")


def noisy_runs(planned, seeds):
    """Runs whose differences are large and of either sign, so that nothing is ever decided."""
    other = planned.study.variants[0].recipe
    return [
        sample_run(seed, 0.5 + (0.05 * (-1) ** seed if recipe is other else 0.0), recipe)
        for seed in seeds
        for recipe in (BASE, other)
    ]


def test_a_budget_of_runs_ends_a_study_before_a_pair_that_it_does_not_cover():
    planned = with_budget("9 runs")
    decision = decide(planned, noisy_runs(planned, range(3)))
    assert [one.seed for one in decision.wanted] == [3, 3]
    assert decision.ended == ""
    decision = decide(planned, noisy_runs(planned, range(4)))
    assert decision.wanted == ()
    assert decision.ended == "the budget of 9 runs is spent"
    assert decision.verdicts[0].word == "undecided"
    assert decision.verdicts[0].pairs == 4


def test_a_budget_of_time_ends_a_study_once_it_is_spent():
    runs = noisy_runs(with_budget("1h"), range(3))  # 2 seconds each
    assert decide(with_budget("13s"), runs).wanted
    decision = decide(with_budget("12s"), runs)
    assert (decision.wanted, decision.ended) == ((), "the budget of 12s is spent")


def test_a_budget_that_does_not_reach_the_first_verdict_is_refused_with_one_that_does():
    with pytest.raises(StudyError, match='the smallest budget that is enough is "6 runs"'):
        with_budget("5 runs")


@pytest.mark.parametrize("text", ["12", "0 runs", "soon", "-3m", 12, "0m"])
def test_a_budget_is_a_time_or_a_number_of_runs(text):
    with pytest.raises(StudyError, match='a time such as "30m", or a number of runs such as "12 runs"'):
        Rule(budget=text)


def test_where_networks_are_at_chance_neither_more_seeds_nor_a_choice_are_advised():
    it, labels = planned(seeds=(3, 4)), list(range(10)) * 20
    points = {BASE: (8.0, 11.0, 9.0, 11.5), NORM: (11.0, 8.0, 11.5, 9.0)}
    runs = [
        sample_run(seed, one / 100, recipe) for recipe, several in points.items() for seed, one in enumerate(several)
    ]
    (informed,) = decide(it, runs).verdicts
    assert "If you must" in informed.sentence
    assert "settle an effect" in informed.sentence
    (verdict,) = decide(it, runs, labels=labels).verdicts
    assert verdict.word == informed.word == "undecided"
    assert (verdict.effect, verdict.low, verdict.high) == (informed.effect, informed.low, informed.high)
    assert "If you must" not in verdict.sentence
    assert "settle" not in verdict.sentence
