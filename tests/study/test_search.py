"""Trials of settings: where they end early, which one wins, and the study that they lead to."""

import dataclasses

import pytest

from ablab.errors import StudyError
from ablab.recipe import Recipe
from ablab.records import EpochRow
from ablab.study import Study, plan
from ablab.study.question.search import Choices, Range, Search
from ablab.study.search import SEARCHING, Outcome, Side, Trial, floor_of, own_settings, search_plan, trial_spec
from sample_runs import sample_run

TEXT = """question = "?"
epochs = 8
lr = 0.1
[variants]
"batch norm" = "norm=batch"
wide = "width=2 lr=0.2"
[search]
lr = [0.1, 0.3]
[decide]
margin = 1.0
"""
SEARCH = Search((("lr", Choices((0.1, 0.3))),), trials=2)


@pytest.fixture
def study():
    return Study.from_toml(TEXT, "mine.toml")


def trial(number, *accuracies, floor="", status="finished", **settings):
    rows = tuple(EpochRow(at, 0.1, 1.0, 0.5, 1.0, one, 1.0) for at, one in enumerate(accuracies, start=1))
    recipe = Recipe.of({"epochs": 8, **({"floor": floor} if floor else {}), **settings})
    run = sample_run(SEARCHING, max(accuracies), recipe, curve=rows, status=status)
    return Trial(number, settings, run if status == "finished" else dataclasses.replace(run, note="loss is nan"), True)


def test_a_trial_must_reach_the_median_of_what_five_earlier_ones_had_by_then():
    trials = [trial(at, 0.1, 0.1 * at, 0.05, 0.1 * at + 0.05, 0.9) for at in range(1, 6)]
    assert floor_of(trials[:4], 8) == ""
    assert floor_of(trials, 8) == "2:30.00, 4:35.00"
    assert floor_of(trials, 4) == "2:30.00"  # after the last epoch there is nothing to save


def test_trials_that_broke_down_set_no_floor():
    trials = [trial(at, 0.1, 0.2, status="diverged") for at in range(1, 9)]
    assert floor_of(trials, 8) == ""


def test_the_best_whole_trial_wins_and_of_equals_the_first():
    ended = trial(3, 0.1, 0.89, floor="2:90")
    assert ended.is_pruned
    side = Side("base", "accuracy", (trial(1, 0.5, 0.6), trial(2, 0.5, 0.6), ended, trial(4, 0.95, status="failed")))
    assert side.best.number == 1


def test_where_less_is_better_the_lowest_figure_wins():
    trials = []
    for at, loss in enumerate((0.9, 0.4, 0.6), start=1):
        one = trial(at, 0.5)
        test = dataclasses.replace(one.run.test, loss=loss)
        trials.append(dataclasses.replace(one, run=dataclasses.replace(one.run, test=test)))
    assert Side("base", "loss", tuple(trials)).best.number == 2


def test_without_a_whole_trial_nothing_wins_and_the_reason_is_said():
    side = Side("base", "accuracy", (trial(1, 0.1, status="diverged"), trial(2, 0.1, status="diverged")))
    with pytest.raises(StudyError, match=r"none of the 2 trials of base finished training.*loss is nan"):
        _ = side.best


def test_trials_share_a_seed_that_no_study_explores_or_tunes_with(study):
    spec = trial_spec(study.base, SEARCH, {"lr": 0.3}, "2:30.00", "fingerprint")
    assert spec.explores
    assert spec.seed == SEARCHING
    assert spec.recipe.changes() == {"epochs": 8, "lr": 0.3, "floor": "2:30"}
    assert spec.id not in {run.id for run in plan(study, "fingerprint").possible}


def test_a_search_is_kept_under_a_plan_that_more_trials_do_not_change(study):
    first = search_plan(study, SEARCH, "base", "fingerprint").hash
    assert search_plan(study, dataclasses.replace(SEARCH, trials=50), "base", "fingerprint").hash == first
    others = {
        search_plan(study, SEARCH, "wide", "fingerprint").hash,
        search_plan(study, dataclasses.replace(SEARCH, seed=1), "base", "fingerprint").hash,
        search_plan(study, SEARCH, "base", "other").hash,
        plan(study, "fingerprint").hash,
    }
    assert len(others | {first}) == 5


def test_a_recipe_has_settings_of_its_own_where_they_are_in_the_space(study):
    assert own_settings(study.base, SEARCH) == {"lr": 0.1}
    assert own_settings(study.base, Search((("lr", Range(0.5, 1.0)),))) is None
    assert own_settings(study.base, Search((("norm", Choices(("none", "batch"))),))) == {"norm": "none"}


def test_the_study_of_the_winners_has_their_settings_and_how_many_trials_each_recipe_had(study):
    sides = (
        Side("base", "accuracy", (trial(1, 0.5, lr=0.1), trial(2, 0.6, lr=0.3))),
        Side("wide", "accuracy", (trial(1, 0.7, lr=0.1), trial(2, 0.6, lr=0.3))),
    )
    found = Outcome(study, SEARCH, sides).winners
    assert found.name == "mine-searched"
    assert found.base.lr == 0.3
    assert found.base.floor is None
    changes = {one.name: one.change for one in found.variants}
    assert changes == {"batch norm": "norm=batch", "wide": "width=2 lr=0.1"}
    assert found.named["batch norm"].lr == 0.3  # everything that its change does not name is the base's
    assert found.searched.trials == {"base": 2, "batch norm": 0, "wide": 2}
    assert found.rule == study.rule
    assert "[search]" not in found.text


def test_a_search_says_what_it_is_and_how_many_trials_it_had(study):
    side = Side("base", "accuracy", (trial(1, 0.5, lr=0.1), trial(2, 0.6, lr=0.3)))
    assert repr(side) == "<Side base: 2 trials>"
    assert repr(Outcome(study, SEARCH, (side,))) == (
        "<Outcome of searching lr for mine: base: 2 trials, batch norm: 0 trials, wide: 0 trials>"
    )
