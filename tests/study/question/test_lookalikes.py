"""Names that a reader could take for others are told; names in any one alphabet are fine."""

import pytest

from ablab.study.question.lookalikes import lookalikes


@pytest.mark.parametrize(
    "names",
    [
        ["base", "batch norm", "lr=0.1"],
        ["основа", "норма"],
        ["βάση", "κανόνας"],
        ["基準", "正則化"],
        ["Δacc", "β1 = 0.9", "µs", "naïve", "größer"],
    ],
)
def test_names_in_one_alphabet_and_symbols_beside_words_are_fine(names):
    assert lookalikes(names) == ()


@pytest.mark.parametrize(
    ("name", "letter"),
    [
        ("b\u0430se", "CYRILLIC SMALL LETTER A"),
        ("batch n\u03bfrm", "GREEK SMALL LETTER OMICRON"),
        ("\u0421NN", "CYRILLIC CAPITAL LETTER ES"),
    ],
)
def test_a_letter_of_another_alphabet_in_a_latin_word_is_named(name, letter):
    (remark,) = lookalikes([name])
    assert remark.endswith(letter)
    assert remark.isascii()


@pytest.mark.parametrize("pair", [("cop", "\u0441\u043e\u0440"), ("wide", "ｗｉｄｅ"), ("Norm", "norm")])
def test_two_names_that_look_alike_are_told(pair):
    assert "look alike" in lookalikes(pair)[-1]
