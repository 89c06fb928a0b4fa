"""The arguments of an operation: typed values from the grammar's text, and the range that each may have."""

import math
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ablab.catalogue import Entry
from ablab.errors import DataError, did_you_mean
from ablab.grammar import Call, show


def bind(call: Call, entry: Entry) -> dict[str, Any]:
    """The keyword arguments that a call gives: those without a name in the order of the function's parameters."""
    known = list(entry.options)
    if len(call.args) > len(known):
        takes = f"at most {len(known)}: {', '.join(known)}" if known else "no arguments"
        raise DataError(f"{len(call.args)} arguments are given, but {call.name} takes {takes}")
    given = dict(zip(known, call.args, strict=False))
    for name, value in call.options.items():
        if name in given:
            raise DataError(f"{name} is given twice")
        if name not in known:
            raise DataError(
                f'no argument is called "{name}": {did_you_mean(name, known) if known else "it takes none"}'
            )
        given[name] = value
    types = get_type_hints(entry.load())
    return {name: _typed(name, value, types[name]) for name, value in given.items()}


def within(name: str, value: float, low: float, high: float, *, above: bool = False, note: str = "") -> None:
    """Raise unless low <= value <= high (low < value with `above`)."""
    if not math.isfinite(value) or value > high or value < low or (above and value == low):
        allowed = f"more than {low:g} and at most {high:g}" if above else f"from {low:g} to {high:g}"
        raise DataError(f"{name} must be {allowed}{note}, not {show(value)}")


def colours(channels: int) -> None:
    """Raise unless images have colours that a colour operation knows."""
    if channels not in (1, 3):
        raise DataError(f"it changes colours and works on grey or RGB images, not on {channels} channels")


def _typed(name: str, value: Any, wanted: Any) -> Any:
    if get_origin(wanted) is Literal:
        if value not in get_args(wanted):
            raise DataError(
                f'{name} = "{show(value)}" is none of its choices: {did_you_mean(str(value), get_args(wanted))}'
            )
        return value
    if isinstance(value, bool) or not isinstance(value, int if wanted is int else int | float):
        kind = "a whole number" if wanted is int else "a number"
        raise DataError(f'{name} must be {kind}, not "{show(value)}"')
    return value
