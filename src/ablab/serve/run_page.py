"""The page of a run: how it went, what it gave, what it was."""

from typing import Any

from ablab.report.chart import Axis
from ablab.report.facts import facts_of
from ablab.report.page.html import html
from ablab.report.sections.classes import of_run
from ablab.report.sections.curves import QUANTITIES
from ablab.serve.charts import curves
from ablab.serve.compare_page import MOST_COMPARED
from ablab.serve.entry import Entry, entries, of_live
from ablab.serve.snapshot import Snapshot


def run_page(seen: Snapshot, one: Entry) -> dict[str, Any]:
    """One run: how it went, what it gave, what it was."""
    facts = seen.store.data(one.spec.fingerprint)
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
        "classes": [html(part) for part in of_run(one.run, facts)] if one.run and facts else [],
        "siblings": _siblings(seen, one),
    }


def _siblings(seen: Snapshot, one: Entry) -> list[Entry]:
    """Other runs of the same recipe, as many as can be compared with it."""
    recipe, most = one.recipe.hash, MOST_COMPARED - 1
    ids = [glance.id for glance in seen.store.runs.glances.values() if glance.recipe == recipe and glance.id != one.id]
    live = [run for run in seen.live_runs.values() if run.spec.recipe.hash == recipe and run.id != one.id]
    return [*entries(seen, ids[:most]), *(of_live(run, seen) for run in live)][:most]


def about(one: Entry) -> list[tuple[str, str]]:
    """What a person would ask about a run, in words, as far as it has come."""
    if one.run:
        return list(facts_of(one.run))
    facts = [("epoch", f"{one.epoch} of {one.recipe.epochs} done")]
    if one.live:
        if started := one.live.started:
            facts += [("parameters", f"{started.parameters:,}"), ("device", started.device)]
            facts += [("node", started.node)] if started.node else []
        facts += [("note", note) for note in one.live.notes]
    return [*facts, ("data", f"{one.recipe.data}, fingerprint {one.spec.fingerprint[:12]}")]
