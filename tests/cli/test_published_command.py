"""Published studies on the command line: listed, run all at once, and warned of."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.errors import AblabError, InputError
from ablab.records import StudyText
from ablab.report.sections.cautions import cautions
from ablab.result import Result
from ablab.store import Store
from ablab.study import decide, plan
from ablab.study.question.files import published_studies, read_studies
from sample_runs import sample_run

SOFTMAX = "softmax-before-loss"


def ablab(*words):
    done = CliRunner().invoke(command, words)
    if isinstance(done.exception, AblabError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def store(tmp_path):
    """A store in which one published study has been run, by simulation."""
    path = next(path for path in published_studies() if path.stem == SOFTMAX)
    (study,) = read_studies(path)
    kept = Store(tmp_path / "store")
    for seed, gap in enumerate((0.101, 0.100, 0.102)):
        kept.add(sample_run(seed, 0.60 + 0.01 * seed, study.base))
        kept.add(sample_run(seed, 0.60 + 0.01 * seed - gap, study.variants[0].recipe))
    kept.keep_study(StudyText(plan(study, "fingerprint").hash, study.name, study.text, "fingerprint", 1))
    return tmp_path / "store"


@pytest.mark.long
def test_the_list_names_every_study_and_runs_none():
    said = ablab("run", "--published", "--dry-run")
    assert all(str(path) in said for path in published_studies())
    assert said.splitlines()[-1] == "next: ablab run --published"


@pytest.mark.parametrize(
    ("fault", "title"),
    [
        ("augmented-test-images", "Augmented test images"),
        ("epoch-on-test", "Biased selection"),
        ("softmax", "Softmax before the loss"),
        ("stop-at-test-accuracy", "Stopped at an accuracy"),
    ],
)
def test_every_fault_of_method_that_a_study_imitates_is_warned_of(fault, title):
    known = {path.stem: path for path in published_studies() if path.parent.name == "faults"}
    assert len(known) == 4
    (study,) = read_studies(known[fault])
    planned = plan(study, "0123456789ab")
    assert f"{title}:" in [part.lead for part in cautions(Result(study, planned, (), decide(planned, ())))]


def test_a_study_and_all_of_them_are_not_run_at_once(tmp_path):
    done = CliRunner().invoke(command, ["run", "quickstart", "--published"])
    assert done.exit_code != 0
    assert "leave out the study" in str(done.exception)


def test_one_report_is_listed_with_what_is_there_and_what_is_left(store):
    lines = ablab("run", "--published", "a", "--dry-run", "--json", "--store", str(store)).splitlines()
    facts = {Path(each["study"]).stem: each for each in map(json.loads, lines)}
    assert set(facts) >= {"fc-vs-cnn", "third-convolution", "skip", "residual-vs-cnn3", SOFTMAX}
    assert "extra-layer" not in facts
    lines = ablab("run", "--published", "a", "--dry-run", "--store", str(store)).splitlines()
    softmax = next(line for line in lines if f"{SOFTMAX}.toml" in line)
    assert ": 6 to 10 runs, 6 there, 0.0 s to " in softmax
    with pytest.raises(InputError, match="the reports are A, B, C, D, E"):
        ablab("run", "--published", "F", "--dry-run")


@pytest.mark.slow
def test_a_published_report_is_written_as_a_folder(store, tmp_path):
    done = ablab("report", "--published", "a", "--store", str(store), "--out", str(tmp_path / "a"), "--json")
    assert str(tmp_path / "a" / "index.html") in json.loads(done)["files"]
    with pytest.raises(InputError, match="the reports are A, B, C, D, E"):
        ablab("report", "--published", "F", "--store", str(store))
    with pytest.raises(InputError, match="which report"):
        ablab("report")


@pytest.mark.parametrize(("form", "first"), [("markdown", "REPORT.md"), ("png", "effects.png")])
def test_a_report_in_pieces_goes_to_a_folder(store, tmp_path, form, first):
    path = next(path for path in published_studies() if path.stem == SOFTMAX)
    said = ablab("report", str(path), "--store", str(store), "--format", form, "--out", str(tmp_path / "out"))
    assert (tmp_path / "out" / first).exists()
    assert str(tmp_path / "out" / first) in said
