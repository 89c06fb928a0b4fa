"""A study of a program or a function, for the terminal: its plan, its trials as they come, its verdicts."""

import json
import statistics
from collections.abc import Callable, Mapping
from typing import Any

from ablab import wire
from ablab.events import Noticed
from ablab.nouns import counted, counted_span, duration, duration_span
from ablab.report.section import sections
from ablab.report.sections.trial_effects import verdict_table
from ablab.report.table import Table, table
from ablab.report.terminal.plain import lines_of
from ablab.report.terminal.screen import on_screen, screen_width
from ablab.report.wording import shown
from ablab.statistics.reach import FARTHEST, detectable_effect
from ablab.study.forecast import SHOWN
from ablab.trial import Outcome
from ablab.trials.decide import Begun, Decision, Tried
from ablab.trials.plan import Plan
from ablab.trials.result import TrialResult

REASON = 100  # characters of what a program printed as errors, in the line of its trial


def plan_text(plan: Plan, outcomes: Mapping[str, Outcome], spread: float | None) -> str:
    """The question, the trials, the time, and what can be seen for how many; `spread` is the sd of a difference."""
    study, rule, metric = plan.study, plan.study.rule, plan.study.measure.metric
    least, most = rule.seeds
    lines = [
        shown(study.question),
        shown(study.subject.shown),
        f"base and {counted(len(study.variants), 'variant')}, {least}..{'' if rule.is_open else most} seeds each: "
        f"{counted_span(plan.wanted, plan.most, 'trial')} ({len(outcomes)} done already); "
        f"by {metric.title}, {metric.direction} is better, margin {metric.size(rule.margin)}, plan {plan.hash}",
    ]
    if study.has_repeat:
        lines.append("one trial repeats the first one, to check that the seed determines the result")
    if plan.note:
        lines.append(plan.note)
    lines += [f"note: {shown(caution)}" for caution in study.cautions]
    if not study.subject.facts.get("limit") and "command" in study.subject.facts:
        lines.append('there is no time limit, so a trial that never ends blocks the study; limit = "30m" sets one')
    if outcomes:
        each = statistics.fmean(outcome.seconds for outcome in outcomes.values())
        left = (each * max(0, number - len(outcomes)) for number in (plan.wanted, plan.most))
        lines.append(f"still to do: about {duration_span(*left)}, one trial after the other")
    known = "unknown until 3 pairs are done" if spread is None else metric.size(float(f"{spread:.3g}"))
    lines += [f"expected sd of a difference: {known}", "", on_screen(_reaches(plan, spread)), ""]
    return "\n".join(lines)


def _reaches(plan: Plan, spread: float | None) -> Table:
    """The smallest effect that a study of each size detects with 80 % power."""
    rule, metric = plan.study.rule, plan.study.measure.metric
    (least, most), is_open = rule.seeds, rule.is_open
    rows = []
    for seeds in sorted({*(n for n in SHOWN if n >= least), FARTHEST if is_open else most}):
        effect = detectable_effect(least, seeds, plan.alpha, is_open=is_open)
        if effect == float("inf"):
            continue
        size = f"{effect:.2f} sd"
        if spread is not None:
            size = f"{spread * effect:.{metric.digits}f} {metric.gap_unit}".rstrip()
        rows.append((str(seeds), size, str(plan.trials_with(seeds)), "<- this study" if seeds == most else ""))
    return table("reaches", ("seeds at most >", "detects (80 % power) >", "trials at most >", ""), rows)


def trial_lines(
    plan: Plan, line: Callable[[str], None], *, as_json: bool = False, title: str = ""
) -> Callable[[Any, Any], None]:
    """Shows the trials of a study as they end, a line each, behind the name of the study where it is one of many."""

    def show(_trial: Any, event: Any) -> None:
        if as_json:
            if isinstance(event, Tried):
                line(json.dumps(wire.outcome_value(event.outcome), allow_nan=False))
        elif isinstance(event, Tried):
            line(f"{title}{line_of(plan, event.outcome, event.decision)}")
        elif isinstance(event, Begun):
            done = event.done
            there = f", {counted(done, 'trial')} {'is' if done == 1 else 'are'} there already" if done else ""
            line(f"{title}plan {plan.hash}{there}")
            if plan.note:
                line(f"{title}{plan.note}")
            for caution in plan.study.cautions:
                line(f"{title}note: {shown(caution)}")
        elif isinstance(event, Noticed):
            line(f"{title}note: {shown(event.text)}")

    return show


def line_of(plan: Plan, outcome: Outcome, decision: Decision) -> str:
    """One line for a trial that has ended."""
    names = {arm.arguments: arm.name for arm in plan.study.arms}
    measure, wide = plan.study.measure, max(map(len, names.values()))
    value = measure.of(outcome.figures)
    seen = outcome.status if value is None else f"{value:.{measure.metric.digits}f} {measure.metric.unit}".rstrip()
    told = f"  {_reason(outcome)}" if outcome.note else "  once more" if outcome.trial.is_repeat else ""
    decided = sum(verdict.word != "undecided" for verdict in decision.verdicts)
    name = shown(names[outcome.trial.arguments])
    more = counted(len(decision.wanted), "more trial")
    wanted = f"; at most {more} before the next look" if decision.wanted else ""
    return (
        f"seed {outcome.trial.seed:<4} {name:<{wide}}  {seen:>10}  {duration(outcome.seconds):>8}{shown(told)}"
        f"  {decided} of {len(decision.verdicts)} decided{wanted}"
    )


def _reason(outcome: Outcome) -> str:
    """Why a trial has no figure, with the last line of what its program printed as errors."""
    lines = [line.strip() for line in outcome.errors.splitlines() if line.strip()]
    return f"{outcome.note}: {lines[-1][:REASON]}" if lines else outcome.note


def result_text(result: TrialResult) -> str:
    """The verdicts as a table, then every section that has a place in a terminal."""
    width = screen_width() and 100
    parts = (part for section in sections(result, "terminal") for part in section.parts)
    lines = [on_screen(verdict_table(result)), "", *(line for part in parts for line in lines_of(part, width=width))]
    return "\n".join(lines).rstrip("\n")
