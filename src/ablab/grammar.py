"""The one text grammar, in study files and on the command line alike: key=value, op(4) + op, 3..10, 30m."""

import re
from dataclasses import dataclass, field
from typing import Any

from ablab.errors import Fault, GrammarError

DEEPEST = 20  # brackets in brackets; each level is gone through once more
_NAME = r"[A-Za-z_][\w-]*"
# A function in a file, or of a distribution, perhaps with the digest of its source.
_OWN = r"(?:[\w./~-]+\.py:[A-Za-z_]\w*|[A-Za-z][\w.-]*:[A-Za-z_][\w-]*)(?:@[0-9a-f]{12})?"
_TIME = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Call:
    """One operation with its arguments: `crop(4, mode=reflect)`."""

    name: str
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        inside = [show(value) for value in self.args] + [f"{key}={show(value)}" for key, value in self.options.items()]
        return f"{self.name}({', '.join(inside)})" if inside else self.name


def assignments(text: str) -> dict[str, str]:
    """The keys and values of `norm=batch augment=crop(4) + flip`; a value goes on until the next key.

    >>> assignments("norm=batch augment=crop(4) + flip lr=0.1")
    {'norm': 'batch', 'augment': 'crop(4) + flip', 'lr': '0.1'}
    """
    found: dict[str, str] = {}
    for part in _split(text, re.compile(r"(?<!\s)\s++(?=[A-Za-z_][\w-]*+\s*+=)")):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not re.fullmatch(r"[A-Za-z_][\w-]*", key):
            raise _error(text, part, f'expected key=value (such as epochs=5), got "{part.strip()}"')
        if not value:
            raise _error(text, part, f'"{key}" has no value')
        if key in found:
            raise _error(text, part, f'"{key}" is given twice')
        found[key] = value
    return found


def calls(text: str) -> tuple[Call, ...]:
    """The operations of `crop(4) + flip`, in order; `none` is the empty list.

    >>> [str(call) for call in calls("crop(4)+flip + cutout( 8 )")]
    ['crop(4)', 'flip', 'cutout(8)']
    """
    if text.strip() in ("none", ""):
        return ()
    return tuple(_call(part.strip(), text) for part in _split(text, re.compile(r"\+")))


def call(text: str) -> Call:
    """Exactly one operation: `phantom(difficulty=0.5)`."""
    found = calls(text)
    if len(found) != 1:
        raise _error(text, text, "write one name here")
    return found[0]


def span(text: str) -> tuple[int, int]:
    """`3..10` as two numbers; `3` is `3..3`.

    >>> span("3..10"), span("5")
    ((3, 10), (5, 5))
    """
    match = re.fullmatch(r"\s*(\d{1,9})\s*(?:\.\.\s*(\d{1,9})\s*)?", text)
    if not match:
        raise _error(text, text, 'this is not a range: write "3..10"')
    low = int(match[1])
    high = int(match[2] or low)
    if low > high:
        raise _error(text, text, f"the range is backwards: {low} is more than {high}")
    return low, high


def duration(text: str) -> float:
    """`90s`, `30m` or `1.5h` in seconds.

    >>> duration("30m")
    1800.0
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh])\s*", text)
    if not match:
        raise _error(text, text, 'this is not a time: write "90s", "30m" or "1.5h"')
    return float(match[1]) * _TIME[match[2]]


def floors(text: str) -> dict[int, float]:
    """`2:30, 4:45` as the least percent after each of these epochs.

    >>> floors("2:30, 4:45.5")
    {2: 30.0, 4: 45.5}
    """
    found: dict[int, float] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,9})\s*:\s*(\d{1,3}(?:\.\d{1,4})?)\s*", part)
        if not match or not int(match[1]) > max(found, default=0) or float(match[2]) > 100:
            raise _error(text, part, 'write epochs in rising order, each with its percent: "2:30, 4:45"')
        found[int(match[1])] = float(match[2])
    return found


def value(text: str) -> Any:
    """A bare word as what it looks like: whole number, number, truth, list, or text.

    >>> value("3"), value("1e-3"), value("true"), value("[64, 128]"), value("batch")
    (3, 0.001, True, [64, 128], 'batch')
    """
    text = text.strip()
    if text in ("true", "false"):
        return text == "true"
    if text.startswith("[") and text.endswith("]"):
        return [value(part) for part in _split(text[1:-1], re.compile(",")) if part.strip()]
    if re.fullmatch(r"[+-]?\d{1,18}", text):
        return int(text)
    if re.fullmatch(r"[+-]?(\d++(?:\.\d*+)?|\.\d++)([eE][+-]?\d{1,4})?", text):
        return float(text)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def show(something: Any) -> str:
    """A value as the grammar writes it; `value` reads it back.

    >>> show(True), show([1, 2]), show(0.1)
    ('true', '[1, 2]', '0.1')
    """
    if isinstance(something, bool):
        return str(something).lower()
    if isinstance(something, list | tuple):
        return "[" + ", ".join(show(item) for item in something) + "]"
    return str(something)


def _call(part: str, text: str) -> Call:
    match = re.fullmatch(rf"({_NAME}|{_OWN})\s*(?:\((.*)\))?", part, re.DOTALL)
    if not match:
        raise _error(text, part, "this is not a name with arguments, such as crop(4)")
    args: list[Any] = []
    options: dict[str, Any] = {}
    inside = (match[2] or "").strip()
    for piece in _split(inside, re.compile(",")) if inside else []:
        key, equals, right = piece.partition("=")
        if not piece.strip():
            raise _error(text, part, "an argument is missing")
        if equals:
            options[key.strip()] = value(right)
        else:
            args.append(value(piece))
    return Call(match[1], tuple(args), options)


def _split(text: str, separator: re.Pattern[str]) -> list[str]:
    """Cut at `separator` wherever no bracket is open."""
    parts, depth, start, position = [], 0, 0, 0
    while position < len(text):
        if depth == 0 and (match := separator.match(text, position)):
            parts.append(text[start:position])
            start = position = match.end()
            continue
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text[position], 0)
        if depth < 0:
            raise _error(text, text[position:], "this bracket was never opened")
        if depth > DEEPEST:
            raise _error(text, text[position:], "brackets are nested too deeply")
        position += 1
    if depth:
        raise _error(text, text, "a bracket is never closed")
    return [*parts, text[start:]]


def _error(text: str, part: str, message: str) -> GrammarError:
    """The message above the text, with carets under the part that it is about."""
    part = part.strip() or text
    line = text if len(text) <= 200 else text[:200] + "…"
    carets = " " * max(text.find(part), 0) + "^" * min(len(part), 40)
    return GrammarError([Fault("", message, near=part)], f"{message}\n    {line}\n    {carets}")
