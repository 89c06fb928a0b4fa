"""The results of a study as tables for papers: verdicts, runs, classes, costs and what else changed."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ablab.metric import known_metrics
from ablab.records import DataFacts, Run
from ablab.report import figures
from ablab.report.table import Cell, Table, table
from ablab.report.tables import DASH, between, word
from ablab.result import answered_pairs
from ablab.statistics.confusion import confusion, unpacked
from ablab.study import Verdict
from ablab.study.secondary import class_effects, groups_note, paired_secondary, secondary
from ablab.study.verdict import points, signed

if TYPE_CHECKING:
    from ablab.result import Result

What = Literal["verdicts", "runs", "classes", "costs", "secondary"]


Row = tuple[tuple[str | Cell, ...], Mapping[str, Any]]  # cells, record


def study_table(result: Result, what: What) -> Table:
    """A table of a study. Every mean in it has an interval and n."""
    return _TABLES[what](result)


def _verdicts(result: Result) -> Table:
    verdicts = result.decision.verdicts
    confidence = f"{100 * verdicts[0].confidence:g} %"
    base = max((verdict.base_accuracies for verdict in verdicts), key=len)
    metric = known_metrics()[result.study.rule.metric]
    step = max((metric.step(run.test.images) for run in result.runs if run.test), default=metric.grid)
    first = ("base", "", _mean(base, step, metric.digits), DASH, DASH, str(len(base)), DASH, "")
    rows: list[Row] = [(first, _verdict_record(None, base, step))]
    for verdict in verdicts:
        cells = (
            verdict.variant,
            verdict.change,
            _mean(verdict.accuracies, step, metric.digits),
            DASH if verdict.effect is None else signed(verdict.effect, metric.digits),
            between(verdict.low, verdict.high, metric.digits),
            str(verdict.pairs),
            DASH if verdict.cost_ratio is None else f"{verdict.cost_ratio:.2f}",
            word(verdict),
        )
        rows.append((cells, _verdict_record(verdict, verdict.accuracies, step)))
    together = f", {verdicts[0].comparisons} comparisons together" if verdicts[0].comparisons > 1 else ""
    return _table(
        "verdicts",
        "Verdicts",
        f"Test {metric.title} in {'percent' if metric.unit == '%' else metric.gap_words} with the plain 95 % interval "
        f"of each mean; effects in {metric.gap_words} with their {confidence} interval{together}; n pairs of seeds; "
        f"margin {metric.size(verdicts[0].margin)}.",
        ("variant", "change", f"{metric.title} >", "effect >", f"{confidence} interval >", "n >", "time >", "verdict"),
        rows,
    )


def _verdict_record(verdict: Verdict | None, accuracies: Sequence[float], step: float) -> dict[str, Any]:
    mean, low, high = _centre(accuracies, step)
    return {
        "variant": verdict.variant if verdict else "base",
        "change": verdict.change if verdict else "",
        "accuracy": mean,
        "accuracy_low": low,
        "accuracy_high": high,
        "effect": verdict.effect if verdict else None,
        "low": verdict.low if verdict else None,
        "high": verdict.high if verdict else None,
        "n": verdict.pairs if verdict else len(accuracies),
        "confidence": verdict.confidence if verdict else None,
        "margin": verdict.margin if verdict else None,
        "time_ratio": verdict.cost_ratio if verdict else None,
        "verdict": verdict.word if verdict else "",
        "is_biased": verdict.is_biased if verdict else None,
    }


def _runs(result: Result) -> Table:
    rows: list[Row] = []
    for name, runs in figures.arms_of(result.study, result.runs).items():
        for run in runs:
            accuracy = 100 * run.test.accuracy if run.test else None
            cells = (
                run.id,
                name,
                str(run.spec.seed),
                DASH if accuracy is None else f"{accuracy:.2f}",
                f"{run.test.images:,}" if run.test else DASH,
                str(run.selected_epoch or DASH),
                str(run.cost.epochs),
                f"{run.cost.seconds:.1f}",
                Cell(run.status, "" if run.status == "finished" else "broken"),
            )
            record = {
                "run": run.id,
                "variant": name,
                "seed": run.spec.seed,
                **{name: metric.points(run.test) for name, metric in known_metrics().items()},
                "images": run.test.images if run.test else None,
                "selected_epoch": run.selected_epoch,
                "epochs": run.cost.epochs,
                "seconds": run.cost.seconds,
                "parameters": run.cost.parameters,
                "macs": run.cost.macs,
                "status": run.status,
                "biased": run.spec.recipe.select == "test",
            }
            rows.append((cells, record))
    caption = f"Every run of the study, n = {len(rows)}: test accuracy in percent, of one run each."
    heads = ("run", "variant", "seed >", "accuracy >", "images >", "epoch >", "epochs >", "seconds >", "status")
    return _table("runs", "Runs", caption, heads, rows)


def _classes(result: Result) -> Table:
    data = result.data
    rows: list[Row] = []
    for verdict in result.decision.verdicts if data else ():
        assert data is not None
        pairs = answered_pairs(result.pairs(verdict), data)
        if len(pairs) < 3:
            continue
        chances = {one.name: one.p for one in class_effects(pairs, data)}
        shares = [[_recalls(run, data) for run in side] for side in zip(*pairs, strict=True)]
        for at, name in enumerate(data.classes):
            images = max(1, data.labels.count(at))
            base, variant = ([run[at] for run in side] for side in shares)
            found = paired_secondary(name, "pp", base, variant, 100 / images)
            p = chances.get(name)
            cells = (
                verdict.variant,
                name,
                _mean(base, 100 / images),
                _mean(variant, 100 / images),
                signed(found.effect),
                between(found.low, found.high),
                DASH if p is None else f"{p:.3f}",
                str(found.pairs),
            )
            record = {
                "variant": verdict.variant,
                "class": name,
                "base": found.base,
                "share": found.variant,
                "effect": found.effect,
                "low": found.low,
                "high": found.high,
                "p_holm": p,
                "n": found.pairs,
                "images": images,
            }
            rows.append((cells, record))
    note = groups_note(data) if data else ""
    caption = (
        "Of the test images of each class, the percent that are right, and the effect in percentage points, with plain "
        "95 % intervals; p is Holm's over all classes of a variant; n pairs of seeds. No verdict rests on it."
        + (f" {note}" if note else "")
    )
    heads = ("variant", "class", "base >", "with it >", "effect >", "95 % interval >", "p >", "n >")
    return _table("classes", "Class by class", caption, heads, rows)


def _costs(result: Result) -> Table:
    rows: list[Row] = []
    machines = {(run.machine.name, run.machine.device, run.machine.threads) for run in result.runs}
    for name, runs in figures.arms_of(result.study, result.runs).items():
        if not runs:
            continue
        seconds = [run.cost.seconds for run in runs]
        macs = [run.cost.macs for run in runs if run.cost.macs is not None]
        memory = [run.cost.memory for run in runs if run.cost.memory is not None]
        accuracies = points(runs)
        cells = (
            name,
            _range([run.cost.parameters for run in runs]),
            _range(macs),
            _range([round(one / 2**20) for one in memory]),
            _range([run.cost.epochs for run in runs]),
            f"{statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})",
            _mean(accuracies, figures.step(runs)),
            str(len(runs)),
        )
        mean, low, high = _centre(accuracies, figures.step(runs))
        record = {
            "variant": name,
            "parameters": statistics.median(run.cost.parameters for run in runs),
            "macs": statistics.median(macs) if macs else None,
            "memory_bytes": statistics.median(memory) if memory else None,
            "epochs": statistics.median(run.cost.epochs for run in runs),
            "examples": statistics.median(run.cost.examples for run in runs),
            "seconds": statistics.median(seconds),
            "seconds_low": min(seconds),
            "seconds_high": max(seconds),
            "accuracy": mean,
            "accuracy_low": low,
            "accuracy_high": high,
            "n": len(runs),
        }
        rows.append((cells, record))
    caption = (
        "What a run takes: MACs of one image forward, memory in MiB, seconds of training as median (smallest to "
        "largest); test accuracy in percent with its plain 95 % interval; n runs."
        + (" Seconds are of different machines and do not compare." if len(machines) > 1 else "")
    )
    heads = ("variant", "parameters >", "MACs >", "MiB >", "epochs >", "seconds >", "accuracy >", "n >")
    return _table("costs", "Cost", caption, heads, rows)


def _secondary(result: Result) -> Table:
    rows: list[Row] = []
    for verdict in result.decision.verdicts:
        for one in secondary(result.pairs(verdict), verdict.metric):
            show = _ratio if one.unit == "times" else _difference
            cells = (
                verdict.variant,
                one.name,
                one.unit,
                f"{one.base:.3f}",
                f"{one.variant:.3f}",
                show(one.effect),
                f"{show(one.low)} to {show(one.high)}",
                str(one.pairs),
            )
            record = {
                "variant": verdict.variant,
                "figure": one.name,
                "unit": one.unit,
                "base": one.base,
                "with_it": one.variant,
                "effect": one.effect,
                "low": one.low,
                "high": one.high,
                "n": one.pairs,
            }
            rows.append((cells, record))
    caption = (
        "What else a change did: means over pairs of seeds and their difference (of times: the ratio) with its plain "
        "95 % interval; n pairs. No verdict rests on it."
    )
    heads = ("variant", "figure", "unit", "base >", "with it >", "effect >", "95 % interval >", "n >")
    return _table("secondary", "What else changed", caption, heads, rows)


_TABLES: dict[What, Callable[[Result], Table]] = {
    "verdicts": _verdicts,
    "runs": _runs,
    "classes": _classes,
    "costs": _costs,
    "secondary": _secondary,
}


def _table(what: What, title: str, caption: str, heads: Sequence[str], rows: Sequence[Row]) -> Table:
    return table(what, heads, (cells for cells, _ in rows), (record for _, record in rows), title, caption)


def _centre(accuracies: Sequence[float], step: float) -> tuple[float | None, float | None, float | None]:
    """Mean and ends of its interval, as far as there are any."""
    if not accuracies:
        return None, None, None
    return figures.centre(accuracies, step) or (accuracies[0], None, None)


def _mean(values: Sequence[float], step: float, digits: int = 2) -> str:
    """A mean, of shares in percent, with the ends of its interval; the one value there is, without.

    >>> _mean([70.0], 0.01), _mean([], 0.01)
    ('70.00', '-')
    """
    mean, low, high = _centre(values, step)
    if mean is None:
        return DASH
    return f"{mean:.{digits}f}" if low is None else f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _ratio(number: float) -> str:
    return f"{number:.3f}"


def _difference(number: float) -> str:
    """Three decimals and a sign; never -0.000."""
    return f"{round(number, 3) + 0.0:+.3f}"


def _range(values: Sequence[int]) -> str:
    if not values:
        return DASH
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _recalls(run: Run, data: DataFacts) -> list[float]:
    """The percent of each class's test images that a run has right."""
    k = len(data.classes)
    matrix = confusion(data.labels, unpacked(run.predictions, k), k)
    images = matrix.sum(1).clip(1)
    return [100 * float(share) for share in matrix.diagonal() / images]
