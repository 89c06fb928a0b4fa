"""The command line as a person meets it: real processes, exit codes, messages."""

import json
import subprocess
import sys

import pytest

from commands import ablab
from small_study import small_study

TINY = ["data=phantom(train=300, test=100)", "epochs=2", "batch=50"]
STUDY = small_study()


@pytest.mark.slow
def test_a_run_is_trained_once_and_then_known(tmp_path):
    first = ablab("train", "simple-nn", *TINY, "--json", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    events = [json.loads(line) for line in first.stdout.splitlines()]
    assert 1.8 < events[0]["untrained_loss"] < 2.8
    again = ablab("train", "simple-nn", *TINY, "--json", cwd=tmp_path)
    last_of_both = [json.loads(done.stdout.splitlines()[-1]) for done in (first, again)]
    assert last_of_both[0]["id"] == last_of_both[1]["id"]
    assert last_of_both[0]["test"] == last_of_both[1]["test"]
    assert len(again.stdout.splitlines()) == 1
    listed = json.loads(ablab("runs", "ls", "--json", cwd=tmp_path).stdout)
    assert [run["id"] for run in listed] == [last_of_both[0]["id"]]
    assert ablab("runs", "show", listed[0]["id"], cwd=tmp_path).returncode == 0
    absent = ablab("runs", "show", "zzz", cwd=tmp_path)
    assert absent.returncode == 2
    assert "no run" in absent.stderr
    assert ablab("runs", "rm", listed[0]["id"], cwd=tmp_path).returncode == 0
    assert json.loads(ablab("runs", "ls", "--json", cwd=tmp_path).stdout) == []


@pytest.mark.slow
def test_a_study_ends_with_verdicts_and_a_report_and_is_not_trained_again(tmp_path):
    (tmp_path / "width.toml").write_text(STUDY)
    first = ablab("run", "width.toml", "--workers", "1", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "batch norm" in first.stdout
    assert "next: " in first.stdout
    assert (tmp_path / "reports" / "width.html").read_text().startswith("<!doctype html>")
    again = ablab("run", "width.toml", "--json", cwd=tmp_path)
    result = json.loads(again.stdout.splitlines()[-1])
    assert [(verdict["variant"], verdict["pairs"]) for verdict in result["verdicts"]] == [("batch norm", 3)]
    assert len(json.loads(ablab("runs", "ls", "--json", cwd=tmp_path).stdout)) == 6
    report = ablab("report", "width.toml", "--out", "again.html", "--json", cwd=tmp_path)
    assert report.returncode == 0, report.stderr
    assert json.loads(report.stdout)["verdicts"] == result["verdicts"]


WRONG = {
    "an unknown command": (["tain"], 'did you mean "train"'),
    "an unknown option": (["train", "--sed", "1"], "--seed"),
    "an unknown model": (["train", "simple-n"], 'did you mean "simple-nn"'),
    "an unknown data set": (["train", "data=cifar11"], "cifar10"),
    "an unknown augmentation": (["train", *TINY, "augment=flop"], 'did you mean "flip"'),
    "an unknown optimizer": (["train", *TINY, "optimizer=sgdd"], 'did you mean "sgd"'),
    "an unknown schedule": (["train", *TINY, "schedule=cosin"], 'did you mean "cosine"'),
    "an unknown key": (["train", "epoch=3"], 'did you mean "epochs"'),
    "an unknown norm": (["train", *TINY, "norm=bach"], 'did you mean "batch"'),
    "a wrong type": (["train", "epochs=many"], "epochs"),
    "a learning rate of zero": (["train", "lr=0"], "lr"),
    "a batch larger than the data": (["train", *TINY[:2], "batch=5000"], "batch"),
    "words that are no recipe": (["train", "simple-nn", "batch"], "key=value"),
    "a study that is not there": (["run", "nothing.toml"], "nothing.toml"),
    "a study with a syntax error": (["run", "broken.toml"], "broken.toml:1"),
    "a study with an unknown key": (["run", "unknown.toml"], 'did you mean "optimizer"'),
    "a report of a study that was never run": (["report", "good.toml"], "ablab run good.toml"),
    "runs where there is no store": (["runs", "show", "abc"], "there is no store here"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", WRONG)
def test_wrong_input_ends_with_code_2_a_message_and_nothing_written(what, tmp_path):
    (tmp_path / "broken.toml").write_text("model = simple-nn\n")
    (tmp_path / "unknown.toml").write_text(STUDY.replace("batch = 50", 'optimiser = "adam"'))
    (tmp_path / "good.toml").write_text(STUDY)
    if what == "a report of a study that was never run":
        assert ablab("train", *TINY, cwd=tmp_path).returncode == 0
    before = sorted(path for path in tmp_path.rglob("*") if "cache" not in path.parts)
    words, message = WRONG[what]
    done = ablab(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    after = sorted(path for path in tmp_path.rglob("*") if "cache" not in path.parts)
    assert [path for path in after if ".ablab" not in path.parts] == [
        path for path in before if ".ablab" not in path.parts
    ]


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    done = subprocess.run(
        f"{sys.executable} -m ablab recipe | head -n 1", shell=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--epochs", "5"], "recipe keys have no dashes: write epochs=5"),
        (["--learning-rate=0.1"], "write lr=0.1"),
        (["--model", "cnn3"], "write model=cnn3"),
        (["--norm", "batch"], "write norm=batch"),
    ],
)
def test_a_recipe_key_with_dashes_gets_the_word_to_type(words, hint, tmp_path):
    done = ablab("train", "simple-nn", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert hint in done.stderr
    assert "--help'" not in done.stderr.splitlines()[-1]


def test_another_unknown_option_has_no_such_hint(tmp_path):
    done = ablab("train", "simple-nn", "--sed", "3", cwd=tmp_path)
    assert "hint:" not in done.stderr
    assert "--seed" in done.stderr
