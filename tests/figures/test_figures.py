"""Figures of a whole run, with values worked out by hand, and studies that decide by them."""

import dataclasses
import re
from pathlib import Path

import pytest

from ablab.errors import StudyError
from ablab.metric import metric_fault, metric_of
from ablab.recipe import Recipe
from ablab.records import Cost, EpochRow, Measurement, Weights
from ablab.study import Rule, Study, Variant, decide, plan
from sample_runs import MACHINE, sample_run

BASE = Recipe.of({"epochs": 3})
NORM = BASE.with_("norm=batch")
TEST = Measurement(1.8, 0.5, 200)


def curve(*points, seconds=2.0):
    return tuple(EpochRow(at, 0.1, 1.0, 0.5, 1.0, each / 100, seconds) for at, each in enumerate(points, 1))


def run(seed=0, recipe=BASE, points=(40, 60, 80), **changes):
    facts = {"test": TEST, "train": Measurement(0.5, 0.75, 5000), "curve": curve(*points), **changes}
    return sample_run(seed, 0.5, recipe, **facts)


def verdict(metric, runs, margin=0.5, seeds=(3, 3)):
    study = Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), Rule(metric=metric, margin=margin, seeds=seeds))
    return decide(plan(study, "fingerprint"), runs).verdicts[0]


@pytest.mark.parametrize(
    ("metric", "value", "text", "direction"),
    [
        ("gap", 25.0, "25.00 pp", "lower"),
        ("epochs_to(60)", 2.0, "2.0 epochs", "lower"),
        ("epochs_to(percent=30)", 1.0, "1.0 epochs", "lower"),
        ("seconds_to(60)", 4.0, "4.0 s", "lower"),
        ("train_seconds", 1.5, "1.5 s", "lower"),
        ("sparsity", 0.25, "25.00 %", "higher"),
    ],
)
def test_a_figure_is_read_from_a_whole_run(metric, value, text, direction):
    known = metric_of(metric)
    it = run(weights=Weights(100, 0.25, 0.1, (1,)))
    assert known.of(it) == pytest.approx(value)
    assert known.show(value) == text
    assert known.direction == direction


def test_a_run_that_never_reaches_the_target_counts_as_one_epoch_more_than_it_was_given():
    assert metric_of("epochs_to(90)").of(run()) == 4.0
    assert metric_of("seconds_to(90)").of(run()) == pytest.approx(8.0)
    broken = run(points=(40,), status="diverged", test=None)
    assert metric_of("epochs_to(90)").of(broken) == 4.0
    assert metric_of("epochs_to(90)").of(run(points=())) is None


def test_what_a_run_lacks_is_no_value():
    assert metric_of("gap").of(run(train=None)) is None
    assert metric_of("sparsity").of(run()) is None
    assert metric_of("train_seconds").of(run(status="failed")) is None


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("epochs_to", "percent is missing", "epochs_to(70)"),
        ("epochs_to(0)", "must be", ""),
        ("epochs_to(70, 80)", "at most 1 argument", ""),
        ("gap(3)", "takes no arguments", ""),
        ("epoch_to(70)", "write the name of a metric", ""),
        ("gapp", "write the name of a metric", '"gap"'),
        ("no_such.py:f", "cannot be read", ""),
    ],
)
def test_what_names_no_metric_is_told_with_what_is_near(text, message, hint):
    fault = metric_fault(text)
    assert message in fault.message
    assert hint in fault.hint
    with pytest.raises(StudyError, match="metric"):
        metric_of(text)


def test_a_study_decides_by_the_epochs_that_a_target_takes():
    runs = [run(seed, BASE, (40, 50, 70)) for seed in range(3)] + [run(seed, NORM, (60, 70, 80)) for seed in range(3)]
    found = verdict("epochs_to(60)", runs, margin=1.0)
    assert (found.effect, found.word, found.unit) == (-2.0, "helps", "epochs")
    assert found.sentence.startswith("norm (epochs to 60 % validation accuracy) helps: -2.0 epochs")
    assert "other test images" not in found.sentence


def test_a_pair_that_never_reaches_the_target_on_either_side_counts_for_nothing():
    runs = [run(seed, recipe, (40, 50, 60)) for seed in range(3) for recipe in (BASE, NORM)]
    found = verdict("epochs_to(90)", runs, margin=1.0)
    assert (found.pairs, found.effect, found.word) == (0, None, "undecided")
    assert "In 3 pairs, neither run reached the target, so the interval leaves them out." in found.sentence
    runs[1] = run(0, NORM, (40, 50, 95))
    found = verdict("epochs_to(90)", runs, margin=1.0)
    assert (found.pairs, found.effect) == (1, -1.0)
    assert "In 2 pairs" in found.sentence


