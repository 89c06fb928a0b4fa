"""Study: a question, a base recipe, its variants, and the rule that decides; read from TOML with all faults at once."""

import itertools
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ablab import grammar
from ablab.errors import GrammarError, RecipeError, StudyError, did_you_mean
from ablab.recipe import Recipe
from ablab.study import toml
from ablab.study.published import SCALES, Published, faults_of, published, scaled
from ablab.study.toml import Document, Keys

LEAST = 3  # pairs before the first look: with two, the interval of a 95 % study is 12.7 standard errors wide
MOST_SEEDS = 1000
MOST_VARIANTS = 200
MOST_FAULTS = 20  # shown at once; a file that is something else altogether has thousands
NAME_LENGTH = 60
STOPPING = {
    "select",
    "target",
    "patience",
}  # which epoch counts and when it ends: a change of these alone is a question
SECTIONS = ("variants", "grid", "decide", "full", "published")


@dataclass(frozen=True)
class Rule:
    """What decides: how large an effect is worth having, how sure one wants to be, and how many seeds that may cost."""

    metric: str = "accuracy"
    margin: float = 0.5  # points
    confidence: float = 0.95  # of all verdicts of the study together
    seeds: tuple[int, int] = (3, 10)  # at first, and at most
    budget: str | None = None  # what it may cost: "30m" of training, or "12 runs"
    target: float | None = None  # percent of validation accuracy that learning speed is told to, set before the runs

    @property
    def most_runs(self) -> int | None:
        """The runs that the budget allows, if it counts runs."""
        words = (self.budget or "").split()
        return int(words[0]) if len(words) == 2 else None

    @property
    def most_seconds(self) -> float | None:
        """The seconds that the budget allows, if it is a time."""
        return grammar.duration(self.budget) if self.budget and self.most_runs is None else None

    def __post_init__(self) -> None:
        faults = [fault for key, check in _RULE.items() if (fault := check(getattr(self, key)))]
        if faults:
            raise StudyError("\n".join(faults))

    @property
    def alpha(self) -> float:
        """The error that is allowed, without the crumbs of 1 - 0.95."""
        return round(1 - self.confidence, 12)


@dataclass(frozen=True)
class Variant:
    """A named change to the base recipe, in the words of the command line."""

    name: str
    recipe: Recipe
    change: str


