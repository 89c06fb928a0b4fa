"""Reader: the parts of a study from its TOML document, with all faults at once, each with its line."""

import itertools
import math
import re
from collections.abc import Mapping
from typing import Any

from ablab import grammar
from ablab.catalogue import is_own
from ablab.errors import GrammarError, RecipeError, did_you_mean
from ablab.recipe import Recipe
from ablab.study.question.published import Published, faults_of, published
from ablab.study.question.rule import AS_WRITTEN, RULES, Rule
from ablab.study.question.toml import Document, Keys
from ablab.study.question.variant import MOST_VARIANTS, NO_VARIANTS, Variant, no_setting, unshowable, variant_faults

MOST_FAULTS = 20  # shown at once; a file that is something else altogether has thousands
SECTIONS = ("variants", "grid", "decide", "full", "published")


class Reader:
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
        elif fault := unshowable(found, 500):
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
            elif key in RULES:
                self.fault((key,), f'"{key}" is no part of a recipe', hint="it belongs below a line [decide]")
            elif model and not is_own(model.model) and key not in known:
                hint = self._suggest(key, (*known, "question"))
                self.fault((key,), f'unknown recipe key "{key}"', hint=hint)
            elif problem := no_setting(value):
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
            self.fault((section,) if section in values else (), NO_VARIANTS)
            return ()
        variants = self._cells(found, base) if section == "grid" else self._named(found, base)
        for name, message, near in variant_faults(base, variants):
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
            if key not in RULES:
                is_recipe = key in Recipe.model_fields or key == "question"
                hint = "it belongs above the first [section]" if is_recipe else self._suggest(key, RULES)
                self.fault(("decide", key), f'"{key}" is no part of [decide]', hint=hint)
                continue
            try:
                value = AS_WRITTEN[key](value) if key in AS_WRITTEN else value
            except GrammarError as error:
                self.fault(("decide", key), f"seeds: {str(error).partition(chr(10))[0]}", near=str(value))
                continue
            if fault := RULES[key](value):
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
                if problem := no_setting(value):
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
