"""Many studies share the slots of one executor: each ends as it would alone, and what two want is trained once."""

import dataclasses
import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablab.conduct import conduct
from ablab.course import verdicts
from ablab.errors import AblabError
from ablab.events import Started
from ablab.pool import Pool
from ablab.recipe import Recipe
from ablab.records import Run
from ablab.store import Store
from ablab.study import Decision, Rule, Study, Variant, plan
from ablab.track.progress import folder_of
from sample_runs import sample_run
from simulated_executor import Simulated, conducted

BASE = Recipe()
NORM, WIDE, SLOW = (BASE.with_(text) for text in ("norm=batch", "width=2", "lr=0.01"))


def planned(*recipes, seeds=(3, 5), **rule):
    variants = tuple(Variant(f"v{at}", recipe, "") for at, recipe in enumerate(recipes))
    return plan(Study("?", BASE, variants, Rule(seeds=seeds, **rule)), "fingerprint")


PLANS = (planned(NORM, WIDE), planned(NORM, SLOW, seeds=(3, 6)), planned(SLOW, budget="9 runs"))
ALL = {spec.id: spec for each in PLANS for spec in each.most}
worlds = st.fixed_dictionaries({id_: st.sampled_from([None, 0.5, 0.52, 0.55, 0.6]) for id_ in ALL})
places = st.lists(st.integers(0, 100), min_size=len(ALL), max_size=len(ALL))


def trainer(world):
    def train(spec):
        accuracy = world[spec.id]
        run = sample_run(spec.seed, accuracy or 0.0, spec.recipe)
        return run if accuracy else dataclasses.replace(run, status="diverged", test=None, predictions=b"")

    return train


def told_nothing(*_):
    pass


def courses(store, slots, plans=PLANS, observe=told_nothing):
    return [verdicts(each, store, lambda: slots, observe, None) for each in plans]


def together(world, folder, slots=1, order=(), plans=PLANS):
    """The outcomes of all plans in their order, and the executor."""
    places, store = iter([*order, *[0] * len(ALL)]), Store(Path(folder))
    execute = Simulated(trainer(world), slots, lambda number: next(places) % number)
    found = dict(conduct(courses(store, slots, plans), store, execute))
    return [found[place] for place in range(len(plans))], execute


@pytest.mark.slow
@settings(max_examples=8)
@given(worlds, places, st.integers(1, 9))
def test_each_study_ends_as_it_does_alone_whatever_order_runs_finish_in(world, order, slots):
    with tempfile.TemporaryDirectory() as folder:
        found, execute = together(world, folder, slots, order)
    for each, decision in zip(PLANS[:2], found[:2], strict=True):
        with tempfile.TemporaryDirectory() as folder:
            alone = conducted(each, Store(Path(folder)), Simulated(trainer(world)))
        assert decision == alone
    started = [spec.id for spec in execute.started]
    assert len(started) == len(set(started))
    for each in PLANS:
        assert len({spec.id for spec in each.most} & set(started)) <= len(each.most)


@pytest.mark.slow
@settings(max_examples=6)
@given(worlds, places, st.integers(1, 9))
def test_a_budget_is_that_of_its_study_alone(world, order, slots):
    both = (planned(NORM, WIDE, budget="12 runs"), planned(NORM.with_("lr=0.01"), budget="8 runs"))
    world |= {spec.id: 0.5 + 0.01 * (number % 7) for number, spec in enumerate(both[1].most) if spec.id not in world}
    with tempfile.TemporaryDirectory() as folder:
        found, execute = together(world, folder, slots, order, both)
    started = {spec.id for spec in execute.started}
    for each, decision, most in zip(both, found, (12, 8), strict=True):
        with tempfile.TemporaryDirectory() as folder:
            assert decision == conducted(each, Store(Path(folder)), Simulated(trainer(world)))
        assert len({spec.id for spec in each.most} & started) <= most


def test_a_run_that_two_studies_want_is_trained_once_and_judged_by_both(tmp_path):
    world = dict.fromkeys(ALL, 0.5)
    _, execute = together(world, tmp_path, 4, plans=PLANS[:2])
    store, first, second = Store(tmp_path), *PLANS[:2]
    shared = {spec.id for spec in first.wanted} & {spec.id for spec in second.wanted}
    assert len(shared) == 6  # the base and batch norm
    assert len(execute.started) == len({spec.id for spec in execute.started})
    for id_ in shared:
        assert store.run(id_).plan == first.hash
        assert {one.plan for one in store.judged([id_])} == {first.hash, second.hash}


