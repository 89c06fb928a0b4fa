"""Runs that were sent: what comes in is what went out, and nothing else comes in."""

import dataclasses
import json
import math
import os
import random

import pytest

from ablab.errors import InputError
from ablab.recipe import Recipe
from ablab.records import DataFacts, EpochRow, Ledger, Measurement, StudyText
from ablab.store import Store, exchange
from ablab.store.exchange import export, take
from ablab.study import Study, decide, plan
from damage import changed
from sample_runs import sample_run

LABELS = (0, 1, 2, 3) * 50
DATA = DataFacts("fingerprint", "pictures", ("a", "b", "c", "d"), LABELS)
STUDY = """question = "Does batch norm help?"
data = "phantom"
epochs = 2
[variants]
"batch norm" = "norm=batch"
[decide]
margin = 1.0
seeds = 30
"""


def run(seed=0, right=120, recipe=None, **changes):
    """A run whose predictions are right for so many of 200 images."""
    given = bytes(label if image < right else (label + 1) % 4 for image, label in enumerate(LABELS))
    figures = {"predictions": given, "certainty": bytes(200), "test": Measurement(1.2, right / 200, 200)}
    return sample_run(seed, 0.5, recipe, **{**figures, **changes})


def sent(folder, *runs, name="runs.ablab", data=DATA):
    """A file as somebody with these runs would send it."""
    store = Store(folder / f"store of {name}")
    if data:
        store.keep_data(data)
    for one in runs:
        store.add(one)
    export(store, store.ids(), folder / name)
    return folder / name


