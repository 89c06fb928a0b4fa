"""Recipes that come with ablab, by name: files of keys, which a recipe takes over and may change."""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@functools.cache
def names() -> tuple[str, ...]:
    """What they are called.

    >>> names()
    ('fast90', 'fast94', 'fast96')
    """
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@functools.cache
def keys_of(name: str) -> Mapping[str, Any]:
    """The keys of one of them."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