@dataclass(frozen=True)
class Study:
    """A question with all that is needed to answer it, except the runs."""

    name: str
    question: str
    base: Recipe
    variants: tuple[Variant, ...]
    rule: Rule = field(default_factory=Rule)
    text: str = ""  # of the file that it was read from
    path: str = ""
    datasets: tuple[str, ...] = ()  # all that the question is asked on; this study is about the base's own
    published: Published | None = None
    scale: str = "default"
    grid: tuple[tuple[str, tuple[Any, ...]], ...] = ()  # factors and their values, where variants are cells of a grid
    tune: bool = False  # whether every recipe may also choose its own learning rate, by equally many trials

    def __post_init__(self) -> None:
        if not self.variants:
            raise StudyError(_NO_VARIANTS)
        if faults := [f'variant "{name}": {fault}' for name, fault, _ in _variant_faults(self.base, self.variants)]:
            raise StudyError("\n".join(faults))

    @property
    def where(self) -> str:
        """Its file, or its name where it has none."""
        return self.path or self.name

    @property
    def comparisons(self) -> int:
        """How many share the error that the rule allows: every variant on every data set."""
        return len(self.variants) * max(1, len(self.datasets))

    def on(self, data: str) -> "Study":
        """The same question on another of its data sets."""
        variants = tuple(replace(one, recipe=Recipe.of({"data": data}, base=one.recipe)) for one in self.variants)
        told = self.published and self.published.on(data)
        return replace(self, base=Recipe.of({"data": data}, base=self.base), variants=variants, published=told)

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The base and every variant."""
        return (self.base, *(variant.recipe for variant in self.variants))

    @classmethod
    def from_toml(cls, content: bytes | str, path: Path | str = "study.toml", scale: str = "default") -> "Study":
        """The study in a file's content. Everything that is wrong with it is said in one StudyError.

        At full scale it is as large as its section [full] says, which is the size of a published report.
        """
        if scale not in SCALES:
            raise StudyError(f'scale "{scale}": {did_you_mean(scale, SCALES)}')
        document = toml.read(content, str(path))
        if scale == "full" and "full" not in document.values:
            raise StudyError(f"{path}: this study has one size: there is no section [full]")
        reader = _Reader(replace(document, values=scaled(document.values, scale, frozenset(_RULE))))
        question, datasets = reader.question(), reader.datasets()
        base = reader.base()
        variants, rule = reader.variants(base), reader.rule()
        tune, grid = reader.tune(base, variants), reader.grid(base)
        told = reader.published(("base", *(variant.name for variant in variants)), datasets)
        if reader.faults:
            left = len(reader.faults) - MOST_FAULTS
            more = [f"and {left:,} more like these"] if left > 0 else []
            raise StudyError("\n".join([*reader.faults[:MOST_FAULTS], *more]))
        return cls(
            Path(path).stem, question, base, variants, rule, document.text, str(path), datasets, told, scale, grid, tune
        )


_NO_VARIANTS = 'there is nothing to compare: add a section [variants] with lines such as "batch norm" = "norm=batch"'


class _Reader:
    """Reads one document part by part and collects what is wrong, each fault with its line."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[str] = []

    def fault(self, keys: Keys, message: str, *, near: str | None = None, hint: str = "") -> None:
        # did-you-mean and carets cost 0.1 ms each: past the last one shown, counting is enough
        self.faults.append(
            self.document.fault(keys, message, near=near, hint=hint) if len(self.faults) < MOST_FAULTS else message
        )

    def question(self) -> str:
        found = self.document.values.get("question")
        if found is None:
            self.fault((), 'no question: start with a line such as question = "Does batch norm help this CNN?"')
        elif not isinstance(found, str) or not found.strip():
            self.fault(("question",), "the question must be text")
        elif fault := _unshowable(found, 500):
            self.fault(("question",), f"the question {fault}")
        else:
            return found.strip()
        return ""

    def datasets(self) -> tuple[str, ...]:
        """The data sets, where `data` is a list of several; the recipe at the top then has the first."""
        found = self.document.values.get("data")
        if not isinstance(found, list):
            return ()
        if len(found) < 2 or len(set(map(str, found))) < len(found) or not all(isinstance(one, str) for one in found):
            self.fault(("data",), 'data: a name, or a list of several such as ["cifar10", "cifar100"]')
            return ()
        self.document.values["data"] = found[0]
        return tuple(found)

    def grid(self, base: Recipe) -> tuple[tuple[str, tuple[Any, ...]], ...]:
        """The factors of [grid] that have several values, the base's own value first; none where it has none."""
        found = self.document.values.get("grid")
        if self.faults or not isinstance(found, dict):
            return ()
        own = base.full()
        several = {key: list(dict.fromkeys(values)) for key, values in found.items() if len(values) > 1}
        if any(own.get(key) not in values for key, values in several.items()):
            return ()  # the base is no cell: there is nothing that main effects could start from
        return tuple((key, (own[key], *(one for one in values if one != own[key]))) for key, values in several.items())

    def tune(self, base: Recipe, variants: tuple[Variant, ...]) -> bool:
        """Whether learning rates are tuned: `tune = { lr = "auto" }`."""
        found = self.document.values.get("tune", {})
        if found not in ({}, {"lr": "auto"}):
            self.fault(("tune",), 'tune = { lr = "auto" } is what can be tuned: the learning rate, by a grid for all')
        if alike := [one.name for one in variants if found and one.recipe.difference(base).keys() == {"lr"}]:
            self.fault(("tune",), f'the variant "{alike[0]}" changes nothing but the learning rate, which tune chooses')
        return bool(found)

    def published(self, names: tuple[str, ...], datasets: tuple[str, ...]) -> Published | None:
        """What a report says, where the study repeats one."""
        found = self.document.values.get("published")
        if found is None:
            return None
        faults = faults_of(found, names, datasets)
        for key, fault in faults.items():
            self.fault(("published", key) if key else ("published",), fault)
        return None if faults else published(found, datasets)

    def base(self) -> Recipe:
        """The recipe at the top; keys that are wrong are reported and left out."""
        given = {k: v for k, v in self.document.values.items() if k not in ("question", "tune", *SECTIONS)}
        try:
            model = Recipe.of({k: v for k, v in given.items() if k == "model"})
        except RecipeError as error:
            self._recipe_faults(("model",), error)
            model = None
        known = (model or Recipe.of({})).full()
        good = {}
        for key, value in given.items():
            if isinstance(value, dict):
                self.fault((key,), f"unknown section [{key}]", hint=did_you_mean(key, SECTIONS))
            elif key in _RULE:
                self.fault((key,), f'"{key}" is no part of a recipe', hint="it belongs below a line [decide]")
            elif model and ":" not in model.model and key not in known:
                hint = self._suggest(key, (*known, "question"))
                self.fault((key,), f'unknown recipe key "{key}"', hint=hint)
            elif problem := _no_setting(value):
                self.fault((key,), f"{key} = {grammar.show(value)[:60]}: {problem}")
            elif key in Recipe.model_fields:
                try:
                    Recipe.of({key: value})
                    good[key] = value
                except RecipeError as error:
                    self._recipe_faults((key,), error)
            elif model:
                good[key] = value
        return Recipe.of(good)

    def variants(self, base: Recipe) -> tuple[Variant, ...]:
        """The variants of [variants], or the cells of [grid]; those that cannot be read are reported and left out."""
        values = self.document.values
        if "variants" in values and "grid" in values:
            self.fault(("grid",), "[grid] and [variants] in one study: keep one of them")
        section = "grid" if "grid" in values else "variants"
        found = values.get(section, {})
        if not isinstance(found, dict):
            self.fault((section,), f"{section} is a section: write a line [{section}], and below it one line each")
            return ()
        if not found:
            self.fault((section,) if section in values else (), _NO_VARIANTS)
            return ()
        variants = self._cells(found, base) if section == "grid" else self._named(found, base)
        for name, message, near in _variant_faults(base, variants):
            self.fault((section, name), message, near=near)
        return variants

    def rule(self) -> Rule:
        """The rule of [decide]; what is wrong is reported and left at its default."""
        found = self.document.values.get("decide", {})
        if not isinstance(found, dict):
            self.fault(("decide",), "decide is a section: write a line [decide], and below it margin = 0.5")
            return Rule()
        good: dict[str, Any] = {}
        for key, value in found.items():
            if key not in _RULE:
                is_recipe = key in Recipe.model_fields or key == "question"
                hint = "it belongs above the first [section]" if is_recipe else self._suggest(key, _RULE)
                self.fault(("decide", key), f'"{key}" is no part of [decide]', hint=hint)
                continue
            try:
                value = _span(value) if key == "seeds" else value
            except GrammarError as error:
                self.fault(("decide", key), f"seeds: {str(error).partition(chr(10))[0]}", near=str(value))
                continue
            if fault := _RULE[key](value):
                self.fault(("decide", key), fault, near=grammar.show(found[key]))
            else:
                good[key] = float(value) if type(value) is int else value
        return Rule(**good)

    def _named(self, found: Mapping[str, Any], base: Recipe) -> tuple[Variant, ...]:
        variants = []
        for name, change in found.items():
            keys = ("variants", name)
            if not isinstance(change, str):
                is_recipe = name in Recipe.model_fields
                hint = "keys of the base recipe belong above the first [section]" if is_recipe else ""
                self.fault(keys, 'a variant is text such as "norm=batch epochs=20"', hint=hint)
                continue
            try:
                variants.append(Variant(name, base.with_(change), change))
            except RecipeError as error:
                self._recipe_faults(keys, error)
            except GrammarError as error:
                self.fault(keys, str(error).partition("\n")[0], near=change)
        return tuple(variants)

    def _cells(self, found: Mapping[str, Any], base: Recipe) -> tuple[Variant, ...]:
        """Every combination of the grid's values but the base itself, with which the others are compared."""
        before = len(self.faults)
        for key, values in found.items():
            if not isinstance(values, list) or not values:
                self.fault(("grid", key), f"{key}: a list of values is wanted, such as [2, 3, 4]")
                continue
            for value in values:
                if problem := _no_setting(value):
                    self.fault(("grid", key), f"{key} = {grammar.show(value)[:60]}: {problem}")
                    continue
                try:
                    Recipe.of({key: value}, base=base if key != "model" else None)
                except RecipeError as error:
                    self._recipe_faults(("grid", key), error, near=grammar.show(value))
        if len(self.faults) > before:
            return ()
        if (cells := math.prod(len(values) for values in found.values())) > MOST_VARIANTS:
            self.fault(("grid",), f"a grid of {cells:,} cells; {MOST_VARIANTS} are the most that one study compares")
            return ()
        variants = []
        for combination in itertools.product(*found.values()):
            cell = dict(zip(found, combination, strict=True))
            words = [f"{key}={grammar.show(value)}" for key, value in cell.items()]
            try:
                recipe = Recipe.of(cell, base=base)
            except RecipeError as error:
                self._recipe_faults(("grid",), error)
                continue
            if recipe.hash != base.hash:
                variants.append(Variant(", ".join(words), recipe, " ".join(words)))
        if not variants and len(self.faults) == before:
            self.fault(("grid",), "the only cell of this grid is the base itself: there is nothing to compare")
        return tuple(variants)

    def _recipe_faults(self, keys: Keys, error: RecipeError, *, near: str | None = None) -> None:
        """One fault for each that the recipe found, with the caret under the word that it is about."""
        for text in re.split(r"\n(?! )", str(error)):
            first = text.partition("\n")[0]
            unknown = re.match(r'unknown recipe key "([^"]+)": (.*) \(all keys: (.*)\)', first)
            if unknown:
                hint = f"{unknown[2]} all keys: {unknown[3]}" if unknown[2].endswith("?") else f"all keys: {unknown[3]}"
                self.fault(keys, f'unknown recipe key "{unknown[1]}"', near=unknown[1], hint=hint)
            else:
                word = re.match(r"([\w-]+) = ", first) or re.match(r".*\n +(.*)\n", text)
                self.fault(keys, first, near=near or (word[1] if word else None))

    def _suggest(self, key: str, known: Any) -> str:
        if len(self.faults) >= MOST_FAULTS:
            return ""
        hint = did_you_mean(key[:100], known)
        return f"{hint} all keys: ablab recipe" if hint.endswith("?") and "epochs" in known else hint


