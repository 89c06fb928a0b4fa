"""Runs may finish in any order: the looks, the verdicts and what is trained follow the seeds."""

import dataclasses
import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablab.recipe import Recipe
from ablab.store import Store
from ablab.study import Rule, Study, Variant, decide, plan
from ablab.study.ahead import ahead
from ablab.study.plan import plans
from sample_runs import sample_run
from simulated_executor import Simulated, conducted

BASE = Recipe()
RECIPES = (BASE, BASE.with_("norm=batch"), BASE.with_("width=2"))
VARIANTS = (Variant("norm", RECIPES[1], "norm=batch"), Variant("wide", RECIPES[2], "width=2"))
PLANNED = plan(Study("?", BASE, VARIANTS, Rule(seeds=(3, 5))), "fingerprint")
IDS = [spec.id for spec in PLANNED.most]
worlds = st.fixed_dictionaries({id_: st.none() | st.sampled_from([0.5, 0.52, 0.55, 0.6]) for id_ in IDS})
places = st.lists(st.integers(0, 100), min_size=len(IDS), max_size=len(IDS))


def carried_out(world, slots=1, order=(), plan_=PLANNED):
    """The decision, and the executor with its starts, in a world that says what every run gives."""
    places = iter([*order, *[0] * len(IDS)])

    def train(spec):
        accuracy = world[spec.id]
        run = sample_run(spec.seed, accuracy or 0.0, spec.recipe)
        return run if accuracy else dataclasses.replace(run, status="diverged", test=None, predictions=b"")

    execute = Simulated(train, slots, lambda number: next(places) % number)
    with tempfile.TemporaryDirectory() as folder:
        return conducted(plan_, Store(Path(folder)), execute), execute


@pytest.mark.slow
@settings(max_examples=10)
@given(worlds, places, st.integers(2, 6))
def test_the_order_in_which_runs_finish_changes_no_look_and_no_verdict(world, order, slots):
    one_by_one, _ = carried_out(world)
    decision, execute = carried_out(world, slots, order)
    assert decision == one_by_one
    started = [spec.id for spec in execute.started]
    assert len(started) == len(set(started)) <= len(PLANNED.most)


@settings(max_examples=8)
@given(worlds)
def test_with_one_slot_whole_rounds_are_trained_as_ever_and_nothing_else(world):
    _, execute = carried_out(world)
    rounds, runs = [], {}
    while wanted := decide(PLANNED, runs.values()).wanted:
        rounds += wanted
        for spec in wanted:
            run = sample_run(spec.seed, world[spec.id] or 0.0, spec.recipe)
            runs[spec.id] = run if world[spec.id] else dataclasses.replace(run, status="diverged", test=None)
    assert execute.started == rounds


@pytest.mark.parametrize("slots", [2, 4])
def test_with_a_budget_no_run_is_spent_on_suspicion(slots):
    rule = Rule(seeds=(3, 5), budget="12 runs")
    planned = plan(Study("?", BASE, VARIANTS, rule), "fingerprint")
    world = {spec.id: (0.5, 0.52, 0.55)[RECIPES.index(spec.recipe)] + 0.07 * (spec.seed % 2) for spec in planned.most}
    one_by_one, alone = carried_out(world, plan_=planned)
    decision, execute = carried_out(world, slots, [1, 0, 1, 0, 1, 0], plan_=planned)
    assert decision == one_by_one
    assert {spec.id for spec in execute.started} == {spec.id for spec in alone.started}
    assert len(execute.started) <= 12


def test_idle_slots_take_later_seeds_of_what_is_undecided_alone():
    def run(number, accuracy, recipe):
        return sample_run(number, accuracy, recipe)

    there = [run(n, 0.5 + 0.001 * n, BASE) for n in (0, 1, 2)]
    there += [run(n, 0.9 + 0.001 * n, RECIPES[1]) for n in (0, 1, 2)]  # decided
    there += [run(0, 0.4, RECIPES[2]), run(1, 0.6, RECIPES[2]), run(2, 0.5, RECIPES[2])]  # open
    runs = {run.id: run for run in there}
    decision = decide(PLANNED, there)
    assert [verdict.word != "undecided" for verdict in decision.verdicts] == [True, False]
    assert ahead(PLANNED, decision, runs, 1) == (decision.wanted,)
    first, *later = ahead(PLANNED, decision, runs, 2)
    assert first == decision.wanted
    assert [{spec.seed for spec in each} for each in later] == [{4}]
    further = (*first, *later[0])
    assert {spec.seed for spec in decision.wanted} == {3}
    assert {(spec.recipe.hash, spec.seed) for spec in further} == {
        (recipe.hash, seed) for recipe in (BASE, RECIPES[2]) for seed in (3, 4)
    }


def test_after_a_run_without_an_accuracy_no_later_seed_is_of_use_by_the_first_protocol_and_all_are_by_the_newest():
    runs = [sample_run(0, 0.5, recipe) for recipe in RECIPES]
    runs.append(dataclasses.replace(sample_run(3, 0.5, RECIPES[2]), status="diverged", test=None))
    there = {run.id: run for run in runs}

    def last_seed(planned, recipe):
        rounds = ahead(planned, decide(planned, runs), there, 4)
        return max(spec.seed for spec in itertools.chain(*rounds) if spec.recipe == recipe)

    newest, first = plans(PLANNED.study, "fingerprint")
    assert [last_seed(first, recipe) for recipe in (BASE, *RECIPES[1:])] == [4, 4, 2]
    assert [last_seed(newest, recipe) for recipe in (BASE, *RECIPES[1:])] == [4, 4, 4]
