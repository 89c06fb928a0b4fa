"""Sizes as a person writes them: 32x32x3 or 3x32x32 for a picture, 3 or 3x5 for a window."""

import re

from ablab.arithmetic.formulas import times
from ablab.errors import InputError

MOST = 1 << 40  # of any number: beyond it, nobody means what they typed


def plain(sizes: str) -> str:
    """Sizes with an x between: a * would be a pattern to the shell."""
    return re.sub("[X×*,]", "x", sizes.replace(" ", ""))


def picture_of(text: str) -> tuple[int, int, int]:
    """The size of a picture as (channels, height, width)."""
    numbers = numbers_of(text)
    if len(numbers) != 3:
        raise InputError(f"--in {text}: give height, width and channels, such as 100x100x3")
    height, width, channels = numbers
    return channels, height, width


def numbers_of(text: str) -> tuple[int, ...]:
    """The numbers of --in; three of them as height, width and channels, whichever way round they were given.

    Pictures are mostly square, so 100x100x3 and 3x100x100 are both clear; other sizes are height, width, channels.
    """
    sizes, order = _parts(text)
    if not re.fullmatch(r"\d{1,13}([x×*,]\d{1,13}){0,7}", sizes) or order not in ("", "hwc", "chw"):
        raise InputError(
            f"--in {_cut(text)}: give whole numbers with an x between them, such as 100x100x3, or 3x100x100:chw"
        )
    numbers = tuple(whole(int(number), f"--in {text}") for number in re.findall(r"\d+", sizes))
    if order and len(numbers) != 3:
        raise InputError(f"--in {text}: :chw and :hwc need three numbers, such as 3x100x100:chw")
    if len(numbers) == 3 and (order == "chw" or (not order and _is_square(numbers[1:]) and numbers[0] != numbers[1])):
        return *numbers[1:], numbers[0]
    return numbers


def _parts(text: str) -> tuple[str, str]:
    """The sizes of --in, and the order that was said."""
    sizes, _, order = text.lower().replace(" ", "").partition(":")
    return sizes, order


def _is_square(sides: tuple[int, ...]) -> bool:
    return sides[0] == sides[1]


def reading(text: str) -> str:
    """How --in was read, where it could have been meant the other way round."""
    sizes, order = _parts(text)
    numbers = numbers_of(text)
    given = tuple(map(int, re.findall(r"\d+", sizes)))
    if len(numbers) != 3 or (given == numbers and _is_square(numbers[:2])):
        return ""
    if order:
        return " (height x width x channels)"
    if given == numbers:
        return f" (height x width x channels; for channels first write {times(given)}:chw)"
    return f" (height x width x channels; {times(given)} has channels first, if not write {times(given)}:hwc)"


def again(text: str) -> str:
    """--in for another command, which is read the same way."""
    numbers = numbers_of(text)
    is_clear = len(numbers) != 3 or numbers[0] == numbers[1] or numbers[1] != numbers[2]
    return times(numbers) + ":hwc" * (not is_clear)


def sides_of(option: str, text: str) -> tuple[int, int]:
    """3 or 3x5, as (height, width)."""
    match = re.fullmatch(r"(\d{1,13})(?:[x×*,](\d{1,13}))?", text.strip().lower())
    if match is None:
        raise InputError(f"{option} {_cut(text)}: give a whole number, or two such as 3x5, of at most {MOST:,}")
    return int(match[1]), int(match[2] or match[1])


def whole(number: int, option: str = "--filters") -> int:
    if not 1 <= number <= MOST:
        where = option if option.startswith("--in") else f"{option} {_cut(str(number))}"
        raise InputError(f"{where}: give a whole number from 1 to {MOST:,}")
    return number


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"
