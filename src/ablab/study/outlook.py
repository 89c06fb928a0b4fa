"""Outlook: what more pairs would do for a comparison that is undecided, by simulation of the rule that decides it."""

from collections.abc import Callable, Mapping, Sequence

from ablab.statistics.paired import differences
from ablab.statistics.reach import ENOUGH, HOPELESS, Ahead, ahead, pairs_to_detect
from ablab.statistics.sequential import Look, multipliers
from ablab.study.plan import Plan
from ablab.study.question.rule import Rule
from ablab.study.verdict import Evidence, Outlook

Reach = Callable[[int, int, float], Mapping[int, float]]  # by the first look, the last, and the error


def outlook(plan: Plan, evidence: Evidence) -> Outlook | None:
    """What is to be expected of the pairs to come; None where nothing has been seen, or all is decided."""
    rule = plan.study.rule
    if not evidence.looks or evidence.looks[-1].decides(rule.margin):
        return None
    look = evidence.looks[-1]
    if look.pairs >= rule.seeds[1]:
        return Outlook(needed=None, chance=0.0, anew=pairs_anew(look, rule, plan.alpha))
    direction = -1.0 if look.interval.mean < 0 else 1.0
    rest = _ahead(plan, evidence, direction * rule.margin)
    enough = rest.pairs()
    predicted = _ahead(plan, evidence, None).last if rule.give_up and look.pairs >= ENOUGH else 1.0
    return Outlook(
        needed=enough - look.pairs if enough else None,
        chance=rest.last,
        anew=None,
        is_hopeless=predicted < HOPELESS,
    )


def _ahead(plan: Plan, evidence: Evidence, effect: float | None) -> Ahead:
    seen = differences(*evidence.values)
    return coming(seen, evidence.looks[-1], plan.study.rule, effect, plan.protocol.multipliers)


def coming(seen: Sequence[float], look: Look, rule: Rule, effect: float | None, reach: Reach = multipliers) -> Ahead:
    """The looks to come behind the last one, by simulation: after these differences, with the intervals of `reach`."""
    factors = [reach(*rule.seeds, level.alpha) for level in (look, look.equality or look)]
    return ahead(seen[: look.pairs], look, rule.margin, (factors[0], factors[1]), effect)


def pairs_anew(look: Look, rule: Rule, alpha: float) -> int | None:
    """The pairs at most of a new study that would settle an effect as large as the margin, at the spread seen here."""
    least = rule.seeds[0]
    return pairs_to_detect(rule.margin / look.interval.sd, least, alpha) if look.interval.sd else least
