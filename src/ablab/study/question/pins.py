"""The text of a study with the digests of the files that its recipes name, as a store keeps it.

A text that is kept so can be read when the files have changed or are elsewhere, and means the same study.
"""

import re
from collections.abc import Iterable

from ablab.pinned import LENGTH, name_of
from ablab.recipe import Recipe

PINNED = re.compile(rf"[^\s\"'()+,=]+@[0-9a-f]{{{LENGTH}}}(?![0-9a-f])")
PATH = r"[\w./~@:-]"  # what a longer name could go on with


def with_digests(text: str, recipes: Iterable[Recipe]) -> str:
    """The text, with the digest behind every file that has one in a recipe.

    >>> recipe = Recipe.stored({"init": "kept.safetensors@3fa2b1c09d11"})
    >>> with_digests('init = "kept.safetensors"', [recipe])
    'init = "kept.safetensors@3fa2b1c09d11"'
    """
    values = [str(value) for recipe in recipes for value in recipe.changes().values()]
    for pinned in sorted({found for value in values for found in PINNED.findall(value)}):
        text = re.sub(rf"(?<!{PATH}){re.escape(name_of(pinned))}(?!{PATH})", pinned.replace("\\", r"\\"), text)
    return text
