"""Reader: the parts of a study from its TOML document, with all faults at once, each with its line."""

import difflib
import itertools
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ablab import grammar
from ablab.errors import Fault, RecipeError, did_you_mean
from ablab.recipe import Recipe
from ablab.study.question.parts import (
    base_of,
    datasets_faults,
    execution_faults,
    keep_fault,
    question_fault,
    tune_faults,
    variants_of,
)
from ablab.study.question.published import Published, published, published_faults
from ablab.study.question.rule import RULES, Rule, rule_of
from ablab.study.question.search import search_of, searched_of
from ablab.study.question.toml import Document, Keys
from ablab.study.question.variant import MOST_VARIANTS, NO_VARIANTS, Variant, setting_fault, variant_faults

MOST_FAULTS = 20  # shown at once; a file that is something else altogether has thousands
SECTIONS = ("variants", "grid", "decide", "full", "published", "execute", "search", "searched")


class Reader:
    """Reads one document part by part and collects what is wrong, each fault with its line."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[Fault] = []
        self.texts: list[str] = []  # of the faults that are shown

    def fault(self, keys: Keys, message: str, *, near: str = "", hint: str = "") -> None:
        """Note what is wrong at a place of the document."""
        self.note(keys, Fault(keys[-1] if keys else "", message, near, hint))

    def note(self, keys: Keys, fault: Fault) -> None:
        """Note a fault that others found, such as a recipe, with the place of the document where it stands."""
        self.faults.append(fault)
        if len(self.texts) < MOST_FAULTS:  # carets cost 0.1 ms each: past the last one shown, counting is enough
            self.texts.append(self.document.shown(keys, fault))

    def question(self) -> str:
        found = self.document.values.get("question")
        if found is None:
            near = difflib.get_close_matches("question", self.document.values, n=1)
            self.fault(
                tuple(near),
                'the question is missing: start with a line such as question = "Does batch norm help this CNN?"',
            )
        elif fault := question_fault(found):
            self.note(("question",), fault)
        else:
            return str(found).strip()
        return ""

    def datasets(self) -> tuple[str, ...]:
        """The data sets, where `data` is a list of several; the recipe at the top then has the first."""
        found = self.document.values.get("data")
        if not isinstance(found, list):
            return ()
        for fault in datasets_faults(found):
            self.note(("data",), fault)
        names = tuple(map(str, found))
        self.document.values["data"] = names[0] if names else Recipe.of({}).data
        return names

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

    def tune(self, base: Recipe, variants: tuple[Variant, ...]) -> Mapping[str, str]:
        """What is tuned: `tune = { lr = "auto" }`, and whether that is repeated for each seed."""
        found = self.document.values.get("tune", {})
        for fault in tune_faults(found, base, variants):
            self.note(("tune",), fault)
        return found if isinstance(found, dict) else {}

    def keep(self) -> str:
        """What its runs leave beside the store: `keep = "weights"`, or nothing."""
        found = self.document.values.get("keep", "")
        if fault := keep_fault(found):
            self.note(("keep",), fault)
            return ""
        return str(found)

    def executor(self) -> str:
        """Where its runs are carried out unless the command line says otherwise; no verdict depends on it."""
        found = self.document.values.get("execute")
        if found is None:
            return ""
        faults = execution_faults(found)
        for fault in faults:
            self.note(("execute", fault.key) if isinstance(found, dict) else ("execute",), fault)
        return "" if faults else str(found["executor"])

    def published(self, names: tuple[str, ...], datasets: tuple[str, ...]) -> Published | None:
        """What a report says, where the study repeats one."""
        found = self.document.values.get("published")
        if found is None:
            return None
        faults = published_faults(found, names, datasets)
        for fault in faults:
            self.note(("published", fault.key) if fault.key else ("published",), fault)
        return None if faults else published(found, datasets)

    def searches(self, base: Recipe, variants: tuple[Variant, ...]) -> None:
        """Note what is wrong with [search] and [searched]; no run, plan or verdict depends on either."""
        recipes, values = {"base": base, **{one.name: one.recipe for one in variants}}, self.document.values
        if "search" in values:
            for fault in search_of(values["search"], recipes)[1]:
                self.note(("search", fault.key), fault)
            for key in ("grid", "tune"):
                if key in values:
                    self.fault(("search",), f"[search] and {key} both choose settings: keep one of them")
        if "searched" in values:
            for fault in searched_of(values["searched"], tuple(recipes))[1]:
                self.note(("searched",), fault)

    def base(self) -> Recipe:
        """The recipe at the top; keys that are wrong are reported and left out."""
        given = {}
        for key, value in self.document.values.items():
            if key in ("question", "tune", "keep", *SECTIONS):
                continue
            if isinstance(value, dict):
                self.fault((key,), f"unknown section [{key}]", hint=did_you_mean(key, SECTIONS))
            elif key in RULES:
                self.fault((key,), f'"{key}" is not a recipe key', hint="it belongs below a line [decide]")
            else:
                given[key] = value
        base, faults = base_of(given)
        for fault in faults:
            self.note((fault.key,), fault)
        return base

    def variants(self, base: Recipe) -> tuple[Variant, ...]:
        """The variants of [variants], or the cells of [grid]; those that cannot be read are reported and left out."""
        values = self.document.values
        if "variants" in values and "grid" in values:
            self.fault(("grid",), "a study cannot have both [grid] and [variants]: keep one of them")
        section = "grid" if "grid" in values else "variants"
        found = values.get(section, {})
        if not isinstance(found, dict):
            self.fault((section,), f"{section} is a section: write a line [{section}], and below it one line each")
            return ()
        if not found:
            self.fault((section,) if section in values else (), NO_VARIANTS)
            return ()
        if section == "grid":
            variants = self._cells(found, base)
        else:
            variants, faults = variants_of(base, found)
            for name, fault in faults:
                self.note((section, name), fault)
        for fault in variant_faults(base, variants):
            self.note((section, fault.key), fault)
        return variants

    def rule(self) -> Rule:
        """The rule of [decide]; what is wrong is reported and left at its default."""
        found = self.document.values.get("decide", {})
        if not isinstance(found, dict):
            self.fault(("decide",), "decide is a section: write a line [decide], and below it margin = 0.5")
            return Rule()
        rule, faults = rule_of(found)
        for fault in faults:
            is_recipe = fault.key in Recipe.model_fields or fault.key == "question"
            hint = "it belongs above the first [section]" if is_recipe else fault.hint
            self.note(("decide", fault.key), replace(fault, hint=hint))
        return rule

    def _cells(self, found: Mapping[str, Any], base: Recipe) -> tuple[Variant, ...]:
        """Every combination of the grid's values but the base itself, with which the others are compared."""
        before = len(self.faults)
        for key, values in found.items():
            if not isinstance(values, list) or not values:
                self.fault(("grid", key), f"{key}: write a list of values, such as [2, 3, 4]")
                continue
            for value in values:
                if fault := setting_fault(key, value):
                    self.note(("grid", key), fault)
                    continue
                try:
                    Recipe.of({key: value}, base=base if key != "model" else None)
                except RecipeError as error:
                    for fault in error.faults:
                        near = grammar.show(value) if fault.near == key else fault.near
                        self.note(("grid", key), replace(fault, near=near))
        if len(self.faults) > before:
            return ()
        if (cells := math.prod(len(values) for values in found.values())) > MOST_VARIANTS:
            self.fault(("grid",), f"a grid of {cells:,} cells; one study compares at most {MOST_VARIANTS}")
            return ()
        variants = []
        for combination in itertools.product(*found.values()):
            cell = dict(zip(found, combination, strict=True))
            words = [f"{key}={grammar.show(value)}" for key, value in cell.items()]
            try:
                recipe = Recipe.of(cell, base=base)
            except RecipeError as error:
                for fault in error.faults:
                    self.note(("grid", fault.key), fault)
                continue
            if recipe.hash != base.hash:
                variants.append(Variant(", ".join(words), recipe, " ".join(words)))
        if not variants and len(self.faults) == before:
            self.fault(("grid",), "the only cell of this grid is the base itself: there is nothing to compare")
        return tuple(variants)
