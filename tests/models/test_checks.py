"""What looks wrong with a network is said before it is trained, and what is in order is not spoken of."""

import pytest
import torch
from torch import nn

from ablab.models import Io, build
from ablab.models.checks import suspicions
from ablab.models.initial import initialise

GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.randn(16, 3, 32, 32, generator=GENERATOR)
LABELS = torch.arange(16) % 10


def told(*layers: nn.Module) -> list[str]:
    return list(suspicions(initialise(nn.Sequential(*layers), 0), IMAGES, LABELS))


def ending(*layers: nn.Module, channels: int = 3) -> list[nn.Module]:
    """The layers, then what makes ten numbers of their maps."""
    return [*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]


def test_a_network_in_order_is_not_spoken_of():
    assert suspicions(initialise(build("simple-nn", Io(3, 32, 32, 10)), 0), IMAGES, LABELS) == ()


def test_a_softmax_at_the_end_is_named_with_the_least_loss_it_allows():
    (text,) = told(*ending(), nn.Softmax(1))
    assert "sum to 1" in text
    assert "1.4612" in text  # ln((e + 9) / e)


def test_a_log_softmax_at_the_end_does_no_harm():
    assert told(*ending(), nn.LogSoftmax(1)) == []


def test_a_bias_before_a_batch_norm_is_named():
    (text,) = told(*ending(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), channels=8))
    assert '"0"' in text
    assert "8 redundant parameters" in text


@pytest.mark.parametrize(
    "layers",
    [
        (nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8)),
        (nn.Conv2d(3, 8, 3), nn.ReLU(), nn.BatchNorm2d(8)),
        (nn.Conv2d(3, 8, 3), nn.GroupNorm(4, 8)),
    ],
)
def test_other_norms_and_biases_are_not_spoken_of(layers):
    assert told(*ending(*layers, channels=8)) == []


def test_a_parameter_without_a_gradient_is_named():
    class Forgetful(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(*ending())
            self.spare = nn.Linear(4, 4)

        def forward(self, x):
            for layer in list(self)[:-1]:
                x = layer(x)
            return x

    (text,) = suspicions(initialise(Forgetful(), 0), IMAGES, LABELS)
    assert '"spare.weight", "spare.bias"' in text


def test_a_frozen_parameter_is_not_spoken_of():
    net = initialise(nn.Sequential(*ending(nn.Conv2d(3, 3, 3))), 0)
    net[0].weight.requires_grad_(False)
    assert suspicions(net, IMAGES, LABELS) == ()


@pytest.mark.parametrize("layer", [nn.Conv2d(3, 3, 1, stride=2), nn.MaxPool2d(2, 3)])
def test_a_stride_that_passes_over_pixels_is_named(layer):
    (text,) = told(*ending(layer))
    assert '"0"' in text
    assert "never read" in text


def test_a_shortcut_that_passes_over_pixels_which_another_layer_reads_is_in_order():
    class Fork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.main = nn.Conv2d(3, 3, 3, stride=2, padding=1)
            self.shortcut = nn.Conv2d(3, 3, 1, stride=2)

        def forward(self, x):
            return self.main(x) + self.shortcut(x)

    assert told(*ending(Fork())) == []


def test_a_layer_that_gives_nothing_is_named():
    net = initialise(nn.Sequential(*ending(nn.Conv2d(3, 20, 3), nn.ReLU(), channels=20)), 0)
    with torch.no_grad():
        net[0].bias.fill_(-100)
    (text,) = suspicions(net, IMAGES, LABELS)
    assert '20 of the 20 units of "1" give 0 for all of 16 images' in text


def test_looking_changes_nothing():
    net = initialise(build("simple-nn", Io(3, 32, 32, 10), norm="batch", dropout=0.5), 0).eval()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    state = torch.get_rng_state()
    suspicions(net, IMAGES, LABELS)
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())
    assert torch.equal(torch.get_rng_state(), state)
    assert not net.training
    assert not any(module._forward_hooks for module in net.modules())
