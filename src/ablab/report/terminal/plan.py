"""A plan and what can be foreseen of it, for the terminal."""

from ablab.metric import ACCURACY, Metric, metric_of
from ablab.nouns import counted, counted_span, duration, duration_span
from ablab.report.table import Head, Table, table
from ablab.report.terminal.screen import on_screen
from ablab.report.wording import shown
from ablab.statistics.giving_up import Price
from ablab.statistics.reach import ENOUGH, HOPELESS
from ablab.study import Plan, Rule, Study
from ablab.study.forecast import Foresight
from ablab.study.noise import Advice
from ablab.study.question.lookalikes import lookalikes
from ablab.study.tuning import TuningCost


def foreseen(plan: Plan, foresight: Foresight) -> str:
    """The question, the runs, the time, and a table of what can be seen for how much."""
    study, rule = plan.study, plan.study.rule
    least, most = rule.seeds
    metric = metric_of(rule.metric)
    margin = metric.size(rule.margin)
    by = "" if rule.metric == ACCURACY and not rule.also else f"by {metric.title}, "
    lines = [
        shown(study.question),
        f"base and {counted(len(study.variants), 'variant')}, {least}..{'' if rule.is_open else most} seeds each: "
        f"{counted_span(len(plan.wanted), len(plan.most), 'run')} ({foresight.trained} already trained); "
        f"{by}margin {margin}{_also(rule)}, plan {plan.hash}",
    ]
    lines += [f"remark: {text}" for text in lookalikes(study.names.values())]
    if plan.note:
        lines.append(plan.note)
    if foresight.minutes:
        first, last = foresight.minutes
        lines.append(f"still to train: about {duration_span(60 * first, 60 * last)}, one run after the other")
    if foresight.tuning:
        lines.append(_tuning(foresight.tuning, study))
    lines.append(f"expected sd of a difference: {_size(foresight.spread, metric)} ({foresight.source})")
    lines += ["", on_screen(_reaches(foresight, most, metric)), ""]
    if foresight.spread is not None:
        lines += _equality(foresight, most, margin)
    if rule.pool:
        lines.append(
            f"{counted(rule.pool, 'replication')} can be pooled with the first answer (--replicate); so the first "
            "answer may use only half of the error rate, and the figures above take that into account"
        )
    if rule.give_up:
        lines += _giving_up(foresight.giving_up)
    if foresight.quieter:
        lines.append(_quieter(foresight.quieter))
    return "\n".join(lines)


def _also(rule: Rule) -> str:
    """The other metrics that decide; figures of the foresight are those of the first."""
    return "".join(f", and by {metric_of(name).title}, margin {metric_of(name).size(size)}" for name, size in rule.also)


def _reaches(foresight: Foresight, most: int, metric: Metric) -> Table:
    """The smallest effect that a study of each size detects with 80 % power, and what the study takes at most."""
    heads = ("seeds at most >", "detects (80 % power) >", Head("runs at most", True, spare=1), "about >", "")
    rows = [
        (
            str(reach.seeds),
            _size(reach.points, metric),
            str(reach.runs),
            "unknown" if reach.minutes is None else duration(60 * reach.minutes),
            "<- this study" if reach.seeds == most else "",
        )
        for reach in foresight.reaches
    ]
    return table("reaches", heads, rows)


def _size(points: float | None, metric: Metric) -> str:
    return "unknown" if points is None else f"{points:.{metric.digits}f} {metric.gap_unit}".rstrip()


def _equality(foresight: Foresight, most: int, margin: str) -> list[str]:
    """Whether the study could see that there is no difference, if there is none."""
    if foresight.equality is None:
        told = 'the runs vary too much for any study in this table to establish "no practical difference"'
        return [f"{told} (±{margin})"]
    pairs = f"up to {counted(foresight.equality, 'pair')} are needed to show no practical difference within {margin}"
    if foresight.equality <= most:
        return [pairs]
    return [f"{pairs};", f"this study has {most} at most: it would need more seeds or less noise (longer training)"]


def _tuning(cost: TuningCost, study: Study) -> str:
    """What tuning takes beside the study as it stands."""
    every = ", repeated for each seed" if study.tunes_each else ""
    trials, runs = (_between(*each, is_open=study.rule.is_open) for each in (cost.trials, cost.runs))
    told = f"tuning{every}: {trials} trials on validation images, and {runs} runs at the best rates"
    if cost.minutes is None:
        return told
    if study.rule.is_open:
        return f"{told}: about {duration(60 * cost.minutes[0])} at least"
    return f"{told}: about {duration_span(60 * cost.minutes[0], 60 * cost.minutes[1])}"


def _between(least: int, most: int, *, is_open: bool) -> str:
    if is_open:
        return f"{least} or more"
    return f"{least}" if least == most else f"{least} to {most}"


def _giving_up(prices: tuple[Price, Price] | None) -> list[str]:
    """When the study gives up, and what that costs and saves."""
    rule = (
        f"gives up, from {ENOUGH} pairs on, if the chance that the remaining pairs decide is below {100 * HOPELESS:g} %"
    )
    if prices is None:
        return [f"{rule} (for its cost, see docs/calibration.md)"]
    named = zip(("equals", "an effect of one margin"), prices, strict=True)
    return [
        f"{rule}:",
        *(
            f"{name}: {one.pairs[1]:.1f} pairs on average instead of {one.pairs[0]:.1f}, "
            f"decided in {100 * one.decided[1]:.0f} % of studies instead of {100 * one.decided[0]:.0f} %"
            for name, one in named
        ),
    ]


def _quieter(known: Advice) -> str:
    """The way to measure that needs fewer runs, with what it rests on."""
    least, most = (f"{100 * share:.0f}" for share in known.saved)
    share = least if least == most else f"{least} to {most}"
    on = "one small network" if known.networks == 1 else f"{known.networks} small networks"
    return (
        f'less noise: "{known.changes}" saved {share} % of the runs on {on} with this schedule, at the same effect '
        "(docs/noise.md)"
    )
