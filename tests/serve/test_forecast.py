"""A guess at what is left: nothing when nothing is wanted, never more than is allowed, less with every epoch."""

import dataclasses
import math
from pathlib import Path

from dashboards import fill
from hypothesis import given
from hypothesis import strategies as st
from simulated import simulate, study

from ablab.result import Result
from ablab.serve.snapshot import Shelf
from ablab.study import Verdict, decide
from ablab.study.forecast import Projection, Underway, during, pairs_to_go, seconds_a_run
from ablab.study.verdict import Outlook


def shown(runs: int, *, breaks: tuple[tuple[str, int], ...] = ()) -> Result:
    """A study after so many of its 25 runs."""
    planned, everything, _ = simulate(study(), breaks=breaks)
    done = everything[:runs]
    return Result(planned.study, planned, done, decide(planned, done))


def live(it: Result, epoch: int, seconds: float | None = None) -> Underway:
    """The first wanted run, so far on its way."""
    spec = it.decision.wanted[0]
    return Underway(spec, 1 - epoch / spec.recipe.epochs, seconds)


def forecast(it: Result, *running: Underway) -> Projection:
    return during(it.plan, it.decision, it.runs, running)


def test_before_anything_is_known_the_runs_to_the_first_verdict_are_left_and_the_time_is_unknown():
    guess = forecast(shown(0))
    assert guess
    assert (guess.seeds, guess.runs, guess.seconds) == (3, 15, None)


def test_time_is_what_runs_of_the_same_recipe_took():
    it = shown(10)
    guess = forecast(it)
    took = seconds_a_run(it.study.recipes, it.runs)
    assert guess
    assert guess.runs == 5
    assert guess.seconds is not None
    assert math.isclose(guess.seconds, sum(took[one.recipe.hash] for one in it.decision.wanted))


def test_a_run_on_its_way_counts_for_what_is_left_of_it():
    it = shown(10)
    guesses = [forecast(it, live(it, epoch)) for epoch in (1, 6, 11)]
    seconds = [guess.seconds for guess in guesses if guess and guess.seconds]
    assert len(seconds) == 3
    assert seconds == sorted(seconds, reverse=True)


def test_the_first_step_of_a_run_tells_how_long_it_takes_where_no_run_has():
    it = shown(0)
    guess = forecast(it, live(it, 6, seconds=10.0))
    assert guess.seconds is not None
    assert math.isclose(guess.seconds, 14 * 10.0 + 5.0)


def test_of_a_study_that_is_over_nothing_is_left():
    it = shown(25)
    assert it.decision.wanted == ()
    assert (forecast(it).runs, forecast(it).seconds) == (0, 0.0)


def test_a_variant_with_a_run_that_diverged_goes_on_with_its_next_seeds():
    # all are decided after 3 pairs but two; of these one has a run that diverged, which counts and freezes nothing
    it = shown(20, breaks=(("wide", 3),))
    still = {verdict.variant for verdict in it.decision.verdicts if verdict.word == "undecided"}
    assert "wide" in still
    wanted = {one.recipe.hash for one in it.decision.wanted}
    assert it.study.variants[3].recipe.hash in wanted
    assert forecast(it).runs >= len(wanted)


def verdict() -> Verdict:
    return shown(20).decision.verdicts[2]


@given(
    pairs=st.integers(0, 12), needed=st.none() | st.integers(1, 500), least=st.integers(3, 6), more=st.integers(0, 9)
)
def test_pairs_to_go_are_within_what_is_allowed(pairs, needed, least, more):
    most = least + more
    pairs = min(pairs, most)
    it = dataclasses.replace(verdict(), word="undecided", pairs=pairs, tried=pairs, outlook=Outlook(needed, 0.5, None))
    left = pairs_to_go(it, (least, most))
    assert 0 <= left <= most - pairs
    assert left > 0 or pairs == most
    assert pairs_to_go(dataclasses.replace(it, word="helps"), (least, most)) == 0


def test_a_run_that_was_removed_is_gone_at_the_next_look_and_one_that_came_is_there(tmp_path: Path):
    from ablab.store import Store

    planned, runs = fill(tmp_path, most=5)
    shelf, store = Shelf(tmp_path), Store(tmp_path)
    assert list(shelf.look().store.runs) == [run.id for run in runs]
    store.remove(runs[1])
    assert list(shelf.look().store.runs) == [run.id for run in (runs[0], *runs[2:])]
    store.add(runs[1])
    seen = shelf.look()
    assert list(seen.store.runs) == [run.id for run in (runs[0], *runs[2:], runs[1])]
    found = seen.store.study(planned.hash)
    assert found
    assert {run.id for run in found.runs} == {run.id for run in runs}
    assert shelf.look().mark == seen.mark
