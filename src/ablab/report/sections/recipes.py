"""Recipes: all keys of the base, and what each variant changes."""

from collections.abc import Iterator
from typing import Any

import tomli_w

from ablab import grammar
from ablab.catalogue import mark
from ablab.report.means import DASH
from ablab.report.section import Code, Heading, Part
from ablab.report.table import Cell, table
from ablab.result import Result


@mark("section", "recipes", title="Recipes", place=140, tables=("changes",), absent=("notebook", "terminal"))
def recipes(result: Result) -> Iterator[Part]:
    """The base as it would stand in a file, and the keys that differ from it."""
    base, *variants = result.arms
    changes = [
        (arm, key, before, after)
        for arm in variants
        for key, (after, before) in sorted(arm.recipe.difference(base.recipe).items())
    ]
    yield table(
        "changes",
        ("variant", "key", "base", "variant's", "hash"),
        [
            (arm.name, Cell(key, "code"), _shown(before), _shown(after), Cell(arm.recipe.hash, "faint"))
            for arm, key, before, after in changes
        ],
        [
            {"variant": arm.name, "key": key, "base": before, "with_it": after, "recipe": arm.recipe.hash}
            for arm, key, before, after in changes
        ],
        title="What each variant changes",
    )
    yield Heading("Base", base.recipe.hash)
    yield Code(tomli_w.dumps({key: value for key, value in base.recipe.full().items() if value is not None}))


def _shown(value: Any) -> Cell:
    return Cell(DASH if value is None else grammar.show(value), "code")
