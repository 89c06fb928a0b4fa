"""plan(): which runs a study wants at first and at most, and the hash that tells whether two plans are the same."""

import functools
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ablab import randomness
from ablab.catalogue import is_own
from ablab.errors import StudyError
from ablab.metric import Metric, metric_of
from ablab.own_code import source_digest
from ablab.recipe import Recipe
from ablab.records import DataFacts, RunSpec, StudyText
from ablab.statistics.sequential import Design
from ablab.study.protocol import NEWEST, PROTOCOLS, Protocol
from ablab.study.question.pins import with_digests
from ablab.study.question.rates import FIRST, WIDEST, at_rates
from ablab.study.question.study import Study

EXPLORING = 1_000_000  # the first seed of runs that explore, and of those that tune: none of them is used to confirm
TUNING = 2_000_000
EACH_ROOT = 10_000  # seeds


@dataclass(frozen=True, repr=False)
class Plan:
    """A study on one data set. Its hash stays the same when the question is put in other words or a variant renamed."""

    study: Study
    fingerprint: str  # of the data
    hash: str
    wanted: tuple[RunSpec, ...]  # at first: the fewest runs that could decide
    most: tuple[RunSpec, ...]  # if nothing is decided before the last seed
    others: tuple[RunSpec, ...] = ()  # at other rates of the grid, where rates are chosen for each seed
    explores: bool = False  # on validation images only: differences are seen, but nothing is decided
    protocol: Protocol = NEWEST
    note: str = ""  # why its seeds are not those that the study file would have
    data: DataFacts | None = field(default=None, compare=False)  # that its runs are tested on, where they are known

    def __repr__(self) -> str:
        return f"<Plan {self.hash} of {self.study.name}: {len(self.wanted)} to {len(self.most)} runs>"

    def on(self, data: DataFacts | None) -> "Plan":
        """The same where labels and classes are known; runs that explore are tested on other images."""
        return self if self.explores else replace(self, data=data)

    @functools.cached_property
    def metric(self) -> Metric:
        """What decides, with the data that it is read from."""
        return metric_of(self.study.rule.metric).on(self.data)

    @functools.cached_property
    def by_metric(self) -> tuple["Plan", ...]:
        """The plan as each metric that decides has it: that metric in front, the comparisons those of all."""
        others = self.study.rule.by_metric[1:]
        return (self, *(replace(self, study=replace(self.study, rule=rule)) for rule in others))

    def place(self, wanted: RunSpec) -> int:
        """The number of a run's seed in this plan, from 0."""
        is_trial = wanted.explores and not self.explores
        return wanted.seed - first_seed(self.study, explores=self.explores) - (TUNING if is_trial else 0)

    @property
    def possible(self) -> tuple[RunSpec, ...]:
        """Every run that the plan may rest on."""
        return (*self.most, *self.others)

    def run(self, recipe: Recipe, number: int) -> RunSpec:
        """A recipe with the seed of this number."""
        return RunSpec(recipe, first_seed(self.study, explores=self.explores) + number, self.fingerprint, self.explores)

    def trial(self, recipe: Recipe, number: int) -> RunSpec:
        """A recipe on validation images, for the seed of this number."""
        return trial_of(self.study, recipe, number, self.fingerprint)

    def runs(self, numbers: Iterable[int]) -> tuple[RunSpec, ...]:
        """Every recipe of the study with the seeds of these numbers."""
        first = first_seed(self.study, explores=self.explores)
        return runs_of(self.study.recipes, numbers, self.fingerprint, first=first, explores=self.explores)

    def usual(self, numbers: Iterable[int]) -> tuple[RunSpec, ...]:
        """What the seeds of these numbers usually take: their runs, and their trials on the first grid."""
        numbers = tuple(numbers)
        trials = trials_of(self.study, numbers, self.fingerprint, FIRST) if self.study.is_retuned else ()
        return (*trials, *self.runs(numbers))

    @property
    def kept(self) -> StudyText:
        """The study as a store keeps it."""
        it = self.study
        text = with_digests(it.text, it.recipes)
        return StudyText(
            self.hash, it.name, text, self.fingerprint, len(it.variants), it.base.data, it.scale, it.rule.root
        )

    @property
    def design(self) -> Design:
        """What the plan settles for the looks."""
        rule = self.study.rule
        return Design(*rule.seeds, rule.alpha, self.comparisons, rule.margin)

    @property
    def alpha(self) -> float:
        """The error that each comparison is allowed at first: all of them together share the study's."""
        return self.study.rule.alpha / self.comparisons

    @property
    def comparisons(self) -> int:
        """The comparisons that share the error.

        A study that tunes has each at its own rates and at tuned rates. One that pools has each in its first answer
        and in the pooled one. One that decides by several metrics has each by every metric.
        """
        study = self.study
        is_twice = (study.tune or study.is_tuned) and self.protocol.shares_with_tuned
        metrics = 1 + len(study.rule.also)
        return study.comparisons * metrics * (2 if is_twice else 1) * (2 if study.rule.pool else 1)


