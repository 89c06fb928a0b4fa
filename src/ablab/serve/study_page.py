"""The page of a study: its verdicts, its seeds and its curves, while it runs."""

import math
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from ablab.metric import metric_of
from ablab.nouns import duration
from ablab.recipe import Recipe
from ablab.report.chart import Axis, Line, LineKind
from ablab.report.sections.curves import QUANTITIES
from ablab.report.sections.runs import value_text
from ablab.report.style import style_of
from ablab.result import Result
from ablab.serve.charts import curves, looks, points
from ablab.serve.entry import of_live, running_of
from ablab.serve.overview import study_line, verdict_line
from ablab.serve.snapshot import Snapshot
from ablab.study import Rule
from ablab.track.progress import LiveRun

MOST_LINES = 400  # faint ones in a chart
MOST_SEEDS = 60  # columns of the table of seeds: what is beyond is in the report


def study_page(seen: Snapshot, it: Result) -> dict[str, Any]:
    """One study: what it says so far, what is running, and what is left."""
    running = running_of(seen, it)
    line = study_line(seen, it)
    arms = [(arm.name, arm.recipe, style_of(arm.place)) for arm in it.arms]
    return {
        "it": it,
        "study": it.study,
        "rule": it.study.rule,
        "metric": metric_of(it.study.rule.metric),
        "margins": " and ".join(_margin(rule) for rule in it.study.rule.by_metric),
        "line": line,
        "verdicts": [
            {**verdict_line(verdict, metric_of(verdict.metric)), "looks": looks(verdict, it.study.rule.seeds)}
            for verdict in it.decision.every
        ],
        "running": [of_live(run, seen) for run in running],
        "arms": [{"name": name, "style": style, "recipe": recipe} for name, recipe, style in arms],
        "charts": _study_charts(it, arms, running),
        "seeds": _seeds(it, arms, running),
        "took": _took(it),
    }


def _margin(rule: Rule) -> str:
    metric = metric_of(rule.metric)
    return f"±{rule.margin:.{metric.digits}f} {metric.gap_words} of {metric.full_title}"


def _study_charts(
    it: Result, arms: Sequence[tuple[str, Recipe, int]], running: Sequence[LiveRun]
) -> list[tuple[str, Markup]]:
    styles = {recipe.hash: (name, style) for name, recipe, style in arms}
    charts = []
    for name, unit, of in QUANTITIES:
        lines = []
        for run in it.runs[-MOST_LINES:]:
            arm, style = styles[run.spec.recipe.hash]
            kind: LineKind = "one" if run.status == "finished" else "unfinished"
            lines.append(Line(f"{arm}, seed {run.spec.seed}", style, points(run.curve, of), kind))
        for live in running:
            arm, style = styles[live.spec.recipe.hash]
            lines.append(Line(f"{arm}, seed {live.spec.seed}", style, points(live.rows, of), "running"))
        if any(line.points for line in lines):
            charts.append(curves(Axis(name, unit), lines, max(recipe.epochs for _, recipe, _ in arms)))
    return charts


def _seeds(it: Result, arms: Sequence[tuple[str, Recipe, int]], running: Sequence[LiveRun]) -> dict[str, Any]:
    """Every recipe against every seed: done, running, wanted next, or perhaps later."""
    done = {(run.spec.recipe.hash, run.spec.seed): run for run in it.runs}
    live = {(run.spec.recipe.hash, run.spec.seed): run for run in running}
    wanted = {(one.recipe.hash, one.seed) for one in it.decision.wanted}
    least, most = it.study.rule.seeds
    metric = it.plan.metric
    shown = sorted({one.seed for one in it.plan.most})[:MOST_SEEDS]
    rows = []
    for name, recipe, style in arms:
        cells: list[dict[str, Any]] = []
        for seed in shown:
            at = (recipe.hash, seed)
            if run := done.get(at):
                text = value_text(run, metric) if run.test else run.status
                kind = "done" if run.status == "finished" else "broken"
                cells.append({"kind": kind, "text": text, "id": run.id})
            elif on := live.get(at):
                cells.append({"kind": "running", "text": f"{on.epoch}/{recipe.epochs}", "id": on.id})
            else:
                cells.append({"kind": "wanted" if at in wanted else "later", "text": "", "id": ""})
        rows.append({"name": name, "style": style, "cells": cells})
    return {"numbers": shown, "rows": rows, "least": least, "left_out": most - len(shown)}


def _took(it: Result) -> str | None:
    """What the runs that are done took together."""
    return duration(math.fsum(run.cost.wall_seconds for run in it.runs)) if it.runs else None
