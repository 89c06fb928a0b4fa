"""Learning curves: the base and a few variants in four panels at a time, and the numbers behind them."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ablab.catalogue import mark
from ablab.errors import InputError
from ablab.nouns import counted
from ablab.records import EpochRow, Run
from ablab.report.chart import Axis, Line, Lines, Multiples
from ablab.report.means import ids, short, spoilt
from ablab.report.scale import outside, summary
from ablab.report.section import Paragraph, Part
from ablab.report.style import TOGETHER, style_of
from ablab.report.wording import visible
from ablab.result import Arm, Result
from ablab.statistics.learning import FLOPS

ROOM = 1_200_000  # bytes of a page: as much as the other sections leave of it
POINT, NUMBER = 13, 8  # bytes of a point of a path, and of a number

Quantity = Callable[[EpochRow], float]
QUANTITIES: tuple[tuple[str, str, Quantity], ...] = (
    ("Validation accuracy", "%", lambda row: row.val_points),
    ("Training accuracy", "%", lambda row: row.train_points),
    ("Validation loss", "", lambda row: row.val_loss),
    ("Training loss", "", lambda row: row.train_loss),
)


@mark("section", "curves", title="Curves", place=70, absent=("notebook", "dashboard", "terminal"))
def curves(result: Result) -> Iterator[Part]:
    """The base and as many variants at a time as can be told apart; single runs only where there is room for all."""
    base, variants = result.arms[0], [arm for arm in result.arms[1:] if arm.runs]
    chunks = [variants[at : at + TOGETHER] for at in range(0, len(variants), TOGETHER)] or [[]]
    sets = [[arm for arm in (base, *chunk) if any(run.curve for run in arm.runs)] for chunk in chunks]
    each = len(QUANTITIES) * (3 * POINT + NUMBER)
    means = [each * sum(max(len(run.curve) for run in arm.runs) for arm in members) for members in sets]
    rows = sum(len(run.curve) for members in sets for arm in members for run in arm.runs)
    has_singles = sum(means) + len(QUANTITIES) * (POINT + NUMBER) * rows <= ROOM
    for at, (members, drawn) in enumerate(zip(sets, itertools.accumulate(means), strict=True), 1):
        if members and drawn <= ROOM:
            yield panels(members, name=f"curves-{at}" if len(sets) > 1 else "curves", has_singles=has_singles)
        elif members:
            names = ", ".join(arm.name for arm in members)
            yield Paragraph(f"Not drawn, because the report would become too large: {names}.", "small")
    if any(sets):
        missing = (
            "" if has_singles else "There are too many runs to draw each of them; the means and bands cover all runs. "
        )
        yield Paragraph(
            f"{missing}Training figures are measured during training, with augmentation and dropout on, so they can "
            "be below validation. In plots against seconds or FLOPs, an epoch is at the average of the runs of its "
            "recipe; training takes six FLOPs for each multiply-add and image.",
            "small",
        )


def panels_of(arms: Sequence[Arm]) -> Multiples:
    """The curves of these recipes, all in one chart."""
    known = [arm for arm in arms if any(run.curve for run in arm.runs)]
    if not known:
        raise InputError("none of these runs has a curve")
    if len(known) > TOGETHER + 1:
        raise InputError(f"curves of {len(known)} recipes cannot be told apart: choose up to {TOGETHER} variants")
    return panels(known)


def panels(arms: Sequence[Arm], *, name: str = "curves", has_singles: bool = True) -> Multiples:
    """Accuracy and loss against the epoch: mean and range of each recipe's runs, the runs themselves faint behind."""
    everything = [run for arm in arms for run in arm.runs]
    broken = sum(run.status != "finished" for run in everything)
    return Multiples(
        name=name,
        title=f"learning curves of {', '.join(arm.name for arm in arms)}",
        caption="Thick lines are means over finished runs, bands show their range (not an interval), faint lines are "
        "single runs, and rings mark the selected epoch."
        + f" {broken} of {len(everything)} runs did not finish: their lines are dotted, and the mean leaves them out."
        * (broken > 0)
        + spoilt(everything),
        runs=ids(everything),
        charts=tuple(_panel(arms, *quantity, has_singles=has_singles) for quantity in QUANTITIES),
        columns=2,
        by="quantity",
        facts=_facts(arms, has_singles=has_singles),
    )


