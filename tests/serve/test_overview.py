"""The list of studies says where each stands, and a narrow screen has a head for what it shows."""

import dataclasses

import pytest
from simulated import result

from ablab.recipe import Recipe
from ablab.serve.overview import state_of
from ablab.study import Rule, Study, Variant, decide, plan
from sample_runs import sample_run

BASE = Recipe()
CHANGES = ("norm=batch", "augment=crop(4)")
STUDY = Study("?", BASE, tuple(Variant(one, BASE.with_(one), one) for one in CHANGES), Rule(seeds=(3, 3)))
RUNS = [sample_run(seed, 0.3 + 0.01 * seed, recipe) for seed in range(3) for recipe in STUDY.recipes]


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (("helps", "no practical difference"), "decided"),
        (("helps", "undecided"), "finished, some undecided"),
        (("undecided", "undecided"), "finished, undecided"),
    ],
)
def test_a_study_that_has_ended_says_how_much_is_undecided(words, state):
    verdicts = decide(plan(STUDY, "fingerprint"), RUNS).verdicts
    told = [dataclasses.replace(verdict, word=word) for verdict, word in zip(verdicts, words, strict=True)]
    assert state_of(result(STUDY, RUNS, told), None) == ("ended", state)


def test_on_a_narrow_screen_the_column_that_shows_accuracies_is_not_headed_status(dashboard):
    page = dashboard.ask("/").text
    assert '<span class="wide">status</span><span class="narrow">result</span>' in page
