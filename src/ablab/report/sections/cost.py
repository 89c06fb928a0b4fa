"""Cost: what a run of each recipe takes, and what it gives in return."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ablab.catalogue import mark
from ablab.metric import ACCURACY, Metric, metric_of
from ablab.nouns import counted, duration, span_text
from ablab.records import Run
from ablab.report.chart import Axis, Multiples, Scatter, Spot
from ablab.report.means import centre, ids, mean_text, parts_of_mean, ratio_text, spoilt, step
from ablab.report.scale import are_far_apart
from ablab.report.section import Paragraph, Part
from ablab.report.style import style_of
from ablab.report.table import Head, Table, table
from ablab.report.words import WORDS
from ablab.result import Arm, Result
from ablab.statistics.paired import mean
from ablab.study.verdict import points

MOST = 60  # recipes in one chart
COSTS: tuple[tuple[str, str, Callable[[Run], float | None]], ...] = (
    ("training", "seconds", lambda run: run.cost.seconds),
    ("MACs per image", "", lambda run: run.cost.macs),
    ("parameters", "", lambda run: run.cost.parameters),
)


@mark("section", "cost", title="Cost", place=130, tables=("costs",), absent=("terminal",))
def cost(result: Result) -> Iterator[Part]:
    """The table of costs, and a chart for each kind of cost that is known of two recipes at least."""
    arms = [arm for arm in result.arms if arm.runs]
    if not arms:
        return
    yield cost_table(result)
    total = duration(sum(run.cost.wall_seconds for arm in arms for run in arm.runs))
    yield Paragraph(f"Training time of {counted(sum(len(arm.runs) for arm in arms), 'run')} in all: {total}.", "small")
    chart = scatters(result.arms, result.plan.metric)
    if any(len(each.spots) > 1 for each in chart.charts if isinstance(each, Scatter)):
        yield chart


def cost_table(result: Result) -> Table:
    """What a run takes, beside that of the base, and what it gives of the metric that decides."""
    arms, metric = [arm for arm in result.arms if arm.runs], result.plan.metric
    ratios = {verdict.variant: verdict.cost_ratio for verdict in result.verdicts}
    elsewhere = (
        "" if is_one_machine(arms) else " The runs used different machines, so their seconds cannot be compared."
    )
    return table(
        "costs",
        (
            "variant",
            "parameters >",
            Head("MACs", True, WORDS["MAC"]),
            "MiB >",
            "epochs >",
            "images seen >",
            "seconds >",
            Head("of the base", True, "training time relative to the base, the median over pairs."),
            Head(metric.head, True),
            Head("n", True, "runs."),
        ),
        [_cells(arm, result.arms[0], ratios.get(arm.name), metric) for arm in arms],
        [_record(arm, metric) for arm in arms],
        title="Cost",
        caption="What a run takes: MACs are multiply-adds of one image, forward; memory is the most that the process "
        "(on a GPU: the device) held at the end of an epoch; seconds are of training, without measuring, as median "
        f"(smallest to largest); {metric.full_title} in {metric.unit_words} with its plain 95 % interval.{elsewhere}",
    )


def _cells(arm: Arm, base: Arm, ratio: float | None, metric: Metric) -> tuple[str, ...]:
    seconds = [run.cost.seconds for run in arm.runs]
    return (
        arm.name,
        _beside(arm, base, lambda run: run.cost.parameters),
        _beside(arm, base, lambda run: run.cost.macs),
        span_text([round(run.cost.memory / 2**20) for run in arm.runs if run.cost.memory is not None]),
        span_text([run.cost.epochs for run in arm.runs]),
        span_text([run.cost.examples for run in arm.runs]),
        f"{statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})",
        "1" if arm is base else ratio_text(ratio),
        mean_text(points(arm.runs, metric), step(arm.runs, metric), metric),
        str(len(arm.runs)),
    )


def _beside(arm: Arm, base: Arm, of: Callable[[Run], int | None]) -> str:
    """What the runs of a recipe have, and how many times that of the base where that tells them apart."""
    own, other = ([value for run in each.runs if (value := of(run)) is not None] for each in (arm, base))
    text = span_text(own)
    if len(set(own)) == len(set(other)) == 1 and other[0] > 0 and (ratio := ratio_text(own[0] / other[0])) != "1.00×":
        return f"{text} ({ratio})"
    return text


def _record(arm: Arm, metric: Metric) -> dict[str, Any]:
    def middle(of: Callable[[Run], float | None]) -> float | None:
        values = [value for run in arm.runs if (value := of(run)) is not None]
        return statistics.median(values) if values else None

    average, low, high = parts_of_mean(points(arm.runs, metric), step(arm.runs, metric), metric)
    return {
        "variant": arm.name,
        "parameters": middle(lambda run: run.cost.parameters),
        "macs": middle(lambda run: run.cost.macs),
        "memory_bytes": middle(lambda run: run.cost.memory),
        "epochs": middle(lambda run: run.cost.epochs),
        "examples": middle(lambda run: run.cost.examples),
        "seconds": middle(lambda run: run.cost.seconds),
        "seconds_low": min(run.cost.seconds for run in arm.runs),
        "seconds_high": max(run.cost.seconds for run in arm.runs),
        metric.name: average,
        f"{metric.name}_low": low,
        f"{metric.name}_high": high,
        "n": len(arm.runs),
    }


def scatters(arms: Sequence[Arm], decides: Metric | None = None) -> Multiples:
    """The mean of a metric against each kind of cost that is known of these recipes."""
    metric = decides or metric_of(ACCURACY)
    runs = [run for arm in arms for run in arm.measured]
    known = [
        (label, unit, spots)
        for label, unit, of in COSTS
        if (spots := spots_of(arms, of, metric)) and (unit != "seconds" or is_one_machine(arms))
    ]
    machines = (
        "" if is_one_machine(arms) else " Times are omitted, because the runs used different machines or devices."
    )
    return Multiples(
        name="cost",
        title=f"{metric.full_title} in {metric.unit_words} against cost",
        heading=f"{metric.title[:1].upper()}{metric.title[1:]} against cost",
        caption=f"Each circle is a recipe: its mean {metric.full_title} with the plain 95 % interval over its runs, "
        f"and the median of its cost. {'Up' if metric.direction == 'higher' else 'Down'} and to the left is better. "
        "Each interval covers one recipe; verdicts compare pairs, so a circle above another is not a verdict. The line "
        "is the Pareto front: recipes that no other recipe beats in both. If costs differ by large factors, the axis "
        f"is logarithmic.{machines}{spoilt(runs)}",
        runs=ids(runs),
        charts=tuple(_scatter(label, unit, spots, metric) for label, unit, spots in known),
        columns=3,
        by="cost",
    )


def _scatter(label: str, unit: str, spots: tuple[Spot, ...], metric: Metric) -> Scatter:
    x_axis = Axis(label, unit, is_log=are_far_apart(spot.x for spot in spots))
    chart = Scatter(
        name=label,
        title=f"{metric.full_title} in {metric.unit_words} against {x_axis}",
        heading=str(x_axis),
        x_axis=x_axis,
        y_axis=Axis(f"{metric.full_title}", metric.unit),
        spots=spots,
        is_better_below=metric.direction == "lower",
    )
    return Scatter(**{**vars(chart), "note": f"Pareto front: {', '.join(spot.name for spot in chart.front)}."})


def spots_of(arms: Sequence[Arm], of: Callable[[Run], float | None], metric: Metric) -> tuple[Spot, ...]:
    """The recipes whose cost and metric are known; the cost is the median of the runs."""
    spots = []
    for number, arm in enumerate(arms[:MOST]):
        runs = [run for run in arm.measured if run.status == "finished" and metric.of(run) is not None]
        costs = [value for run in runs if (value := of(run))]
        if runs and len(costs) == len(runs):
            values = points(runs, metric)
            _, low, high = centre(values, step(runs, metric), metric) or (None, None, None)
            middle = float(statistics.median(costs))
            spots.append(Spot(arm.name, number, style_of(arm.place), middle, mean(values), low, high, len(runs)))
    return tuple(spots)


def is_one_machine(arms: Sequence[Arm]) -> bool:
    """Whether times can be compared."""
    return len({run.machine.clock for arm in arms for run in arm.runs}) <= 1
