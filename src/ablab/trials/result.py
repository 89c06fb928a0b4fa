"""TrialResult: what a study of a program or a function came to, and how it is found in a store."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ablab.errors import InputError
from ablab.nouns import counted
from ablab.store.trials import locked, outcomes
from ablab.trial import LockedTrials, Outcome
from ablab.trials.decide import Decision, decide
from ablab.trials.plan import Plan, plan
from ablab.trials.question import Arm, TrialStudy
from ablab.trials.verdict import TrialVerdict

if TYPE_CHECKING:
    from ablab.store import Store


@dataclass(frozen=True, repr=False)
class TrialResult:
    """The plan, the outcomes that there are, and the verdicts on them."""

    plan: Plan
    outcomes: Mapping[str, Outcome]  # by the ids of the trials
    decision: Decision
    again: tuple[TrialResult, ...] = ()  # what the same question came to with other seeds
    pooled: tuple[Any, ...] = ()  # nothing: no plan of trials says beforehand that its replications are pooled

    to_html: ClassVar[Callable[..., str]]  # given by ablab.api, which can write reports

    @property
    def study(self) -> TrialStudy:
        return self.plan.study

    @property
    def is_empty(self) -> bool:
        """Whether no trial has ended yet."""
        return not self.outcomes

    @property
    def verdicts(self) -> tuple[TrialVerdict, ...]:
        return self.decision.verdicts

    def verdict(self, variant: str) -> TrialVerdict | None:
        """The verdict of a variant; None for the base."""
        return next((verdict for verdict in self.verdicts if verdict.variant == variant), None)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know beside the verdicts."""
        ended = (self.decision.ended,) if self.decision.ended else ()
        return (*self.decision.remarks, *ended)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of its trials, those of the base first."""
        return tuple(outcome.trial.id for arm in self.study.arms for outcome in self.of(arm))

    def of(self, arm: Arm) -> tuple[Outcome, ...]:
        """The outcomes of the base or of a variant, in the order of seeds."""
        found = self.plan.counted(self.outcomes)
        return tuple(outcome for (text, _), outcome in sorted(found.items()) if text == arm.arguments)

    def to_dict(self) -> dict[str, Any]:
        """The verdicts with what they rest on."""
        return {
            "study": self.study.name,
            "question": self.study.question,
            "plan": self.plan.hash,
            "root": self.study.rule.root,
            "metric": self.study.measure.metric.name,
            "unit": self.study.measure.metric.gap_unit,
            "verdicts": [dataclasses.asdict(verdict) for verdict in self.verdicts],
            "trials": [
                {
                    "id": outcome.trial.id,
                    "arm": arm.name,
                    "seed": outcome.trial.seed,
                    "status": outcome.status,
                    "figures": outcome.figures,
                    "seconds": outcome.seconds,
                    "note": outcome.note,
                }
                for arm in self.study.arms
                for outcome in self.of(arm)
            ],
            "remarks": list(self.remarks),
            "wanted": len(self.decision.wanted),
            **({"again": [_answers(other) for other in self.again]} if self.again else {}),
        }

    def to_json(self) -> str:
        """The same as text."""
        return json.dumps(self.to_dict(), allow_nan=False)

    def __repr__(self) -> str:
        words = ", ".join(f"{verdict.variant}: {verdict.word}" for verdict in self.verdicts)
        return f"<TrialResult of {self.study.name}: {words}; {counted(len(self.outcomes), 'trial')}>"


def _answers(result: TrialResult) -> dict[str, Any]:
    """What a replication came to."""
    return {
        "root": result.study.rule.root,
        "verdicts": [dataclasses.asdict(verdict) for verdict in result.verdicts],
    }


def result_of(planned: Plan, store: Store) -> TrialResult:
    """What the outcomes in a store say of a plan; beside the first answer to a question stand its replications."""
    asked = askings(planned.study.at_root(0), store)
    others = asked[1:] if asked and asked[0].hash == planned.hash else []
    return dataclasses.replace(_one(planned, store), again=tuple(_one(other, store) for other in others))


def _one(planned: Plan, store: Store) -> TrialResult:
    found = there(planned, store)
    return TrialResult(planned, found, decide(planned, found))


def there(planned: Plan, store: Store) -> dict[str, Outcome]:
    """The outcomes that a plan may rest on. One that was removed and called again is known since it first ended."""
    first = {grave.run: grave.ended for grave in reversed(store.removed())}
    found = outcomes(store, (trial.id for trial in planned.possible))
    return {
        id_: dataclasses.replace(outcome, time=min(outcome.time, first.get(id_, outcome.time)))
        for id_, outcome in found.items()
    }


def askings(study: TrialStudy, store: Store) -> list[Plan]:
    """The plans by which a store has asked a question, each with its seeds, the one that was begun first in front."""
    kept = (entry for entry in locked(store) if plan_at(study, entry.root).hash == entry.plan)
    return [_as_locked(study, entry) for entry in kept]


def begun(study: TrialStudy, store: Store) -> Plan | None:
    """The plan by which a store has begun a study, with its seeds; None where it has not."""
    return next(iter(askings(study, store)), None)


def plan_at(study: TrialStudy, root: int) -> Plan:
    """The plan with the seeds of a root; a study that names its own keeps it."""
    return plan(study.at_root(study.rule.root or root))


def _as_locked(study: TrialStudy, entry: LockedTrials) -> Plan:
    return dataclasses.replace(plan_at(study, entry.root), locked=entry.time)


def look_up(study: TrialStudy, store: Store) -> TrialResult:
    """A study as the store has it; nothing is called."""
    planned = begun(study, store)
    if planned is None:
        raise InputError(
            f"{study.where}: this store has no run of this study, or the study has changed since; start it with: "
            f"ablab run {study.where}"
        )
    return result_of(planned, store)
