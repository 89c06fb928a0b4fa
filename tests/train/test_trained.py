"""Kept weights come back as they were with what it takes to use them, or not at all."""

import dataclasses

import pytest
import torch
from safetensors.torch import save
from torch import nn

from ablab.errors import DataError
from ablab.models import Io, build
from ablab.models.initial import initialise
from ablab.train.trained import Trained, apart, keep, keep_packed, read

RECIPE = 'model = "simple-nn"\nnorm = "batch"\n'


@pytest.fixture
def trained():
    net = initialise(build("simple-nn", Io(3, 16, 16, 4), norm="batch"), seed=3)
    return Trained(net.state_dict(), RECIPE, 3, ("a", "b", "c", "d"), 5, (3, 16, 16), (1.5, 2.5, 3.5), (1.0, 2.0, 3.0))


def test_kept_weights_come_back_with_their_facts(trained, tmp_path):
    keep(trained, tmp_path / "weights" / "run.safetensors")
    back = read(tmp_path / "weights" / "run.safetensors")
    assert back.facts == trained.facts
    assert back.classes == ("a", "b", "c", "d")
    assert all(torch.equal(back.weights[name], tensor) for name, tensor in trained.weights.items())


def test_the_network_is_built_again_and_answers_as_before(trained):
    net = build("simple-nn", Io(3, 16, 16, 4), norm="batch")
    net.load_state_dict(trained.weights)
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(trained.network()(images), net.eval()(images))


def test_weights_from_before_sizes_were_kept_are_read_and_make_no_network(trained, tmp_path):
    old = dataclasses.replace(trained, in_shape=None, mean=None, sd=None)
    keep(old, tmp_path / "run.safetensors")
    back = read(tmp_path / "run.safetensors")
    assert back.facts.keys() == {"recipe", "seed", "classes", "epoch"}
    with pytest.raises(DataError, match="train again"):
        back.network()


def test_a_changed_byte_is_told(trained, tmp_path):
    path = tmp_path / "run.safetensors"
    keep(trained, path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="bytes have changed"):
        read(path)


@pytest.mark.parametrize(
    "content", [save({"x": torch.ones(2)}), (200_000).to_bytes(8, "little") + b"[" * 200_000], ids=["plain", "deep"]
)
def test_a_file_of_another_program_is_told(content, tmp_path):
    path = tmp_path / "run.safetensors"
    keep_packed(content, path)
    with pytest.raises(DataError, match="not weights from ablab train"):
        read(path)


def test_tied_weights_are_kept_under_both_names(tmp_path):
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    path = tmp_path / "run.safetensors"
    keep(Trained(net.state_dict(), RECIPE, 0, ("a", "b"), 1), path)
    weights = read(path).weights
    assert torch.equal(weights["0.weight"], weights["1.weight"])
    assert apart(net.state_dict())["1.weight"].data_ptr() != net[0].weight.data_ptr()