def test_the_most_urgent_runs_of_all_studies_come_first(tmp_path):
    first, second = PLANS[0], planned(SLOW, seeds=(3, 5))
    pool = Pool(courses(Store(tmp_path), 4, (first, second)), lambda _: False)
    wanted = pool.wanted()
    urgent = [*first.wanted, *(spec for spec in second.wanted if spec.id not in {one.id for one in first.wanted})]
    assert [spec.id for spec in wanted[: len(urgent)]] == [spec.id for spec in urgent]
    seeds = [spec.seed for spec in wanted[len(urgent) :]]
    assert seeds == sorted(seeds)
    assert set(seeds) == {3, 4}


def test_a_study_is_given_as_soon_as_it_ends(tmp_path):
    short, long = planned(NORM, seeds=(3, 3)), planned(WIDE, seeds=(9, 9))
    world = {spec.id: 0.5 + 0.001 * spec.seed for spec in (*short.most, *long.most)}
    store, execute = Store(tmp_path), Simulated(trainer(world))
    ended = conduct(courses(store, 1, (long, short)), store, execute)
    assert [(place, len(store.ids())) for place, _ in ended] == [(0, 18), (1, 21)]


def test_a_study_that_is_done_is_given_at_once_and_trains_nothing(tmp_path):
    world = dict.fromkeys(ALL, 0.5)
    found, _ = together(world, tmp_path)
    again, execute = together(world, tmp_path)
    assert again == found
    assert execute.started == []


def test_a_study_that_is_asked_to_stop_leaves_the_others_alone(tmp_path):
    store, stopping, other = Store(tmp_path), planned(NORM, seeds=(5, 5)), planned(WIDE)
    world = {spec.id: 0.5 + 0.002 * spec.seed for spec in (*stopping.most, *other.most)}
    folder_of(tmp_path).mkdir()

    def observe(_spec, event):
        if isinstance(event, Run):
            (folder_of(tmp_path) / f"stop-{stopping.hash}").touch()

    execute, found = Simulated(trainer(world)), []
    with pytest.raises(KeyboardInterrupt):
        found.extend(conduct(courses(store, 1, (stopping, other), observe), store, execute))
    assert [place for place, _ in found] == [1]
    assert found[0][1].wanted == ()
    assert sum(spec.recipe == NORM for spec in execute.started) < 5


def test_a_run_that_cannot_be_carried_out_ends_the_studies_that_want_it_alone(tmp_path):
    store, plans = Store(tmp_path), (planned(NORM), planned(WIDE), planned(NORM, SLOW))
    world = {spec.id: 0.5 for each in plans for spec in each.most}

    def train(spec):
        if spec.recipe == NORM:
            raise AblabError("no memory").of(spec.id)
        return trainer(world)(spec)

    found = dict(conduct(courses(store, 3, plans), store, Simulated(train, 3)))
    assert [isinstance(found[place], AblabError) for place in range(3)] == [True, False, True]
    assert found[1] == conducted(plans[1], Store(tmp_path / "other"), Simulated(trainer(world)))


@pytest.mark.parametrize("run", ["", "a run that nobody wants"])
def test_an_error_that_is_about_no_run_of_theirs_ends_all_studies(tmp_path, run):
    def train(_spec):
        raise AblabError("the disk is full").of(run)

    store = Store(tmp_path)
    with pytest.raises(AblabError, match="the disk is full"):
        list(conduct(courses(store, 1), store, Simulated(train)))


def test_a_run_whose_first_study_has_ended_is_told_to_the_next_one_from_its_first_event(tmp_path):
    told = {at: [] for at in range(2)}
    store, both = Store(tmp_path), (planned(NORM, seeds=(3, 9)), planned(NORM, SLOW, seeds=(3, 9)))
    pool = Pool(
        [
            verdicts(each, store, lambda: 4, lambda *event, at=at: told[at].append(event), None)
            for at, each in enumerate(both)
        ],
        lambda _: False,
    )
    late = both[0].run(BASE, 6)
    started = Started(1, "cpu", "fp32", 1, 10, 10, 2.3, 1.0)
    pool.observe(late, started)
    assert told == {0: [(late, started)], 1: []}
    gap = {BASE: 0.0, NORM: 0.3, SLOW: 0.0}
    for spec in {spec.id: spec for each in both for spec in each.wanted}.values():
        run = sample_run(spec.seed, 0.5 + gap[spec.recipe] + 0.004 * (spec.seed % 2), spec.recipe)
        store.add(run)
        pool.take(run)
    ((place, outcome),) = pool.ended()
    assert place == 0
    assert isinstance(outcome, Decision)
    pool.observe(late, "an epoch")
    assert told[1][-2:] == [(late, started), (late, "an epoch")]
    assert list(itertools.chain(*told[0])).count("an epoch") == 0
