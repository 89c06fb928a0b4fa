"""Plan: which trials a study wants at first and at most, and the hash that tells whether two plans are the same."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ablab import randomness
from ablab.errors import StudyError
from ablab.statistics.sequential import Design
from ablab.study.plan import EACH_ROOT
from ablab.trial import Outcome, Trial, digest
from ablab.trials.question import TrialStudy

RULE = 1  # the version of the rules that decide a study of trials

Found = Mapping[tuple[str, int], Outcome]  # by the arguments and the number of the seed


@dataclass(frozen=True, repr=False)
class Plan:
    """A study with its seeds."""

    study: TrialStudy
    note: str = ""  # why its seeds are not the first ones
    locked: str = ""  # since when, UTC and ISO 8601; empty before

    def __repr__(self) -> str:
        return f"<Plan {self.hash} of {self.study.name}: {self.wanted} to {self.most} trials>"

    @functools.cached_property
    def hash(self) -> str:
        return digest([RULE, self.study.facts])

    @property
    def first_seed(self) -> int:
        return self.study.rule.root * EACH_ROOT

    @property
    def wanted(self) -> int:
        """How many trials it takes before the first verdict."""
        return self.trials_with(self.study.rule.seeds[0])

    @property
    def most(self) -> int:
        """How many it takes if nothing is decided before the last seed."""
        return self.trials_with(self.study.rule.seeds[1])

    def trials_with(self, seeds: int) -> int:
        """How many trials so many seeds of every arm are, with the repeated one."""
        return seeds * len(self.study.arms) + self.study.has_repeat

    @property
    def design(self) -> Design:
        """What the plan settles for the looks."""
        rule = self.study.rule
        return Design(*rule.seeds, rule.alpha, len(self.study.variants), rule.margin)

    @property
    def alpha(self) -> float:
        """The error that each comparison is allowed at first."""
        return self.study.rule.alpha / len(self.study.variants)

    def trial(self, arguments: str, number: int) -> Trial:
        """A call with the seed of this number."""
        return self.study.trial(arguments, self.first_seed + number)

    @property
    def first(self) -> Trial:
        """The trial that comes before all others: where it has no figure, the command is not right yet."""
        return self.trial(self.study.base, 0)

    @property
    def repeat(self) -> Trial | None:
        """The first trial once more, to see whether a seed settles the result."""
        is_wanted = self.study.has_repeat
        return self.study.trial(self.study.base, self.first_seed, is_repeat=True) if is_wanted else None

    def trials(self, numbers: Iterable[int]) -> tuple[Trial, ...]:
        """All arms with the seeds of these numbers, each seed in an order of its own: a slow hour favors none."""
        arguments = [arm.arguments for arm in self.study.arms]
        return tuple(
            self.trial(one, number)
            for number in numbers
            for one in sorted(arguments, key=lambda text: randomness.number(number, f"run order/{text}"))
        )

    @functools.cached_property
    def possible(self) -> tuple[Trial, ...]:
        """Every trial that the plan may rest on."""
        return (*([self.repeat] if self.repeat else []), *self.trials(range(self.study.rule.seeds[1])))

    def counted(self, outcomes: Mapping[str, Outcome]) -> Found:
        """The outcomes by arguments and number of the seed."""
        pairs = ((trial, outcomes.get(trial.id)) for trial in self.possible if not trial.is_repeat)
        return {(trial.arguments, trial.seed - self.first_seed): outcome for trial, outcome in pairs if outcome}

    def at_root(self, root: int) -> Plan:
        return replace(self, study=self.study.at_root(root))


def plan(study: TrialStudy) -> Plan:
    """The plan of a study; an error where its budget ends before the first verdict."""
    planned, rule = Plan(study), study.rule
    if rule.most_runs is not None and rule.most_runs < planned.wanted:
        raise StudyError(
            f"{study.where}: budget = {rule.budget}: {rule.seeds[0]} seeds of {len(study.arms)} sets of arguments are "
            f'{planned.wanted} trials before the first verdict; the smallest budget is "{planned.wanted} runs"'
        )
    return planned
