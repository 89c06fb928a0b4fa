"""The page of a run: how it went, what it gave, what it was."""

from typing import Any

from ablab.errors import AblabError
from ablab.records import DataFacts, Run
from ablab.report.chart import Axis
from ablab.report.facts import facts_of
from ablab.report.sections.curves import QUANTITIES
from ablab.serve.charts import curves, heat_map
from ablab.serve.compare_page import MOST_COMPARED
from ablab.serve.entry import Entry, entries
from ablab.serve.snapshot import Snapshot
from ablab.statistics.confusion import MANY, class_report, confusion, mistakes, unpacked


def run_page(seen: Snapshot, one: Entry) -> dict[str, Any]:
    """One run: how it went, what it gave, what it was."""
    facts = seen.store.data.get(one.spec.fingerprint)
    lines = [one.line(name, style, of) for style, (name, _, of) in zip((1, 2, 1, 2), QUANTITIES, strict=True)]
    charts = [
        curves(axis, some, one.recipe.epochs)
        for axis, some in ((Axis("Accuracy", "%"), lines[:2]), (Axis("Loss"), lines[2:]))
    ]
    return {
        "one": one,
        "charts": charts if one.curve else [],
        "recipe": one.recipe.toml(),
        "facts": about(one),
        "confusion": matrix_of(one.run, facts) if one.run and facts else None,
        "siblings": [other for other in entries(seen) if other.recipe.hash == one.recipe.hash and other.id != one.id][
            : MOST_COMPARED - 1
        ],
    }


def matrix_of(run: Run, data: DataFacts) -> dict[str, Any] | None:
    """The confusion matrix as a map, and the classes one by one."""
    if not run.predictions:
        return None
    size = len(data.classes)
    try:
        matrix = confusion(data.labels, unpacked(run.predictions, size), size)
    except AblabError:
        return None  # predictions of another test set
    report = class_report(matrix)
    worst = [(data.classes[one.true], data.classes[one.given], one.count, 100 * one.share) for one in mistakes(matrix)]
    return {
        "map": heat_map(matrix, data) if size <= MANY else None,
        "rows": [
            (name, 100 * it.recall, 100 * it.precision) for name, it in zip(data.classes, report.each, strict=True)
        ],
        "worst": worst,
        "f1": 100 * report.macro.f1,
    }


def about(one: Entry) -> list[tuple[str, str]]:
    """What a person would ask about a run, in words, as far as it has come."""
    if one.run:
        return list(facts_of(one.run))
    facts = [("epoch", f"{one.epoch} of {one.recipe.epochs} done")]
    if one.live:
        if started := one.live.started:
            facts += [("parameters", f"{started.parameters:,}"), ("device", started.device)]
        facts += [("note", note) for note in one.live.notes]
    return [*facts, ("data", f"{one.recipe.data}, fingerprint {one.spec.fingerprint[:12]}")]
