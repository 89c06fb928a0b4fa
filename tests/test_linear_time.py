"""Every parser of text from outside takes a time that grows with its length, whatever the text is.

The texts are so long that a time that grows with the square of the length would be minutes to hours, and the limit of
this file ends it.
"""

import contextlib

import pytest

from ablab.errors import AblabError
from fault_suite.parsers import PARSERS

pytestmark = [pytest.mark.long, pytest.mark.timeout(60)]

PIECES = {
    "blanks": " ",
    "tabs": "\t",
    "digits": "1",
    "points": "1.",
    "commas": "1,",
    "letters": "a",
    "words": "a ",
    "keys": "a=1 ",
    "dotted": "a.",
    "quoted and dotted": '"a".',
    "brackets": "(",
    "square brackets": "[",
    "braces": "{",
    "closed brackets": "()",
    "quotes": '"',
    "escaped quotes": '\\"',
    "single quotes": "'",
    "three quotes": '"""',
    "three and an escaped one": '"""\\"',
    "three single quotes": "'''",
    "lines": "a\n",
    "statements": "a = 1\n",
    "tables": "[a]\n",
    "pipes": "|",
    "dashes": "-",
    "dashes and pipes": "-|",
    "colons and dashes": ":-",
    "tags": "<a ",
    "scripts": "<script ",
    "comments": "<!--",
    "ends": "</",
    "attributes": "a='",
    "pluses": "+",
    "signs": "±",
    "percent": "%",
    "units": "1m",
    "commas alone": ",",
    "stars": "*",
    "backslashes": "\\",
    "hashes": "#",
    "equals": "=",
    "carriage returns": "\r",
}
STARTS = ("", "74.19", "a", "a = ", '"', "a=b(", "<script id='ablab-runs'", "|a|accuracy|\n|-|-|\n|b|")
ENDS = ("", "x")

LENGTH = 60_000


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("piece", PIECES)
def test_no_text_takes_longer_than_its_length_allows(parser, piece):
    for start in STARTS:
        for end in ENDS:
            with contextlib.suppress(AblabError, ValueError, RecursionError):
                PARSERS[parser](start + PIECES[piece] * (LENGTH // len(PIECES[piece])) + end)
