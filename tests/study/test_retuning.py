"""Learning rates that are chosen anew for every seed: what is wanted, what counts, and what the interval then holds."""

import dataclasses
import math

import numpy as np
import pytest

from ablab.errors import StudyError
from ablab.store import Store
from ablab.study import Study, decide, plan
from ablab.study.plan import EXPLORING, TUNING
from ablab.study.question.lock import changes
from ablab.study.question.rates import FIRST, WIDEST, at_rates
from ablab.study.retuning import choose, retuned, tried
from ablab.study.tuning import tuned
from sample_runs import sample_run
from simulated_executor import Simulated, conducted

TEXT = """question = "?"
lr = 0.01
epochs = 2
tune = { lr = "auto", repeat = "each seed" }
[variants]
"batch norm" = "norm=batch"
[decide]
margin = 1.0
seeds = "3..6"
"""
STUDY = Study.from_toml(TEXT, "s.toml")


@pytest.fixture
def planned():
    return plan(retuned(STUDY), "fingerprint")


def steps_off(recipe, best=0.01):
    """How many steps of the grid a recipe's rate is from the best one."""
    return abs(math.log(recipe.lr / best, 3))


class World:
    """Trials and runs whose accuracy falls with the distance from a best rate that each seed has for itself."""

    def __init__(self, planned, best=lambda _number: 0.01, gain=0.0, wobble=0.002):
        self.planned, self.best, self.gain, self.wobble = planned, best, gain, wobble

    def __call__(self, spec):
        number = self.planned.place(spec)
        accuracy = 0.7 - 0.03 * steps_off(spec.recipe, self.best(number)) + 0.001 * (number % 3)
        accuracy += (self.gain + self.wobble * (number % 2)) * (spec.recipe.full()["norm"] == "batch")
        return sample_run(spec.seed, accuracy, spec.recipe, spec=spec)


def carried_out(planned, world):
    """All runs that are trained until nothing is wanted, and the decision."""
    runs = []
    while (decision := decide(planned, runs)).wanted:
        assert not {spec.id for spec in decision.wanted} & {run.id for run in runs}
        runs += [world(spec) for spec in decision.wanted]
    return runs, decision


def test_trials_come_first_and_each_seed_is_trained_at_the_rate_that_its_own_trials_chose(planned):
    best = {0: 0.01, 1: 0.03, 2: 0.003333}
    wanted = decide(planned, []).wanted
    assert len(wanted) == 3 * 2 * 5
    assert {spec.seed for spec in wanted} == {TUNING, TUNING + 1, TUNING + 2}
    assert all(spec.explores for spec in wanted)
    runs, decision = carried_out(planned, World(planned, lambda number: best[number], gain=0.1))
    finals = [run for run in runs if not run.spec.explores]
    assert {(run.spec.seed, run.spec.recipe.lr) for run in finals} == set(best.items())
    assert len(finals) == 6
    assert decision.verdicts[0].word == "helps"
    assert decision.verdicts[0].pairs == 3
    assert "ablab tuned both learning rates anew for each seed" in decision.verdicts[0].sentence


def test_what_it_takes_is_within_what_the_plan_says(planned):
    assert (len(planned.wanted), len(planned.most)) == (3 * 2 * 6, 6 * 2 * 10)
    runs, decision = carried_out(planned, World(planned, wobble=0.03))
    assert (decision.verdicts[0].word, decision.verdicts[0].pairs) == ("undecided", 6)
    assert {run.id for run in runs} <= {spec.id for spec in planned.possible}
    assert len(planned.wanted) <= len(runs) <= len(planned.most)


