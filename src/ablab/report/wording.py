"""Text and times as they may be shown: nothing in them is hidden, and no terminal or page obeys them."""

import re
import textwrap
import unicodedata
from typing import Any

from markupsafe import Markup

from ablab.errors import printable


def shown(text: str) -> str:
    """Text of a user's on one line, with nothing in it that a terminal would obey.

    >>> shown("a\\x1b[31mb\\n\\u202ec")
    'a\\\\x1b[31mb\\\\n\\\\u202ec'
    """
    return text if text.isprintable() else printable(text)


def visible(text: Any) -> Any:
    r"""Text for a page, with the characters that cannot be seen, or that turn the writing around, spelled out.

    >>> visible("a\u202eb"), visible("two\nlines")
    ('a\\u202eb', 'two\nlines')
    """
    if not isinstance(text, str) or isinstance(text, Markup):
        return text
    return "".join(f"\\u{ord(c):04x}" if _is_hidden(c) else c for c in text)


def wrapped(text: str, width: int | None, first: str = "", later: str = "") -> list[str]:
    """Lines no wider than `width`, with no number parted from its unit; without a width, one line.

    >>> wrapped("an interval of 95 % confidence", 18)
    ['an interval of', '95 % confidence']
    """
    if width is None:
        return [f"{first}{text}"]
    kept = re.sub(r"(?<=\d) (?=%|pp\b)", "\N{NO-BREAK SPACE}", text)
    lines = textwrap.wrap(kept, width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def _is_hidden(c: str) -> bool:
    # joiners (Cf) stay: they hold emoji and several scripts together; half a surrogate pair cannot be written to a file
    kind = unicodedata.category(c)
    return (
        (kind == "Cc" and c not in "\n\t") or kind in ("Cs", "Zl", "Zp") or (kind == "Cf" and c not in "\u200c\u200d")
    )
