"""One grammar for study files and the command line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablab import grammar
from ablab.errors import GrammarError


def test_a_value_goes_on_until_the_next_key():
    assert grammar.assignments("norm=batch augment=crop(4) + flip  lr=0.1") == {
        "norm": "batch",
        "augment": "crop(4) + flip",
        "lr": "0.1",
    }


def test_an_equals_sign_inside_brackets_starts_no_key():
    assert grammar.assignments("optimizer=sgd(momentum=0.9, nesterov=true) lr=1") == {
        "optimizer": "sgd(momentum=0.9, nesterov=true)",
        "lr": "1",
    }


@pytest.mark.parametrize("text", ["batch", "norm=", "=batch", "norm=a norm=b", "a=crop(4", "a=crop)4", "1x=3"])
def test_text_that_is_not_key_equals_value_is_an_error_that_shows_the_text(text):
    with pytest.raises(GrammarError, match=r"\^"):
        grammar.assignments(text)


def test_operations_keep_their_order_and_arguments():
    first, second = grammar.calls("crop(4, mode=reflect) + cutout(8)")
    assert (first.name, first.args, first.options) == ("crop", (4,), {"mode": "reflect"})
    assert (second.name, second.args) == ("cutout", (8,))


@pytest.mark.parametrize("text", ["none", "", "  "])
def test_none_is_the_empty_list_of_operations(text):
    assert grammar.calls(text) == ()


@pytest.mark.parametrize("text", ["crop(4) flip", "crop(4,,5)", "4crop", "crop()x", "+flip", "crop(4)++flip"])
def test_operations_that_cannot_be_read_are_errors(text):
    with pytest.raises(GrammarError):
        grammar.calls(text)


@pytest.mark.parametrize(("text", "expected"), [("3..10", (3, 10)), ("5", (5, 5)), (" 3 .. 4 ", (3, 4))])
def test_a_range_is_two_numbers(text, expected):
    assert grammar.span(text) == expected


@pytest.mark.parametrize("text", ["10..3", "3...10", "a..b", "-1..3", ""])
def test_what_is_not_a_range_is_an_error(text):
    with pytest.raises(GrammarError):
        grammar.span(text)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("1.5h", 5400)])
def test_durations_are_seconds(text, seconds):
    assert grammar.duration(text) == seconds


values = st.one_of(
    st.booleans(),
    st.integers(-(10**15), 10**15),
    st.floats(allow_nan=False, allow_infinity=False, width=32).filter(
        lambda number: number == 0 or abs(number) > 1e-30
    ),
    st.from_regex(r"[a-z][a-z_-]{0,8}", fullmatch=True).filter(lambda word: word not in ("true", "false")),
)


@given(st.one_of(values, st.lists(values, max_size=4)))
def test_what_is_shown_is_read_back(something):
    assert grammar.value(grammar.show(something)) == something


@pytest.mark.slow
@given(
    st.lists(
        st.builds(
            grammar.Call,
            st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True).filter(lambda name: name != "none"),
            st.lists(values, max_size=3).map(tuple),
            st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), values, max_size=2),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_operations_survive_being_written_and_read(operations):
    assert list(grammar.calls(" + ".join(map(str, operations)))) == operations


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_our_own_error(text):
    for read in (grammar.assignments, grammar.calls, grammar.span, grammar.duration):
        try:
            read(text)
        except GrammarError as error:
            assert str(error)
