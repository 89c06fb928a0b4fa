"""preact10: ten pre-activation blocks of one width."""

import pytest
import torch
import torch.nn.functional as F

from ablab.errors import ModelError
from ablab.models import Io, build
from ablab.models.initial import initialise
from networks import CIFAR10, CIFAR100, children, megamacs, outline, parameters, pictures, shapes, starting


def test_it_has_the_published_parameters_and_macs():
    net = outline("preact10")
    assert parameters(net) == 66_090
    assert round(megamacs(net), 2) == 14.61
    assert parameters(outline("preact10", CIFAR100)) == 66_090 + 90 * (16 + 1)


def test_a_block_more_is_two_convolutions_and_two_norms_more():
    assert parameters(outline("preact10", blocks=11)) == 66_090 + 2 * (9 * 16 * 16 + 2 * 16)


def test_layers_come_in_the_order_of_its_description():
    net = outline("preact10", blocks=2)
    assert children(net) == (
        "conv1 act1 conv2 act2 pool1 block1 block2 norm act drop pool2 flatten linear1 linear_act1 head"
    )
    assert children(net.block1) == "norm1 act1 conv1 norm2 act2 drop conv2"
    assert (net.block1.drop.rate, net.drop.rate) == (0.4, 0.6)
    assert not hasattr(outline("preact10", dropout=0.0).block1, "drop")
    assert not hasattr(outline("preact10", head_dropout=0.0), "drop")


def test_convolutions_of_blocks_have_no_bias_and_the_first_two_have():
    biases = {name for name in shapes(outline("preact10", blocks=1)) if "conv" in name and name.endswith("bias")}
    assert biases == {"conv1.bias", "conv2.bias"}
    assert "block1.conv1.bias" in shapes(outline("preact10", blocks=1, norm="none"))


@pytest.mark.parametrize("shortcut", [True, False])
def test_a_block_adds_its_input_to_what_it_computes(shortcut):
    net = initialise(build("preact10", CIFAR10, blocks=1, shortcut=shortcut), 0).eval()
    x = torch.randn(2, 16, 6, 6, generator=torch.Generator().manual_seed(0))
    scale = (1 + 1e-5) ** -0.5  # batch norm as it starts: mean 0, variance 1
    inner = F.conv2d(F.relu(x * scale), net.block1.conv1.weight, padding=1)
    inner = F.conv2d(F.relu(inner * scale), net.block1.conv2.weight, padding=1)
    torch.testing.assert_close(net.block1(x), inner + x if shortcut else inner)


@pytest.mark.parametrize("other", [{"shortcut": False}, {"norm": "none"}, {"dropout": 0.0}, {"blocks": 3}])
def test_what_two_variants_share_starts_the_same(other):
    plain, varied = starting("preact10"), starting("preact10", **other)
    shared = {name for name in set(plain) & set(varied) if plain[name].shape == varied[name].shape}
    assert {"conv1.weight", "block3.conv2.weight", "head.weight"} <= shared
    assert all(torch.equal(plain[name], varied[name]) for name in shared)


def test_training_with_its_dropout_differs_from_measuring():
    net = initialise(build("preact10", CIFAR10), 0)
    trained = net(pictures())
    assert torch.isfinite(trained).all()
    assert not torch.equal(trained, net.eval()(pictures()))


@pytest.mark.parametrize(
    ("io", "options", "message"),
    [
        (Io(3, 3, 3, 10), {}, r'images of 3x3x3: layer "pool2" \(AvgPool2d\) receives 16x1x1'),
        (CIFAR10, {"blocks": 0}, "blocks = 0: write at least 1"),
        (CIFAR10, {"hidden": [-1]}, "-1 is not a whole number"),
        (CIFAR10, {"head_dropout": 1.0}, "must be at least 0 and below 1"),
        (CIFAR10, {"dropout_at": "all"}, 'no option is called "dropout_at"'),
    ],
)
def test_an_impossible_one_is_refused_with_its_reason(io, options, message):
    with pytest.raises(ModelError, match=message):
        outline("preact10", io, **options)