def plan(study: Study, fingerprint: str, *, explores: bool = False, protocol: Protocol = NEWEST) -> Plan:
    """The plan of a study on data with this fingerprint; one that explores never looks at the test images."""
    least, most = study.rule.seeds
    trials = len(at_rates(study.base, FIRST)) if study.tunes_each and not explores else 0
    runs = least * len(study.recipes) * (1 + trials)
    if study.rule.most_runs is not None and study.rule.most_runs < runs:
        tried = ", with their trials," if trials else ""
        raise StudyError(
            f"{study.where}: budget = {study.rule.budget}: {least} seeds of {len(study.recipes)} recipes{tried} "
            f'are {runs} runs before the first verdict; the smallest budget that is enough is "{runs} runs"'
        )
    first = first_seed(study, explores=explores)
    several = range(most) if study.is_retuned else range(0)
    return Plan(
        study=study,
        fingerprint=fingerprint,
        hash=_hash(study, fingerprint, explores, protocol),
        wanted=(
            *trials_of(study, several[:least], fingerprint, FIRST),
            *runs_of(study.recipes, range(least), fingerprint, first=first, explores=explores),
        ),
        most=(
            *trials_of(study, several, fingerprint, WIDEST),
            *runs_of(study.recipes, range(most), fingerprint, first=first, explores=explores),
        ),
        others=tuple(
            RunSpec(one, first + number, fingerprint)
            for number in several
            for recipe in study.recipes
            for one in at_rates(recipe, WIDEST)
            if one.hash != recipe.hash
        ),
        explores=explores,
        protocol=protocol,
    )


def trial_of(study: Study, recipe: Recipe, number: int, fingerprint: str) -> RunSpec:
    """The trial that belongs to the seed of this number: no run that confirms or explores has its seed."""
    return RunSpec(recipe, TUNING + first_seed(study) + number, fingerprint, explores=True)


def trials_of(study: Study, numbers: Iterable[int], fingerprint: str, steps: tuple[int, int]) -> tuple[RunSpec, ...]:
    """The trials of all recipes for the seeds of these numbers, on grids of this width."""
    return tuple(
        trial_of(study, one, number, fingerprint)
        for number in numbers
        for recipe in shuffled(study.recipes, number)
        for one in at_rates(recipe, steps)
    )


def plans(study: Study, fingerprint: str) -> tuple[Plan, ...]:
    """The plan under each protocol that there has been, the newest first."""
    return tuple(plan(study, fingerprint, protocol=protocol) for protocol in PROTOCOLS)


def first_seed(study: Study, *, explores: bool = False) -> int:
    """The seed that is number 0 in a plan: those of one root, and those that explore, are used by no other root."""
    return study.rule.root * EACH_ROOT + (EXPLORING if explores else 0)


def runs_of(
    recipes: Iterable[Recipe], numbers: Iterable[int], fingerprint: str, *, first: int = 0, explores: bool = False
) -> tuple[RunSpec, ...]:
    """Every recipe with every seed, each seed in an order of its own: a machine that slows down favours none."""
    order = tuple(recipes)
    return tuple(
        RunSpec(recipe, first + number, fingerprint, explores)
        for number in numbers
        for recipe in shuffled(order, number)
    )


def shuffled(recipes: tuple[Recipe, ...], seed: int) -> list[Recipe]:
    """In the order of numbers drawn for them; which recipes are beside it has no part in a recipe's number."""
    return sorted(recipes, key=lambda recipe: randomness.number(seed, f"run order/{recipe.hash}"))


def _hash(study: Study, fingerprint: str, explores: bool, protocol: Protocol) -> str:
    rule = study.rule
    said = [
        protocol.version,
        study.base.hash,
        sorted(variant.recipe.hash for variant in study.variants),
        [rule.metric, rule.margin, rule.confidence, rule.seeds],
        fingerprint,
        *([rule.budget] if rule.budget else []),
        *(["gives up"] if rule.give_up else []),
        *(["pool", rule.pool] if rule.pool else []),
        *(["also", *sorted(rule.also)] if rule.also else []),
        *(["root", rule.root] if rule.root else []),
        *(["target", *rule.target] if rule.target else []),
        *([study.comparisons] if study.datasets else []),
        *(["explores"] if explores else []),
        *(["tune"] if study.tune else []),
        *(["each seed"] if study.tunes_each else []),
        *(source_digest(name, StudyError) for name in (rule.metric, *dict(rule.also)) if is_own(name)),
    ]
    return hashlib.sha256(json.dumps(said, allow_nan=False).encode()).hexdigest()[:12]
