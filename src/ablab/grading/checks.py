"""The checks of one hand-in that need no training: each gives what it found, in a sentence, with a mark."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ablab.errors import InputError
from ablab.grading.hand_in import handed_verdicts
from ablab.grading.opened import Opened
from ablab.nouns import counted
from ablab.records import Run
from ablab.result import Result, plan_of
from ablab.study import Study
from ablab.study.question.lock import changes
from ablab.verify import read

Check = Literal["file", "plan", "lock", "runs", "verdict", "copies", "re-run"]
CHECKS: tuple[Check, ...] = ("file", "plan", "lock", "runs", "verdict", "copies", "re-run")
Mark = Literal["ok", "look", "wrong"]  # look: a person has to decide
NAMED = 6  # runs in a sentence
FIGURES = ("effect", "low", "high")  # of a verdict that was handed in
NEAR = 1e-6  # relative: two versions of numpy may add in another order


@dataclass(frozen=True)
class Finding:
    """What one check says."""

    check: Check
    mark: Mark
    text: str


def findings(opened: Opened, assigned: tuple[Study, ...]) -> Iterator[Finding]:
    """Everything that a hand-in shows by itself. A check that yields nothing was not made."""
    yield from _file(opened)
    yield from _plan(opened, assigned)
    for result, locked in zip(opened.results, opened.locked, strict=True):
        yield from _lock(result, locked)
        yield from _runs(opened, result)
    yield from _verdict(opened)
    yield from _page(opened)


def _file(opened: Opened) -> Iterator[Finding]:
    for refused in opened.taken.refused:
        yield Finding("file", "wrong", f"run {refused.id} contradicts itself: {refused.why}")
    if not opened.taken.refused:
        yield Finding("file", "ok", f"{counted(len(opened.runs), 'run')} with unchanged digests")


def _plan(opened: Opened, assigned: tuple[Study, ...]) -> Iterator[Finding]:
    if assigned and not opened.is_assigned:
        yield Finding("plan", "wrong", f"not the study of the assignment: {_differences(opened, assigned[0])}")
        return
    if opened.is_assigned and len(opened.results) < len(assigned):
        missing = len(assigned) - len(opened.results)
        yield Finding(
            "plan", "wrong", f"the study was not run on {counted(missing, 'of its data sets', 'of its data sets')}"
        )
    for result in opened.results:
        planned = next((study.rule.root for study in assigned), 0)
        root = result.study.rule.root
        text = f"plan {result.plan.hash}, as assigned" if assigned else f"plan {result.plan.hash}"
        if root != planned:
            text += (
                f", with other seeds than planned (from {result.plan.most[0].seed}): it was begun anew with --new or "
                "--replicate, or after runs of the planned seeds had been seen"
            )
        yield Finding("plan", "ok" if root == planned else "look", text)
        yield from _earlier(opened, result)


def _earlier(opened: Opened, result: Result) -> Iterator[Finding]:
    """Other plans of the same name on the same data: the plan was changed."""
    for kept in opened.studies:
        if (kept.name, kept.fingerprint) != (
            result.study.name,
            result.plan.fingerprint,
        ) or kept.plan == result.plan.hash:
            continue
        try:
            other = plan_of(kept).study
        except InputError as error:
            yield Finding("plan", "look", f"there is another plan of this name, {kept.plan}: {error}")
            continue
        if other.is_tuned or result.study.is_tuned:  # the same question at the rates that its trials chose
            continue
        if told := [line for line in changes(other, result.study) if not line.startswith("root: ")]:
            text = f"the plan was changed: beside {result.plan.hash} there is plan {kept.plan} ({'; '.join(told)})"
            yield Finding("plan", "wrong", text)


def _differences(opened: Opened, assigned: Study) -> str:
    """What the study that was handed in says otherwise."""
    handed = opened.results[0].study
    told = [line for line in changes(assigned, handed) if not line.startswith("root: ")]
    same = "the images are different" if opened.results[0].study.base.data == assigned.base.data else ""
    return "; ".join(told) or same or "its data are different"


def _lock(result: Result, locked: str) -> Iterator[Finding]:
    if not locked:
        yield Finding("lock", "look", "the file does not say when its plan was locked")
        return
    early = [run for run in result.runs if run.plan == result.plan.hash and _ended(run) < locked]
    if early:
        text = f"{counted(len(early), 'run')} ended before the plan was locked ({locked[:16]}): {_named(early)}"
        yield Finding("lock", "wrong", text)
    known = [verdict for verdict in result.decision.every if verdict.known and verdict.known.seen]
    for verdict in known:
        assert verdict.known is not None
        yield Finding(
            "lock",
            "look",
            f"{verdict.name}: {verdict.known.seen} of {counted(verdict.known.runs, 'run')} had results when the plan "
            "was locked, so they may have influenced its variants or its margin",
        )
    if not early and not known:
        yield Finding("lock", "ok", f"locked {locked[:16].replace('T', ' ')} UTC, before its first run ended")


def _runs(opened: Opened, result: Result) -> Iterator[Finding]:
    refused = {one.id for one in opened.taken.refused}
    missing = [spec for spec in result.decision.wanted if spec.id not in refused]
    if missing:
        names = result.study.names
        told = [f"{names.get(spec.recipe.hash, spec.id)} seed {spec.seed}" for spec in missing[:NAMED]]
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        many = counted(len(missing), "run")
        text = f"the plan needs {many} more before it decides: {', '.join(told)}{more}"
        yield Finding("runs", "wrong", text)
    own = {spec.id for spec in result.plan.possible}
    for grave in opened.removed:
        if grave.run in own:
            points = "no accuracy" if grave.accuracy is None else f"{100 * grave.accuracy:.2f} %"
            why = f' ("{grave.why}")' if grave.why else ""
            text = f"run {grave.run}, seed {grave.seed}, was removed on {grave.time[:10]}{why}; it had {points}"
            yield Finding("runs", "look", text)
    if not missing and not refused:
        yield Finding("runs", "ok", f"all {counted(len(result.runs), 'run')} behind the verdicts are there")


def _verdict(opened: Opened) -> Iterator[Finding]:
    """Whether what was handed in as verdicts is what the runs say."""
    path = opened.hand_in.verdicts
    if path is None:
        return
    try:
        handed = handed_verdicts(path)
    except InputError as error:
        yield Finding("verdict", "wrong", str(error))
        return
    for result in opened.results:
        if result.plan.hash not in handed:
            yield Finding("verdict", "wrong", f"{path.name} has verdicts of another plan than {result.plan.hash}")
            continue
        told = list(_other_verdicts(result, handed[result.plan.hash]))
        for text in told:
            yield Finding("verdict", "wrong", text)
        if not told:
            words = "; ".join(f"{verdict.variant} {verdict.word}" for verdict in result.verdicts)
            yield Finding("verdict", "ok", f"the runs agree with the hand-in: {words}")


def _other_verdicts(result: Result, handed: list[dict[str, Any]]) -> Iterator[str]:
    by_name = {str(each.get("variant")): each for each in handed}
    for verdict in result.verdicts:
        said = by_name.get(verdict.variant)
        if said is None:
            yield f"{verdict.variant}: the hand-in has no verdict; the runs say {verdict.word}"
        elif said.get("word") != verdict.word:
            yield f'{verdict.variant}: handed in as "{said.get("word")}"; the runs say "{verdict.word}"'
        else:
            for key in FIGURES:
                ours, theirs = getattr(verdict, key), said.get(key)
                if not _is_near(ours, theirs):
                    yield f"{verdict.variant}: {key} {theirs} was handed in; the runs say {ours}"


def _is_near(ours: float | None, theirs: Any) -> bool:
    if ours is None or not isinstance(theirs, int | float):
        return ours is None and theirs is None
    return math.isclose(ours, theirs, rel_tol=NEAR, abs_tol=NEAR)


def _page(opened: Opened) -> Iterator[Finding]:
    """Whether a report that was handed in embeds the runs of the export."""
    path = opened.hand_in.page
    if path is None:
        return
    try:
        reported = read(path).runs
    except InputError as error:
        yield Finding("verdict", "wrong", str(error))
        return
    runs = {run.id: run for run in opened.runs}
    others = [
        one.spec for one in reported if not _is_reported(runs.get(one.spec.id), one.accuracy, one.predictions_sha256)
    ]
    if others:
        told = ", ".join(f"{spec.id} (seed {spec.seed})" for spec in others[:NAMED])
        yield Finding("verdict", "wrong", f"the report and the export disagree about runs: {told}")
    else:
        yield Finding("verdict", "ok", f"the report shows {counted(len(reported), 'run')} as in the export")


def _is_reported(run: Run | None, accuracy: float | None, digest: str) -> bool:
    if run is None:
        return False
    return (
        accuracy == (run.test.accuracy if run.test else None) and digest == hashlib.sha256(run.predictions).hexdigest()
    )


def _ended(run: Run) -> str:
    return run.origin.time if run.origin else ""


def _named(runs: list[Run]) -> str:
    more = f" and {len(runs) - NAMED} more" if len(runs) > NAMED else ""
    return ", ".join(run.id for run in runs[:NAMED]) + more
