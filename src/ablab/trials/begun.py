"""What comes before the first trial of a study: its plan as it was begun, what can be foreseen, and the lock."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ablab import grammar
from ablab.errors import StudyError, printable
from ablab.nouns import counted
from ablab.statistics.paired import sd
from ablab.store.history import now
from ablab.store.trials import lock, locked, outcomes
from ablab.study.question.lock import changed
from ablab.study.question.rule import LEAST, MOST_ROOTS
from ablab.trial import Outcome
from ablab.trials.evidence import gather
from ablab.trials.figures import absence
from ablab.trials.kept import kept
from ablab.trials.plan import Plan, plan
from ablab.trials.question import TrialStudy
from ablab.trials.result import askings, begun, result_of, there

if TYPE_CHECKING:
    from ablab.store import Store

LAST_LINES = 12  # of a program's output, in the message that it is not right yet


def check_figures(planned: Plan, found: Mapping[str, Outcome]) -> None:
    """Raise if the first trial is there from another plan without the figure that decides now, or one is no share."""
    first, measure = found.get(planned.first.id), planned.study.measure
    if first and first.figures and measure.of(first.figures) is None:
        why = absence(first.figures, measure.name, is_file=False, has_pattern=False)
        raise StudyError(f"{planned.study.where}: trial {first.trial.id} already exists: {why}")
    for outcome in found.values():
        check_share(planned, outcome)


def check_share(planned: Plan, outcome: Outcome) -> None:
    """Raise if a figure is in percent where the study expects a share: every effect would be 100 times too large."""
    study = planned.study
    value = study.measure.oversize(outcome.figures)
    if value is None:
        return
    trial = outcome.trial
    arm = next((f'"{arm.name}"' for arm in study.variants if arm.arguments == trial.arguments), "the base")
    remedy = f"give {value / 100:g} instead, or remove the unit" if abs(value) <= 100 else "remove the unit"
    raise StudyError(
        f'{study.where}: {value:g} is not a share from 0 to 1 ({arm} with seed {trial.seed}). With the unit "%", ablab '
        f"multiplies each figure by 100: {remedy}. Without a unit, the margin is in the unit of the figure"
    )


def foreseen(
    study: TrialStudy, store: Store | None, *, reuses: bool = False
) -> tuple[Plan, dict[str, Outcome], float | None]:
    """The plan, the outcomes that are there, and the largest sd of a difference that 3 pairs or more show."""
    planned = prepared(study, store, is_new=True, reuses=reuses) if store else plan(study)
    found = there(planned, store) if store else {}
    gaps = [evidence.series.differences for evidence in gather(planned, planned.counted(found))]
    return planned, found, max((sd(each) for each in gaps if len(each) >= LEAST), default=None)


def prepared(
    study: TrialStudy, store: Store, *, is_new: bool = False, reuses: bool = False, replicates: bool = False
) -> Plan:
    """The plan as a store has begun it; a new one has fresh seeds, unless it names its own or may reuse trials."""
    if replicates:
        return _replicated(study, store)
    known = begun(study, store)
    if known:
        return known
    planned = plan(study)
    if not is_new:
        _check_locked(planned, store)
    if reuses or study.rule.root:
        return planned
    return _fresh(planned, store)


def _fresh(planned: Plan, store: Store) -> Plan:
    """The plan with seeds whose trials nobody has seen: a person who knows results can choose a margin to fit them."""
    seen = _seen(planned, store)
    if not seen:
        return planned
    other = _at_free_root(planned, store)
    note = (
        f"fresh seeds (root {other.study.rule.root}): the results of {counted(len(seen), 'trial')} that this "
        "study would use are already known. --reuse uses them, and the verdicts say so"
    )
    return dataclasses.replace(other, note=note)


def _replicated(study: TrialStudy, store: Store) -> Plan:
    """The same question once more: a replication that is not done goes on, else one with the next free seeds begins."""
    known = askings(study, store)
    if not known:
        raise StudyError(f"{study.where}: there is nothing to replicate yet: run it once without --replicate")
    if study.rule.root:
        raise StudyError(f"{study.where}: this study sets its root: leave root out, and --replicate takes the next one")
    if result_of(known[-1], store).decision.wanted:
        if len(known) == 1:
            complete = "its first answer is not complete yet: run it without --replicate to continue"
            raise StudyError(f"{study.where}: {complete}")
        return known[-1]
    fresh = _at_free_root(known[0], store)
    note = f"a replication of plan {known[0].hash}, with the seeds of root {fresh.study.rule.root}"
    return dataclasses.replace(fresh, note=note, locked="")


def _at_free_root(planned: Plan, store: Store) -> Plan:
    """The plan with the first seeds whose trials nobody has seen."""
    for root in range(1, MOST_ROOTS + 1):
        if not _seen(other := planned.at_root(root), store):
            return other
    where = planned.study.where
    raise StudyError(f"{where}: all {MOST_ROOTS} roots have been used: --reuse uses trials whose results are known")


def _seen(planned: Plan, store: Store) -> set[str]:
    """The trials of a plan that are there, or were removed."""
    own = {trial.id for trial in planned.possible}
    return {*outcomes(store, own), *(grave.run for grave in store.removed() if grave.run in own)}


def _check_locked(planned: Plan, store: Store) -> None:
    """Raise if a study of this name has trials under another plan: rules that follow results decide nothing."""
    study = planned.study
    for entry in locked(store):
        if entry.name != study.name or entry.plan == planned.hash:
            continue
        before = json.loads(entry.text)
        if not outcomes(store, before["first"]):
            continue
        listed = "\n    ".join(_changes(before["facts"], study.facts)) or "the version of the decision rules"
        new = "add --new" if study.path else "pass is_new=True"
        raise StudyError(
            f"{study.where}: this study started as plan {entry.plan}, and has changed since:\n"
            f"    {listed}\nundo the change to continue; to start a new study with it, {new}"
        )


def _changes(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """What decides, and is not as it was, one line each."""
    for key in dict.fromkeys([*before, *now]):
        old, new = before.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
            yield from ([f"{key}: {', '.join(names)} changed"] if names else [])
        elif old != new:
            yield changed(key, _shown(old), _shown(new))


def _shown(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ", ".join(value)
    return "" if value in (None, "") else grammar.show(value)


def locked_now(planned: Plan, store: Store) -> Plan:
    """The plan, locked now or since it was begun."""
    if planned.locked:
        return planned
    entry = kept(planned, now())
    lock(store, entry)
    return dataclasses.replace(planned, locked=entry.time)


def not_right_yet(planned: Plan, outcome: Outcome) -> str:
    """Why a study does not start: its first trial has no figure, which is kept for nothing."""
    study = planned.study
    said = (outcome.errors.strip() or outcome.output.strip()).splitlines()[-LAST_LINES:]
    ends = "".join(f"\n    {printable(line)}" for line in said)
    return (
        f"{study.where}: the first trial, the base with seed {outcome.trial.seed}, has no figure: {outcome.note}. "
        f"Nothing was kept; mend it and run the study again{':' if ends else '.'}{ends}"
    )
