"""Variant: a named change to a base recipe; and what keeps variants from being compared."""

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ablab.recipe import Recipe

MOST_VARIANTS = 200
NAME_LENGTH = 60
STOPPING = {"select", "target", "patience"}  # which epoch counts and when it ends: these alone may be the question
NO_VARIANTS = 'there is nothing to compare: add a section [variants] with lines such as "batch norm" = "norm=batch"'


@dataclass(frozen=True)
class Variant:
    """A named change to the base recipe, in the words of the command line."""

    name: str
    recipe: Recipe
    change: str


def variant_faults(base: Recipe, variants: tuple[Variant, ...]) -> Iterator[tuple[str, str, str]]:
    """What keeps variants from being compared: the variant, the reason, and the word that it is about."""
    if len(variants) > MOST_VARIANTS:
        yield (
            variants[0].name,
            f"{len(variants):,} variants; {MOST_VARIANTS} are the most that one study compares",
            "",
        )
        return
    names: dict[str, str] = {}
    recipes: dict[str, str] = {}
    for variant in variants:
        name, changed = variant.name, variant.recipe.difference(base)
        plain = unicodedata.normalize("NFKC", name).strip().casefold()
        first = recipes.setdefault(variant.recipe.hash, name)
        if not plain:
            yield name, "a variant needs a name", ""
        elif fault := unshowable(name, NAME_LENGTH):
            yield name, f"the name of a variant {fault}", ""
        elif plain == "base":
            yield name, "base is what the recipe at the top is called: give the variant another name", ""
        elif plain in names:
            yield name, f'the names "{name}" and "{names[plain]}" look the same', ""
        names.setdefault(plain, name)
        if problem := next((fault for v in variant.recipe.options.values() if (fault := no_setting(v))), None):
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


def unshowable(text: str, length: int) -> str | None:
    """Why a text cannot stand in a table: control characters and those that turn the writing around, or its length."""
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text):
        return "has characters that cannot be seen"
    return f"has {len(text)} characters; {length} are the most" if len(text) > length else None


def no_setting(value: Any) -> str | None:
    """Why a TOML value cannot be a setting of a recipe."""
    if isinstance(value, list):
        return next((fault for item in value if (fault := no_setting(item))), None)
    if isinstance(value, float) and not math.isfinite(value):
        return "must be a finite number"
    if isinstance(value, int) and abs(value) >= 1 << 63:
        return "this number is too large"
    return None if isinstance(value, str | int | float) else "text, a number, true, false or a list is wanted"
