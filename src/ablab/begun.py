"""Begun: a plan as a store has begun it: locked, with seeds whose runs nobody has seen, or as a replication."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ablab.errors import AblabError, StudyError
from ablab.nouns import counted, duration
from ablab.records import Judged
from ablab.result import askings, begun, plan_of, result_of
from ablab.store.history import now
from ablab.study import Plan
from ablab.study.question.lock import changes
from ablab.study.question.rule import MOST_ROOTS
from ablab.study.roots import at_root

if TYPE_CHECKING:
    from ablab.store import Store


def as_begun(
    planned: Plan, store: Store, *, is_new: bool = False, reuses: bool = False, replicates: bool = False
) -> Plan:
    """The plan as it was begun; refused if the study was changed since, and is no new one. One that begins is fresh."""
    if not is_new:
        _check_locked(begun(planned, store), store)
    return _replicated(planned, store) if replicates else asked(planned, store, reuses=reuses)


def lock(planned: Plan, store: Store, locked: str) -> None:
    """Lock a plan that is new, and note that it judges those of its runs that are there."""
    time = now()
    store.keep_study(dataclasses.replace(planned.kept, locked=locked or time))
    there = store.runs(spec.id for spec in planned.possible)
    store.judge(Judged(run.id, planned.hash, time) for run in there)


def asked(planned: Plan, store: Store, *, reuses: bool = False) -> Plan:
    """The plan as a store has begun it; a new one has fresh seeds, unless it names its own or may reuse runs."""
    known = begun(planned, store)
    if reuses or planned.study.rule.root or store.ledger(known.hash):
        return known
    return _with_fresh_seeds(planned, store)


def _with_fresh_seeds(planned: Plan, store: Store) -> Plan:
    """The plan with seeds whose runs nobody has seen: those of root 0 while no run of them is there, else of another.

    A person who knows results can choose a margin, a number of seeds or a variant that they favor. So a new plan does
    not rest on them.
    """
    if not (seen := _seen(planned, store)):
        return planned
    there = store.runs(seen & set(store.ids()))
    judges = dict.fromkeys(look.plan for look in store.judged(seen))
    known = f" from plan {', '.join(judges)}" if judges else ""
    saved = sum(run.cost.wall_seconds for run in there)
    cost = f"; to train {'it' if len(there) == 1 else 'them'} again takes about {duration(saved)}" if there else ""
    fresh = _at_free_root(planned, store)
    note = (
        f"fresh seeds (root {fresh.study.rule.root}): the results of {counted(len(seen), 'run')} that this study would "
        f"use are already known{known}{cost}. --reuse uses them, and the verdicts say so"
    )
    return dataclasses.replace(fresh, note=note)


def _replicated(planned: Plan, store: Store) -> Plan:
    """The same question once more: a replication that is not done goes on, else one with the next free seeds begins."""
    where, known = planned.study.where, askings(planned.study, planned.fingerprint, store)
    if not known:
        raise StudyError(f"{where}: there is nothing to replicate yet: run it once without --replicate")
    if planned.study.rule.root:
        raise StudyError(f"{where}: this study sets its root: leave root out, and --replicate takes the next one")
    if len(known) > 1 and result_of(known[-1], store).decision.wanted:
        return known[-1]
    if len(known) == 1 and result_of(known[0], store).decision.wanted:
        raise StudyError(f"{where}: its first answer is not complete yet: run it without --replicate to continue")
    fresh = _at_free_root(known[0], store)
    note = f"a replication of plan {known[0].hash}, with the seeds of root {fresh.study.rule.root}"
    return dataclasses.replace(fresh, note=note)


def in_one_round(planned: Plan, others: Sequence[Plan], store: Store) -> Plan:
    """The replication of a study on one of its data sets, in step with those on the others.

    While one of these goes on, as after a kill, a data set that is done with this round is not asked another time.
    """
    known = _all_askings(planned, store)
    there = [(other, _all_askings(other, store)) for other in others if other.study.where == planned.study.where]
    going_on = [len(asked) for other, asked in there if other.hash in {one.hash for one in asked}]
    is_fresh = planned.hash not in {one.hash for one in known}
    return known[-1] if is_fresh and going_on and len(known) >= min(going_on) else planned


def _all_askings(planned: Plan, store: Store) -> list[Plan]:
    """The plans with the seeds of any root by which the question of this one was asked."""
    return askings(at_root(planned, 0).study, planned.fingerprint, store)


def _seen(planned: Plan, store: Store) -> set[str]:
    """The runs of a plan that are there, or were removed."""
    own = {spec.id for spec in planned.most}
    return own & {*store.ids(), *(grave.run for grave in store.removed())}


def _at_free_root(planned: Plan, store: Store) -> Plan:
    for root in range(1, MOST_ROOTS + 1):
        if not _seen(fresh := at_root(planned, root), store):
            return fresh
    raise StudyError(
        f"{planned.study.where}: all {MOST_ROOTS} roots have been used: --reuse uses runs whose results are known"
    )


def _check_locked(planned: Plan, store: Store) -> None:
    """Raise if a study of this name has runs under another plan: rules that follow results decide nothing."""
    name, there = planned.study.name, set(store.ids())
    for kept in store.studies():
        if kept.name != name or kept.fingerprint != planned.fingerprint or kept.plan == planned.hash or not kept.text:
            continue
        try:
            before = plan_of(kept)
        except AblabError:  # a text that cannot be read any more binds nobody
            continue
        is_same = at_root(before, planned.study.rule.root).hash == planned.hash  # with other seeds
        if is_same or there.isdisjoint(run.id for run in before.most):
            continue
        listed = "\n    ".join(changes(before.study, planned.study)) or "the version of the decision rules"
        raise StudyError(
            f"{planned.study.where}: this study started as plan {kept.plan}, and has changed since:\n"
            f"    {listed}\nundo the change to continue; to start a new study with it, add --new: the ledger "
            "counts it, and its verdicts say how many runs were known before"
        )
