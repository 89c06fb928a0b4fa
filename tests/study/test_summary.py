"""The mean effect over data sets, in figures and words."""

import pytest

from ablab.records import Measurement
from ablab.study import Study, decide, plan
from ablab.study.summary import summaries
from sample_runs import sample_run

TEXT = """question = "?"
data = ["phantom", "digits"]
epochs = 2
[variants]
"batch norm" = "norm=batch"
[decide]
margin = 0.5
seeds = "3..6"
"""


def verdicts_of(gain, seeds=4):
    study = Study.from_toml(TEXT).on("phantom")
    runs = [
        sample_run(seed, accuracy, recipe, test=Measurement(1.0, accuracy, 10_000))
        for seed in range(seeds)
        for recipe, accuracy in (
            (study.base, 0.6 + 0.001 * seed),
            (study.variants[0].recipe, 0.6 + 0.001 * seed + gain + 0.001 * (seed % 3)),
        )
    ]
    return decide(plan(study, "fingerprint"), runs).verdicts


def test_effects_that_agree_help_on_average():
    (found,) = summaries({"phantom": verdicts_of(0.03), "digits": verdicts_of(0.0301), "third": verdicts_of(0.0299)})
    assert found.pooled.low > 0
    assert found.pooled.mean == pytest.approx(3.1, abs=0.1)
    assert "batch norm over 3 data sets: +3." in found.sentence
    assert "it helps on average" in found.sentence
    assert found.middle is None


def test_effects_that_contradict_each_other_give_no_average():
    (found,) = summaries({"phantom": verdicts_of(0.05), "digits": verdicts_of(-0.03)})
    assert found.pooled.low < 0 < found.pooled.high
    assert found.pooled.between > 3
    assert "no clear average effect" in found.sentence


def test_five_data_sets_have_an_interquartile_mean():
    (found,) = summaries({str(at): verdicts_of(0.01 * at) for at in range(5)})
    center, low, high = found.middle
    assert low < center < high
    assert "interquartile mean +" in found.sentence


def test_one_data_set_or_too_few_pairs_have_no_summary():
    assert summaries({"phantom": verdicts_of(0.03)}) == ()
    assert summaries({"phantom": verdicts_of(0.03), "digits": verdicts_of(0.03, seeds=2)}) == ()
    assert summaries({}) == ()
