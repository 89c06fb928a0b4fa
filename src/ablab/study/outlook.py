"""Outlook: what more pairs would do for a comparison that is undecided, by simulation of the rule that decides it."""

from ablab.statistics.paired import differences
from ablab.statistics.reach import ENOUGH, HOPELESS, Ahead, ahead, pairs_to_detect
from ablab.study.plan import Plan
from ablab.study.verdict import Evidence, Outlook


def outlook(plan: Plan, evidence: Evidence) -> Outlook | None:
    """What is to be expected of the pairs to come; None where nothing has been seen, or all is decided."""
    rule = plan.study.rule
    if not evidence.looks or evidence.looks[-1].decides(rule.margin):
        return None
    look, (least, most) = evidence.looks[-1], rule.seeds
    if look.pairs >= most:
        anew = pairs_to_detect(rule.margin / look.interval.sd, least, plan.alpha) if look.interval.sd else least
        return Outlook(needed=None, chance=0.0, anew=anew)
    direction = -1.0 if look.interval.mean < 0 else 1.0
    coming = _ahead(plan, evidence, direction * rule.margin)
    enough = coming.pairs()
    predicted = _ahead(plan, evidence, None).last if rule.give_up and look.pairs >= ENOUGH else 1.0
    return Outlook(
        needed=enough - look.pairs if enough else None,
        chance=coming.last,
        anew=None,
        is_hopeless=predicted < HOPELESS,
    )


def _ahead(plan: Plan, evidence: Evidence, effect: float | None) -> Ahead:
    rule, look = plan.study.rule, evidence.looks[-1]
    seen = differences(*evidence.values)
    levels = (look.alpha, (look.equality or look).alpha)
    factors = (plan.protocol.multipliers(*rule.seeds, levels[0]), plan.protocol.multipliers(*rule.seeds, levels[1]))
    return ahead(seen[: look.pairs], look, rule.margin, factors, effect)
