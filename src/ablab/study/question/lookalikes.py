"""Look-alikes: letters of another alphabet in a Latin word, and names that differ in such letters alone."""

import re
import unicodedata
from collections.abc import Iterable

# Letters of the Cyrillic and the Greek alphabet with the Latin ones that most fonts draw alike (Unicode, UTS 39).
_ALIKE = str.maketrans(
    "аеорсухіјѕԁԛԝһӏАВЕКМНОРСТХІЈЅοανρυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdqwhlABEKMHOPCTXIJSoavpuABEZHIKMNOPTYX",
)


def lookalikes(names: Iterable[str]) -> tuple[str, ...]:
    """A remark on every name that a reader could take for another one.

    >>> lookalikes(["norm", "n\\u043erm"])[0]
    'the name "n\\\\u043erm" has a letter that looks like a Latin one and is CYRILLIC SMALL LETTER O'
    """
    names = list(names)
    remarks = []
    seen: dict[str, str] = {}
    for name in names:
        for word in re.findall(r"[^\W\d_]+", name):
            odd = next((c for c in word if c.translate(_ALIKE) != c), None)
            if odd and any(unicodedata.name(c, "").startswith("LATIN") for c in word):
                what = f"has a letter that looks like a Latin one and is {unicodedata.name(odd)}"
                remarks.append(f'the name "{_ascii(name)}" {what}')
                break
        other = seen.setdefault(unicodedata.normalize("NFKC", name).translate(_ALIKE).casefold(), name)
        if other != name:
            remarks.append(f'the names "{_ascii(other)}" and "{_ascii(name)}" look alike')
    return tuple(remarks)


def _ascii(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode()
