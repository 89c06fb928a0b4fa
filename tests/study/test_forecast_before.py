"""What is foreseen: the reach of a study from runs that are there, from two of them, or from a guess."""

import math

import pytest

from ablab.recipe import Recipe
from ablab.records import Measurement
from ablab.statistics.reach import detectable_effect
from ablab.statistics.sequential import FOREVER
from ablab.study import Rule, Study, Variant, plan
from ablab.study.forecast import before
from ablab.study.question.write import study_name, study_toml
from sample_runs import sample_run

BASE = Recipe.of({"epochs": 3})
STUDY = Study("?", BASE, (Variant("wide", BASE.with_("width=2"), "width=2"),), Rule(margin=1.0, seeds=(3, 8)))
FINGERPRINT = sample_run(0, 0.5, BASE).spec.fingerprint
PLAN = plan(STUDY, FINGERPRINT)
SECONDS = {BASE.hash: 10.0, STUDY.variants[0].recipe.hash: 20.0}


def test_pairs_that_are_there_give_the_spread():
    gaps = [1.0, 3.0, 2.0, 4.0]
    runs = [sample_run(i, 0.5, BASE) for i in range(4)]
    runs += [sample_run(i, 0.5 + gap / 100, STUDY.variants[0].recipe) for i, gap in enumerate(gaps)]
    found = before(PLAN, runs, seconds=SECONDS)
    assert found.spread == pytest.approx(1.29099, abs=1e-4)
    assert found.source == "from 4 pairs in the store"
    assert found.trained == 8
    assert found.minutes == (0.0, pytest.approx(4 * 30 / 60))


def test_nothing_known_is_called_a_guess():
    found = before(PLAN, [], test_images=10_000, seconds=SECONDS)
    assert found.source == "a guess, for 10,000 test images and 27 % error"
    assert found.spread == pytest.approx(math.sqrt(2) * 1.3 * 0.3203, rel=1e-3)
    assert found.minutes == (pytest.approx(1.5), pytest.approx(4.0))


def test_the_table_has_the_effect_that_its_looks_find_and_what_it_takes():
    found = before(PLAN, [], seconds=SECONDS)
    assert [reach.seeds for reach in found.reaches] == [3, 5, 8, 10, 15, 20, 30]
    here = found.reaches[2]
    assert here.points == pytest.approx(found.spread * detectable_effect(3, 8, 0.05))
    assert (here.runs, here.minutes) == (16, pytest.approx(4.0))
    assert all(one.points > other.points for one, other in zip(found.reaches, found.reaches[1:], strict=False))


def test_a_recipe_whose_time_is_unknown_leaves_the_time_unknown():
    found = before(PLAN, [], seconds={})
    assert found.minutes is None
    assert found.reaches[0].minutes is None


def test_equality_is_told_to_be_out_of_reach_where_the_noise_is_far_larger_than_the_margin():
    narrow = Study("?", BASE, STUDY.variants, Rule(margin=0.001, seeds=(3, 8)))
    assert before(plan(narrow, FINGERPRINT), [], seconds={}).equality is None
    assert before(PLAN, [], seconds={}).equality >= 4


def test_a_written_study_is_read_back_as_what_it_was_written_from():
    base = Recipe.of({"model": "simple-nn", "data": "cifar10", "epochs": 10, "norm": "group"})
    text = study_toml(base, ["norm=batch", "norm=batch  lr=0.02"], seeds="3..6", margin=0.7)
    study = Study.from_toml(text)
    assert study.base == base
    assert [variant.recipe for variant in study.variants] == [
        base.with_("norm=batch"),
        base.with_("norm=batch lr=0.02"),
    ]
    assert study.rule == Rule(margin=0.7, seeds=(3, 6))


def test_names_of_files_have_only_plain_letters():
    assert study_name(BASE, ['augment="x/../y"', "a=ä"]) == "simple-nn-phantom-augment-x-y-a"


def test_a_study_without_a_last_look_is_foreseen_up_to_100_pairs():
    endless = Study("?", BASE, STUDY.variants, Rule(margin=1.0, seeds=(3, FOREVER)))
    reaches = before(plan(endless, FINGERPRINT), [], seconds=SECONDS).reaches
    assert [reach.seeds for reach in reaches] == [5, 10, 15, 20, 30, 100]
    usual = {reach.seeds: reach.points for reach in before(PLAN, [], seconds=SECONDS).reaches}
    assert all(reach.points > usual[reach.seeds] for reach in reaches if reach.seeds in usual)


def test_another_metric_has_no_guess_and_is_known_from_pairs():
    study = Study("?", BASE, STUDY.variants, Rule(metric="loss", margin=0.1, seeds=(3, 8)))
    planned = plan(study, FINGERPRINT)
    assert before(planned, [], seconds=SECONDS).spread is None
    runs = [
        sample_run(seed, recipe=recipe, test=Measurement(1.8 + gap, 0.3, 200))
        for recipe, gaps in ((BASE, (0, 0, 0)), (STUDY.variants[0].recipe, (0.1, 0.2, 0.3)))
        for seed, gap in enumerate(gaps)
    ]
    assert before(planned, runs, seconds=SECONDS).spread == pytest.approx(0.1)


def test_what_giving_up_costs_is_foreseen_where_the_study_may():
    study = Study("?", BASE, STUDY.variants, Rule(margin=1.0, seeds=(3, 12), give_up=True))
    equal, helpful = before(plan(study, FINGERPRINT), [], seconds=SECONDS).giving_up
    assert before(PLAN, [], seconds=SECONDS).giving_up is None
    assert equal != helpful
