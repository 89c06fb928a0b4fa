"""What every section of a report keeps to; the subjects are whatever the folder holds."""

import dataclasses
import functools
from typing import get_args

import pytest
from detailed import FINGERPRINT, detailed, pictures
from simulated import TEXT, result, simulate, study
from simulated import run as simulated_run

from ablab.catalogue import catalogue
from ablab.report.draw.matplotlib import figure as drawn
from ablab.report.draw.svg import figure
from ablab.report.page.html import html
from ablab.report.section import Presentation, Section, flat, sections, table_names
from ablab.report.table import Table, formats, write
from ablab.report.terminal.plain import lines_of
from ablab.result import Result, together
from ablab.study import decide, plan
from ablab.study.question.published import Published
from ablab.study.question.rates import FIRST
from ablab.study.roots import rooted
from ablab.study.tuning import trials_wanted, tuned

NAMES = tuple(catalogue("report.sections", "section"))
KINDS = (
    "whole",
    "bare",
    "empty",
    "broken",
    "guessing",
    "exploring",
    "one seed",
    "grid",
    "tuned",
    "published",
    "several",
    "again",
    "searched",
)
GRID = """question = "Do they add up?"
data = "phantom"
model = "simple-nn"
epochs = 2
lr = 0.01
[grid]
norm = ["none", "batch"]
lr = [0.01, 0.1]
[decide]
seeds = "3..5"
"""
TUNED = TEXT.replace("epochs = {epochs}", 'epochs = 2\ntune = { lr = "auto" }')
REPORT = Published(
    "A report", "5,000 validation images", "Batch norm helps.", {"base": 66.1, "batch norm": 70.2}, (), "", ""
)


@functools.cache
def made(kind: str) -> Result:
    """A simulated result: with all that can be recorded, with little, without runs, with some that failed."""
    it, runs, verdicts, data = detailed()
    if kind == "whole":
        return result(it, runs, verdicts, data=data)
    if kind == "empty":
        return result(it, (), decide(plan(it, "ab"), ()).verdicts)
    if kind == "broken":
        _, some, verdicts = simulate(study(), breaks=(("wide", 0), ("base", 2), ("dropout", 0), ("dropout", 1)))
        return result(it, some, verdicts, data=data)
    if kind == "guessing":  # of images that are all of one class
        return result(it, runs, verdicts, data=dataclasses.replace(data, labels=(0,) * len(data.labels)))
    if kind == "published":
        return result(dataclasses.replace(it, published=REPORT), runs, verdicts, data=data)
    if kind == "searched":
        trials = ", ".join(f'"{name}" = {30 - at}' for at, name in enumerate(it.named))
        it = study(text=f'{TEXT}\n[searched]\ntrials = {{ {trials} }}\nkeys = ["lr"]\nmetric = "accuracy"\n')
        _, some, verdicts = simulate(it)
        return result(it, some, verdicts)
    if kind == "grid":
        it = study(text=GRID)
        _, some, verdicts = simulate(it)
        return result(it, some, verdicts)
    if kind == "tuned":
        return tuned_result()
    if kind == "several":
        whole = study(text=TEXT.replace('data = "phantom"', 'data = ["phantom", "digits"]'))
        parts = [simulate(part) for part in whole.parts]
        return together([result(each[0].study, each[1], each[2]) for each in parts])[0]
    if kind == "again":
        first = result(it, runs, verdicts, data=data)
        return dataclasses.replace(first, again=(result(rooted(it, 1), runs, verdicts, data=data),))
    if kind == "exploring":
        some = [dataclasses.replace(run, spec=dataclasses.replace(run.spec, explores=True)) for run in runs]
        return result(it, some, verdicts, data=data)
    planned, some, verdicts = simulate(study(epochs=1))
    if kind == "one seed":
        some = tuple(run for run in some if run.spec.seed == 0)
        verdicts = decide(planned, some).verdicts
    return result(it, some, verdicts)


def tuned_result() -> Result:
    """A study whose learning rates were tuned, and which says another word at the rates that won."""
    it = study(text=TUNED)
    _, runs, verdicts = simulate(it)
    trials = [simulated_run(trial, gain=0.0, noise=0.2) for trial in trials_wanted(it, FINGERPRINT, FIRST)]
    other = dataclasses.replace(verdicts[0], word="hurts", sentence="At tuned rates it hurts.")
    return result(it, runs, verdicts, tuned=tuned(it, trials, FIRST), after=[other, *verdicts[1:]])


@functools.cache
def shown(kind: str) -> dict[str, Section]:
    return {section.name: section for section in sections(made(kind), "page", pictures())}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_every_part_can_be_written_in_every_format(name: str, kind: str) -> None:
    section = shown(kind).get(name)
    for part in section.parts if section else ():
        assert html(part)
        list(lines_of(part, width=100))
    for table in section.tables() if section else ():
        assert all(write(table, form) for form in formats())
    for chart in section.charts() if section else ():
        assert figure(chart)
        assert chart.sheet().rows
        assert chart.caption


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_section_has_something_to_say_of_some_result(name: str) -> None:
    assert any(name in shown(kind) for kind in KINDS)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_charts_of_a_section_can_be_pictures(name: str) -> None:
    for chart in list(shown("broken")[name].charts())[:2] if name in shown("broken") else ():
        assert drawn(chart).as_bytes("png").startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_charts_and_tables_that_are_offered_are_unique(kind: str) -> None:
    charts = [chart.name for section in shown(kind).values() for chart in section.charts()]
    assert len(charts) == len(set(charts))
    assert len(table_names()) == len(set(table_names()))


@pytest.mark.parametrize("name", NAMES)
def test_a_mark_says_title_place_presentations_and_tables_that_are_there(name: str) -> None:
    entries = catalogue("report.sections", "section")
    entry = entries[name]
    assert isinstance(entry.facts["title"], str)
    assert [other for other in entries.values() if other.facts["place"] == entry.facts["place"]] == [entry]
    assert entry.summary.endswith(".")
    assert set(entry.facts) <= {"title", "place", "tables", "absent", "is_open", "is_long"}
    assert set(entry.facts.get("absent", ())) <= set(get_args(Presentation))
    section = shown("whole").get(name)
    tables = [part.name for part in flat(section.parts) if isinstance(part, Table)] if section else []
    assert not section or set(entry.facts.get("tables", ())) <= set(tables)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_runs_changes_nothing(name: str) -> None:
    it = made("whole")
    other = dataclasses.replace(it, runs=it.runs[::-1])
    again = {section.name: section for section in sections(other, "page", pictures())}
    assert again.get(name) == shown("whole").get(name)
