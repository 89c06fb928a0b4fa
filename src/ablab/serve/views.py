"""Views: what the pages show, as values that templates only have to write down."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ablab import grammar
from ablab.errors import AblabError, InputError
from ablab.metric import known_metrics
from ablab.recipe import Recipe
from ablab.records import DataFacts, EpochRow, Run, RunSpec
from ablab.report.chart import Axis, Line, LineKind
from ablab.report.style import COLOURS, WORDS
from ablab.report.wording import duration
from ablab.result import Result
from ablab.serve.charts import QUANTITIES, curves, heat_map, looks, points, spark
from ablab.serve.shelf import Snapshot, StoreView
from ablab.statistics.confusion import MANY, class_report, confusion, mistakes, unpacked
from ablab.study import Verdict
from ablab.study.forecast import Projection, Underway, during
from ablab.study.verdict import signed
from ablab.track.progress import LiveRun, LiveStudy

A_PAGE = 50  # runs in one list
MOST_COMPARED = 12
MOST_LINES = 400  # faint ones in a chart
MOST_SEEDS = 60  # columns of the table of seeds: what is beyond is in the report


InStudy = tuple[str, str, str]  # a study, what a recipe is called in it, and the hash of its plan


@dataclass(frozen=True)
class Entry:
    """A run, whether it is in the store or still being trained."""

    spec: RunSpec
    status: str  # of a run in the store, or running
    curve: tuple[EpochRow, ...]
    studies: tuple[InStudy, ...]
    run: Run | None
    live: LiveRun | None

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def recipe(self) -> Recipe:
        return self.spec.recipe

    @property
    def epoch(self) -> int:
        return self.curve[-1].epoch if self.curve else 0

    @property
    def accuracy(self) -> float | None:
        """On the images that it is measured on, in percent."""
        return self.run.points if self.run else None

    @property
    def seconds(self) -> float:
        return self.run.cost.seconds if self.run else math.fsum(row.seconds for row in self.curve)

    @property
    def share(self) -> int:
        """Percent of its epochs."""
        return min(100, round(100 * self.epoch / self.recipe.epochs))

    @property
    def measured_on(self) -> str:
        """The images that its accuracy is on: a run that explores never sees the test images."""
        return "validation images" if getattr(self.spec, "explores", False) else "test images"

    @property
    def changes(self) -> str:
        """What is not as usual, in the words of the command line."""
        said = {key: value for key, value in self.recipe.changes().items() if key not in ("model", "data")}
        return " ".join(f"{key}={grammar.show(value)}" for key, value in said.items())

    @property
    def spark(self) -> Markup:
        return spark(self.curve, self.recipe.epochs)


@dataclass(frozen=True)
class Query:
    """What a person wants to see of the runs."""

    text: str = ""
    model: str = ""
    status: str = ""
    sort: str = "-new"
    page: int = 1

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Query":
        page = given.get("page", "1")
        sort = given.get("sort", "-new")
        return cls(
            text=given.get("q", "")[:200],
            model=given.get("model", ""),
            status=given.get("status", ""),
            sort=sort if sort.removeprefix("-") in ORDERS else "-new",
            page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 7 and int(page) else 1,
        )

    def keys(self, **changes: str) -> dict[str, str]:
        """The words of an address that asks the same, but for some changes."""
        said = {"q": self.text, "model": self.model, "status": self.status, "sort": self.sort, **changes}
        return {key: value for key, value in said.items() if value and (key, value) != ("sort", "-new")}


ORDERS: dict[str, Callable[[tuple[int, Entry]], Any]] = {
    "new": lambda one: one[0],
    "model": lambda one: (one[1].recipe.model, one[1].changes, one[1].spec.seed),
    "seed": lambda one: one[1].spec.seed,
    "status": lambda one: one[1].status,
    "test": lambda one: -1.0 if one[1].accuracy is None else one[1].accuracy,
    "seconds": lambda one: one[1].seconds,
}


@dataclass(frozen=True)
class StudyRow:
    """One study in the list."""

    hash: str
    name: str
    question: str
    state: tuple[str, str]  # (kind, words)
    verdicts: tuple[dict[str, Any], ...]
    done: int
    least: int
    most: int
    live: LiveStudy | None
    forecast: Projection | None  # None when nothing more is wanted

    @property
    def share(self) -> int:
        """Percent of the runs that are likely to be enough."""
        whole = self.done + (self.forecast.runs if self.forecast else 0)
        return round(100 * self.done / whole) if whole else 0


def overview(seen: Snapshot, query: Query) -> dict[str, Any]:
    """The first page: studies, and runs as far as they are wanted."""
    everything = entries(seen)
    found = listed(everything, query)
    pages = max(1, math.ceil(len(found) / A_PAGE))
    page = min(query.page, pages)
    return {
        "studies": [study_line(seen, it) for it in seen.store.studies],
        "loose": [live for hash_, live in seen.live_studies.items() if not seen.store.study(hash_)],
        "unreadable": seen.store.unreadable,
        "running": [one for one in everything if one.live],
        "rows": found[(page - 1) * A_PAGE : page * A_PAGE],
        "found": len(found),
        "all": len(everything),
        "page": page,
        "pages": pages,
        "query": query,
        "models": sorted({one.recipe.model for one in everything}),
        "statuses": sorted({one.status for one in everything}),
    }


def entries(seen: Snapshot) -> list[Entry]:
    """Every run in the order in which it came; those that are running are the last."""
    names = _names(seen.store)
    stored = [
        Entry(run.spec, run.status, run.curve, names.get(run.spec.recipe.hash, ()), run, None)
        for run in seen.store.runs.values()
    ]
    return [*stored, *(_of_live(run, names) for run in seen.live_runs.values())]


def entry(seen: Snapshot, id_: str) -> Entry | None:
    """The run with this id."""
    names = _names(seen.store)
    if run := seen.store.runs.get(id_):
        return Entry(run.spec, run.status, run.curve, names.get(run.spec.recipe.hash, ()), run, None)
    live = seen.live_runs.get(id_)
    return _of_live(live, names) if live else None


def listed(everything: Sequence[Entry], query: Query) -> list[Entry]:
    """The runs that a query asks for, in its order; every word of its text has to be there."""
    words = query.text.casefold().split()
    kept = [
        (at, one)
        for at, one in enumerate(everything)
        if (not query.model or one.recipe.model == query.model)
        and (not query.status or one.status == query.status)
        and (not words or all(word in _text(one) for word in words))
    ]
    kept.sort(key=ORDERS[query.sort.removeprefix("-")], reverse=query.sort.startswith("-"))
    return [one for _, one in kept]


def study_line(seen: Snapshot, it: Result) -> StudyRow:
    live = seen.live_studies.get(it.plan.hash)
    return StudyRow(
        hash=it.plan.hash,
        name=it.study.name,
        question=it.study.question,
        state=state_of(it, live),
        verdicts=tuple(verdict_line(verdict) for verdict in it.decision.verdicts),
        done=len(it.runs),
        least=len(it.plan.wanted),
        most=len(it.plan.most),
        live=live,
        forecast=during(it.plan, it.decision, it.runs, _underway(_running(seen, it))) if it.decision.wanted else None,
    )


def state_of(it: Result, live: LiveStudy | None) -> tuple[str, str]:
    """Where a study stands, in a word or two."""
    if live:
        return ("running", "stopping after this epoch") if live.is_stopping else ("running", "running")
    if it.decision.wanted:
        return "paused", "stopped before its end"
    if it.decision.ended:
        return "ended", it.decision.ended
    is_open = any(verdict.word == "undecided" for verdict in it.decision.verdicts)
    return ("ended", "at its end, not all decided") if is_open else ("ended", "decided")


def verdict_line(verdict: Verdict) -> dict[str, Any]:
    """A verdict with its numbers as they are printed."""
    look = WORDS[verdict.word]
    is_known = verdict.low is not None and verdict.high is not None
    return {
        "it": verdict,
        "kind": look.kind,
        "sign": look.sign,
        "effect": "–" if verdict.effect is None else signed(verdict.effect, verdict.digits),
        "interval": f"{signed(verdict.low, verdict.digits)} to {signed(verdict.high, verdict.digits)}"  # type: ignore[arg-type]
        if is_known
        else "no interval yet",
    }


def study_page(seen: Snapshot, it: Result) -> dict[str, Any]:
    """One study: what it says so far, what is running, and what is left."""
    running = _running(seen, it)
    line = study_line(seen, it)
    arms = [(arm.name, arm.recipe, arm.style) for arm in it.arms]
    return {
        "it": it,
        "study": it.study,
        "rule": it.study.rule,
        "metric": known_metrics()[it.study.rule.metric],
        "line": line,
        "verdicts": [
            {**verdict_line(verdict), "looks": looks(verdict, it.study.rule.seeds)} for verdict in it.decision.verdicts
        ],
        "running": [_of_live(run, _names(seen.store)) for run in running],
        "arms": [{"name": name, "style": style, "recipe": recipe} for name, recipe, style in arms],
        "charts": _study_charts(it, arms, running),
        "seeds": _seeds(it, arms, running),
        "took": _took(it),
    }


def run_page(seen: Snapshot, one: Entry) -> dict[str, Any]:
    """One run: how it went, what it gave, what it was."""
    facts = seen.store.data.get(one.spec.fingerprint)
    lines = [
        Line(name, style, points(one.curve, of), _kind(one), selected=_selected(one))
        for style, (name, _, of) in zip((1, 2, 1, 2), QUANTITIES, strict=True)
    ]
    charts = [
        curves(axis, some, one.recipe.epochs)
        for axis, some in ((Axis("Accuracy", "%"), lines[:2]), (Axis("Loss"), lines[2:]))
    ]
    return {
        "one": one,
        "charts": charts if one.curve else [],
        "recipe": one.recipe.toml(),
        "facts": run_facts(one),
        "confusion": matrix_of(one.run, facts) if one.run and facts else None,
        "siblings": [other for other in entries(seen) if other.recipe.hash == one.recipe.hash and other.id != one.id][
            : MOST_COMPARED - 1
        ],
    }


def compare_page(seen: Snapshot, ids: Sequence[str]) -> dict[str, Any]:
    """Any runs side by side: their curves in one picture, what they gave, and what their recipes differ in."""
    found = {id_: entry(seen, id_) for id_ in dict.fromkeys(ids)}
    ones = [one for one in found.values() if one]
    if len(ones) > MOST_COMPARED:
        raise InputError(f"{len(ones)} runs side by side cannot be told apart: {MOST_COMPARED} are the most")
    styled = [(one, at % len(COLOURS)) for at, one in enumerate(ones)]
    epochs = max((one.recipe.epochs for one in ones), default=1)
    charts = [
        curves(
            Axis(name, unit),
            [
                Line(
                    f"{one.id[:6]} seed {one.spec.seed}",
                    style,
                    points(one.curve, of),
                    _kind(one),
                    selected=_selected(one),
                )
                for one, style in styled
            ],
            epochs,
        )
        for name, unit, of in QUANTITIES
    ]
    return {
        "ones": styled,
        "missing": [id_ for id_, one in found.items() if one is None],
        "charts": charts if any(one.curve for one in ones) else [],
        "differing": differing([one.spec for one in ones]),
    }


def differing(wanted: Sequence[RunSpec]) -> list[tuple[str, list[str]]]:
    """The keys in which some of these runs differ, each with its value in every run."""
    full = [{**one.recipe.full(), "seed": one.seed, "data's fingerprint": one.fingerprint[:12]} for one in wanted]
    keys = sorted({key for one in full for key in one}, key=lambda key: (key in ("seed", "data's fingerprint"), key))
    rows = [(key, [_shown(one.get(key)) for one in full]) for key in keys]
    return [(key, values) for key, values in rows if len(set(values)) > 1]


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


def run_facts(one: Entry) -> list[tuple[str, str]]:
    """What a person would ask about a run, in words."""
    facts = []
    run, started = one.run, one.live.started if one.live else None
    if run:
        if run.test:
            facts.append((one.measured_on, f"{run.test.images:,}, loss {run.test.loss:.4f}"))
        if run.selected_epoch is not None:
            facts.append(("selected epoch", f"{run.selected_epoch} of {one.recipe.epochs}"))
        facts += [
            ("training", f"{duration(run.cost.seconds)}, {duration(run.cost.wall_seconds)} in all"),
            ("parameters", f"{run.cost.parameters:,}"),
            (
                "machine",
                f"{run.machine.name}, {run.machine.device}, {_threads(run.machine.threads)}, torch "
                f"{run.machine.torch}, {run.machine.precision}",
            ),
        ]
        if run.stopped:
            facts.append(("stopped", run.stopped))
        if run.note:
            facts.append(("note", run.note))
    elif one.live:
        facts.append(("epoch", f"{one.epoch} of {one.recipe.epochs} done"))
        if started:
            facts += [("parameters", f"{started.parameters:,}"), ("device", started.device)]
        facts += [("note", note) for note in one.live.notes]
    return [*facts, ("data", f"{one.recipe.data}, fingerprint {one.spec.fingerprint[:12]}")]


def _of_live(run: LiveRun, names: Mapping[str, tuple[InStudy, ...]]) -> Entry:
    return Entry(run.spec, "running", run.rows, names.get(run.spec.recipe.hash, ()), None, run)


def _names(store: StoreView) -> dict[str, tuple[InStudy, ...]]:
    """For each recipe, the studies that it is in and what it is called there."""
    found: dict[str, tuple[InStudy, ...]] = {}
    for it in store.studies:
        arms = [("base", it.study.base), *((variant.name, variant.recipe) for variant in it.study.variants)]
        for name, recipe in arms:
            found[recipe.hash] = (*found.get(recipe.hash, ()), (it.study.name, name, it.plan.hash))
    return found


def _text(one: Entry) -> str:
    """What a search looks through."""
    studies = " ".join(f"{study} {name}" for study, name, _ in one.studies)
    parts = (one.id, one.recipe.model, one.recipe.data, one.changes, f"seed={one.spec.seed}", one.status, studies)
    return " ".join(parts).casefold()


def _underway(running: Iterable[LiveRun]) -> list[Underway]:
    """How far runs are, and how long they take as their first step said."""
    return [
        Underway(
            live.spec,
            left=1 - min(1.0, live.epoch / live.spec.recipe.epochs),
            seconds=live.started.epoch_seconds * live.spec.recipe.epochs
            if live.started and math.isfinite(live.started.epoch_seconds)
            else None,
        )
        for live in running
    ]


def _running(seen: Snapshot, it: Result) -> list[LiveRun]:
    """The runs of a study that are being trained, by whichever process."""
    recipes = {recipe.hash for recipe in it.study.recipes}
    return [
        run
        for run in seen.live_runs.values()
        if run.spec.recipe.hash in recipes and run.spec.fingerprint == it.plan.fingerprint
    ]


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
    shown = sorted({one.seed for one in it.plan.most})[:MOST_SEEDS]
    rows = []
    for name, recipe, style in arms:
        cells: list[dict[str, Any]] = []
        for seed in shown:
            at = (recipe.hash, seed)
            if run := done.get(at):
                text = f"{run.test.points:.2f}" if run.test else run.status
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


def _kind(one: Entry) -> LineKind:
    return "running" if one.live else "mean" if one.status == "finished" else "unfinished"


def _selected(one: Entry) -> float | None:
    return one.run.selected_epoch if one.run else None


def _shown(value: Any) -> str:
    return "–" if value is None else grammar.show(value)


def _threads(number: int) -> str:
    return f"{number} thread{'s' * (number != 1)}"
