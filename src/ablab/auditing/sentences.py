"""Sentences about percentages: does "36 % lower" mean points, a relative difference, or neither of them?"""

import math
import re
from dataclasses import dataclass
from typing import Literal

from ablab.errors import InputError

_QUANTITY = re.compile(
    r"(?<![\w.,-])(\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)\s*(%|percent(?:age)?\s+points?|percent\b|points?\b|pp\b)?",
    re.I,
)
_LESS = r"low|less|worse|small|few|below|dropped|drops?\b|fell|falls?\b|decreas|reduc|lost|loses?\b|short"
_MORE = r"high|more|better|great|larg|above|rose|ris|increas|gain|improv|grew|long|up\b|bigger"

LONGEST = 1000  # characters

Kind = Literal["relative", "points", "relative error", "both", "none"]


@dataclass(frozen=True)
class Sentence:
    """What a sentence claims, and what its own two levels give."""

    text: str
    kind: Kind  # what the claimed number is
    claimed: float
    level: float
    reference: float
    points: float | None  # level minus reference, where both are percentages
    relative: float  # the same in percent of the reference
    says: str
    is_fault: bool


def check(text: str) -> Sentence:
    """The judgement of one sentence with two levels and the difference that it claims.

    >>> check("47.2 % is 36 % lower than 73.8 %").says
    'a relative difference: 36 % of 73.8 %, which is 26.6 points: (47.2 - 73.8) / 73.8 = -36.0 %'
    >>> check("150,826 is a reduction of 85 % from 985,226").says
    'right: (150,826 - 985,226) / 985,226 = -84.7 %'
    """
    text = " ".join(text.split())
    if len(text) > LONGEST:
        raise InputError(f'"{text[:100]}…": {len(text):,} characters; a sentence has {LONGEST:,} at most')
    found = list(_QUANTITY.finditer(text))
    with_units = [match for match in found if match[2]]
    found = with_units if len(with_units) == 3 else found
    if len(found) != 3:
        raise InputError(
            f'"{text[:100]}": {len(found)} numbers; a claim has three, such as "47.2 % is 36 % lower than 73.8 %"'
        )
    claimed = _difference(text, found)
    levels = [match for match in found if match is not claimed]
    level, reference = _order(text, levels, claimed)
    if _number(reference) == 0:
        raise InputError(f'"{text[:100]}": a difference relative to 0 is undefined')
    return _judged(text, claimed, level, reference)


def _difference(text: str, found: list[re.Match[str]]) -> re.Match[str]:
    """The number that is the difference: in points, behind "by" or "a reduction of", or before "lower" and the like."""
    for match in found:
        if _is_points(match):
            return match
    for match in found:
        if re.search(rf"\b(by|(?:{_LESS}|{_MORE})\w*\s+of)\s+(about\s+|some\s+)?$", text[: match.start()], re.I):
            return match
    for match in found:
        if re.match(rf"\s*(?:{_LESS}|{_MORE})", text[match.end() :], re.I):
            return match
    raise InputError(
        f'"{text[:100]}": which number is the difference? Write it before "lower" or "higher", or behind "by", such as '
        '"47.2 % is 36 % lower than 73.8 %"'
    )


def _order(text: str, levels: list[re.Match[str]], claimed: re.Match[str]) -> tuple[re.Match[str], re.Match[str]]:
    """The level that is spoken of, and the one that it is set against."""
    one, other = levels
    if re.search(r"\bfrom\s+$", text[: one.start()], re.I):
        return other, one
    if re.search(r"\b(than|over|against|vs\.?|versus|with|to)\s+(the\s+)?$", text[: one.start()], re.I):
        return other, one
    del claimed
    return one, other


