"""Result: what a study came to, with everything that a presentation of it needs; look_up finds it in a store."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from ablab import nouns
from ablab.errors import InputError, StudyError
from ablab.recipe import Recipe
from ablab.records import DataFacts, Ledger, Run, RunSpec, StudyText
from ablab.store import Store
from ablab.study import Decision, Plan, Study, Verdict, decide, plan
from ablab.study.dataframes import arrow, frame
from ablab.study.decide import counted
from ablab.study.factorial import Contrast, contrasts
from ablab.study.failures import Pair
from ablab.study.known import history, with_known
from ablab.study.plan import plans
from ablab.study.pooled import Pooled, pooled
from ablab.study.question.published import SCALES
from ablab.study.question.rates import FIRST
from ablab.study.retuning import retuned, tried
from ablab.study.roots import at_root, rooted
from ablab.study.tuning import Tuned, disagreements, next_steps, trials_wanted, tuned


@dataclass(frozen=True, repr=False)
class Arm:
    """A recipe under the name that it has in the study, with its runs in the order of seeds."""

    name: str
    recipe: Recipe
    runs: tuple[Run, ...]
    place: int  # in the study: 0 is the base's

    @property
    def measured(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.test)

    def __repr__(self) -> str:
        return f"<Arm {self.name}: {nouns.counted(len(self.runs), 'run')}>"


# What of a verdict can be said of a study that explores.
SEEN = ("variant", "change", "effect", "low", "high", "pairs", "base_accuracies", "accuracies", "failures")


@dataclass(frozen=True, repr=False)
class Result:
    """What a study came to: its plan, the runs that were looked at, the verdicts, and its place in the ledger."""

    study: Study
    plan: Plan
    runs: tuple[Run, ...]
    decision: Decision
    ledger: Ledger | None = None
    data: DataFacts | None = None
    tuned: Tuned | None = None  # where learning rates were tuned: the trials, and below what the study says with them
    after_tuning: Result | None = None
    elsewhere: tuple[tuple[str, tuple[Verdict, ...]], ...] = ()  # verdicts on the question's other data sets, by name
    again: tuple[Result, ...] = ()  # what the same question came to with other seeds
    pooled: tuple[Pooled, ...] = ()  # what these say together, where the plan said beforehand that they are pooled

    plot_effects: ClassVar[Callable[..., Any]]  # given by ablab.api, which can draw

    @property
    def is_empty(self) -> bool:
        """Whether no run has ended yet."""
        return not self.runs

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Those by the first metric that decides."""
        return self.decision.verdicts

    @cached_property
    def arms(self) -> tuple[Arm, ...]:
        """The base and the variants, each with its runs."""
        return arms_of(self.study, self.runs)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of its runs, those of the base first."""
        return tuple(run.id for arm in self.arms for run in arm.runs)

    def pairs(self, verdict: Verdict) -> tuple[Pair, ...]:
        """The pairs of runs that a verdict rests on: those of the first seeds, as many as it says."""
        arm = self.arm(verdict.variant)
        return pairs_of(self.arms[0], arm, verdict) if arm else ()

    def arm(self, name: str) -> Arm | None:
        """The base or a variant by its name; None where the study has no such recipe."""
        return next((arm for arm in self.arms if arm.name == name), None)

    def verdict(self, variant: str) -> Verdict | None:
        """The verdict of a variant; None for the base."""
        return next((verdict for verdict in self.verdicts if verdict.variant == variant), None)

    @cached_property
    def contrasts(self) -> tuple[Contrast, ...]:
        """Main effects and interactions, where variants are cells of a grid."""
        return contrasts(self.plan, self.runs)

    @property
    def disagreements(self) -> tuple[str, ...]:
        """The variants on which the study says another word once every recipe has its own learning rate."""
        return disagreements(self.verdicts, self.after_tuning.verdicts if self.after_tuning else ())

    def to_frame(self, of: str = "runs") -> Any:
        """The runs, or the verdicts, as a pandas data frame."""
        return frame(self.study, self.runs, self.decision.every, of)

    def to_arrow(self, of: str = "runs") -> Any:
        """The runs, or the verdicts, as an Arrow table."""
        return arrow(self.study, self.runs, self.decision.every, of)

    def to_dict(self) -> dict[str, Any]:
        """The verdicts with everything that they rest on but the runs' own records.

        One that explores decides nothing: it has `effects`, without a word for them.
        """
        facts: dict[str, Any] = {
            "study": self.study.name,
            "question": self.study.question,
            "plan": self.plan.hash,
            "runs": [run.id for run in self.runs],
        }
        verdicts = [dataclasses.asdict(verdict) for verdict in self.verdicts]
        if self.plan.explores:
            return {**facts, "explores": True, "effects": [{key: it[key] for key in SEEN} for it in verdicts]}
        facts["verdicts"] = verdicts
        if self.decision.also:
            facts["also"] = [dataclasses.asdict(verdict) for also in self.decision.also for verdict in also]
        facts["ledger"] = dataclasses.asdict(self.ledger) if self.ledger else None
        facts["wanted"] = len(self.decision.wanted)
        facts["root"] = self.study.rule.root
        if self.again:
            facts["again"] = [
                {"root": other.study.rule.root, "verdicts": [dataclasses.asdict(each) for each in other.verdicts]}
                for other in self.again
            ]
            facts["pooled"] = [dataclasses.asdict(answer) for answer in self.pooled]
        if self.after_tuning:
            facts["after_tuning"] = [dataclasses.asdict(verdict) for verdict in self.after_tuning.decision.every]
            facts["disagreements"] = self.disagreements
        return facts

    def to_json(self) -> str:
        """The same as text."""
        return json.dumps(self.to_dict(), allow_nan=False)

    def __repr__(self) -> str:
        words = ", ".join(f"{verdict.name}: {verdict.word}" for verdict in self.decision.every)
        return f"<Result of {self.study.name}: {words}; {len(self.runs)} runs>"


def together(results: Sequence[Result]) -> list[Result]:
    """The results of one question on several data sets, each with the verdicts of the others."""
    verdicts = {result.study.base.data: result.verdicts for result in results}
    return [
        dataclasses.replace(
            result, elsewhere=tuple((data, seen) for data, seen in verdicts.items() if data != result.study.base.data)
        )
        for result in results
    ]


def arms_of(study: Study, runs: Iterable[Run]) -> tuple[Arm, ...]:
    """The base and the variants with the runs of each; runs of other recipes are not of this study."""
    by_name: dict[str, dict[str, Run]] = {}
    for run in runs:
        by_name.setdefault(study.names.get(run.spec.recipe.hash, ""), {})[run.id] = run
    return tuple(
        Arm(
            name,
            recipe,
            tuple(sorted(by_name.get(name, {}).values(), key=lambda run: (run.spec.seed, run.id))),
            place=at,
        )
        for at, (name, recipe) in enumerate(study.named.items())
    )


def pairs_of(base: Arm, arm: Arm, verdict: Verdict) -> tuple[Pair, ...]:
    """The pairs of runs that a verdict rests on, but for those of which one was never measured."""
    one, other = ({(run.spec.fingerprint, run.spec.seed): run for run in each.measured} for each in (base, arm))
    return tuple((one[key], other[key]) for key in sorted(one.keys() & other.keys()) if key[1] in verdict.seeds)


def answered(runs: Iterable[Run], data: DataFacts) -> tuple[Run, ...]:
    """The runs whose answers to these very test images are known; one that explores has answered other images."""
    return tuple(
        run
        for run in runs
        if run.test and run.predictions and run.spec.fingerprint == data.fingerprint and not run.spec.explores
    )


def answered_pairs(pairs: Sequence[Pair], data: DataFacts) -> tuple[Pair, ...]:
    """The pairs whose answers are known on both sides."""
    return tuple(pair for pair in pairs if len(answered(pair, data)) == 2)


def plans_in(store: Store, study: Study) -> list[Plan]:
    """The plans of a study on all data in a store, the one that was begun last in front.

    On data on which none was begun it is the plan under the newest protocol.
    """
    kept = store.studies()
    order = {entry.plan: at for at, entry in enumerate(kept)}
    found: list[Plan] = []
    for fingerprint in dict.fromkeys([*store.fingerprints(), *(entry.fingerprint for entry in kept)]):
        found += askings(study, fingerprint, store) or plans(study, fingerprint)[:1]
    return sorted(found, key=lambda planned: order.get(planned.hash, -1), reverse=True)


def askings(study: Study, fingerprint: str, store: Store) -> list[Plan]:
    """The plans by which a store has asked a question on these data, the one that was begun first in front.

    A study that names no root may have been asked with the seeds of any.
    """
    kept = [entry for entry in store.studies() if entry.fingerprint == fingerprint]
    roots = [study.rule.root] if study.rule.root else list(dict.fromkeys([0, *(entry.root for entry in kept)]))
    possible = {one.hash: one for root in roots for one in plans(rooted(study, root), fingerprint)}
    return [possible[entry.plan] for entry in kept if entry.plan in possible]


def study_of(kept: StudyText) -> Study:
    """A study in a store, from its text.

    Where an older version kept it, neither its data set nor its scale is known: it is the one with the kept plan.
    """
    if kept.data and kept.scale:
        parts = _parts(kept, kept.scale)
        return next((part for part in parts if part.base.data == kept.data), parts[0])
    for scale in SCALES:
        try:
            parts = _parts(kept, scale)
        except StudyError:
            if scale == SCALES[0]:
                raise
            continue
        for part in parts:
            if any(planned.hash == kept.plan for planned in plans(part, kept.fingerprint)):
                return part
    raise _unknown(kept)


@functools.lru_cache(maxsize=1024)
def plan_of(kept: StudyText) -> Plan:
    """The plan of a study in a store; an error where this version makes another one of its text."""
    for planned in plans(study_of(kept), kept.fingerprint):
        if planned.hash == kept.plan:
            return planned
    raise _unknown(kept)


def begun(planned: Plan, store: Store) -> Plan:
    """The plan with the protocol and the seeds with which a store has begun it; as it is where it is new."""
    return next(iter(askings(planned.study, planned.fingerprint, store)), planned)


def _parts(kept: StudyText, scale: str) -> tuple[Study, ...]:
    parts = Study.from_toml(kept.text, f"{kept.name}.toml", scale).parts
    named = (dataclasses.replace(part, name=kept.name, path="") for part in parts)
    return tuple(rooted(part, kept.root or part.rule.root) for part in named)


def _unknown(kept: StudyText) -> StudyError:
    return StudyError(f"{kept.name}: this study does not lead to plan {kept.plan}: another version of ablab made it")


def look_up(study: Study, store: Store) -> Result:
    """A study as the store has it; nothing is trained and no data is read."""
    last = next((one for one in plans_in(store, study) if store.ledger(one.hash)), None)
    planned = None if last is None else begun(plan(study, last.fingerprint), store)
    if planned is None:
        raise InputError(
            f"{study.where}: this store has no run of this study yet, or the study has changed since; start it with: "
            f"ablab run {study.words}"
        )
    return result_of(planned, store)


def result_of(planned: Plan, store: Store, runs: tuple[Run, ...] | None = None, *, with_again: bool = True) -> Result:
    """What the runs in a store say of a plan; a caller that has read them already gives them."""
    if runs is None:
        runs = tuple(store.runs(run.id for run in planned.possible))
    data = store.data(planned.fingerprint)
    planned = planned.on(data)
    decision = decide(planned, runs, labels=data.labels if data and not planned.explores else None)
    if planned.study.is_retuned:
        runs = tuple(counted(planned, runs).values())
    if not planned.explores:
        ids = {run.id for run in runs}
        graves = [grave for grave in store.removed() if grave.run in ids]
        decision = with_known(decision, planned, runs, history(store.locked(planned.hash), store.judged(ids), graves))
    result = Result(planned.study, planned, runs, decision, store.ledger(planned.hash), data)
    if with_again and not planned.explores:
        result = with_replications(result, tuple(_again(planned, store)))
    chosen = tuned_rates(planned, store) if planned.study.tune and not planned.explores else None
    return dataclasses.replace(result, tuned=chosen, after_tuning=_after_tuning(result, chosen, store))


def with_replications(result: Result, again: tuple[Result, ...]) -> Result:
    """The result with its replications beside it, pooled where the plan said so."""
    classes = len(set(result.data.labels)) if result.data else 0
    answers = [(one.plan, one.runs, one.verdicts) for one in (result, *again)]
    return dataclasses.replace(result, again=again, pooled=pooled(answers, classes if classes > 1 else None))


def _again(planned: Plan, store: Store) -> Iterator[Result]:
    """The same study with other seeds, where this one is the first that was begun."""
    own = [
        entry
        for entry in store.studies(planned.kept.text)
        if (entry.scale, entry.fingerprint) == (planned.study.scale, planned.fingerprint)
    ]
    if own and own[0].plan == planned.hash:
        for entry in own[1:]:
            if (other := at_root(planned, entry.root)).hash == entry.plan:  # not so the one at tuned rates
                yield result_of(other, store, with_again=False)


def _after_tuning(result: Result, chosen: Tuned | None, store: Store) -> Result | None:
    """What the study says at the rates that won, on the same data; None before it was begun."""
    if chosen is None or result.decision.wanted:
        return None
    planned = plan(chosen.study, result.plan.fingerprint, protocol=result.plan.protocol)
    return result_of(planned, store) if store.ledger(planned.hash) else None


def tuned_rates(planned: Plan, store: Store) -> Tuned | None:
    """What the trials say, on a grid that widens until no winner stands at its end; None where some are missing.

    Where rates are chosen for each seed, trials are wanted by the study at tuned rates itself: what there is is shown.
    """
    if planned.study.tunes_each:
        each = plan(retuned(planned.study), planned.fingerprint, protocol=planned.protocol)
        return tried(each, store.runs(spec.id for spec in each.most if spec.explores))
    steps, runs, missing = _trials(planned, store)
    return None if missing else tuned(planned.study, runs, steps)


def missing_trials(planned: Plan, store: Store) -> list[RunSpec]:
    """The trials that the grid wants as wide as it is by now; none once rates can be chosen."""
    return _trials(planned, store)[2]


def _trials(planned: Plan, store: Store) -> tuple[tuple[int, int], list[Run], list[RunSpec]]:
    """The grid that the trials in a store call for, those that are there, and those that are missing."""
    steps = FIRST
    while True:
        trials = trials_wanted(planned.study, planned.fingerprint, steps)
        runs = store.runs(trial.id for trial in trials)
        there = {run.id for run in runs}
        missing = [trial for trial in trials if trial.id not in there]
        wider = steps if missing else next_steps(planned.study, runs, steps)
        if wider == steps:
            return steps, runs, missing
        steps = wider
