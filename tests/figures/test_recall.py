"""Recall of one class, and studies that decide by it."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.data import load_dataset
from ablab.errors import StudyError
from ablab.metric import metric_of
from ablab.recipe import Recipe
from ablab.records import DataFacts, Measurement
from ablab.statistics.paired import image_variance, widened
from ablab.study import Rule, Study, Variant, decide, plan
from ablab.study.question.files import read_study
from sample_runs import sample_run

LABELS = (0,) * 100 + (1,) * 80 + (2,) * 20
DATA = DataFacts("fingerprint", "pets", ("cat", "dog", "3", "cow"), LABELS)
BASE = Recipe()
NORM = BASE.with_("norm=batch")
CATS = ((30, 50), (31, 53), (33, 51), (32, 54))  # that base and variant get right, by seed


def run(seed, recipe, cats, dogs=40):
    """So many cats and dogs right, from the first on; the other cats are taken for dogs, the other dogs for threes."""
    given = bytes([0] * cats + [1] * (100 - cats) + [1] * dogs + [2] * (80 - dogs) + [2] * 20)
    right = (cats + dogs + 20) / 200
    return sample_run(seed, right, recipe, predictions=given, test=Measurement(1.0, right, len(LABELS)))


def runs(dogs=lambda cats: 40):
    return [
        run(seed, recipe, cats, dogs(cats))
        for seed, both in enumerate(CATS)
        for recipe, cats in zip((BASE, NORM), both, strict=True)
    ]


def verdict(given, metric="recall(cat)"):
    rule = Rule(metric=metric, margin=0.5, seeds=(4, 4))
    study = Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), rule)
    return decide(plan(study, "fingerprint").on(DATA), given, labels=LABELS).verdicts[0]


@pytest.mark.parametrize(("metric", "points"), [("recall(cat)", 30.0), ("recall(dog)", 50.0), ("recall(3)", 100.0)])
def test_recall_is_the_share_of_the_images_of_a_class_that_are_right(metric, points):
    assert metric_of(metric).on(DATA).points(run(0, BASE, 30, dogs=40)) == pytest.approx(points)


def test_recall_is_unknown_without_labels_or_answers():
    assert metric_of("recall(cat)").of(run(0, BASE, 30)) is None
    assert metric_of("recall(cat)").on(DATA).of(sample_run(predictions=b"")) is None


def test_the_smallest_step_is_one_image_of_the_class():
    assert metric_of("recall(3)").on(DATA).step(run(0, BASE, 30)) == 5.0
    assert metric_of("accuracy").on(DATA).step(run(0, BASE, 30)) == 0.5


def test_a_study_decides_by_the_recall_of_a_class_though_accuracy_is_the_same():
    given = runs(dogs=lambda cats: 70 - cats)
    found = verdict(given)
    assert (found.effect, found.word) == (pytest.approx(20.5), "helps")
    assert found.sentence.startswith("norm (recall of cat) helps: +20.50 pp")
    assert verdict(given, "accuracy").effect == 0


def test_the_interval_for_other_images_is_that_of_images_of_the_class():
    found = verdict(runs())
    sides = [np.array([[at < both[side] for at in range(100)] for both in CATS]) for side in (0, 1)]
    expected = widened(found.looks[-1].interval, image_variance(*sides), 0.05)
    assert (found.wide_low, found.wide_high) == pytest.approx(expected)
    assert found.wide_low < found.low
    assert found.error_reduction == pytest.approx(20.5 / 68.5)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("recall(cta)", 'pets has no class "cta": did you mean "cat"'),
        ("recall(cow)", "pets has no test image of that class"),
    ],
)
def test_a_class_that_is_not_there_is_told(metric, message):
    with pytest.raises(StudyError, match=message):
        metric_of(metric).on(DATA)


STUDY = """question = "Does a wider network know discs better?"
data = "phantom(train=200, test=60)"
model = "mlp"
hidden = [4]
epochs = 1
batch = 20
[variants]
"wide" = "width=2"
[decide]
metric = "recall({})"
margin = 5.0
seeds = 3
"""


def test_a_study_that_comes_with_ablab_decides_by_the_recall_of_a_class_that_its_data_have():
    study = read_study(Path("one-class"))
    data = load_dataset("phantom(train=100, test=50)")
    facts = DataFacts(data.fingerprint, data.name, data.classes, tuple(data.test.labels.tolist()))
    assert metric_of(study.rule.metric).on(facts).title == "recall of cross"


def ablab(*words):
    return CliRunner().invoke(command, [*words])


def test_the_command_line_refuses_a_class_that_is_not_there_before_anything_trains(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "discs.toml").write_text(STUDY.format("disk"))
    refused = ablab("run", "discs.toml")
    assert 'no class "disk": did you mean "disc"' in str(refused.exception)


@pytest.mark.slow
def test_the_command_line_decides_by_recall(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "discs.toml").write_text(STUDY.format("disc"))
    done = ablab("run", "discs.toml", "--executor", "here")
    assert done.exit_code == 0, done.output
    assert "wide (recall of disc)" in done.output
    (table, *_) = ablab("table", "discs.toml", "--what", "costs", "--format", "json").output.splitlines()
    sixths = [row["recall(disc)"] * 3 * 6 / 100 for row in json.loads(table)["rows"]]  # three runs, six discs each
    assert sixths == pytest.approx([round(each) for each in sixths])
    assert "recall of disc (%)" in (tmp_path / "reports" / "discs.html").read_text()