def _judged(text: str, claimed: re.Match[str], level: re.Match[str], reference: re.Match[str]) -> Sentence:
    value, a, b = _number(claimed), _number(level), _number(reference)
    are_percent = _is_percent(level) and _is_percent(reference)
    gap, relative = a - b, 100 * (a - b) / b
    # how far rounding of all three numbers can move each kind of difference
    crumb, steps = 0.5 * _step(claimed), 0.5 * (_step(level) + _step(reference))
    fits_points = are_percent and abs(value - abs(gap)) <= crumb + steps + 1e-9
    fits_relative = abs(value - abs(relative)) <= crumb + 100 * steps / b * (1 + a / b) + 1e-9
    error = 100 * gap / (100 - b) if are_percent and b < 100 else 0.0
    fits_error = are_percent and abs(value - abs(error)) <= crumb + 200 * steps / (100 - b if b < 100 else 1) + 1e-9
    away: dict[Kind, float] = {  # in this order where two are as near
        "points": abs(value - abs(gap)) if fits_points else math.inf,
        "relative": abs(value - abs(relative)) if fits_relative else math.inf,
        "relative error": abs(value - abs(error)) if fits_error else math.inf,
    }
    kind = min(away, key=lambda key: away[key]) if min(away.values()) < math.inf else "none"
    if max(away["points"], away["relative"]) <= crumb:
        kind = "both"
    arithmetic = f"({level[1]} - {reference[1]}) / {reference[1]} = {relative:+.1f} %"
    said = _said(kind, claimed, reference, gap, error, arithmetic, are_percent=are_percent)
    is_wrong_way = _is_wrong_way(text, claimed, gap)
    if is_wrong_way:
        said = f"the direction is wrong: {level[1]} is {'above' if gap > 0 else 'below'} {reference[1]}; {said}"
    says_points = _is_points(claimed)
    is_fault = is_wrong_way or kind == "none" or (are_percent and kind != "both" and (kind == "points") != says_points)
    return Sentence(text, kind, value, a, b, round(gap, 9) if are_percent else None, relative, said, is_fault)


def _said(
    kind: Kind,
    claimed: re.Match[str],
    reference: re.Match[str],
    gap: float,
    error: float,
    arithmetic: str,
    *,
    are_percent: bool,
) -> str:
    in_points = f"{_trim(abs(gap))} points"
    if kind == "relative" and not are_percent:
        return f"right: {arithmetic}"
    if kind == "relative" and _is_points(claimed):
        return f"not points: {claimed[1]} is the relative difference, {arithmetic}; in points, it is {_trim(abs(gap))}"
    if kind == "relative":
        return f"a relative difference: {claimed[1]} % of {reference[1]} %, which is {in_points}: {arithmetic}"
    if kind == "points" and _is_points(claimed):
        return f"right: {in_points}; relative to {reference[1]} % it is {arithmetic}"
    if kind == "points":
        return f"a difference in points, written as percent: write {in_points}; in percent it is {arithmetic}"
    if kind == "relative error":
        wrong = _trim(100 - _number(reference))
        return f"a share of the errors: {error:+.1f} % of the {wrong} % that are wrong; {in_points}"
    if kind == "both":
        return f"right, in points and relatively alike: {in_points}, {arithmetic}"
    other = f"{in_points}, or " if are_percent else ""
    return f"{claimed[1]} matches neither result: {other}{arithmetic}"


def _is_wrong_way(text: str, claimed: re.Match[str], gap: float) -> bool:
    after, before = text[claimed.end() :], text[: claimed.start()]
    near = re.match(rf"\s*(?:({_LESS})|({_MORE}))", after, re.I) or re.search(
        rf"\b(?:({_LESS})|({_MORE}))", before, re.I
    )
    return near is not None and gap != 0 and (gap < 0) != bool(near[1])


def _is_points(match: re.Match[str]) -> bool:
    return bool(match[2]) and ("point" in match[2].lower() or match[2].lower() == "pp")


def _is_percent(match: re.Match[str]) -> bool:
    return bool(match[2]) and not _is_points(match)


def _number(match: re.Match[str]) -> float:
    """The number as it is written, with or without commas between thousands."""
    return float(match[1].replace(",", ""))


def _step(match: re.Match[str]) -> float:
    """The size of one step in the last decimal that was written."""
    return float(10.0 ** -len(match[1].partition(".")[2]))


def _trim(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
