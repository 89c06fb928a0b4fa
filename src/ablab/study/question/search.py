"""The sections [search] and [searched] of a study: which settings are tried, and what trials chose a study's own."""

import difflib
import functools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ablab import grammar
from ablab.catalogue import LENGTH, catalogue
from ablab.errors import Fault, RecipeError, did_you_mean
from ablab.metric import known_metrics
from ablab.recipe import Recipe
from ablab.study.question.variant import setting_fault

MOST_TRIALS = 10_000
PRUNING = ("median", "none")
DIGITS = 3  # of a rate that is tried, from its first one that is not 0
# Trials are compared on the same validation images, and none of them may look at the test images.
FIXED = {
    "data": "trials must be compared on the same images",
    "size": "trials must be compared on the same images",
    "val": "trials must be compared on the same validation images",
    "split_seed": "trials must be compared on the same validation images",
    "select": "trials are judged at the best epoch on validation images",
    "target": "a run that stops early is not measured at its best epoch",
    "floor": "the search itself sets it, to end trials early",
    "epochs": "epochs = 5 already sets how long each trial trains",
}
WHOLE = {"trials": (2, MOST_TRIALS), "epochs": (1, 1_000_000), "seed": (0, 100_000), "at_once": (1, 256)}
RANGE = ("low", "high", "log")
NEAR = 0.7  # trails is meant for trials (0.83), dropout not for over
KEYS = (*WHOLE, "metric", "prune", "over")


@dataclass(frozen=True)
class Range:
    """All numbers from low to high."""

    low: float
    high: float
    is_log: bool = False
    is_whole: bool = False

    def has(self, value: Any) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high

    def rounded(self, value: float) -> float | int:
        """A number of the range that is short enough to be read."""
        if self.is_whole:
            return int(value)
        return min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)


@dataclass(frozen=True)
class Choices:
    """A few values, none of them nearer to another than to a third."""

    values: tuple[Any, ...]

    def has(self, value: Any) -> bool:
        return value in self.values


@dataclass(frozen=True)
class Search:
    """Which settings are tried, for which recipes of a study, and how many trials each of them gets."""

    space: tuple[tuple[str, Range | Choices], ...]
    trials: int = 30
    epochs: int | None = None  # of a trial; None: those of the recipe
    seed: int = 0
    at_once: int = 1  # trials that are chosen before any of them has ended
    metric: str = "accuracy"
    prune: str = "median"
    over: tuple[str, ...] = ("base",)  # names of recipes of the study

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for key, _ in self.space)


@dataclass(frozen=True)
class Searched:
    """What chose the settings of a study: how many trials each recipe had, over which keys."""

    keys: tuple[str, ...]
    trials: Mapping[str, int]  # by the names of base and variants
    metric: str = "accuracy"

    @property
    def is_fair(self) -> bool:
        """Whether every recipe had as many trials as every other."""
        return len(set(self.trials.values())) == 1


def search_of(found: Any, recipes: Mapping[str, Recipe]) -> tuple[Search | None, tuple[Fault, ...]]:
    """The search in a section [search], or all that is wrong with it; `recipes` are the study's by their names."""
    if not isinstance(found, Mapping):
        return None, (Fault("search", "search is a section: write a line [search], and below it one line each"),)
    over = found.get("over", tuple(recipes))
    over = (over,) if isinstance(over, str) else over
    faults = list(_key_faults(found, over, recipes))
    named = [recipes[name] for name in over if name in recipes] if not faults else []
    space: dict[str, Range | Choices] = {}
    for key, value in found.items():
        if key in FIXED and not (key == "epochs" and isinstance(value, int)):
            faults.append(Fault(key, f"{key} cannot be searched: {FIXED[key]}", key))
        elif key not in KEYS and (fault := _misspelt_fault(key, recipes.values())):
            faults.append(fault)
        elif key not in KEYS:
            domain, wrong = _domain(key, value)
            faults += wrong or [fault for recipe in named for fault in _edge_faults(key, domain, recipe)]
            space[key] = domain
    if biased := next((recipe for recipe in named if recipe.select == "test"), None):
        told = f"select = {biased.select}: trials are judged on validation images, and must not see the test images"
        faults.append(Fault("search", told, hint='leave select out, or write select = "best"'))
    if not space and not faults:
        faults.append(
            Fault(
                "search",
                "there is no setting to search: add a line such as lr = { low = 1e-3, high = 1.0, log = true }",
            )
        )
    if faults:
        return None, tuple(dict.fromkeys(faults))
    given = {key: found[key] for key in ("trials", "epochs", "seed", "at_once", "metric", "prune") if key in found}
    return Search(tuple(space.items()), over=tuple(over), **given), ()


def searched_of(found: Any, names: tuple[str, ...]) -> tuple[Searched | None, tuple[Fault, ...]]:
    """What a section [searched] says, which `ablab search` writes, or why it cannot be."""
    trials = found.get("trials") if isinstance(found, Mapping) else None
    if not isinstance(trials, Mapping) or set(trials) != set(names):
        told = ", ".join(names)
        return None, (
            Fault("searched", f"[searched] gives the number of trials of each recipe: trials = {{ ... }} of {told}"),
        )
    keys, metric = found.get("keys", []), found.get("metric", "accuracy")
    is_right = isinstance(keys, list) and all(isinstance(key, str) for key in keys) and isinstance(metric, str)
    if not is_right or not all(type(many) is int and many >= 0 for many in trials.values()):
        return None, (Fault("searched", "[searched] has trials = { base = 30, ... }, keys = [...] and a metric"),)
    return Searched(tuple(keys), {name: trials[name] for name in names}, metric), ()


