"""Looks are told in one place: every style has a colour and a dash, and no two verdicts look the same."""

from hypothesis import given
from hypothesis import strategies as st

from ablab.report import style


def test_every_style_has_a_colour_of_its_own_with_a_dash_of_its_own():
    assert len({tone.light for tone in style.COLOURS}) == len({tone.dark for tone in style.COLOURS}) == 6
    assert len(set(style.DASHES)) == len(style.COLOURS)


def test_every_word_of_a_verdict_looks_different():
    for look in ("kind", "sign", "mark", "terminal", "colour"):
        assert len({getattr(word, look) for word in style.LOOKS.values()}) == 4


def test_the_style_sheet_has_every_colour_for_light_and_for_dark():
    light, dark = style.style_sheet().split("@media")
    for tone in style.COLOURS:
        assert tone.light in light
        assert tone.dark in dark


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9), st.booleans())
def test_the_depth_of_a_colour_is_a_share(value, largest, is_difference):
    assert 0 <= style.depth(value, largest, is_difference=is_difference) <= 1


def test_a_ramp_goes_from_dark_to_light():
    made = [sum(int(style.ramp(at / 9)[i : i + 2], 16) for i in (1, 3, 5)) for at in range(10)]
    assert made == sorted(made)
