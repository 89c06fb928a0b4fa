"""A plan and what can be foreseen of it, for the terminal."""

from ablab.report.wording import duration, shown
from ablab.study import Plan
from ablab.study.foresight import Foresight


def foreseen(plan: Plan, foresight: Foresight) -> str:
    """The question, the runs, the time, and a table of what can be seen for how much."""
    study, rule = plan.study, plan.study.rule
    least, most = rule.seeds
    lines = [
        shown(study.question),
        f"base and {len(study.variants)} variant{'s' * (len(study.variants) > 1)}, {least}..{most} seeds each: "
        f"{len(plan.wanted)} runs at least, {len(plan.most)} at most, {foresight.trained} of them trained already; "
        f"margin {rule.margin:g} pp, plan {plan.hash}",
    ]
    if foresight.minutes:
        first, last = (duration(60 * one) for one in foresight.minutes)
        lines.append(f"still to train: about {first} at least, {last} at most, one run after the other")
    lines += [
        f"expected sd of a difference: {foresight.spread:.2f} pp ({foresight.source})",
        "",
        "seeds at most   finds 4 times in 5 an effect of    runs at most   about",
    ]
    for reach in foresight.reaches:
        time = duration(60 * reach.minutes) if reach.minutes is not None else "unknown"
        here = "  <- this study" if reach.seeds == most else ""
        lines.append(f"{reach.seeds:>13}   {reach.points:>27.2f} pp   {reach.runs:>14}   {time}{here}")
    lines.append("")
    lines += _equality(foresight, most, rule.margin)
    return "\n".join(lines)


def _equality(foresight: Foresight, most: int, margin: float) -> list[str]:
    """Whether the study could see that there is no difference, if there is none."""
    if foresight.equality is None:
        return [f"that two recipes are equal within {margin:g} pp is out of reach: the noise is far larger than that"]
    pairs = f"roughly {foresight.equality} pairs would show that equals are equal within {margin:g} pp"
    if foresight.equality <= most:
        return [pairs]
    return [f"{pairs};", f"this study has {most} at most: more seeds, a wider margin or a longer training would do"]