def _variant_faults(base: Recipe, variants: tuple[Variant, ...]) -> Iterator[tuple[str, str, str | None]]:
    """What keeps variants from being compared: the variant, the reason, and the word that it is about."""
    if len(variants) > MOST_VARIANTS:
        yield (
            variants[0].name,
            f"{len(variants):,} variants; {MOST_VARIANTS} are the most that one study compares",
            None,
        )
        return
    names: dict[str, str] = {}
    recipes: dict[str, str] = {}
    for variant in variants:
        name, changed = variant.name, variant.recipe.difference(base)
        plain = unicodedata.normalize("NFKC", name).strip().casefold()
        first = recipes.setdefault(variant.recipe.hash, name)
        if not plain:
            yield name, "a variant needs a name", None
        elif fault := _unshowable(name, NAME_LENGTH):
            yield name, f"the name of a variant {fault}", None
        elif plain == "base":
            yield name, "base is what the recipe at the top is called: give the variant another name", None
        elif plain in names:
            yield name, f'the names "{name}" and "{names[plain]}" look the same', None
        names.setdefault(plain, name)
        if problem := next((fault for v in variant.recipe.options.values() if (fault := _no_setting(v))), None):
            yield name, f"{variant.change}: {problem}", variant.change
        elif not changed:
            yield name, f"{variant.change}: this is the base recipe itself; it changes nothing", variant.change
        elif first != name:
            yield name, f'"{name}" and "{first}" are the same recipe', variant.change
        for key in ("data", "size"):
            if key in changed:
                yield name, f"{key} cannot differ between variants: they are compared on the same test images", key
        if "select" in changed and "test" in changed["select"] and not changed.keys() <= STOPPING:
            yield (
                name,
                "select=test flatters whoever uses it: give it to all variants, at the top, or to none; alone in a "
                "variant it measures how much it flatters",
                "select",
            )


