"""A study of trials as a store keeps it, from which its question, its names and its plan come back."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ablab.errors import AblabError, InputError, StudyError
from ablab.study.question.rule import Rule
from ablab.trial import LockedTrials
from ablab.trials.plan import Plan, plan
from ablab.trials.question import Arm, TrialStudy
from ablab.trials.rules import measure_of

CALLED = ("command", "function", "files", "limit", "file", "pattern")  # facts of what is called


@dataclass(frozen=True)
class Recorded:
    """What a study called, as the store knows it: it can be shown and not be called."""

    shown: str
    facts: Mapping[str, Any]

    def check(self, calls: int = 1) -> None:  # noqa: ARG002 (it cannot be called at all)
        raise InputError(f"{self.shown}: this study comes from a store; to run it, use its own file or script")

    def cautions(self, arguments: Iterable[str]) -> tuple[str, ...]:  # noqa: ARG002
        return ()


def kept(planned: Plan, time: str) -> LockedTrials:
    """The plan as a store keeps it, locked since a time."""
    study = planned.study
    text = {
        "facts": study.facts,
        "first": [trial.id for trial in planned.trials(range(1))],
        "question": study.question,
        "names": {arm.arguments: arm.name for arm in study.variants},
        "shown": study.subject.shown,
    }
    return LockedTrials(planned.hash, study.name, json.dumps(text), study.rule.root, time)


def plan_of(entry: LockedTrials) -> Plan:
    """The plan of an entry of a store; an error where this version makes another one of its text."""
    try:
        planned = plan(_study(entry))
        if planned.hash == entry.plan:
            return Plan(planned.study, locked=entry.time)
    except (ValueError, TypeError, LookupError, AttributeError, AblabError):
        pass
    raise StudyError(f"{entry.name}: its text does not lead to plan {entry.plan}: another version of ablab made it")


def _study(entry: LockedTrials) -> TrialStudy:
    """The study of an entry. Older versions kept neither the question nor the names of variants."""
    text = json.loads(entry.text)
    facts = text["facts"]
    called = {key: facts[key] for key in facts if key in CALLED}
    names = text.get("names") or {arguments: arguments for arguments in facts["variants"]}
    words = shlex.join(called["command"]) if "command" in called else "a function"
    rule = Rule(
        margin=facts["margin"],
        confidence=facts["confidence"],
        seeds=tuple(facts["seeds"]),
        budget=facts.get("budget"),
        root=facts.get("root", 0),
    )
    return TrialStudy(
        question=text.get("question") or f"{entry.name}: what do these arguments change?",
        subject=Recorded(text.get("shown") or words, called),
        base=facts["base"],
        variants=tuple(Arm(name, arguments) for arguments, name in names.items()),
        measure=measure_of(facts, facts["metric"], rule.margin),
        rule=rule,
        name=entry.name,
        has_repeat=facts.get("repeat", True),
    )
