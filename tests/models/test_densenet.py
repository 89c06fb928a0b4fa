"""DenseNet-121: its count, and that every layer reads all before it."""

import pytest
import torch

from ablab.errors import ModelError
from ablab.models import build
from ablab.models.initial import initialise
from networks import CIFAR10, CIFAR100, outline, parameters


def test_it_has_the_published_number_of_parameters():
    # kuangliu/pytorch-cifar, DenseNet121
    assert parameters(outline("densenet121")) == 6_956_298
    assert parameters(outline("densenet121", CIFAR100)) == 6_956_298 + 90 * 1025


def test_a_layer_adds_its_channels_in_front_of_all_that_it_read():
    layer = initialise(build("densenet121", CIFAR10, growth=4, blocks=[2, 1, 1, 1]), 0).eval().stage1.layer2
    x = torch.rand(2, 12, 8, 8, generator=torch.Generator().manual_seed(0))
    out = layer(x)
    assert out.shape == (2, 16, 8, 8)
    assert torch.equal(out[:, 4:], x)


def test_between_stages_channels_and_sides_are_halved():
    net = outline("densenet121")
    widths = [getattr(net, f"transition{stage}").conv.out_channels for stage in (1, 2, 3)]
    assert widths == [128, 256, 512]  # Huang et al. 2017, table 1, for growth 32
    assert net.head.in_features == 1024


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"blocks": [6, 12, 24]}, "has length 3, but there are 4 stages"),
        ({"growth": 0}, "growth = 0: write a whole number of at least 1"),
        ({"conv": "deep"}, 'conv = "deep"'),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_write(options, message):
    with pytest.raises(ModelError, match=message):
        outline("densenet121", **options)
