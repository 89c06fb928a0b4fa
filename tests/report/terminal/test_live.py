"""What is seen while a training goes on: lines that stay, lines of JSON, and one line below on a terminal."""

import dataclasses
import json
import sys

import pytest
import torch

from ablab.data.dataset import Examples, Splits
from ablab.events import Noticed, Projection
from ablab.recipe import Recipe
from ablab.records import RunSpec
from ablab.report.terminal.live import Live
from ablab.study import Rule, Study, Variant, plan
from ablab.train.loop import train
from sample_runs import sample_run

RECIPE = Recipe.of({"epochs": 2, "batch": 20})
WANTED = RunSpec(RECIPE, 5, "fingerprint")


@pytest.fixture(scope="module")
def events():
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (60, 3, 32, 32), generator=generator, dtype=torch.uint8)
    examples = Examples(images, torch.arange(60) % 3)
    return list(train(RECIPE, Splits(examples, torch.arange(40), torch.arange(40, 60), examples, ("a", "b", "c")), 5))


def shown(events, capsys, *, as_json=False):
    with Live(as_json=as_json) as live:
        for event in events:
            live.show(WANTED, event)
    live.finished(sample_run(5, 0.4321, RECIPE), True)
    return capsys.readouterr().out.splitlines()


def test_a_run_has_a_line_for_each_epoch_and_ends_with_what_to_type_next(events, capsys):
    lines = shown(events, capsys)
    assert WANTED.id in lines[0]
    assert "81,435 parameters" in lines[1]
    assert f"untrained loss {events[0].untrained_loss:.4f}" in lines[2]
    rows = [line.split() for line in lines if line.strip()[:1].isdigit() and "untrained" not in line]
    assert [row[0] for row in rows] == ["1", "2"]
    assert any("43.21 % of 200 images" in line for line in lines)
    assert lines[-2] == "again: ablab train simple-nn epochs=2 batch=20 --seed 5"
    assert lines[-1].startswith("next: ablab runs show ")


def test_lines_of_json_have_every_figure_and_no_weights(events, capsys):
    lines = [json.loads(line) for line in shown(events, capsys, as_json=True)]
    assert [line["event"] for line in lines] == ["started", "epoch", "epoch", "finished", "run"]
    assert {line["run"] for line in lines[:-1]} == {WANTED.id}
    assert lines[0]["untrained_loss"] == events[0].untrained_loss
    assert lines[2]["val_accuracy"] == events[2].row.val_accuracy
    assert lines[3]["test"]["accuracy"] == events[3].test.accuracy
    assert "state" not in lines[1]
    assert "predictions" not in lines[-1]


def test_without_a_terminal_no_line_is_written_anew(events, capsys):
    assert not any("\r" in line or "\x1b" in line for line in shown(events, capsys))


def test_on_a_terminal_the_bottom_line_fits_and_is_gone_at_the_end(events, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    with Live() as live:
        for event in events[:3]:
            live.show(WANTED, event)
    out = capsys.readouterr().out
    anew = [part for part in out.split("\r\x1b[2K") if part and not part.endswith("\n")]
    assert anew
    assert all(len(part) < 30 for part in anew)
    assert out.endswith("\r\x1b[2K")


def test_a_study_has_a_line_for_each_run_and_says_the_same_note_once(events, capsys):
    study = Study("Is it worth it?", RECIPE, (Variant("wide", RECIPE.with_("width=2"), "width=2"),), Rule())
    planned = plan(study, "fingerprint")
    with Live() as live:
        show = live.of_study(planned)
        for wanted in planned.wanted:
            for event in (*events[:1], Noticed("look here"), *events[1:]):
                show(wanted, event)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Is it worth it?"
    assert "6 to 20 runs" in lines[1]
    runs = [line for line in lines if " test " in line]
    names = {study.base.hash: "base", study.variants[0].recipe.hash: "wide"}
    order = [[names[wanted.recipe.hash], "seed", str(wanted.seed)] for wanted in planned.wanted]
    assert [line.split()[:3] for line in runs] == order
    assert len(runs) == 6
    assert sum("look here" in line for line in lines) == 1


def test_runs_on_a_cluster_are_shown_with_their_nodes(events, capsys):
    study = Study("Is it worth it?", RECIPE, (Variant("wide", RECIPE.with_("width=2"), "width=2"),), Rule())
    planned = plan(study, "fingerprint")
    with Live() as live:
        show = live.of_study(planned)
        for wanted, node in zip(planned.wanted, ("one", "two"), strict=False):
            for event in (dataclasses.replace(events[0], node=node), *events[1:]):
                show(wanted, event)
    lines = [line for line in capsys.readouterr().out.splitlines() if " test " in line]
    assert [line.split()[-2:] for line in lines] == [["on", "one"], ["on", "two"]]


def test_one_study_of_many_has_its_name_on_every_line_and_its_question_before_its_first_run(events, capsys):
    plans = []
    for name, change in (("first", "width=2"), ("second", "width=3")):
        variant = Variant("wide", RECIPE.with_(change), change)
        plans.append(plan(Study("Is it?", RECIPE, (variant,), Rule(), name=name), "fingerprint"))
    with Live() as live:
        shows = [live.of_one_of_many(planned) for planned in plans]
        for event in events:
            shows[1](plans[1].wanted[0], event)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "second: Is it?"
    assert plans[1].hash in lines[1]
    assert lines[-1].startswith("second: ")
    assert " test " in lines[-1]
    assert not any(plans[0].hash in line for line in lines)


def test_what_a_study_is_likely_to_want_is_told_until_it_wants_nothing(capsys):
    study = Study("Is it?", RECIPE, (Variant("wide", RECIPE.with_("width=2"), "width=2"),), Rule())
    planned = plan(study, "fingerprint")
    with Live() as live:
        show = live.of_study(planned)
        show(planned.wanted[0], Projection(0, 1, 6, planned.wanted, 75.0, ()))
        show(planned.wanted[0], Projection(1, 1, 6, (), 0.0, ()))
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:] == ["0 of 1 decided; probably 6 seeds in total: 6 more runs, about 1 min 15 s one after the other"]


def test_a_projection_is_a_line_of_json_that_names_its_runs(capsys):
    study = Study("Is it?", RECIPE, (Variant("wide", RECIPE.with_("width=2"), "width=2"),), Rule())
    planned = plan(study, "fingerprint")
    with Live(as_json=True) as live:
        live.of_study(planned)(planned.wanted[0], Projection(0, 1, 6, planned.wanted, 75.0, ()))
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["event"], line["seeds"], line["seconds"]) == ("projected", 6, 75.0)
    assert line["coming"] == [spec.id for spec in planned.wanted]
