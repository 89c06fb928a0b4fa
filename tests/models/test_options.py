"""Checks of words and of lists of numbers."""

import pytest

from ablab.errors import ModelError
from ablab.models.options import check_numbers, check_word


def test_a_known_word_and_a_fitting_list_pass():
    check_word("dropout_at", "conv", ("conv", "all"))
    check_numbers("channels", [8, 16], 2)
    check_numbers("hidden", [])


def test_an_unknown_word_is_refused_with_the_nearest():
    with pytest.raises(ModelError, match='dropout_at = "convs" is not one of its values: did you mean "conv"'):
        check_word("dropout_at", "convs", ("conv", "all"))


@pytest.mark.parametrize("numbers", [[8], [8, 8, 8], []])
def test_a_list_of_another_length_is_refused_with_both_lengths(numbers):
    message = rf"channels = .* has length {len(numbers)}, but there are 2 convolutions"
    with pytest.raises(ModelError, match=message):
        check_numbers("channels", numbers, 2, what="convolutions")


@pytest.mark.parametrize("wrong", [0, -3, 2.0, True, "8", None])
def test_what_is_no_whole_number_from_1_is_refused(wrong):
    with pytest.raises(ModelError, match="is not a whole number of at least 1"):
        check_numbers("channels", [8, wrong])
