"""ablab fit-params and ablab inspect --grow: sizes for fair comparisons."""

import json
import shlex
import xml.etree.ElementTree as ElementTree

import pytest
from click.testing import CliRunner

from ablab.arithmetic import grow
from ablab.cli import command
from ablab.errors import InputError
from networks import CIFAR10, outline, parameters

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


def ablab(*words: str) -> str:
    return CliRunner().invoke(command, words, catch_exceptions=False, standalone_mode=False).stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "within"),
    [
        (["cnn3", "--target-of", "cnn2"], 0.01),
        (["vgg6", "dropout=0.2", "--target", "36.2M"], 0.001),
        (["cnn3-dense", "--target", "150k", "--tune", "hidden"], 0.02),
        pytest.param(["convmixer", "--target", "1_000_000", "--tune", "dim"], 0.01, marks=pytest.mark.long),
        (["wrn-16-4", "--target", "9M", "--tune", "depth"], 0.15),
        # 384 channels are shared among 6 heads: few widths will do.
        pytest.param(["vit-small", "--target", "1M"], 0.05, marks=pytest.mark.long),
    ],
)
def test_the_nearest_size_is_found_and_is_that_of_the_built_network(words, within):
    found = json.loads(ablab("fit-params", *words, "--json"))
    assert found["parameters"] == parameters(outline(found["name"], **{found["tune"]: found["value"]}))
    assert abs(found["away"]) <= within


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["cnn3", "norm=batch", "--target", "100k"],
        ["cnn3", "--target", "150k", "--classes", "100", "--in-shape", "3x64x64"],
        ["cnn3-dense", "--target", "200k", "--tune", "hidden"],
    ],
)
def test_the_line_to_type_next_shows_a_network_of_that_count(words):
    shown = ablab("fit-params", *words)
    following = shlex.split(shown.splitlines()[-1].removeprefix("next: ablab "))
    assert following[:2] == ["inspect", words[0]]
    assert f"{json.loads(ablab(*following, '--json'))['parameters']:,} parameters" in shown.splitlines()[0]


@pytest.mark.slow
@pytest.mark.parametrize("target", ["10", "900G"])
def test_a_target_out_of_reach_is_said_to_be_so_beside_the_nearest_there_is(target):
    shown = ablab("fit-params", "cnn3", "--target", target)
    assert "the target was not reached: no value of width comes closer" in shown
    assert "not reached" not in ablab("fit-params", "cnn3", "--target", "150k")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fit-params", "cnn3"], "either --target 150k or --target-of cnn2"),
        (["fit-params", "cnn3", "--target", "many"], "give a number of parameters"),
        (["fit-params", "cnn3", "--target", "0"], "give a number of parameters"),
        (["fit-params", "cnn3", "--target", "1e400"], "--target 1e400: give a number of parameters"),
        (["fit-params", "cnn3", "--target", "9" * 5000], "--target 9+…: give a number of parameters"),
        (["fit-params", "cnn3", "--target", "5k", "--tune", "wdth"], 'did you mean "width"'),
        (["fit-params", "cnn3", "--target", "5k", "--tune", "norm"], "does not change the size"),
        (["fit-params", "cnn33", "--target", "5k"], 'did you mean "cnn3"'),
        (["fit-params", "cnn3", "norm=bach", "--target", "5k"], 'did you mean "batch"'),
        (["inspect", "--grow", "cnn2"], "--over width=0.5,1,2"),
        (["inspect", "--grow", "cnn2", "--over", "depth=1,2"], "those that can grow: channels, hidden, width"),
        (["inspect", "--grow", "cnn2", "--over", "width=1,2", "--out", "grow.txt"], "must end with .svg"),
        (["inspect", "--grow", "cnn2", "--over", "width=1,2", "--format", "latex"], "table or json"),
    ],
)
def test_a_wrong_question_is_refused_with_what_to_write(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message) as caught:
        ablab(*words)
    assert caught.value.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_growth_is_a_table_with_exponents_and_a_plot(tmp_path):
    words = ["inspect", "--grow", "cnn2", "--over", "width=0.5,1,2", "--no-measure", "--out"]
    shown = ablab(*words, str(tmp_path / "grow.svg"))
    assert "150,826" in shown
    assert "parameters ~ width^1.99" in shown
    picture = ElementTree.parse(tmp_path / "grow.svg")  # of our own making
    assert picture.getroot().tag.endswith("svg")
    assert sum(one.tag.endswith("path") for one in picture.iter()) == 2


@pytest.mark.slow
def test_growth_over_lists_and_with_times_is_told_as_json():
    words = ["inspect", "--grow", "resnet20", "--over", "blocks=[1,1,1],[2,2,2]", "width=0.5", "--json"]
    found = json.loads(ablab(*words))
    assert [point["value"] for point in found["points"]] == [[1, 1, 1], [2, 2, 2]]
    assert [point["weighted_layers"] for point in found["points"]] == [8, 14]
    assert all(point["seconds"] > 0 for point in found["points"])
    assert found["exponents"]["seconds"] is not None


def test_growth_says_how_it_was_measured_and_goes_on_with_the_same_pictures():
    shown = ablab("inspect", "--grow", "simple-nn", "--over", "width=1,2", "--in-shape", "1x28x28", "--classes", "5")
    assert f"step: training on {grow.BATCH} images on the CPU, threads: " in shown
    assert "not measured" not in shown
    assert shown.splitlines()[-1] == "next: ablab inspect simple-nn --in-shape 1x28x28 --classes 5"


def test_a_network_that_would_take_too_long_is_counted_and_said_not_to_be_measured():
    shown = ablab("inspect", "--grow", "resnet18-wide", "--over", "width=1")
    assert f"{parameters(outline('resnet18-wide', CIFAR10)):,}" in shown
    assert "not measured, too large: width = 1" in shown


def test_a_network_of_ones_own_that_looks_at_numbers_grows_and_is_fitted(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(OWN, encoding="utf-8")
    name = f"{path}:Net"
    grown = json.loads(ablab("inspect", "--grow", name, "--over", "hidden=1,2,3", "--no-measure", "--json"))
    assert [point["parameters"] for point in grown["points"]] == [3083 * hidden + 10 for hidden in (1, 2, 3)]
    found = json.loads(ablab("fit-params", name, "hidden=1", "--tune", "hidden", "--target", "30_840", "--json"))
    assert (found["value"], found["parameters"]) == (10, 30_840)