def _key_faults(found: Mapping[str, Any], over: Any, recipes: Mapping[str, Recipe]) -> Iterator[Fault]:
    """Faults of the keys that say how to search."""
    for key, (least, most) in WHOLE.items():
        value = found.get(key, least)
        if type(value) is not int and key == "epochs":
            continue  # a range of epochs: it cannot be searched, which is said of the key
        if type(value) is not int or not least <= value <= most:
            yield Fault(key, f"{key} = {grammar.show(value)}: write a whole number from {least} to {most:,}", key)
    metric, prune = found.get("metric", "accuracy"), found.get("prune", "median")
    if metric not in known_metrics():
        near = did_you_mean(str(metric)[:100], known_metrics())
        yield Fault(
            "metric",
            f"metric = {metric}: trials need a figure that is measured on validation images",
            str(metric),
            near,
        )
    if prune not in PRUNING:
        yield Fault(
            "prune",
            f"prune = {grammar.show(prune)}: there is no such rule",
            str(prune),
            did_you_mean(str(prune), PRUNING),
        )
    names = list(over) if isinstance(over, list | tuple) else []
    if not names or len(set(map(str, names))) < len(names):
        yield Fault("over", 'over: write the names of the recipes to search for, such as ["base", "batch norm"]')
    for name in names:
        if name not in recipes:
            hint = did_you_mean(str(name)[:100], recipes)
            yield Fault("over", f'over: this study has no recipe "{name}"', str(name), hint)


def _misspelt_fault(key: str, recipes: Iterable[Recipe]) -> Fault | None:
    """The fault of a key that no recipe has and that is nearly one of those that say how to search."""
    entries = [catalogue("models", "model").get(recipe.model) for recipe in recipes]
    if key in Recipe.model_fields or not all(entry and key not in entry.options for entry in entries):
        return None  # the options of a user's own network are not known here
    near = difflib.get_close_matches(key[:LENGTH], KEYS, n=1, cutoff=NEAR)
    return Fault(key, f'[search] has no key "{key}"', key, did_you_mean(near[0], KEYS)) if near else None


def _domain(key: str, value: Any) -> tuple[Range | Choices, list[Fault]]:
    """The values of one setting, and what is wrong with how they are written."""
    none = Choices(())
    if isinstance(value, list):
        if fault := next((fault for one in value if (fault := setting_fault(key, one))), None):
            return none, [fault]
        if len(value) < 2 or any(one in value[:at] for at, one in enumerate(value)) or _has_lists(value):
            return none, [Fault(key, f"{key}: write at least two different values, each a text or a number", key)]
        return Choices(tuple(value)), []
    if not isinstance(value, Mapping):
        told = f"{key} = {grammar.show(value)[:60]}: write a range or a list of values"
        return none, [Fault(key, told, key, f"{key} = {{ low = 0.01, high = 1.0 }}, or {key} = [0.01, 0.1]")]
    if unknown := [name for name in value if name not in RANGE]:
        return none, [
            Fault(
                key,
                f'{key}: a range has low, high and log, but not "{unknown[0]}"',
                unknown[0],
                did_you_mean(unknown[0][:LENGTH], RANGE),
            )
        ]
    low, high, is_log = value.get("low"), value.get("high"), value.get("log", False)
    ends = [end for end in (low, high) if isinstance(end, int | float) and not isinstance(end, bool)]
    if len(ends) < 2 or not all(map(math.isfinite, ends)) or not isinstance(is_log, bool):
        return none, [
            Fault(key, f"{key}: write a range as {{ low = 0.01, high = 1.0 }}, optionally with log = true", key)
        ]
    low, high = ends
    if not low < high:
        return none, [Fault(key, f"{key}: the range is empty: low = {low:g} is not below high = {high:g}", "low")]
    if is_log and low <= 0:
        return none, [Fault(key, f"{key}: low = {low:g}: a range with log = true must start above 0", "low")]
    return Range(low, high, is_log, _is_whole(key, ends)), []


def _has_lists(values: list[Any]) -> bool:
    return any(isinstance(value, list) for value in values)


def _is_whole(key: str, ends: list[Any]) -> bool:
    """Whether only whole numbers are meant: both ends are, and the key of the recipe does not want others."""
    field = Recipe.model_fields.get(key)
    return all(isinstance(end, int) for end in ends) and (
        field is None or field.annotation not in (float, float | None)
    )


def _edge_faults(key: str, domain: Range | Choices, recipe: Recipe) -> Iterator[Fault]:
    """Faults of a recipe with the ends of a range, or with each of a few values."""
    for value in (domain.low, domain.high) if isinstance(domain, Range) else domain.values:
        try:
            Recipe.of({key: float(value) if isinstance(domain, Range) and not domain.is_whole else value}, base=recipe)
        except RecipeError as error:
            yield from (Fault(key, fault.message, key, fault.hint) for fault in error.faults)


@functools.cache
def words_of(search: Search) -> str:
    """The space of a search in one line.

    >>> words_of(Search((("lr", Range(0.001, 1.0, is_log=True)), ("norm", Choices(("none", "batch"))))))
    'lr from 0.001 to 1 (log), norm in none, batch'
    """
    return ", ".join(
        f"{key} from {one.low:g} to {one.high:g}{' (log)' * one.is_log}"
        if isinstance(one, Range)
        else f"{key} in {', '.join(map(grammar.show, one.values))}"
        for key, one in search.space
    )
