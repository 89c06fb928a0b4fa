"""A published report's figures beside ours: what it measured, what we measured, and what each says about the change."""

import math
from collections.abc import Sequence
from typing import Any

from ablab.report.arms import between
from ablab.report.embedded import Sheet, short
from ablab.result import Arm
from ablab.statistics.paired import Interval, interval, mean, t_multiplier
from ablab.study import Verdict
from ablab.study.question.published import Published
from ablab.study.verdict import signed

ALPHA = 0.05


def beside(
    published: Published, arms: Sequence[Arm], verdicts: Sequence[Verdict]
) -> tuple[list[dict[str, Any]], Sheet]:
    """A row for each recipe that the report gives a figure for or that we have runs of."""
    by_name = {verdict.variant: verdict for verdict in verdicts}
    rows, plain = [], []
    for at, arm in enumerate(arms):
        theirs = published.figures.get(arm.name)
        ours = [100 * run.test.accuracy for run in arm.measured if run.test]
        if theirs is None and not ours:
            continue
        base = published.figures.get("base")
        effect = theirs - base if at and theirs is not None and base is not None else None
        verdict = by_name.get(arm.name) if at else None
        rows.append(
            {
                "name": arm.name,
                "theirs": "–" if theirs is None else f"{theirs:.2f}",
                "ours": f"{mean(ours):.2f}" if ours else "–",
                "interval": interval_of(ours),
                "n": len(ours),
                "their_effect": "–" if effect is None else signed(effect),
                "our_effect": _effect(verdict),
                "verdict": verdict.word if verdict else "",
            }
        )
        plain.append(
            (
                arm.name,
                theirs,
                short(mean(ours)) if ours else None,
                len(ours),
                short(effect),
                *((short(verdict.effect), short(verdict.low), short(verdict.high)) if verdict else (None, None, None)),
            )
        )
    columns = ("recipe", "report, %", "ours, %", "n", "effect in the report", "our effect", "low", "high")
    return rows, Sheet(columns, tuple(plain))


def plain_interval(values: Sequence[float]) -> Interval | None:
    """The plain 95 % interval of a mean; two runs or one cannot give one."""
    return interval(values, t_multiplier(len(values), ALPHA), grid=0.01) if len(values) >= 3 else None


def interval_of(values: Sequence[float]) -> str:
    """The same as it is printed."""
    seen = plain_interval(values)
    return "–" if seen is None else f"{seen.low:.2f} to {seen.high:.2f}"


def _effect(verdict: Verdict | None) -> str:
    if verdict is None or verdict.effect is None or not math.isfinite(verdict.effect):
        return "–"
    ends = "no interval yet" if verdict.low is None else between(verdict.low, verdict.high)
    return f"{signed(verdict.effect)} ({ends})"
