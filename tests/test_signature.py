"""Parameters are read from the text of a function; a dataclass that is a default stands for its fields."""

import ast

import pytest

from ablab.domains import Domain
from ablab.signature import Parameter, parameters, positional

SOURCE = """
from dataclasses import dataclass
from typing import Annotated, Literal
from ablab.models.style import ConvStyle

class Style:
    norm: Literal["none", "batch"] | None = "batch"
    at: str | None = None
    width: float = 1.0

    def act(self):
        late: int = 3

class Narrow(Style):
    at: Literal["all", "end"] = "end"

def network(io, other, *, blocks, depth: int = 3, style: Style = Style(), last: bool = False): ...
def narrow(io, *, style: Narrow = Narrow(norm=None, width=0.5)): ...
def elsewhere(io, *, style: ConvStyle = ConvStyle(shortcut=True)): ...
def unheard(io, *, style: Unheard = Unheard(width=2.0)): ...
"""
BODY = ast.parse(SOURCE).body
NODES = {node.name: node for node in BODY if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def read(name: str) -> dict[str, Parameter]:
    return {parameter.name: parameter for parameter in parameters(NODES[name], BODY)}


def test_parameters_keep_their_order_and_fields_stand_where_their_dataclass_does():
    taken = read("network")
    assert list(taken) == ["blocks", "depth", "norm", "width", "last"]
    assert {name: parameter.default for name, parameter in taken.items()} == {
        "blocks": None,
        "depth": 3,
        "norm": "batch",
        "width": 1.0,
        "last": False,
    }
    assert [name for name, parameter in taken.items() if parameter.group == "style"] == ["norm", "width"]
    assert [name for name, parameter in taken.items() if parameter.is_required] == ["blocks"]
    assert positional(NODES["network"]) == ("io", "other")


def test_a_field_is_there_if_it_has_a_value_and_takes_what_its_class_says():
    taken = read("narrow")
    assert {name: parameter.default for name, parameter in taken.items()} == {"at": "end", "width": 0.5}
    assert taken["at"].domains == (Domain("word", words=("all", "end")),)
    assert read("network")["norm"].domains == (Domain("word", words=("none", "batch")),)


def test_a_dataclass_of_another_file_of_ours_is_found_with_its_bases_and_the_meaning_of_its_words():
    taken = read("elsewhere")
    assert list(taken) == ["shortcut", "norm", "norm_momentum", "norm_eps", "activation", "dropout", "width", "conv"]
    assert taken["conv"].domains == (Domain("word", words=("full", "depthwise")),)
    assert taken["dropout"].domains == (Domain("float", interval="[0, 1)"),)


def test_a_call_of_something_unknown_is_a_default_like_any_other():
    assert read("unheard") == {"style": Parameter("style", ())}


@pytest.mark.parametrize("name", ["Style", "Narrow"])
def test_a_class_that_is_made_of_nothing_has_no_parameters(name):
    assert read(name) == {}
    assert positional(NODES[name]) == ()
