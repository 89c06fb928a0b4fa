"""Parsers of text from outside, each as a function of one text, for tests of their time and for the fuzzer."""

from collections.abc import Callable
from typing import Any

from ablab import grammar, verify
from ablab.auditing import quantities, sentences
from ablab.auditing.claims import figures
from ablab.data import _as_path
from ablab.recipe import Recipe, typed
from ablab.study import Study
from ablab.study.question import toml

PARSERS: dict[str, Callable[[str], Any]] = {
    "assignments": grammar.assignments,
    "calls": grammar.calls,
    "value": grammar.value,
    "span": grammar.span,
    "duration": grammar.duration,
    "floors": grammar.floors,
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
# Parts of a cell of a table: whatever reads the table puts their ValueErrors into words.
CELLS = ("an accuracy", "a count", "a time", "a number")
SEEDS = (
    "norm=batch lr=0.05 augment=crop(4)+flip",
    'data=phantom(train=400, test=60) channels=[64, 128] name="a b" x=1e-3',
    "3..10",
    "90s",
    "2:30, 4:45.5",
    "93.9 ± 0.3 (n=5) %",
    "1,234",
    "1h 30m",
    "accuracy rose by 2.1 points from 91.2 % to 93.3 %",
    "| model | accuracy | runs | sd |\n|---|---|---|---|\n| base | 71.2 | 3 | 0.4 |\n| batch norm | 73.9 | 3 | 0.3 |\n",
    "model,accuracy,epochs\nbase,71.2 ± 0.3,30\ndropout,70.0,30\n",
    'question = \'why?\'\ndata = "phantom"\nmodel = "simple-nn"\n[variants]\n"a" = "norm=batch"\n',
    '"a.b".c = [1, 2.5, 1979-05-27, """x\ny""", {z = true}] # end\n[[t]]\n',
    '<!doctype html><script type="application/json" id="ablab-runs">{"runs": [], "study": ""}</script>',
)
