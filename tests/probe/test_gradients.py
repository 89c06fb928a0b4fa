"""Norms of gradients against a backward written by hand, and a training that does not notice being looked at."""

import math

import pytest
import torch
from torch import nn

from ablab.events import EpochDone, Finished
from ablab.models import Io, build
from ablab.models.initial import initialise
from ablab.probe.gradients import EpochNorms, LayerNorm, gradients, layer_norms
from ablab.probe.landscape import drawn_batches
from ablab.recipe import Recipe
from ablab.train.device import choose_hardware
from ablab.train.loop import train
from ablab.train.pixels import pixels_of

RECIPE = Recipe.of({"model": "simple-nn", "norm": "batch", "dropout": 0.5, "batch": 32, "epochs": 2})


def test_norms_are_those_of_a_backward_written_by_hand():
    """Two linear layers with a ReLU between them, softmax and cross-entropy."""
    generator = torch.Generator().manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3))
    inputs, labels = torch.randn(9, 5, generator=generator), torch.arange(9) % 3
    first, second = net[0].weight.detach(), net[2].weight.detach()
    hidden = inputs @ first.T + net[0].bias.detach()
    logits = hidden.relu() @ second.T + net[2].bias.detach()
    slope = (logits.softmax(1) - nn.functional.one_hot(labels, 3)) / 9  # of the mean loss by the logits
    by_second = slope.T @ hidden.relu()
    by_first = ((slope @ second) * (hidden > 0)).T @ inputs
    found = layer_norms(net, [(inputs[:4], labels[:4]), (inputs[4:], labels[4:])])
    assert [layer.layer for layer in found] == ["0", "2"]
    assert [layer.gradient for layer in found] == pytest.approx([float(by_first.norm()), float(by_second.norm())])
    assert [layer.weights for layer in found] == pytest.approx([float(first.norm()), float(second.norm())])


def test_batch_norm_takes_the_statistics_of_the_batch_and_keeps_its_own():
    net = initialise(build("preact10", Io(3, 16, 16, 4)), 0)
    images = 5 * torch.randn(8, 3, 16, 16, generator=torch.Generator().manual_seed(0)) + 3
    labels = torch.arange(8) % 4
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    found = layer_norms(net, [(images, labels)])
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())
    assert net.training
    for module in net.modules():  # as torch itself does it: in training, without dropout
        if "Dropout" in type(module).__name__:
            module.eval()
    nn.functional.cross_entropy(net(images), labels).backward()
    expected = [float(one.grad.norm()) for one in net.parameters() if one.dim() > 1]
    assert [layer.gradient for layer in found] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_training_that_is_looked_at_is_the_same_to_the_last_bit(splits, precision):
    recipe = RECIPE.with_(f"precision={precision} augment=crop(2)")

    def curve(rows):
        return [(row.train_loss, row.train_accuracy, row.val_loss, row.val_accuracy) for row in rows]

    *events, last = train(recipe, splits, 3)
    assert isinstance(last, Finished)
    alone = curve(event.row for event in events if isinstance(event, EpochDone))
    state = torch.get_rng_state()
    looked_at = curve(one.row for one in gradients(recipe, splits, 3, images=40) if one.row)
    assert looked_at == alone
    assert torch.equal(torch.get_rng_state(), state)


def test_there_are_norms_before_the_first_epoch_and_after_each(splits):
    found = list(gradients(RECIPE, splits, 0, images=64))
    assert [one.epoch for one in found] == [0, 1, 2]
    assert found[0].row is None
    assert found[2].row.epoch == 2
    names = [layer.layer for layer in found[0].layers]
    assert names[0] == "conv1"
    assert names[-1] == "head"
    assert all([layer.layer for layer in one.layers] == names for one in found)
    assert len({one.layers for one in found}) == 3
    assert found[0] == next(gradients(RECIPE, splits, 0, images=64))


def test_epoch_0_is_the_untrained_network_on_the_drawn_images(splits):
    recipe = RECIPE.with_("norm=none dropout=0")
    net = initialise(build("simple-nn", Io(3, 16, 16, 4)), 5)
    pixels = pixels_of(splits.examples, splits.train, choose_hardware("fp32"))
    batches = drawn_batches(splits, pixels, seed=5, purpose="gradients", images=64, size=32)
    expected = layer_norms(net, batches)
    found = next(gradients(recipe, splits, 5, images=64)).layers
    assert [layer.gradient for layer in found] == pytest.approx([layer.gradient for layer in expected], rel=1e-4)


def test_the_spread_is_infinite_where_a_layer_learns_nothing():
    layers = LayerNorm("a", 2.0, 1.0), LayerNorm("b", 0.5, 1.0)
    assert EpochNorms(0, layers, None).spread == 4.0
    assert EpochNorms(0, (*layers, LayerNorm("c", 0.0, 1.0)), None).spread == math.inf
