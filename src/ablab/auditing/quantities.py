"""Quantities as people publish them: 74.19 %, 0.7419, 74,19 or 74.19 ± 0.3; 1.25M; 2 min 3 s, 3 h 52 or 1:02:03."""

import math
import re
from collections.abc import Sequence

from ablab.errors import InputError
from ablab.study.question.toml import printable

RULES = ("test", "validation", "last")
NAME_LENGTH = 60
# What has matched is never tried in another way (++ and *+), so that the time grows with the length of a text alone.
NUMBER = r"[+-]?(?:\d[\d,_']*+(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d{1,3})?"


def accuracies(words: Sequence[str]) -> tuple[tuple[float, float | None], ...]:
    """Accuracies in percent from words such as 73.20, 0.732, "74.19 %" or "74.19 ± 0.3", each with its spread."""
    shares = are_shares(words)
    return tuple(accuracy(word, are_shares=shares) for word in words)


def accuracy(text: str, *, are_shares: bool) -> tuple[float, float | None]:
    """Accuracy in percent, and the spread behind a ± or in brackets."""
    match = re.fullmatch(
        rf"\s*({NUMBER})\s*(%?)\s*(?:(?:±|\+/-|\+-|\\pm)\s*({NUMBER})|\(\s*±?\s*({NUMBER})\s*\))?\s*(%?)\s*(?:pp)?\s*",
        _spaced(text.replace("$", "")),
    )
    if not match:
        raise InputError(f'"{short(text)}" is not an accuracy: write it as 74.19, "74.19 %" or "74.19 ± 0.3"')
    scale = 100.0 if are_shares and not (match[2] or match[5]) else 1.0
    spread = match[3] or match[4]
    number = _float(match[1], decimal_comma=True) * scale
    if not math.isfinite(number) or not 0 <= number <= 100:
        raise InputError(f'"{short(text)}" is outside 0 to 100 %: write an accuracy in percent, such as 74.19')
    return round(number, 9), round(_float(spread, decimal_comma=True) * scale, 9) if spread else None


def are_shares(texts: Sequence[str], head: str = "", path: str = "") -> bool:
    """Whether accuracies go from 0 to 1; a column with both kinds cannot be read."""
    if "%" in head or "percent" in head:
        return False
    bare = [text for text in texts if "%" not in text]
    numbers = [_float(match[0], decimal_comma=True) for text in bare if (match := re.match(NUMBER, text.strip()))]
    small = [number for number in numbers if 0 < number <= 1]
    large = [number for number in numbers if number > 1]
    if small and large:
        where = f"{path}: " if path else ""
        raise InputError(
            f"{where}{small[0]:g} and {large[0]:g}: is one a share and the other a percentage? Write both the "
            "same way, "
            f'such as "{100 * small[0]:g} %"'
        )
    return bool(small)


def count(text: str, what: str) -> int:
    """A whole number with or without a unit.

    >>> count("1.25M", "parameters"), count("10,000", "images"), count("150k", "parameters")
    (1250000, 10000, 150000)
    """
    match = re.fullmatch(rf"({NUMBER})\s*(k|m|g|b|thousand|million|billion)?", _spaced(text), re.IGNORECASE)
    unit = {"k": 1e3, "t": 1e3, "m": 1e6, "g": 1e9, "b": 1e9}[match[2][0].lower()] if match and match[2] else 1.0
    number = _float(match[1], decimal_comma=unit > 1) * unit if match else math.nan
    if not math.isfinite(number) or abs(number) > 1e15 or abs(number - round(number)) > 1e-6 * abs(number):
        raise InputError(f'{what}: "{short(text)}": give a whole number, such as 10000, 150k or 1.25M')
    return round(number)


def seconds(text: str, head: str = "") -> float:
    """A time in seconds; a bare number is in the unit that the column's head names.

    >>> seconds("2 min 3 s"), seconds("3 h 52"), seconds("1:02:03"), seconds("18", "time (min)")
    (123.0, 13920.0, 3723.0, 1080.0)
    """
    text = _spaced(text).lower()
    if re.fullmatch(r"\d{1,4}(:\d{1,2}){1,2}(\.\d+)?", text):
        total = 0.0
        for part in text.split(":"):
            total = 60 * total + float(part)
        return total
    pieces = re.findall(rf"({NUMBER})\s*+([a-zµ]*+)\.?+[\s,]*+", text)
    is_whole = re.fullmatch(rf"(?:{NUMBER}\s*+[a-zµ]*+\.?+[\s,]*+)++", text)
    total, after = 0.0, ""
    for number, unit in pieces if is_whole else ():
        unit = unit or {"h": "m", "m": "s"}.get(after, "") or _unit(head)
        scale = {"h": 3600.0, "m": 60.0, "s": 1.0, "d": 86400.0}.get(unit[:1]) if unit != "ms" else 1e-3
        if scale is None:
            break
        total, after = total + _float(number) * scale, unit[:1]
    else:
        if pieces and is_whole and math.isfinite(total):
            return total
    raise InputError(f'time: "{short(text)}": give seconds, or a time such as "2 min 3 s" or 1:02:03')


def selection(text: str) -> str:
    """Which epoch counts: test, validation or last.

    >>> selection("best val"), selection("final epoch")
    ('validation', 'last')
    """
    words = text.lower()
    for rule, pattern in zip(RULES, (r"\btest", r"\bval|\bdev\b", r"\blast|\bfinal|\bend\b"), strict=True):
        if re.search(pattern, words):
            return rule
    raise InputError(f'selected: "{short(text)}": write one of {", ".join(RULES)}')


def truth(text: str) -> bool:
    word = text.strip().lower()
    if word not in ("yes", "y", "true", "1", "no", "n", "false", "0"):
        raise InputError(f'test augmented: "{short(text)}": give yes or no')
    return word in ("yes", "y", "true", "1")


def named(text: str) -> str:
    """A name that can be shown in one line of a terminal."""
    return short(printable(" ".join(text.split())), NAME_LENGTH)


def plain_number(text: str, what: str, example: str) -> float:
    match = re.fullmatch(rf"\s*±?\s*({NUMBER})\s*(?:%|pp)?\s*", _spaced(text))
    if not match:
        raise InputError(f'{what}: "{short(text)}": give a number, such as {example}')
    return _float(match[1], decimal_comma=True)


def _unit(head: str) -> str:
    found = re.search(r"\b(hours?|h|minutes?|mins?|seconds?|secs?|s|m)\b", head.lower())
    return found[1][0] if found else "s"


def _spaced(text: str) -> str:
    """A text with one space where it has many, and none around it."""
    return " ".join(text.split())


def _float(text: str, *, decimal_comma: bool = False) -> float:
    text = text.replace("_", "").replace("'", "")
    if decimal_comma and "." not in text and text.count(",") == 1:
        text = text.replace(",", ".")
    return float(text.replace(",", ""))


def short(text: str, length: int = 40) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
