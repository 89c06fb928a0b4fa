"""A hand-in taken apart: its runs and its studies, judged anew from the runs alone."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ablab.catalogue import is_own
from ablab.errors import InputError
from ablab.grading.hand_in import HandIn
from ablab.records import Removed, Run, StudyText
from ablab.result import Result, askings, plan_of, result_of
from ablab.store import Store
from ablab.store.exchange import Taken, take
from ablab.store.trials import locked
from ablab.study import Plan, Study


@dataclass(frozen=True)
class Opened:
    """What a hand-in holds. `results` are of the assignment's plans where it has them, else of its own last plan."""

    hand_in: HandIn
    taken: Taken
    runs: tuple[Run, ...]
    removed: tuple[Removed, ...]
    studies: tuple[StudyText, ...]
    results: tuple[Result, ...]
    locked: tuple[str, ...]  # when the plan of each result was: UTC, ISO 8601; empty where the file does not say
    is_assigned: bool  # whether the results are of the assignment's plans


def opened(hand_in: HandIn, assigned: Sequence[Study], *, own_code: bool = False) -> Opened:
    """Read a hand-in into a store of its own, which is gone afterwards, and judge its runs.

    An error where the file is damaged, has no study, or needs a Python file to be executed that nobody allowed.
    """
    if len(hand_in.exports) != 1:
        many = f"{len(hand_in.exports)} exports" if hand_in.exports else "no export"
        raise InputError(f"{many} of runs in this folder; hand in one file NAME.ablab")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store")
        taken = take(store, hand_in.exports[0])
        plans = [planned for study in assigned for planned in _assigned(study, store)]
        is_assigned = bool(plans)
        plans = plans or [_own_plan(store)]
        for planned in plans:
            _check_own_metrics(planned.study, allowed=own_code)
        return Opened(
            hand_in=hand_in,
            taken=taken,
            runs=tuple(store.runs()),
            removed=tuple(store.removed()),
            studies=tuple(store.studies()),
            results=tuple(result_of(planned, store) for planned in plans),
            locked=tuple(store.locked(planned.hash) for planned in plans),
            is_assigned=is_assigned,
        )


def _assigned(study: Study, store: Store) -> list[Plan]:
    """The plan of an assignment as a hand-in has begun it, first with the seeds that were planned."""
    found = [planned for fingerprint in store.fingerprints() for planned in askings(study, fingerprint, store)]
    return sorted(found, key=lambda planned: planned.study.rule.root)[:1]


def _own_plan(store: Store) -> Plan:
    """The plan that a hand-in itself brings: the one that was begun last."""
    kept = store.studies()
    if programs := () if kept else locked(store):
        raise InputError(
            f"{programs[-1].name} is a study of a program, and ablab grade checks studies of recipes alone. Its "
            "verdicts are read with: ablab runs import NAME.ablab, then ablab report STUDY"
        )
    if not kept:
        raise InputError(
            "there is no study in this file, so these are single runs and not evidence; to hand in a study, "
            "write it with: ablab runs export --study STUDY --to NAME.ablab"
        )
    return plan_of(kept[-1])


def _check_own_metrics(study: Study, *, allowed: bool) -> None:
    metrics = (study.rule.metric, *dict(study.rule.also))
    if (own := [name for name in metrics if is_own(name)]) and not allowed:
        raise InputError(f"its verdicts run a Python file, {', '.join(own)}: read it, and allow it with --own-code")