def _panel(arms: Sequence[Arm], name: str, unit: str, of: Quantity, *, has_singles: bool) -> Lines:
    lines = tuple(line for arm in arms for line in _lines(arm, of, has_singles=has_singles))
    axis = Axis(name, unit)
    chart = Lines(
        name=name,
        title=f"{name} against epoch: {', '.join(str(visible(arm.name)) for arm in arms)}",
        heading=str(axis),
        x_axis=Axis("epoch", is_counted=True),
        y_axis=axis,
        lines=lines,
    )
    if not (count := outside(chart)):
        return chart
    note = f"Not shown here: {counted(count, 'run')} with values outside this frame or that are not numbers."
    return Lines(**{**vars(chart), "note": note})


def _lines(arm: Arm, of: Quantity, *, has_singles: bool) -> Iterator[Line]:
    finished = [run for run in arm.runs if run.status == "finished"]
    rows = summary(_points(run, of) for run in finished)
    band = tuple((epoch, low, high) for epoch, _, low, high in rows) if len(finished) > 1 else ()
    points = tuple((epoch, mean) for epoch, mean, _, _ in rows)
    yield Line(arm.name, style_of(arm.place), points, band=band, n=len(arm.runs))
    for run in arm.runs:
        is_whole = run.status == "finished"
        if has_singles or not is_whole:
            yield Line(
                arm.name,
                style_of(arm.place),
                _points(run, of),
                kind="one" if is_whole else "unfinished",
                selected=run.selected_epoch if has_singles else None,
            )


def _points(run: Run, of: Quantity) -> tuple[tuple[float, float], ...]:
    return tuple((float(row.epoch), of(row)) for row in run.curve)


def _facts(arms: Sequence[Arm], *, has_singles: bool) -> dict[str, Any]:
    """What a script needs to say values, to change the axis and to save the chart's data."""
    return {
        "quantities": [str(Axis(name, unit)) for name, unit, _ in QUANTITIES],
        "arms": [_arm_facts(arm, has_singles=has_singles) for arm in arms],
    }


def _arm_facts(arm: Arm, *, has_singles: bool) -> dict[str, Any]:
    finished = [run for run in arm.runs if run.status == "finished"]
    epochs = range(1, max(len(run.curve) for run in arm.runs) + 1)
    means = [
        {epoch: mean for epoch, mean, _, _ in summary(_points(run, of) for run in finished)} for _, _, of in QUANTITIES
    ]
    counted = finished or arm.runs
    facts: dict[str, Any] = {
        "name": visible(arm.name),
        "style": style_of(arm.place),
        "n": [sum(len(run.curve) >= epoch for run in finished) for epoch in epochs],
        "seconds": _elapsed(counted, len(epochs), _seconds),
        "flops": None,
        "means": [[short(of.get(float(epoch))) for epoch in epochs] for of in means],
    }
    if all(run.cost.macs for run in arm.runs):
        facts["flops"] = _elapsed(counted, len(epochs), _flops)
    if has_singles:
        facts["runs"] = [
            {
                "seed": run.spec.seed,
                "status": run.status,
                "values": [[short(of(row)) for row in run.curve] for _, _, of in QUANTITIES],
            }
            for run in arm.runs
        ]
    return facts


def _elapsed(runs: Sequence[Run], longest: int, of: Callable[[Run, EpochRow], float]) -> list[float | None]:
    """What the runs had spent after each epoch: the sum of each epoch's mean, which never falls as runs end."""
    total, spent = 0.0, []
    for at in range(longest):
        there = [of(run, run.curve[at]) for run in runs if len(run.curve) > at]
        total += math.fsum(there) / len(there) if there else 0.0
        spent.append(short(total))
    return spent


def _seconds(_run: Run, row: EpochRow) -> float:
    return row.seconds


def _flops(run: Run, row: EpochRow) -> float:
    examples = row.examples or run.cost.examples / max(run.cost.epochs, 1)
    return FLOPS * (run.cost.macs or 0) * examples
