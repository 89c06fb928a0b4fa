"""Terms: numbers with their formulas."""

import math

from ablab.arithmetic.terms import NOTHING, Term, letter, product, total


def test_factors_of_one_are_left_unwritten_and_nothing_is_not_added():
    assert str(product(1, 1)) == "1"
    assert total([product(2, 3), NOTHING, product(4)]) == Term(10, "2·3 + 4")
    assert math.prod((2, 3)) == product(2, 3).value


def test_sums_stand_in_parentheses_where_they_are_multiplied_or_taken_away():
    a, b, two = letter("a", 5), letter("b", 3), letter("c", 2)
    assert str((a + 1) * (b - 1)) == "(5 + 1)·(3 - 1) = 12"
    assert str(a * b + two) == "5·3 + 2 = 17"
    assert str(a - (b - two)) == "5 - (3 - 2) = 4"
    assert ((a + 1) * (b - 1)).letters == "(a + 1)·(b - 1)"


def test_a_quotient_is_rounded_as_its_brackets_say():
    room, step = letter("r", 7), letter("s", 2)
    assert str(room.over(step, "⌊⌋") + 1) == "⌊7/2⌋ + 1 = 4"
    assert str(room.over(step, "⌈⌉")) == "⌈7/2⌉ = 4"
    assert (room.over(step, "⌊⌋") + 1).letters == "⌊r/s⌋ + 1"
