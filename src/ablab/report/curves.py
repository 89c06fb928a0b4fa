"""The learning curves of a study: panels for the base and a few variants, and the numbers behind them."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ablab.records import EpochRow, Run
from ablab.report import charts
from ablab.report.embedded import short
from ablab.report.wording import visible
from ablab.result import STYLES, Arm

POINT, NUMBER = 13, 8  # bytes of a point of a path, and of a number
FLOPS = 6  # of training for each multiply-add: two on the way forward, about twice that on the way back

Quantity = Callable[[EpochRow], float]
QUANTITIES: tuple[tuple[str, str, Quantity], ...] = (
    ("Validation accuracy", "%", lambda row: 100 * row.val_accuracy),
    ("Training accuracy", "%", lambda row: 100 * row.train_accuracy),
    ("Validation loss", "", lambda row: row.val_loss),
    ("Training loss", "", lambda row: row.train_loss),
)


def curve_sets(arms: Sequence[Arm], room: int) -> Iterator[dict[str, Any]]:
    """Panels for the base and a few variants at a time, as long as there is room, which is in bytes."""
    base, variants = arms[0], [arm for arm in arms[1:] if arm.runs]
    chunks = [variants[at : at + STYLES] for at in range(0, len(variants), STYLES)] or [[]]
    sets = [[arm for arm in (base, *chunk) if any(run.curve for run in arm.runs)] for chunk in chunks]
    each = len(QUANTITIES) * (3 * POINT + NUMBER)
    means = [each * sum(max(len(run.curve) for run in arm.runs) for arm in members) for members in sets]
    rows = sum(len(run.curve) for members in sets for arm in members for run in arm.runs)
    has_singles = sum(means) + len(QUANTITIES) * (POINT + NUMBER) * rows <= room
    for at, (members, drawn) in enumerate(zip(sets, itertools.accumulate(means), strict=True), 1):
        if members:
            is_drawn = drawn <= room
            yield {
                "id": f"curves-{at}",
                "arms": members,
                "panels": [_panel(members, *quantity, has_singles) for quantity in QUANTITIES if is_drawn],
                "has_singles": has_singles,
                "facts": _facts(members, has_singles) if is_drawn else None,
            }


def _panel(arms: Sequence[Arm], name: str, unit: str, of: Quantity, has_singles: bool) -> dict[str, Any]:
    groups = [charts.Group(arm.style, tuple(_curve(run, of) for run in arm.runs)) for arm in arms]
    finished = [y for group in groups for curve in group.finished for _, y in curve.points]
    everything = [y for group in groups for curve in group.curves for _, y in curve.points]
    # one run that diverges would flatten all the others, so those that finished make the axis; the caption counts it
    span = charts.reach(finished or everything, floor=0.0)
    title = f"{name} against epoch: {', '.join(str(visible(arm.name)) for arm in arms)}"
    return {
        "name": _titled(name, unit),
        "svg": charts.panel(groups, span, title=title, has_singles=has_singles),
        "outside": charts.outside(groups, span),
    }


def _titled(name: str, unit: str) -> str:
    return name + (f", {unit}" if unit else "")


def _curve(run: Run, of: Quantity) -> charts.Curve:
    return charts.Curve(tuple((row.epoch, of(row)) for row in run.curve), run.selected_epoch, run.status == "finished")


def _facts(arms: Sequence[Arm], has_singles: bool) -> dict[str, Any]:
    """What the script needs to say values, to change the axis and to save the figure's data."""
    return {
        "quantities": [_titled(name, unit) for name, unit, _ in QUANTITIES],
        "arms": [_arm_facts(arm, has_singles) for arm in arms],
    }


def _arm_facts(arm: Arm, has_singles: bool) -> dict[str, Any]:
    finished = [run for run in arm.runs if run.status == "finished"]
    longest = max(len(run.curve) for run in arm.runs)
    summaries = [charts.summary([_curve(run, of) for run in finished]) for _, _, of in QUANTITIES]
    means = [{epoch: mean for epoch, mean, _, _ in rows} for rows in summaries]
    epochs = range(1, longest + 1)
    facts: dict[str, Any] = {
        "name": visible(arm.name),
        "style": arm.style,
        "n": [sum(len(run.curve) >= epoch for run in finished) for epoch in epochs],
        "seconds": [short(one) for one in _elapsed(finished or arm.runs, longest, _seconds)],
        "flops": None,
        "means": [[short(of.get(epoch)) for epoch in epochs] for of in means],
    }
    if all(run.cost.macs for run in arm.runs):
        facts["flops"] = [short(one) for one in _elapsed(finished or arm.runs, longest, _flops)]
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


def _elapsed(runs: Sequence[Run], longest: int, of: Callable[[Run, EpochRow], float]) -> Iterator[float]:
    """What the runs had spent after each epoch: the sum of each epoch's mean, which never falls as runs end."""
    total = 0.0
    for at in range(longest):
        seen = [of(run, run.curve[at]) for run in runs if len(run.curve) > at]
        total += math.fsum(seen) / len(seen) if seen else 0.0
        yield total


def _seconds(_run: Run, row: EpochRow) -> float:
    return row.seconds


def _flops(run: Run, row: EpochRow) -> float:
    examples = row.examples or run.cost.examples / max(run.cost.epochs, 1)
    return FLOPS * (run.cost.macs or 0) * examples
