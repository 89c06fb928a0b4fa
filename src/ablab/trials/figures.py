"""Figures: the numbers of a program's result, from its text: the last line of JSON, or a regular expression."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

ONE = "figure"  # what a number is called that came without a name
SHOWN = 8  # names in a message


def figures_in(text: str, pattern: str = "") -> dict[str, float]:
    """Every number of a result by its name; those inside other objects have the names of these before a dot.

    >>> figures_in('epoch 1 of 1\\n{"accuracy": 0.9, "test": {"loss": 0.3}}\\nbye'), figures_in("0.7")
    ({'accuracy': 0.9, 'test.loss': 0.3}, {'figure': 0.7})
    >>> figures_in("acc: 0.5\\nacc: 0.6", r"acc: ([\\d.]+)")
    {'figure': 0.6}
    """
    return _matched(text, pattern) if pattern else _in_json(text)


def absence(figures: Mapping[str, float], name: str, *, is_file: bool, has_pattern: bool) -> str:
    """Why the figure that decides is not among those of a result."""
    where = "its result file" if is_file else "its output"
    others = ", ".join(list(figures)[:SHOWN])
    if figures and name:
        return f'there is no "{name}" in {where}; there are: {others}'
    if len(figures) > 1:
        return f'there are several numbers in {where}: {others}; choose one with metric = "{next(iter(figures))}"'
    if has_pattern:
        return f"the pattern finds no number in {where}"
    return f'there is no finite number in {where}; its last line of JSON is read, such as {{"accuracy": 0.93}}'


def _matched(text: str, pattern: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for match in re.finditer(pattern, text, re.MULTILINE):
        groups = match.groupdict() or {ONE: match[1]}
        found |= {name: number for name, group in groups.items() if (number := _number(group)) is not None}
    return found


def _number(text: str | None) -> float | None:
    try:
        number = float((text or "").strip().removesuffix("%"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _in_json(text: str) -> dict[str, float]:
    for part in (text, *reversed(text.splitlines())):
        try:
            value = json.loads(part)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) or _is_number(value):
            return {name or ONE: float(number) for name, number in _numbers(value)}
    return {}


def _numbers(value: Any, name: str = "") -> Iterator[tuple[str, float]]:
    if _is_number(value):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _numbers(inner, f"{name}.{key}" if name else str(key))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300  # so no NaN is
