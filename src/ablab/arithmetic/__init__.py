"""The arithmetic of networks: inspect() a whole one, or use the formulas alone, which need no torch."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ablab.arithmetic.layerwise import inspect as inspect
    from ablab.arithmetic.table import Network as Network
    from ablab.arithmetic.table import Row as Row

_HOME = {"inspect": "layerwise", "Row": "table", "Network": "table"}


def __getattr__(name: str) -> Any:
    """`inspect`, `Network` and `Row`, fetched when they are first used: the formulas are imported without torch."""
    if name not in _HOME:
        raise AttributeError(f"ablab.arithmetic has no public name {name!r}")
    return getattr(importlib.import_module(f"ablab.arithmetic.{_HOME[name]}"), name)
