"""Variant: a named change to a base recipe; and what keeps variants from being compared."""

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ablab import grammar
from ablab.errors import Fault
from ablab.recipe import Recipe

MOST_VARIANTS = 200
NAME_LENGTH = 60
STOPPING = {
    "select",
    "target",
    "patience",
    "floor",
}  # which epoch counts and when it ends: these alone may be the question
NO_VARIANTS = 'there is nothing to compare: add a section [variants] with lines such as "batch norm" = "norm=batch"'


@dataclass(frozen=True)
class Variant:
    """A named change to the base recipe, in the words of the command line."""

    name: str
    recipe: Recipe
    change: str


def variant_faults(base: Recipe, variants: tuple[Variant, ...]) -> Iterator[Fault]:
    """What keeps variants from being compared, each fault with the name of its variant as the key."""
    if len(variants) > MOST_VARIANTS:
        most = f"one study compares at most {MOST_VARIANTS}"
        yield Fault(variants[0].name, f"{len(variants):,} variants; {most}")
        return
    names: dict[str, str] = {}
    recipes: dict[str, str] = {}
    for variant in variants:
        name, changed = variant.name, variant.recipe.difference(base)
        plain = unicodedata.normalize("NFKC", name).strip().casefold()
        first = recipes.setdefault(variant.recipe.hash, name)
        if not plain:
            yield Fault(name, "a variant needs a name")
        elif fault := unshowable(name, NAME_LENGTH):
            yield Fault(name, f"the name of a variant {fault}")
        elif plain == "base":
            yield Fault(name, "base is the name of the recipe at the top: give the variant another name")
        elif plain in names:
            yield Fault(name, f'the names "{name}" and "{names[plain]}" look the same')
        names.setdefault(plain, name)
        if problem := next(filter(None, (setting_fault(*one) for one in variant.recipe.options.items())), None):
            yield replace(problem, key=name, near=variant.change)
        elif not changed:
            yield Fault(
                name, f"{variant.change}: this is the base recipe itself, so it changes nothing", variant.change
            )
        elif first != name:
            yield Fault(name, f'"{name}" and "{first}" are the same recipe', variant.change)
        for key in ("data", "size"):
            if key in changed:
                yield Fault(
                    name,
                    f"{key} cannot differ between variants: variants must be compared on the same test images",
                    key,
                )
        if "select" in changed and "test" in changed["select"] and not changed.keys() <= STOPPING:
            yield Fault(
                name,
                "select=test inflates accuracy: set it for all variants, at the top, or for none; in one "
                "variant the study would measure how much",
                "select",
            )


def unshowable(text: str, length: int) -> str | None:
    """Why a text cannot stand in a table: control characters and those that turn the writing around, or its length."""
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text):
        return "has invisible characters"
    return f"has {len(text)} characters; the most is {length}" if len(text) > length else None


def setting_fault(key: str, value: Any) -> Fault | None:
    """Why a TOML value cannot be a setting of a recipe."""
    if isinstance(value, list):
        return next((fault for item in value if (fault := setting_fault(key, item))), None)
    if isinstance(value, float) and not math.isfinite(value):
        why = "must be a finite number"
    elif isinstance(value, int) and abs(value) >= 1 << 63:
        why = "this number is too large"
    elif isinstance(value, str | int | float):
        return None
    else:
        why = "write text, a number, true, false or a list"
    return Fault(key, f"{key} = {grammar.show(value)[:60]}: {why}")
