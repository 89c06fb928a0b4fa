"""MobileNets: the counts of the best-known form for CIFAR, and what their blocks are."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ablab.errors import ModelError
from ablab.models import build
from ablab.models.initial import initialise
from networks import CIFAR10, CIFAR100, outline, parameters, pictures, starting


@pytest.mark.parametrize(
    ("name", "io", "count"),
    [
        # kuangliu/pytorch-cifar, MobileNet and MobileNetV2; with 100 classes the last layer alone is larger
        ("mobilenet", CIFAR10, 3_217_226),
        ("mobilenet", CIFAR100, 3_217_226 + 90 * 1025),
        ("mobilenetv2", CIFAR10, 2_296_922),
        ("mobilenetv2", CIFAR100, 2_296_922 + 90 * 1281),
    ],
)
def test_it_has_the_published_number_of_parameters(name, io, count):
    assert parameters(outline(name, io)) == count


def test_a_block_looks_around_in_each_channel_and_then_mixes_them():
    net = initialise(build("mobilenet", CIFAR10, width=0.1, norm="none"), 0)
    w = dict(net.named_parameters())
    x = torch.rand(2, net.block2.depthwise.conv.in_channels, 8, 8, generator=torch.Generator().manual_seed(0))
    around = F.relu(
        F.conv2d(x, w["block2.depthwise.conv.weight"], w["block2.depthwise.conv.bias"], 2, 1, groups=x.shape[1])
    )
    mixed = F.relu(F.conv2d(around, w["block2.pointwise.conv.weight"], w["block2.pointwise.conv.bias"]))
    torch.testing.assert_close(net.block2(x), mixed)
    assert net(pictures()).shape == (2, 10)


def test_an_inverted_block_narrows_without_an_activation_and_adds_what_went_in():
    net = initialise(build("mobilenetv2", CIFAR10, width=0.25, norm="none"), 0)
    block, w = net.stage2.block2, dict(net.named_parameters())
    x = torch.rand(2, block.main.widen.conv.in_channels, 6, 6, generator=torch.Generator().manual_seed(0))

    def conv(x, name, **how):
        return F.conv2d(
            x, w[f"stage2.block2.main.{name}.conv.weight"], w[f"stage2.block2.main.{name}.conv.bias"], **how
        )

    wide = F.relu(conv(x, "widen"))
    expected = conv(F.relu(conv(wide, "depthwise", padding=1, groups=wide.shape[1])), "narrow") + x
    torch.testing.assert_close(block(x), expected)


def test_only_blocks_of_stride_1_have_shortcuts():
    net = outline("mobilenetv2")
    for name, module in net.named_modules():
        if type(module).__name__ == "Inverted":
            assert (module.shortcut is not None) == (module.main.depthwise.conv.stride == (1, 1)), name
    assert all(
        module.shortcut is None
        for module in outline("mobilenetv2", shortcut=False).modules()
        if type(module).__name__ == "Inverted"
    )


def test_without_shortcuts_what_is_left_starts_the_same():
    with_, without = starting("mobilenetv2", width=0.1), starting("mobilenetv2", width=0.1, shortcut=False)
    assert {name for name in with_ if ".shortcut" not in name} == set(without)
    assert all(torch.equal(with_[name], without[name]) for name in without)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("mobilenet", {"channels": [64, 128]}, "has length 2, but there are 13 blocks"),
        ("mobilenetv2", {"channels": [16]}, "has length 1, but there are 7 stages"),
        ("mobilenetv2", {"blocks": [1] * 8}, "has length 8, but there are 7 stages"),
        ("mobilenet", {"conv": "depthwise"}, 'no option is called "conv"'),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_write(name, options, message):
    with pytest.raises(ModelError, match=message):
        outline(name, **options)


def test_every_3x3_convolution_but_the_first_is_depthwise():
    for name in ("mobilenet", "mobilenetv2"):
        wide = [m for m in outline(name).modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3)]
        assert [m.groups == m.in_channels for m in wide] == [False] + [True] * (len(wide) - 1)
