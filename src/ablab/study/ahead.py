"""Ahead: the runs that could still count, the most urgent first, so that no slot of an executor stands idle."""

import itertools
from collections.abc import Mapping

from ablab.records import Run, RunSpec
from ablab.study.decide import Decision
from ablab.study.plan import Plan

Rounds = tuple[tuple[RunSpec, ...], ...]  # of runs, the most urgent first


def ahead(plan: Plan, decision: Decision, there: Mapping[str, Run], slots: int) -> Rounds:
    """What a decision wants, and behind it, for slots that would stand idle, later seeds of what is undecided.

    The first round is what the decision wants, and each further round is one more seed. A run that is not in here
    cannot count any more, and does not come back; so no run is started twice. With one slot there is none that stands
    idle. With a budget every run is spent from it, so none is trained on suspicion.
    """
    wanted = tuple(spec for spec in decision.wanted if spec.id not in there)
    if not wanted:
        return ()
    if slots == 1 or plan.study.rule.budget or plan.study.is_retuned:
        return (wanted,)  # where rates are chosen for each seed, the trials of one are enough for many slots
    ends = useful_seeds(plan, decision, there)
    passed_over = there.keys() | {spec.id for spec in wanted}
    later = [
        spec for spec in plan.most if plan.place(spec) < ends.get(spec.recipe.hash, 0) and spec.id not in passed_over
    ]
    return (wanted, *(tuple(seed) for _, seed in itertools.groupby(later, key=lambda spec: spec.seed)))


def useful_seeds(plan: Plan, decision: Decision, there: Mapping[str, Run]) -> dict[str, int]:
    """For every recipe the number of first seeds of which a run could still count; none of what is decided.

    By the first protocol a run without an accuracy ends the pairs before it, so later seeds count for nothing.
    """
    most = plan.study.rule.seeds[1]
    failed: dict[str, int] = {}
    for run in there.values():
        if run.test is None and not plan.protocol.counts_failures:
            hash_, place = run.spec.recipe.hash, plan.place(run.spec)
            failed[hash_] = min(place, failed.get(hash_, most))
    base, ends = plan.study.base.hash, dict.fromkeys((recipe.hash for recipe in plan.study.recipes), 0)
    for verdict in decision.every:
        if not verdict.is_given_up and not (verdict.looks and verdict.looks[-1].decides(verdict.margin)):
            other = plan.study.named[verdict.variant].hash
            end = min(most, 1 + min(failed.get(base, most), failed.get(other, most)))
            ends |= {other: max(end, ends[other]), base: max(end, ends[base])}
    return ends
