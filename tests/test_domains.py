"""What a parameter takes is read from the text of its annotation, through the names that it is given elsewhere."""

import ast

import pytest

from ablab.domains import Domain, domains

SOURCE = """
from typing import Annotated, Literal
from ablab.models.options import Norm as Kind
Share = Annotated[float, "[0, 1)"]
Size = Literal["small"] | int
"""
BODY = ast.parse(SOURCE).body


def read(annotation: str) -> tuple[Domain, ...]:
    return domains(ast.parse(annotation, mode="eval").body, BODY)


@pytest.mark.parametrize(
    ("annotation", "inside", "outside"),
    [
        ("int", [0, -3], [0.5, True, "1"]),
        ("float", [0, 0.5], [False, "0.5", float("nan"), float("inf")]),
        ("bool", [True, False], [0, "true"]),
        ("str", ["a", ""], [0, True]),
        ("Sequence[int]", [[1, 2], (), []], [[0.5], [True], "12", 3]),
        ('Literal["a", "b"]', ["a", "b"], ["c", 0, ["a"]]),
        ('Annotated[int, "[1, inf)"]', [1, 10**9], [0, 1.5]),
        ("Share", [0, 0.999], [1, -0.1, "x"]),
        ("Kind", ["none", "batch"], ["btach"]),
        ("Size", ["small", 7], ["large", 0.5]),
    ],
)
def test_a_value_is_in_the_domain_of_its_annotation_or_not(annotation, inside, outside):
    found = read(annotation)
    assert all(any(domain.has(value) for domain in found) for value in inside)
    assert not any(domain.has(value) for domain in found for value in outside)


@pytest.mark.parametrize(
    ("annotation", "value", "wanted"),
    [
        ("int", 0.5, "a whole number"),
        ("Share", "much", "a number"),
        ("Share", 1, "at least 0 and below 1"),
        ('Annotated[float, "(0, inf)"]', 0, "above 0"),
        ('Annotated[int, "[10, 1000000]"]', 3, "from 10 to 1,000,000"),
        ("Sequence[int]", "8", "a list of whole numbers"),
    ],
)
def test_a_value_outside_is_told_what_it_must_be(annotation, value, wanted):
    (domain,) = read(annotation)
    assert domain.wanted(value) == wanted


def test_text_beside_a_word_names_the_functions_that_it_calls():
    assert read('Literal["same"] | Annotated[str, "activation"]') == (
        Domain("word", words=("same",)),
        Domain("str", calls="activation"),
    )


@pytest.mark.parametrize("annotation", ["Tensor", "dict[str, int]", "Unheard"])
def test_anything_goes_where_an_annotation_says_nothing_that_text_can_say(annotation):
    assert read(annotation) == ()