def test_a_best_rate_at_an_end_widens_the_grid_of_that_recipe_alone(planned):
    runs, _ = carried_out(planned, World(planned, lambda _number: 10.0, gain=0.1))
    chosen = choose(planned, planned.study.base, 0, {run.id: run for run in runs})
    assert len(chosen.trials) == len(at_rates(planned.study.base, (FIRST[0], WIDEST[1]))) == 7
    assert chosen.run.recipe.lr == 0.81

    def own(spec):
        best = 10.0 if spec.recipe.full()["norm"] == "batch" else 0.01
        return sample_run(spec.seed, 0.9 - 0.03 * steps_off(spec.recipe, best), spec.recipe, spec=spec)

    runs, _ = carried_out(planned, own)
    there = {run.id: run for run in runs}
    assert [len(choose(planned, recipe, 0, there).trials) for recipe in planned.study.recipes] == [5, 7]


def test_a_variant_that_is_decided_needs_no_more_trials():
    two = plan(
        retuned(Study.from_toml(TEXT.replace("[decide]", '"wide" = "width=2"\n[decide]'), "s.toml")), "fingerprint"
    )
    world = World(two, gain=0.2, wobble=0.002)

    def uneven(spec):
        run = world(spec)
        is_wide = spec.recipe.full()["width"] == 2
        return sample_run(spec.seed, run.points / 100 + 0.03 * (spec.seed % 2) * is_wide, spec.recipe, spec=spec)

    runs, decision = carried_out(two, uneven)
    assert [verdict.pairs for verdict in decision.verdicts] == [3, 6]
    later = [run for run in runs if two.place(run.spec) >= 3]
    assert {two.study.names[run.spec.recipe.hash] for run in later} == {"base", "wide"}


def test_a_trial_that_broke_off_never_wins(planned):
    def world(spec):
        run = World(planned)(spec)
        broke = spec.explores and spec.recipe.lr == 0.01
        return dataclasses.replace(run, status="diverged", test=None) if broke else run

    runs, _ = carried_out(planned, world)
    assert 0.01 not in {run.spec.recipe.lr for run in runs if not run.spec.explores}


def test_runs_at_rates_that_did_not_win_count_for_nothing(planned):
    runs, decision = carried_out(planned, World(planned, lambda _number: 0.03, gain=0.1))
    at_own = [sample_run(seed, 0.1, recipe) for seed in range(6) for recipe in STUDY.recipes]
    assert decide(planned, [*at_own, *runs]) == decision


@pytest.mark.parametrize(("slots", "late"), [(1, 0), (4, 1), (8, -1)])
def test_the_order_in_which_runs_finish_changes_nothing(tmp_path, planned, slots, late):
    best = (0.01, 0.03, 0.003333, 0.01, 0.03, 0.01)
    world = World(planned, lambda number: best[number], wobble=0.03)
    _, expected = carried_out(planned, world)
    executor = Simulated(world, slots, next_of=lambda number: late % number)
    store, told = Store(tmp_path), []
    found = conducted(planned, store, executor, lambda *event: told.append(event))
    assert found == expected
    assert len(executor.started) == len({spec.id for spec in executor.started})


def test_a_study_that_was_killed_goes_on_where_it_was(tmp_path, planned):
    world, trained = World(planned), []

    def breaking(spec):
        if len(trained) == 33:
            trained.append(None)
            raise KeyboardInterrupt
        trained.append(spec.id)
        return world(spec)

    with pytest.raises(KeyboardInterrupt):
        conducted(planned, Store(tmp_path), Simulated(breaking))
    found = conducted(planned, Store(tmp_path), Simulated(breaking))
    assert found == carried_out(planned, world)[1]
    assert len(trained) == len(set(trained))


def test_trials_count_in_a_budget_and_a_budget_for_less_than_the_first_look_is_refused():
    with pytest.raises(StudyError, match='with their trials, are 36 runs .* enough is "36 runs"'):
        plan(Study.from_toml(TEXT + 'budget = "35 runs"\n', "s.toml"), "fingerprint")
    enough = plan(retuned(Study.from_toml(TEXT + 'budget = "40 runs"\n', "s.toml")), "fingerprint")
    runs, decision = carried_out(enough, World(enough, wobble=0.03))
    assert len(runs) == 36
    assert decision.ended == "the budget of 40 runs is spent"


