"""Domain: the values that a parameter takes, read from the text of its annotation."""

import ast
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
NAMES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a word",
    "list": "a list of whole numbers",
}


@dataclass(frozen=True)
class Domain:
    """What one annotation allows: `int`, `Literal["zero", "reflect"]`, `Annotated[float, "[0, 1)"]`, and so on.

    The text beside a number is its range, as mathematics writes it. The text beside `str` is the kind of the marked
    functions that the word calls, such as `Annotated[str, "activation"]`.
    """

    name: str  # one of NAMES, or "word" for a choice
    words: tuple[str, ...] = ()
    interval: str = ""
    calls: str = ""

    def has(self, value: Any) -> bool:
        """Whether a value belongs to it; a whole number does where a number is wanted."""
        match self.name:
            case "word":
                return value in self.words
            case "bool" | "str":
                return isinstance(value, bool if self.name == "bool" else str)
            case "list":
                return isinstance(value, list | tuple) and all(type(item) is int for item in value)
            case _:
                return self._has_kind(value) and _within(value, self.interval)

    def wanted(self, value: Any) -> str:
        """What the value would have to be."""
        if self.interval and self._has_kind(value):
            return _in_words(self.interval)
        return NAMES[self.name]

    def _has_kind(self, value: Any) -> bool:
        kinds = int if self.name == "int" else int | float
        return isinstance(value, kinds) and not isinstance(value, bool)


def domains(annotation: ast.expr | None, body: Sequence[ast.stmt]) -> tuple[Domain, ...]:
    """The alternatives that an annotation names in a file with these statements; none where anything goes."""
    match annotation:
        case ast.Name("int" | "float" | "bool" | "str" as name):
            return (Domain(name),)
        case ast.Subscript(ast.Name("Literal"), choices):
            words = ast.literal_eval(choices)
            return (Domain("word", words=words if isinstance(words, tuple) else (words,)),)
        case ast.Subscript(ast.Name("Annotated"), ast.Tuple([inner, ast.Constant(str(text))])):
            (domain,) = domains(inner, body)
            return (replace(domain, calls=text) if domain.name == "str" else replace(domain, interval=text),)
        case ast.Subscript(ast.Name("Sequence"), ast.Name("int")):
            return (Domain("list"),)
        case ast.BinOp(left, ast.BitOr(), right):
            return domains(left, body) + domains(right, body)
        case ast.Name(alias):
            match definition(alias, body):
                case ast.Assign(_, value), where:
                    return domains(value, where)
    return ()


def definition(name: str, body: Sequence[ast.stmt]) -> tuple[ast.stmt, Sequence[ast.stmt]] | None:
    """What sets `name` in a file with these statements, or in the file of ours that it is imported from; and its file's
    statements."""
    for node in body:
        match node:
            case ast.Assign([ast.Name(own)]) | ast.ClassDef(own) if own == name:
                return node, body
            case ast.ImportFrom(str(module), names) if module.startswith("ablab."):
                origin = {item.asname or item.name: item.name for item in names}
                if name in origin:
                    return definition(origin[name], _statements(module))
    return None


@functools.cache
def _statements(module: str) -> list[ast.stmt]:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8")).body


def _ends(interval: str) -> tuple[float, float]:
    low, _, high = interval[1:-1].partition(",")
    return float(low), float(high)


def _within(value: float, interval: str) -> bool:
    """Whether a number is finite and in an interval such as `(0, 1]`; without one, whether it is finite.

    >>> _within(0, "(0, 1]"), _within(1, "(0, 1]"), _within(float("inf"), "")
    (False, True, False)
    """
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if not interval:
        return True
    low, high = _ends(interval)
    above = value > low if interval[0] == "(" else value >= low
    return above and (value < high if interval[-1] == ")" else value <= high)


def _in_words(interval: str) -> str:
    """An interval as a person says it.

    >>> _in_words("[0, 1)"), _in_words("(0, inf)")
    ('at least 0 and below 1', 'above 0')
    >>> _in_words("[1, 9]"), _in_words("(0, 1]")
    ('from 1 to 9', 'above 0 and at most 1')
    """
    low, high = (f"{end:,.12g}" for end in _ends(interval))
    if interval[0] == "[" and interval[-1] == "]":
        return f"from {low} to {high}"
    start = f"above {low}" if interval[0] == "(" else f"at least {low}"
    return start if high == "inf" else f"{start} and {'below' if interval[-1] == ')' else 'at most'} {high}"
