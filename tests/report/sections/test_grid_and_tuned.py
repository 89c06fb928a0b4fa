"""The page tells of a grid as a whole, and of the question at tuned learning rates."""

import dataclasses

from simulated import result

from ablab.report.page import page
from ablab.study import Study, decide, plan
from ablab.study.question.rates import FIRST
from ablab.study.retuning import retuned, tried
from ablab.study.tuning import trials_wanted, tuned
from sample_runs import sample_run

GRID = """question = "Do they add up?"
lr = 0.01
epochs = 2
[grid]
norm = ["none", "batch"]
lr = [0.01, 0.1]
[decide]
seeds = "3..6"
"""
TUNED = GRID.replace('[grid]\nnorm = ["none", "batch"]\nlr = [0.01, 0.1]', '[variants]\n"<b>norm" = "norm=batch"')
TUNED = TUNED.replace("epochs = 2", 'epochs = 2\ntune = { lr = "auto" }')


def runs_of(study, gain):
    return [
        sample_run(seed, 0.6 + 0.001 * seed + gain * (recipe.full()["norm"] == "batch"), recipe)
        for seed in range(3)
        for recipe in study.recipes
    ]


def test_main_effects_and_interactions_are_in_the_page():
    study = Study.from_toml(GRID, "grid.toml")
    runs = runs_of(study, 0.05)
    text = page(result(study, runs, decide(plan(study, "fingerprint"), runs).verdicts))
    assert "The grid as a whole" in text
    assert "norm: batch instead of none" in text
    assert "norm=batch x lr=0.1" in text
    assert "+5.00" in text


def test_trials_the_verdict_at_tuned_rates_and_a_disagreement_are_in_the_page():
    study = Study.from_toml(TUNED, "tuned.toml")
    runs = runs_of(study, 0.05)
    verdicts = decide(plan(study, "fingerprint"), runs).verdicts
    trials = [
        sample_run(one.seed, 0.5 + one.recipe.lr, one.recipe, spec=one)
        for one in trials_wanted(study, "fingerprint", FIRST)
    ]
    found = tuned(study, trials, FIRST)
    other = dataclasses.replace(verdicts[0], word="hurts", sentence="At tuned rates it hurts.")
    text = page(result(study, runs, verdicts, tuned=found, after=[other]))
    assert "At tuned rates it hurts." in text
    assert "&lt;b&gt;norm:</bdi></strong> <bdi>the two verdicts disagree" in text
    assert "59.00 %" in text  # the trial at 0.09
    assert "<b>norm" not in text
    same = page(result(study, runs, verdicts, tuned=found, after=verdicts))
    assert "disagree" not in same


def test_trials_of_every_seed_are_in_the_page_with_their_seed():
    study = Study.from_toml(TUNED.replace('"auto" }', '"auto", repeat = "each seed" }'), "each.toml")
    runs = runs_of(study, 0.05)
    verdicts = decide(plan(study, "fingerprint"), runs).verdicts
    at_tuned = plan(retuned(study), "fingerprint")
    trials = [
        sample_run(one.seed, 0.5 + one.recipe.lr, one.recipe, spec=one) for one in at_tuned.wanted if one.explores
    ]
    text = page(result(study, runs, verdicts, tuned=tried(at_tuned, trials)))
    assert "the intervals below include the luck of tuning" in text
    assert "for seed" in text
    assert text.count("59.00 %") == 2 * study.rule.seeds[0]  # the trial at 0.09, of both recipes


def test_a_study_without_either_has_no_such_section():
    study = Study.from_toml(TUNED.replace('tune = { lr = "auto" }\n', ""), "plain.toml")
    runs = runs_of(study, 0.05)
    text = page(result(study, runs, decide(plan(study, "fingerprint"), runs).verdicts))
    assert 'id="grid"' not in text
    assert 'id="tuned"' not in text
