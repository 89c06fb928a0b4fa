"""The sentence of a verdict on a program: effect, interval, pairs, margin, time, and what it holds for."""

from ablab.nouns import counted
from ablab.statistics.reach import FARTHEST
from ablab.study.verdict import signed
from ablab.trials.evidence import Evidence
from ablab.trials.plan import Plan
from ablab.trials.verdict import TrialVerdict


def sentence(plan: Plan, evidence: Evidence, verdict: TrialVerdict) -> str:
    """What a person reads of a verdict."""
    said = [
        _failures(plan, evidence),
        _hopeless(evidence) if evidence.is_hopeless else _headline(plan, verdict),
        _fixed(verdict),
        _advice(plan, verdict),
        _known(verdict),
    ]
    return " ".join(filter(None, said))


def _failures(plan: Plan, evidence: Evidence) -> str:
    """Failed trials come first, because they are the loudest finding there is."""
    failed, base, name = evidence.failures, evidence.base_failures, evidence.arm.name
    if not failed and not base:
        return ""
    said = f"Trials that failed: {failed} of {evidence.tried} of {name}, {base} of {evidence.tried} of the base."
    if evidence.reliability != "not told apart":
        said += f" {name} {evidence.reliability} than the base."
    guess = plan.study.measure.guess
    if evidence.is_hopeless:
        return said
    if guess is None:
        return f"{said} The verdict leaves out their pairs, which may favor the side that failed more often."
    if evidence.where_both_finish:
        return f"{said} This verdict covers only the seeds where both finish."
    metric = plan.study.measure.metric
    return f"{said} They count as chance ({guess:.{metric.digits}f} {metric.unit}".rstrip() + ")."


def _hopeless(evidence: Evidence) -> str:
    name, arguments, note = evidence.arm.name, evidence.arm.arguments, evidence.pairs[-1][1].note
    reason = f" (the last one: {note})" if note else ""
    check = f" Check its arguments: {arguments}." if arguments else ""
    return f"{name}: undecided, since every trial failed{reason}; ablab runs no further seeds of it.{check}"


def _headline(plan: Plan, verdict: TrialVerdict) -> str:
    metric, name = plan.study.measure.metric, verdict.variant
    pairs, size = counted(verdict.pairs, "seed pair"), metric.size(verdict.margin)
    if verdict.effect is None:
        return (
            f"{name} is undecided after {pairs}; a verdict needs at least {plan.study.rule.seeds[0]} (margin {size})."
        )
    effect = f"{signed(verdict.effect, metric.digits)} {metric.gap_unit}".rstrip()
    if verdict.low is None or verdict.high is None:
        return f"{name} is undecided after {pairs}; so far {effect} (margin {size})."
    low, high = (signed(end, metric.digits) for end in (verdict.low, verdict.high))
    seen = f"{effect} ({100 * verdict.level:g} % interval {low} to {high}), {pairs}"
    time = "times not comparable" if verdict.time_ratio is None else f"at {verdict.time_ratio:.2f} times the time"
    if verdict.word == "no practical difference":
        kind = "a real but negligible effect, " if verdict.is_negligible else ""
        return f"{name} makes no practical difference: {seen}, {kind}smaller than your margin of {size}, {time}."
    if verdict.word == "undecided":
        return f"{name} is undecided: {seen}, margin {size}, {time}."
    if verdict.low > verdict.margin or verdict.high < -verdict.margin:
        return f"{name} {verdict.word}: {seen}, by more than your margin of {size}, {time}."
    return f"{name} {verdict.word}, possibly by less than your margin: {seen}, margin {size}, {time}."


def _fixed(verdict: TrialVerdict) -> str:
    if not verdict.is_fixed:
        return ""
    return (
        "Every seed gives the same figure, so the program ignores its seed or does not depend on it: no number of "
        "seeds can show how much another run would differ."
    )


def _advice(plan: Plan, verdict: TrialVerdict) -> str:
    """What more pairs would do, by simulation of the rule."""
    if verdict.word != "undecided" or verdict.low is None:
        return ""
    effect = f"an effect of {plan.study.measure.metric.size(verdict.margin)}"
    if verdict.needed is not None:
        return f"Roughly {counted(verdict.needed, 'more pair', 'more pairs')} would settle {effect} with 80 % power."
    if verdict.tried < plan.study.rule.seeds[1]:
        return f"The remaining seeds are unlikely to settle {effect}."
    if verdict.anew is None:
        return f"Even {FARTHEST} seeds would not settle {effect}; first make results vary less between seeds."
    return f"A new study with up to {verdict.anew:,} seeds would settle {effect} with 80 % power."


def _known(verdict: TrialVerdict) -> str:
    if not verdict.known:
        return ""
    had = "trial had a result" if verdict.known == 1 else "trials had results"
    return f"{verdict.known:,} {had} when the plan was locked."
