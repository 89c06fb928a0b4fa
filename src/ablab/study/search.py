"""Search over recipe keys, then a study of the winners: what trials train, when they end early, and what they chose.

Trials explore: they train with one seed that no study uses and are judged on validation images, so the test images
stay closed. A trial ends early by the median rule (Golovin et al. 2017, section 3.2): it stops where its best accuracy
so far is below the median of what earlier trials had by then. These medians stand in its recipe as `floor`. So a trial
is a run like any other: it can be trained anywhere, stopped and resumed, and it ends at the same epoch again.
"""

import hashlib
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tomli_w

from ablab import grammar
from ablab.errors import StudyError
from ablab.metric import metric_of
from ablab.nouns import counted
from ablab.recipe import Recipe
from ablab.records import Run, RunSpec, missed_floor
from ablab.study.plan import Plan, plan
from ablab.study.question import toml
from ablab.study.question.published import scaled
from ablab.study.question.rule import RULES
from ablab.study.question.search import Search
from ablab.study.question.study import Study

SEARCHING = 3_000_000  # the first seed of trials of a search; those that explore or tune otherwise are below
EARLIER = 5  # trials that must have reached an epoch before one is ended there
HEADING = "# Written by ablab search: the best settings, to be compared with fresh runs.\n"
Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Trial:
    """Settings that were tried for a recipe, and the run that tried them."""

    number: int  # from 1
    settings: Settings
    run: Run
    is_new: bool  # it was trained now, and not in the store already

    @property
    def is_pruned(self) -> bool:
        """Whether it ended early because earlier trials were better by then."""
        return missed_floor(self.run.spec.recipe, self.run.curve) is not None

    def value(self, metric: str) -> float | None:
        """Its figure on validation images, as it is recorded; None where it ended early or broke down."""
        is_whole = self.run.status == "finished" and not self.is_pruned
        return metric_of(metric).of(self.run) if is_whole else None


@dataclass(frozen=True, repr=False)
class Side:
    """All trials of one recipe of a study, in their order."""

    name: str
    metric: str
    trials: tuple[Trial, ...]

    def __repr__(self) -> str:
        return f"<Side {self.name}: {counted(len(self.trials), 'trial')}>"

    @property
    def best(self) -> Trial:
        """The trial with the best figure; of equals the first."""
        metric = metric_of(self.metric)
        values = [(trial, value) for trial in self.trials if (value := trial.value(self.metric)) is not None]
        if not values:
            broken = next((trial.run.note for trial in self.trials if trial.run.note), "all ended early")
            raise StudyError(
                f"none of the {len(self.trials)} trials of {self.name} finished training, so there is no best one "
                f"({broken}); search other ranges, such as lower learning rates"
            )
        return max(values, key=lambda each: (metric.gain(each[1], each[1])[0], -each[0].number))[0]


@dataclass(frozen=True, repr=False)
class Outcome:
    """What a search came to: the trials of every recipe that it was for, and the study of the winners."""

    study: Study
    search: Search
    sides: tuple[Side, ...]

    def __repr__(self) -> str:
        had = ", ".join(f"{name}: {counted(many, 'trial')}" for name, many in self.trials.items())
        return f"<Outcome of searching {', '.join(self.search.keys)} for {self.study.name}: {had}>"

    @property
    def trials(self) -> dict[str, int]:
        """How many trials each recipe of the study had, by its name."""
        had = {side.name: len(side.trials) for side in self.sides}
        return {name: had.get(name, 0) for name in self.study.named}

    @property
    def winners(self) -> Study:
        """The study that compares the winners with fresh runs."""
        return Study.from_toml(self.text, f"{self.study.name}-searched.toml")

    @property
    def text(self) -> str:
        """The file of the study that compares the winners."""
        return searched_text(self.study, {side.name: side.best.settings for side in self.sides}, self)


def search_plan(study: Study, search: Search, name: str, fingerprint: str) -> Plan:
    """What trials of one recipe are kept under: no plan of a study, and none that decides.

    The number of trials is no part of its hash, so that a search can be extended.
    """
    said = [study.named[name].hash, repr(search.space), search.seed, search.epochs, search.metric, search.prune]
    text = json.dumps(["search", *said, search.at_once, fingerprint])
    explored = plan(replace(study, name=f"{study.name} search", keep=""), fingerprint, explores=True)
    return replace(explored, hash=hashlib.sha256(text.encode()).hexdigest()[:12])


def trial_spec(recipe: Recipe, search: Search, settings: Settings, floor: str, fingerprint: str) -> RunSpec:
    """The run that tries settings."""
    keys = {**settings, **({"epochs": search.epochs} if search.epochs else {}), **({"floor": floor} if floor else {})}
    return RunSpec(Recipe.of(keys, base=recipe), SEARCHING + search.seed, fingerprint, explores=True)


def floor_of(trials: Sequence[Trial], epochs: int) -> str:
    """The median accuracies that a trial must reach after 2, 4, 8, ... epochs; empty while too few trials are known."""
    curves = [trial.run.curve for trial in trials if trial.run.status == "finished"]
    floors = []
    for at in (2**power for power in range(1, 21)):
        there = [max(row.val_points for row in curve[:at]) for curve in curves if len(curve) >= at]
        if at < epochs and len(there) >= EARLIER:
            floors.append(f"{at}:{statistics.median(there):.2f}")
    return ", ".join(floors)


def own_settings(recipe: Recipe, search: Search) -> Settings | None:
    """What a recipe says itself for the keys that are searched; None where that is outside of what is tried."""
    own = recipe.full()
    is_inside = all(domain.has(own.get(key)) for key, domain in search.space)
    return {key: own[key] for key in search.keys} if is_inside else None


def words(settings: Settings) -> str:
    """Settings in the words of a command line.

    >>> words({"lr": 0.03, "augment": "flip"})
    'lr=0.03 augment=flip'
    """
    return " ".join(f"{key}={grammar.show(value)}" for key, value in settings.items())


def searched_text(study: Study, winners: Mapping[str, Settings], outcome: Outcome) -> str:
    """The file of the same question at the settings that won.

    A variant that was not searched for has those of the base, as everything that its change does not name.
    """
    values = scaled(toml.read(study.text, study.where).values, study.scale, frozenset(RULES))
    for section in ("search", "full", "published"):
        values.pop(section, None)
    changes = {variant.name: _changed(variant.change, winners.get(variant.name, {})) for variant in study.variants}
    search = outcome.search
    told = {"metric": search.metric, "keys": list(search.keys), "trials": outcome.trials}
    return HEADING + tomli_w.dumps(values | dict(winners.get("base", {})) | {"variants": changes, "searched": told})


def _changed(change: str, settings: Settings) -> str:
    """A change with settings over its own."""
    shown = {key: grammar.show(value) for key, value in settings.items()}
    return " ".join(f"{key}={value}" for key, value in (grammar.assignments(change) | shown).items())