def rewritten(path, change):
    """The file with one run changed and every digest made to fit: what a cheat would send."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    with path.open("wb") as file:
        write = exchange._Writer(file)
        for line in lines[:-1]:
            if line["kind"] == "run":
                change(line["content"])
            write(line["kind"], line["content"])
        write.end()
    return path


def test_runs_come_in_as_they_went_out_with_what_is_known_of_their_data(tmp_path):
    path = sent(tmp_path, run(0), run(1, note="\u202e ü"), run(2, status="diverged", test=None, selected_epoch=None))
    store = Store(tmp_path / "mine")
    taken = take(store, path)
    assert len(taken.added) == 3
    assert not taken.known + taken.refused
    assert store.runs() == Store(tmp_path / "store of runs.ablab").runs()
    assert store.data("fingerprint") == DATA


def test_the_same_file_again_changes_nothing(tmp_path):
    path = sent(tmp_path, run(0), run(1))
    store = Store(tmp_path / "mine")
    take(store, path)
    again = take(store, path)
    assert (again.added, len(again.known), again.refused) == ((), 2, ())
    assert len(store.runs()) == 2


def test_the_same_result_from_another_machine_is_no_conflict_and_adds_nothing(tmp_path):
    store = Store(tmp_path / "mine")
    store.add(run(0))
    elsewhere = dataclasses.replace(run(0).machine, name="another")
    path = sent(tmp_path, run(0, machine=elsewhere, cost=dataclasses.replace(run(0).cost, seconds=9.0)))
    assert take(store, path).known == (run(0).id,)
    assert store.runs() == [run(0)]


def test_a_run_that_diverged_to_no_number_is_the_same_when_it_comes_again(tmp_path):
    curve = (EpochRow(1, 0.1, math.inf, 0.1, math.nan, 0.1, 1.0),)
    path = sent(tmp_path, run(0, curve=curve, status="diverged", test=None, selected_epoch=None))
    store = Store(tmp_path / "mine")
    assert len(take(store, path).added) == 1
    assert len(take(store, path).known) == 1


def test_a_seed_that_was_used_twice_is_refused_with_both_results_and_the_file_of_the_first(tmp_path):
    first, second = sent(tmp_path, run(7, 120), name="ada.ablab"), sent(tmp_path, run(7, 130), run(8), name="bob.ablab")
    store, came_from = Store(tmp_path / "mine"), {}
    take(store, first, came_from)
    taken = take(store, second, came_from)
    assert taken.added == (run(8).id,)
    (refused,) = taken.refused
    assert refused.id == run(7).id
    for part in ("seed 7", "ada.ablab", "60.00 %", "65.00 %"):
        assert part in refused.why
    assert store.run(run(7).id) == run(7, 120)


def test_thirty_files_of_one_seed_each_give_a_verdict_of_thirty_seeds_without_training(tmp_path):
    parsed = Study.from_toml(STUDY, "class.toml")
    planned = plan(parsed, "fingerprint")
    draw = random.Random(3)
    for seed in range(30):
        noise = draw.randint(-3, 3)
        runs = [
            run(seed, 120 + noise, parsed.base),
            run(seed, 128 + noise + draw.randint(-2, 2), parsed.variants[0].recipe),
        ]
        theirs = Store(tmp_path / f"{seed}")
        theirs.keep_data(DATA)
        theirs.keep_study(StudyText(planned.hash, "class", STUDY, "fingerprint", 1))
        for one in runs:
            theirs.add(one)
        export(theirs, theirs.ids(), tmp_path / f"{seed}.ablab")
    store = Store(tmp_path / "teacher")
    for path in sorted(tmp_path.glob("*.ablab")):
        assert len(take(store, path).added) == 2
    decision = decide(planned, store.runs(one.id for one in planned.most), labels=store.data("fingerprint").labels)
    (verdict,) = decision.verdicts
    assert (verdict.pairs, verdict.word) == (30, "helps")
    assert decision.wanted == ()
    assert store.studies() == [StudyText(planned.hash, "class", STUDY, "fingerprint", 1)]
    assert store.ledger(planned.hash) == Ledger(1, 1, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content["run"]["wanted"].update(seed=5), "they were changed"),
        (lambda content: content["run"]["wanted"]["recipe"].update(lr=0.2), "they were changed"),
        (lambda content: content["run"]["wanted"].update(fingerprint="other"), "they were changed"),
        (lambda content: content.update(id="0" * 12), "they were changed"),
        (lambda content: content["run"]["wanted"]["recipe"].update(options={"nrom": 1}), "unknown recipe key"),
        (lambda content: content["run"]["wanted"]["recipe"].update(model="../../evil"), "no model is called"),
        (lambda content: content["run"]["wanted"]["recipe"].update(epochs=0), "epochs"),
        (lambda content: content["run"].update(status="splendid"), "status"),
        (lambda content: content["run"].update(test=None), "no test measurement"),
        (lambda content: content["run"]["test"].update(accuracy=1.5), "accuracy of 1.5"),
        (lambda content: content["run"]["cost"].update(parameters=1 << 70), "too large"),
        (lambda content: content["run"]["wanted"].update(seed=-1), "from 0 to"),
        (lambda content: content.pop("run"), "run"),
        (lambda content: content["run"].update(predictions="not base64 \u001b[31m"), "base64"),
    ],
)
def test_a_run_that_no_training_leaves_behind_is_refused_with_its_file_and_line(tmp_path, change, message):
    store = Store(tmp_path / "mine")
    path = rewritten(sent(tmp_path, run(0)), change)
    with pytest.raises(InputError, match="nothing from this file was imported") as caught:
        take(store, path)
    assert message in str(caught.value)
    assert f"{path}:3: " in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert store.runs() == []


def test_an_accuracy_that_is_not_what_the_predictions_give_is_refused(tmp_path):
    path = rewritten(
        sent(tmp_path, run(0, 120), run(1)),
        lambda content: content["run"]["test"].update(accuracy=0.6 if content["id"] == run(1).id else 0.9),
    )
    store = Store(tmp_path / "mine")
    taken = take(store, path)
    assert [refused.id for refused in taken.refused] == [run(0).id]
    assert "right for 120 of 200 images" in taken.refused[0].why
    assert store.ids() == [run(1).id]


def test_predictions_of_two_bytes_are_compared_as_well(tmp_path):
    wide = b"".join(label.to_bytes(2, "little") for label in LABELS)
    made = sample_run(0, predictions=wide, certainty=bytes(200), test=Measurement(0.1, 1.0, 200))
    assert take(Store(tmp_path / "mine"), sent(tmp_path, made)).added == (made.id,)
    worse = sample_run(1, predictions=wide[::-1], certainty=bytes(200), test=Measurement(0.1, 1.0, 200))
    assert take(Store(tmp_path / "mine"), sent(tmp_path, worse, name="w.ablab")).refused


def test_other_labels_for_the_same_data_are_refused_and_ours_are_kept(tmp_path):
    other = DataFacts("fingerprint", "pictures", DATA.classes, tuple(reversed(LABELS)))
    store = Store(tmp_path / "mine")
    store.keep_data(DATA)
    taken = take(store, sent(tmp_path, run(0), data=other))
    assert [refused.id for refused in taken.refused] == ["fingerprint"]
    assert store.data("fingerprint") == DATA


def test_any_damage_is_seen_and_nothing_of_the_file_is_taken_in(tmp_path):
    path = sent(tmp_path, run(0), run(1), name="whole.ablab")
    content = path.read_bytes()
    store = Store(tmp_path / "mine")
    draw = random.Random(11)
    refused = 0
    for _ in range(300):
        other = changed(content, draw)
        if other == content:
            continue
        damaged = tmp_path / "damaged.ablab"
        damaged.write_bytes(other)
        with pytest.raises(InputError, match="damaged.ablab"):
            take(store, damaged)
        refused += 1
    assert refused > 250
    assert store.runs() == []


def test_every_cut_is_seen(tmp_path):
    content = sent(tmp_path, run(0), name="whole.ablab").read_bytes()
    cut = tmp_path / "cut.ablab"
    for length in [*range(0, len(content) - 1, 97), content.rindex(b'{"kind": "end"')]:
        cut.write_bytes(content[:length])
        with pytest.raises(InputError):
            take(Store(tmp_path / "mine"), cut)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the end of the file is missing"),
        (b"PK\x03\x04", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"kind": "ablab", "sha256": "", "content": {}}\n', "changed"),
        (b'{"kind": "ablab", "sha256": "", "content": {"x": 1e999}}\n', "damaged.ablab:1"),
        (b'{"kind": "ablab", "sha256": "", "content": {"x": NaN}}\n', "not JSON"),
        (b'{"kind": "\\ud800", "sha256": "", "content": {}}\n', "not Unicode"),
        (b"1" * 5000 + b"\n", "damaged.ablab:1"),
        (b"\xff\xfe\n", "not JSON"),
    ],
)
def test_what_is_no_file_of_runs_is_refused(tmp_path, content, message):
    path = tmp_path / "damaged.ablab"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        take(Store(tmp_path / "mine"), path)
    assert message in str(caught.value)


def test_a_line_or_a_file_beyond_all_measure_is_refused(tmp_path, monkeypatch):
    path = sent(tmp_path, run(0))
    monkeypatch.setattr(exchange, "LONGEST_LINE", 1000)
    with pytest.raises(InputError, match="a line has at most"):
        take(Store(tmp_path / "mine"), path)
    monkeypatch.setattr(exchange, "LONGEST_FILE", 1000)
    with pytest.raises(InputError, match="MB"):
        take(Store(tmp_path / "mine"), path)


def test_a_file_of_another_form_says_so(tmp_path, monkeypatch):
    path = sent(tmp_path, run(0))
    monkeypatch.setattr(exchange, "VERSION", 2)
    with pytest.raises(InputError, match="form 1, this one knows 2"):
        take(Store(tmp_path / "mine"), path)


def test_a_file_that_is_not_there_or_would_have_another_name_is_an_error(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        take(Store(tmp_path / "mine"), tmp_path / "absent.ablab")
    with pytest.raises(InputError, match="must end with .ablab"):
        export(Store(tmp_path / "mine"), [], tmp_path / "store.sqlite")


def test_a_recipe_with_options_comes_in_under_the_same_hash(tmp_path):
    recipe = Recipe.of({"model": "cnn3", "norm": "batch", "augment": "crop(4)+flip"})
    store = Store(tmp_path / "mine")
    take(store, sent(tmp_path, run(0, recipe=recipe)))
    assert store.runs()[0].spec.recipe == recipe


@pytest.mark.parametrize("key", ["loss", "seconds"])
def test_a_figure_that_is_not_finite_is_refused_before_anything_is_taken_in(tmp_path, key):
    def change(content):
        (content["run"]["cost"] if key == "seconds" else content["run"]["test"])[key] = "Infinity"

    store = Store(tmp_path / "mine")
    with pytest.raises(InputError, match="not a finite number; nothing from this file was imported"):
        take(store, rewritten(sent(tmp_path, run(0), run(1)), change))
    assert store.ids() == []
    assert store.fingerprints() == []


@pytest.mark.timeout(60)
def test_a_pipe_is_refused_instead_of_being_waited_for(tmp_path):
    os.mkfifo(tmp_path / "runs.ablab")
    with pytest.raises(InputError, match="this is a pipe"):
        take(Store(tmp_path / "store"), tmp_path / "runs.ablab")