def test_trials_have_seeds_that_nothing_else_uses_at_every_root(planned):
    other = plan(dataclasses.replace(planned.study, rule=dataclasses.replace(STUDY.rule, root=99)), "fingerprint")
    trials = {spec.seed for one in (planned, other) for spec in one.most if spec.explores}
    finals = {spec.seed for one in (planned, other) for spec in one.possible if not spec.explores}
    exploring = {spec.seed for spec in plan(STUDY, "fingerprint", explores=True).most}
    assert len(trials) == 12
    assert trials.isdisjoint(finals | exploring)
    assert max(finals) < EXPLORING <= min(exploring) < TUNING <= min(trials)


def test_it_is_another_plan_than_tuning_once_and_a_lock_says_so():
    once = Study.from_toml(TEXT.replace(', repeat = "each seed"', ""), "s.toml")
    hashes = {
        plan(one, "fingerprint").hash for one in (once, STUDY, retuned(STUDY), dataclasses.replace(once, tune=False))
    }
    assert len(hashes) == 4
    assert list(changes(once, STUDY)) == ["tuning: once before, now for each seed"]
    assert plan(STUDY, "fingerprint").alpha == plan(retuned(STUDY), "fingerprint").alpha == 0.025


def test_variants_that_differ_in_the_rate_alone_are_refused_and_the_words_for_repeating_are_said():
    with pytest.raises(StudyError, match='"faster" changes nothing but the learning rate'):
        Study.from_toml(TEXT.replace("[decide]", '"faster" = "norm=batch lr=0.1"\n[decide]'), "s.toml")
    with pytest.raises(StudyError, match='repeat = "each seed"'):
        Study.from_toml(TEXT.replace("each seed", "often"), "s.toml")
    asked = Study("?", "simple-nn lr=0.01", {"n": "norm=batch"}, tune={"lr": "auto", "repeat": "each seed"})
    assert asked.tunes_each
    assert Study.from_toml(asked.text).tunes_each


def test_every_trial_is_shown_with_its_seed_and_what_was_taken(planned):
    best = (0.01, 0.03, 0.003333)
    runs, _ = carried_out(planned, World(planned, lambda number: best[number], gain=0.1))
    shown = tried(planned, runs)
    assert shown.taken == (best, best)
    assert [trial.number for trial in shown.trials[0]] == [number for number in range(3) for _ in range(5)]


@pytest.mark.slow
def test_the_interval_includes_the_luck_of_tuning_which_rates_that_are_chosen_once_hide():
    """Two recipes that are equal, but for the luck of their trials: each step from the best rate costs a point."""
    once, draw, false = dataclasses.replace(STUDY, tunes_each=False), np.random.default_rng(3), [0, 0]
    rule = dataclasses.replace(STUDY.rule, seeds=(5, 5), margin=0.01)
    each = plan(retuned(dataclasses.replace(STUDY, rule=rule)), "fingerprint")
    studies = 300

    def measured(spec):
        noise = draw.normal(0, 0.012 if spec.explores else 0.003)
        return sample_run(spec.seed, 0.7 - 0.01 * steps_off(spec.recipe) + noise, spec.recipe, spec=spec)

    for _ in range(studies):
        runs = [measured(spec) for spec in each.possible]
        (verdict,) = decide(each, runs).verdicts
        false[0] += verdict.looks[-1].excludes_zero
        trials = [run for run in runs if run.spec.seed == TUNING]
        chosen = dataclasses.replace(tuned(once, trials, FIRST).study, rule=rule)
        (verdict,) = decide(plan(chosen, "fingerprint"), runs).verdicts
        false[1] += verdict.looks[-1].excludes_zero
    assert false[0] / studies < 0.06  # each of two verdicts has half of 5 %
    assert false[1] / studies > 0.25
