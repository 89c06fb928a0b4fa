"""The study as one asks it from Python."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ablab
from ablab.errors import InputError, StudyError
from ablab.models import Io
from ablab.study import Rule, Study
from ablab.study.question.files import read_studies

SMALL = "simple-nn data=phantom(train=200,test=50) epochs=1 batch=50"


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    store = ablab.Store(tmp_path_factory.mktemp("store"))
    study = ablab.Study("Does it?", base=SMALL, variants={"batch norm": "norm=batch"}, seeds=3, margin=1.0)
    return study.run(store=store, workers=1)


def test_an_executor_and_trackers_are_named_as_on_the_command_line(result, tmp_path):
    file = tmp_path / "events.jsonl"
    again = result.study.run(store=tmp_path / "store", executor="here", track=[f"jsonl({file})"])
    assert [verdict.effect for verdict in again.verdicts] == [verdict.effect for verdict in result.verdicts]
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert {run.id for run in again.runs} <= {str(event.get("run")) for event in events}


def test_it_says_what_a_study_file_says(tmp_path):
    study = ablab.Study("Does it?", base=SMALL, variants={"batch norm": "norm=batch"}, seeds="3..5", budget="30m")
    path = tmp_path / "study.toml"
    path.write_text(study.text)
    (read,) = read_studies(path)
    assert (read.base, read.variants, read.rule) == (study.base, study.variants, study.rule)
    assert ablab.Study.from_file(path).plan() == study.plan()
    assert Study.from_toml(study.text).rule.budget == "30m"


@pytest.mark.slow
def test_there_is_one_class_of_studies(result, tmp_path):
    assert ablab.Study is Study is type(result.study)
    recipe = ablab.Recipe.of({"epochs": 1, "batch": 50})
    study = ablab.Study("Does it?", recipe, {"batch norm": "norm=batch"}, name="mine")
    assert (study.base, study.name, study.where) == (recipe, "mine", "mine")
    words = ablab.Study("Does it?", base="simple-nn batch=50 epochs=1", variants={"batch norm": "norm=batch"})
    assert (words.recipes, words.rule) == (study.recipes, study.rule)
    assert result.study.plan().hash == ablab.Study.from_toml(result.study.text).plan().hash


def test_a_study_on_several_data_sets_is_run_part_by_part(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text('question = "?"\ndata = ["phantom", "digits"]\n[variants]\n"batch norm" = "norm=batch"\n')
    study = ablab.Study.from_file(path)
    assert [(part.name, part.base.data) for part in study.parts] == [
        ("study-phantom", "phantom"),
        ("study-digits", "digits"),
    ]
    assert all(part.parts == (part,) for part in study.parts)
    for verb in (study.run, study.plan):
        with pytest.raises(InputError, match="2 data sets: use each of study.parts by itself"):
            verb(store=tmp_path / "store")


def test_every_key_of_a_study_file_can_be_given():
    rule = {
        "metric": "loss",
        "margin": 0.1,
        "confidence": 0.9,
        "seeds": "4..6",
        "budget": "12 runs",
        "target": [60, 65],
    }
    study = ablab.Study("Does it?", base=SMALL, variants={"a": "norm=batch"}, tune={"lr": "auto"}, **rule)
    assert study.rule == Rule("loss", 0.1, 0.9, (4, 6), "12 runs", target=(60, 65))
    assert study.tune
    assert Study.from_toml(study.text).plan().hash == study.plan().hash
    given = ablab.Study("Does it?", SMALL, {"a": "norm=batch"}, study.rule, tune=True)
    assert given.plan().hash == study.plan().hash
    assert Study.from_toml(given.text).rule == study.rule


def test_a_study_on_several_data_sets_is_made_in_words():
    study = ablab.Study("Does it?", "mlp", {"a": "norm=batch"}, datasets=("phantom", "digits"))
    assert [part.base.data for part in study.parts] == ["phantom", "digits"]
    assert Study.from_toml(study.text).parts[1].plan().hash == study.parts[1].plan().hash
    with pytest.raises(StudyError, match='the base is about phantom: it starts with "data=digits"'):
        ablab.Study("Does it?", "mlp", {"a": "norm=batch"}, datasets=("digits", "phantom"))


@pytest.mark.parametrize(
    ("words", "messages"),
    [
        ({"base": "simple-nn epoch=3"}, ['unknown recipe key "epoch"']),
        ({"base": "simple-n"}, ['did you mean "simple-nn"']),
        ({"variants": {"same": "norm=none"}}, ['variant "same": norm=none: this is the base recipe itself']),
        ({"variants": {"a": "nrom=batch"}}, ['variant "a": ', 'did you mean "norm"']),
        ({"margn": 1.0}, ['"margn" is not a key of [decide]: did you mean "margin"?']),
        ({"seeds": "9..3", "margin": -1}, ["seeds: ", "the range is backwards", "margin = -1"]),
        ({"base": "simple-nn epoch=3", "variants": {"a": "nrom=batch"}, "seeds": 1}, ["epoch", "nrom", "one seed"]),
        ({"rule": Rule(), "margin": 1.0}, ["rule and margin are both given"]),
        ({"tune": {"lr": "auto"}, "variants": {"a": "lr=0.1"}}, ["changes nothing but the learning rate"]),
        ({"question": " "}, ["write the question as text"]),
        ({"variants": {}}, ["there is nothing to compare"]),
    ],
)
def test_all_that_is_wrong_is_said_without_lines_of_a_file_that_is_not_there(words, messages):
    with pytest.raises(InputError) as caught:
        ablab.Study(**{"question": "?", "base": "simple-nn", "variants": {"a": "norm=batch"}, **words})
    assert [message for message in messages if message not in str(caught.value)] == []
    assert ".toml" not in str(caught.value)


@pytest.mark.parametrize("name", ["studies/norm.toml", Path("norm.toml")])
def test_the_name_of_a_file_instead_of_its_text_is_told_what_to_use(name):
    with pytest.raises(StudyError, match=r"this needs the text of a file, not its name: Study.from_file\(\"\S+toml"):
        Study.from_toml(name)


def test_what_is_large_is_shown_in_a_line(result):
    data = ablab.load_dataset("phantom(train=200,test=50)")
    network, audited = ablab.inspect(ablab.build("mlp", Io(3, 32, 32, 10)), (3, 32, 32)), ablab.audit([72.0, 73.0])
    of_result = (result, result.study, result.plan, result.runs[0], result.study.base, result.verdicts[0], *result.arms)
    shown = (*of_result, data, data.test, network, audited)
    for value in shown:
        assert len(repr(value)) < 200
    assert repr(result).startswith("<Result of study: batch norm: ")
    assert repr(result.verdicts[0]).startswith("<Verdict batch norm: ")
    assert repr(result.verdicts[0]).endswith(", 3 pairs>")
    assert repr(data.test) == "<Examples: 50 images of 3x32x32>"
    assert repr(result.study.base) == ("Recipe.of({'data': 'phantom(train=200,test=50)', 'epochs': 1, 'batch': 50})")


@pytest.mark.slow
def test_a_comparison_is_one_line_and_its_store_keeps_several(tmp_path):
    folder = str(tmp_path / "store")
    first = ablab.compare(SMALL, batch_norm="norm=batch", wide="width=2", seeds=3, store=folder, workers=1)
    assert [verdict.variant for verdict in first.verdicts] == ["batch_norm", "wide"]
    assert first.study.rule.seeds == (3, 3)
    other = ablab.compare(SMALL, slow="lr=0.01", seeds=3, margin=2.0, store=folder, workers=1)
    assert other.study.rule.margin == 2.0
    again = ablab.compare(SMALL, batch_norm="norm=batch", wide="width=2", seeds=3, store=folder, workers=1)
    assert [run.id for run in again.runs] == [run.id for run in first.runs]
    assert len({first.study.name, other.study.name}) == 2


def test_one_run_is_asked_for_in_words_and_taken_from_the_folder_of_a_store(tmp_path):
    run, is_new = ablab.train_one(SMALL, store=str(tmp_path))
    again, is_new_again = ablab.train_one(
        ablab.Recipe.of({"batch": 50, "epochs": 1}), 0, tmp_path, data=run.spec.recipe.data
    )
    assert (run.id, is_new, is_new_again) == (again.id, True, False)
    assert [kept.id for kept in ablab.Store(str(tmp_path)).runs([run.id])] == [run.id]


def test_a_plan_costs_nothing_and_says_what_would_be_run():
    planned = ablab.Study("Does it?", base=SMALL, variants={"a": "norm=batch", "b": "lr=0.1"}, seeds="3..5").plan()
    assert planned.runs == (9, 15)
    assert json.loads(planned.to_json())["runs"] == [9, 15]


def test_a_plan_that_is_timed_says_what_the_study_can_see(tmp_path):
    study = ablab.Study("Does it?", base=SMALL, variants={"a": "norm=batch"}, seeds="3..5")
    planned = study.plan(timed=True)
    assert 5 in [reach.seeds for reach in planned.foresight.reaches]
    json.loads(planned.to_json())


def test_a_result_has_verdicts_and_is_a_table_in_three_ways(result):
    assert [verdict.variant for verdict in result.verdicts] == ["batch norm"]
    frame = result.to_frame()
    assert list(frame["variant"].value_counts().items()) == [("base", 3), ("batch norm", 3)]
    assert frame["accuracy"].between(0, 100).all()
    base, norm = (frame[frame.variant == name].set_index("seed").accuracy for name in ("base", "batch norm"))
    assert (norm - base).mean() == pytest.approx(result.verdicts[0].effect)
    assert result.to_arrow().num_rows == 6
    assert result.to_arrow("verdicts").column("word").to_pylist() == [result.verdicts[0].word]
    said = json.loads(result.to_json())
    assert said["verdicts"][0]["effect"] == result.verdicts[0].effect
    assert len(said["runs"]) == 6
    with pytest.raises(InputError, match="runs or verdicts"):
        result.to_frame("epochs")


def test_what_is_wrong_is_told_as_for_a_file():
    with pytest.raises(StudyError, match="changes nothing"):
        ablab.Study("Does it?", base="simple-nn", variants={"same": "norm=none"})
    with pytest.raises(StudyError, match="one seed never gives a verdict"):
        ablab.Study("Does it?", base="simple-nn", variants={"a": "norm=batch"}, seeds=1)


@pytest.mark.slow
def test_the_example_in_the_documents_runs(tmp_path, monkeypatch, capsys):
    root = Path(__file__).parent.parent
    *_, example = re.findall(r"```python\n(.*?)```", (root / "docs" / "studies.md").read_text("utf-8"), re.DOTALL)
    example = example.replace("data=phantom epochs=5", SMALL.removeprefix("simple-nn ")).replace("3..10", "3..4")
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    assert "seed pairs" in capsys.readouterr().out


@pytest.mark.long
def test_a_plain_script_trains_its_own_arrays_side_by_side_and_is_never_imported_by_a_worker(tmp_path):
    text = (Path(__file__).parent.parent / "docs" / "python.md").read_text("utf-8")
    (example,) = [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "from_arrays" in block]
    script = tmp_path / "mine.py"
    script.write_text("print('the script runs')\n" + example.replace("study.run()", "study.run(workers=2)"))
    environment = {**os.environ, "ABLAB_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("the script runs") == 1
    assert "seed pairs" in done.stdout
    assert done.stderr == ""
