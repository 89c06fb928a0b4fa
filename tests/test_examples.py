"""The examples in docstrings give what stands below them."""

import doctest
import importlib

import pytest

from test_arrows import FILES, SOURCE

MODULES = [
    ".".join(("ablab", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    for path in FILES
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name):
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.attempted
    assert not outcome.failed, f"python -m doctest says more: {name}"