def _unshowable(text: str, length: int) -> str | None:
    """Why a text cannot stand in a table: control characters and those that turn the writing around, or its length."""
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text):
        return "has characters that cannot be seen"
    return f"has {len(text)} characters; {length} are the most" if len(text) > length else None


def _no_setting(value: Any) -> str | None:
    """Why a TOML value cannot be a setting of a recipe."""
    if isinstance(value, list):
        return next((fault for item in value if (fault := _no_setting(item))), None)
    if isinstance(value, float) and not math.isfinite(value):
        return "must be a finite number"
    if isinstance(value, int) and abs(value) >= 1 << 63:
        return "this number is too large"
    return None if isinstance(value, str | int | float) else "text, a number, true, false or a list is wanted"


def _span(value: Any) -> Any:
    if type(value) is int:
        return value, value
    return grammar.span(value) if isinstance(value, str) else value


def _margin_fault(value: Any) -> str | None:
    if not _is_number(value) or not 0 < value < 100:
        return f"margin = {grammar.show(value)}: the smallest effect worth having, in percentage points, such as 0.5"
    return None


def _confidence_fault(value: Any) -> str | None:
    if not _is_number(value) or not 0.5 < value < 1:
        hint = f"; did you mean {value / 100:g}?" if _is_number(value) and 50 < value < 100 else ""
        return f"confidence = {grammar.show(value)}: a share between 0.5 and 1 is wanted, such as 0.95{hint}"
    return None


