"""`ablab inspect`: a network's arithmetic on the command line."""

import csv
import json

import pytest
from click.testing import CliRunner

from ablab.cli.inspect import command
from ablab.errors import InputError

OWN = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, classes, in_shape, hidden=7):
        super().__init__()
        self.scale = float(torch.ones(3).sum())  # looks at a number
        self.linear = nn.Linear(in_shape[0] * in_shape[1] * in_shape[2], hidden)
        self.head = nn.Linear(hidden, classes)

    def forward(self, x):
        return self.head(torch.relu(self.linear(x.flatten(1) * self.scale)))
"""


def inspected(*words: str) -> str:
    done = CliRunner().invoke(command, words, catch_exceptions=False, standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.stdout


def test_a_network_is_shown_layer_by_layer_with_its_totals_and_what_to_type_next():
    shown = inspected("simple-nn", "norm=batch")
    assert "(576 + 1)·120 = 69,240" in shown
    assert "82,078 parameters" in shown
    assert "5 weighted layers" in shown
    assert shown.splitlines()[-1] == "next: ablab train simple-nn norm=batch"


def test_json_is_one_value_and_follows_batch_classes_and_in_shape():
    small = json.loads(inspected("simple-nn", "--json", "--batch", "1"))
    assert small["parameters"] == 82_030
    assert (small["batch"], small["in_shape"]) == (1, [3, 32, 32])
    other = json.loads(inspected("simple-nn", "--format", "json", "--classes", "100", "--in-shape", "1x28x28"))
    assert other["layers"][-1]["out_shape"] == [100]
    assert other["layers"][0]["in_shape"] == [1, 28, 28]


def test_two_networks_stand_side_by_side_and_only_the_text_form_says_what_is_next():
    pasted = inspected("simple-nn", "--vs", "simple-nn norm=batch width=2", "--format", "markdown")
    assert pasted.startswith("| simple-nn | simple-nn norm=batch width=2 |\n")
    assert "next:" not in pasted
    assert "next: " in inspected("simple-nn", "--vs", "simple-nn dropout=0.2")
    both = json.loads(inspected("simple-nn", "--vs", "simple-nn norm=batch", "--json"))
    parameters = next(line for line in both["differences"] if line["what"] == "parameters")
    assert (parameters["difference"], parameters["second"]) == (48, 82_078)


@pytest.mark.parametrize("form", ["csv", "latex"])
def test_other_forms_hold_both_networks(form):
    shown = inspected("simple-nn", "--vs", "simple-nn width=2", "--format", form)
    if form == "csv":
        assert {row["model"] for row in csv.DictReader(shown.splitlines())} == {"simple-nn", "simple-nn width=2"}
    else:
        assert shown.count(r"\begin{tabular}") == shown.count(r"\end{tabular}") == 2


def test_a_network_of_ones_own_that_looks_at_numbers_is_inspected_too(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(OWN, encoding="utf-8")
    shown = json.loads(inspected(f"{path}:Net", "hidden=9", "--json", "--in-shape", "3x4x4"))
    assert shown["parameters"] == (48 + 1) * 9 + (9 + 1) * 10


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["simplenn"], 'did you mean "simple-nn"'),
        (["simple-nn", "norn=batch"], 'did you mean "norm"'),
        (["simple-nn", "norm=batch", "norm=none"], '"norm" is given twice'),
        (["norm=batch"], "is not the name of a network"),
        (["simple-nn", "--in-shape", "32x32"], "such as 3x32x32"),
        (["simple-nn", "--in-shape", "3x4x4"], "conv1|conv2|pool1"),
        (["simple-nn", "--vs", ""], "--vs is empty"),
        (["simple-nn", "--vs", "'"], "--vs '"),
    ],
)
def test_wrong_words_are_errors_that_say_what_to_type(words, message):
    with pytest.raises(InputError, match=message) as caught:
        inspected(*words)
    assert caught.value.exit_code == 2


def test_a_second_network_may_have_pictures_and_classes_of_its_own():
    words = ("alexnet", "--vs", "alexnet-original", "--vs-in-shape", "3x227x227", "--vs-classes", "1000", "--json")
    totals = json.loads(inspected(*words))
    parameters = next(total for total in totals["differences"] if total["what"] == "parameters")
    assert (parameters["first"], parameters["second"]) == (36_187_914, 62_378_344)
    with pytest.raises(InputError, match="add --vs NETWORK"):
        inspected("alexnet", "--vs-classes", "10")
