"""All faults of the suite: those that the files of `kinds/` list, in the order of their names."""

import importlib
from pathlib import Path

from fault_suite.fault import Fault


def faults() -> list[Fault]:
    """Every fault, kind by kind."""
    names = sorted(path.stem for path in (Path(__file__).parent / "kinds").glob("[a-z]*.py"))
    return [fault for name in names for fault in importlib.import_module(f"fault_suite.kinds.{name}").FAULTS]