def _seeds_fault(value: Any) -> str | None:
    if not (isinstance(value, tuple) and len(value) == 2 and all(type(end) is int for end in value)):
        return f'seeds = {grammar.show(value)}: how many, at first and at most, such as "3..10"'
    low, high = value
    if low > high:
        return f"seeds = {low}..{high}: the range goes down"
    if low < LEAST:
        several = "one seed never gives a verdict" if low < 2 else "two seeds never give a verdict"
        return (
            f"seeds = {low}..{high}: {several}, because they do not show how large the noise is; write {LEAST} or more"
        )
    if high > MOST_SEEDS:
        return f"seeds = {low}..{high}: {MOST_SEEDS} are the most"
    return None


def _metric_fault(value: Any) -> str | None:
    return None if value == "accuracy" else f'metric = {grammar.show(value)}: studies decide by "accuracy"'


def _budget_fault(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and re.fullmatch(r"[1-9]\d{0,5} runs?", value.strip())):
        return None
    try:
        if isinstance(value, str) and grammar.duration(value) > 0:
            return None
    except GrammarError:
        pass
    return f'budget = {grammar.show(value)}: a time such as "30m", or a number of runs such as "12 runs"'


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _target_fault(value: Any) -> str | None:
    if value is None or (_is_number(value) and 0 < value < 100):
        return None
    return f"target = {grammar.show(value)}: percent of validation accuracy, such as 65"


_RULE = {
    "metric": _metric_fault,
    "margin": _margin_fault,
    "confidence": _confidence_fault,
    "seeds": _seeds_fault,
    "budget": _budget_fault,
    "target": _target_fault,
}