def test_times_of_two_machines_are_never_set_against_each_other():
    def timed(seed, recipe, seconds, machine=MACHINE):
        return run(seed, recipe, cost=Cost(seconds, seconds, 3, 2700, 82030), machine=machine)

    other = dataclasses.replace(MACHINE, name="another")
    runs = [timed(seed, BASE, 10.0 + seed) for seed in range(4)]
    runs += [timed(seed, NORM, 5.0 + seed, other if seed == 1 else MACHINE) for seed in range(4)]
    found = verdict("train_seconds", runs, margin=1.0, seeds=(3, 4))
    assert found.seeds == (0, 2, 3)
    assert (found.effect, found.word) == (-5.0, "helps")
    assert "1 pair ran on two machines or devices, so their times cannot be compared." in found.sentence


def test_a_margin_is_counted_in_the_unit_of_the_metric():
    text = 'question = "?"\nmodel = "mlp"\n[variants]\n"wide" = "width=2"\n[decide]\nmetric = "{}"\nmargin = 250'
    assert Study.from_toml(text.format("train_seconds"), "s.toml").rule.margin == 250
    for share in ("accuracy", "gap", "sparsity"):
        with pytest.raises(StudyError, match="by less than 100 percentage points"):
            Study.from_toml(text.format(share), "s.toml")


OWN = '''"""One figure."""

from ablab.catalogue import mark

print("the file was run")


@mark("figure", "late_loss", title="accuracy lost after the best epoch", unit="pp", direction="lower", decimals=2)
def late_loss(run):
    """Best minus last."""
    points = [row.val_points for row in run.curve]
    return max(points) - points[-1]


@mark("figure", "text", title="text", unit="", direction="lower")
def text(run):
    """No number."""
    return "1"


@mark("figure", "broken", title="broken", unit="", direction="lower")
def broken(run):
    """It raises."""
    return run.nothing


@mark("figure", "bare", title="bare")
def bare(run):
    """Without a direction."""
    return 1.0


def unmarked(run):
    return 1.0
'''


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "figures.py"
    path.write_text(OWN)
    return path


def test_a_figure_of_ones_own_is_run_only_when_a_run_is_judged(own, capsys):
    study = Study.from_toml(
        'question = "?"\nmodel = "mlp"\n[variants]\n"wide" = "width=2"\n'
        f'[decide]\nmetric = "{own}:late_loss"\nmargin = 2.0',
        "s.toml",
    )
    planned = plan(study, "f")
    assert "the file was run" not in capsys.readouterr().out
    metric = metric_of(study.rule.metric)
    assert metric.of(run(points=(40, 70, 60))) == pytest.approx(10.0)
    assert "the file was run" in capsys.readouterr().out
    assert (metric.title, metric.unit) == ("accuracy lost after the best epoch", "pp")
    own.write_text(OWN.replace("Best minus last", "Another definition"))
    assert plan(study, "f").hash != planned.hash


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("unmarked", 'no function "unmarked" is marked as a figure'),
        ("late_los", 'no function "late_los" is marked as a figure .*"late_loss"'),
        ("bare", "its mark must set title"),
    ],
)
def test_a_function_of_ones_own_without_a_whole_mark_is_refused(own, function, message):
    with pytest.raises(StudyError, match=message):
        metric_of(f"{own}:{function}")


@pytest.mark.parametrize(("function", "message"), [("text", "returned '1' for run"), ("broken", "AttributeError")])
def test_what_a_function_of_ones_own_does_wrong_is_an_error_that_names_it(own, function, message):
    with pytest.raises(StudyError, match=message):
        metric_of(f"{own}:{function}").of(run())


def test_the_example_in_the_documents_is_a_figure(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "studies.md").read_text("utf-8")
    (example,) = [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if '"figure"' in block]
    (tmp_path / "figures.py").write_text(example)
    metric = metric_of(f"{tmp_path / 'figures.py'}:late_loss")
    assert metric.of(run(points=(40, 70, 60))) == pytest.approx(10.0)
    assert metric.full_title == "accuracy lost after the best epoch"


def test_a_file_of_ones_own_that_is_no_python_is_told(tmp_path):
    (tmp_path / "bad.py").write_text("def f(:\n")
    with pytest.raises(StudyError, match="cannot be read"):
        metric_of(f"{tmp_path / 'bad.py'}:f")
