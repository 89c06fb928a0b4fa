"""Every parser of text from outside takes a time that grows with its length, whatever the text is.

The texts are so long that a time that grows with the square of the length would be minutes to hours, and the limit of
this file ends it.
"""

import contextlib

import pytest

from ablab import grammar, verify
from ablab.auditing import quantities, sentences
from ablab.auditing.claims import figures
from ablab.data import _as_path
from ablab.errors import AblabError
from ablab.recipe import Recipe, typed
from ablab.study import Study
from ablab.study.question import toml

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

PARSERS = {
    "assignments": grammar.assignments,
    "calls": grammar.calls,
    "value": grammar.value,
    "span": grammar.span,
    "duration": grammar.duration,
    "a recipe": lambda text: Recipe.of(typed({"augment": text, "data": text, "model": text})),
    "a path with brackets": _as_path,
    "an accuracy": lambda text: quantities.accuracies([text]),
    "a count": lambda text: quantities.count(text, "images"),
    "a time": quantities.seconds,
    "a number": lambda text: quantities.plain_number(text, "sd", "0.5"),
    "a name": quantities.named,
    "a sentence": sentences.check,
    "a table": lambda text: figures(text, "table"),
    "TOML": lambda text: toml.read(text, "study"),
    "its statements": lambda text: list(toml.statements(text)),
    "a study": lambda text: Study.from_toml(text, "study"),
    "a page": verify._handed_in,
}
LENGTH = 60_000


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("piece", PIECES)
def test_no_text_takes_longer_than_its_length_allows(parser, piece):
    for start in STARTS:
        for end in ENDS:
            with contextlib.suppress(AblabError, ValueError, RecursionError):
                PARSERS[parser](start + PIECES[piece] * (LENGTH // len(PIECES[piece])) + end)
