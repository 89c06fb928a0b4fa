"""Residual networks of He et al.: counts, shortcuts, and what they compute."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ablab.errors import ModelError
from ablab.models import Io, build
from ablab.models.initial import initialise
from networks import CIFAR10, CIFAR100, megamacs, outline, parameters, pictures, starting


@pytest.mark.parametrize(
    ("name", "io", "options", "count"),
    [
        # kuangliu/pytorch-cifar, the best-known form for CIFAR, gives these for 18, 34 and 50
        ("resnet18", CIFAR10, {}, 11_173_962),
        ("resnet18", CIFAR100, {}, 11_220_132),
        ("resnet34", CIFAR10, {}, 21_282_122),
        ("resnet50", CIFAR10, {}, 23_520_842),
        ("resnet10", CIFAR10, {}, 4_903_242),
        ("resnet18", CIFAR10, {"projection": "pad"}, 11_000_138),
        # He et al. 2015, table 6, states 0.27, 0.46, 0.66, 0.85 and 1.7 million
        ("resnet20", CIFAR10, {}, 269_722),
        ("resnet32", CIFAR10, {}, 464_154),
        ("resnet44", CIFAR10, {}, 658_586),
        ("resnet56", CIFAR10, {}, 853_018),
        ("resnet110", CIFAR10, {}, 1_727_962),
        ("resnet20", CIFAR10, {"projection": "conv"}, 272_474),
        ("resnet56", CIFAR10, {"projection": "conv"}, 855_770),
        ("resnet110", CIFAR10, {"projection": "conv"}, 1_730_714),
    ],
)
def test_it_has_the_published_number_of_parameters(name, io, options, count):
    assert parameters(outline(name, io, **options)) == count


@pytest.mark.parametrize(
    ("name", "options", "macs"),
    [
        ("resnet18", {}, 555.4),
        ("resnet10", {}, 253.4),
        ("resnet20", {}, 40.6),
        ("resnet20", {"projection": "conv"}, 40.8),
    ],
)
def test_it_takes_the_published_work(name, options, macs):
    assert megamacs(outline(name, **options)) == pytest.approx(macs, abs=0.06)


def test_it_computes_what_its_description_says():
    net = initialise(build("resnet10", CIFAR10, width=0.125, norm="none"), 0)
    w = dict(net.named_parameters())
    images = pictures()

    def conv(x, name, stride=1):
        return F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], stride, w[f"{name}.weight"].shape[-1] // 2)

    x = F.relu(conv(images, "conv"))
    for stage in range(1, 5):
        block, stride = f"stage{stage}.block1", 2 if stage > 1 else 1
        out = conv(F.relu(conv(x, f"{block}.main.conv1", stride)), f"{block}.main.conv2")
        x = F.relu(out + (conv(x, f"{block}.shortcut.conv", stride) if stage > 1 else x))
    torch.testing.assert_close(net(images), x.mean((2, 3)) @ w["head.weight"].T + w["head.bias"])


def test_a_shortcut_without_weights_takes_every_second_pixel_and_adds_channels_of_zeros():
    net = outline("resnet20")
    images = torch.rand(1, 16, 6, 6)
    out = net.stage2.block1.shortcut(images)
    assert torch.equal(out[:, :16], images[:, :, ::2, ::2])
    assert not out[:, 16:].any()
    assert out.shape == (1, 32, 3, 3)


def test_without_shortcuts_no_layer_is_renamed_and_starts_the_same():
    with_, without = starting("resnet20", shortcut=True), starting("resnet20", shortcut=False)
    assert with_.keys() == without.keys()
    assert all(torch.equal(with_[name], without[name]) for name in with_)


def test_a_deeper_one_starts_with_the_weights_of_the_shallower():
    ten, eighteen = starting("resnet10"), starting("resnet18")
    assert ten.keys() < eighteen.keys()
    assert all(torch.equal(ten[name], eighteen[name]) for name in ten)


def test_dropout_goes_where_it_is_said():
    def places(where):
        return [
            name
            for name, module in outline("resnet10", dropout=0.1, dropout_at=where).named_modules()
            if type(module).__name__ == "Dropout"
        ]

    inside = [f"stage{stage}.block1.main.drop" for stage in range(1, 5)]
    assert places("conv") == inside
    assert places("head") == ["drop"]
    assert places("all") == [*inside, "drop"]


def test_depthwise_replaces_the_3x3_convolutions_and_no_other():
    net = outline("resnet50", conv="depthwise")
    full = [module for module in net.modules() if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3)]
    assert full
    assert all(module.groups == module.in_channels for module in full)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 64, 64), (3, 17, 9)])
def test_it_fits_other_sizes_of_pictures(shape):
    assert outline("resnet20", Io(*shape, 7))(torch.empty(2, *shape, device="meta")).shape == (2, 7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"blocks": [2, 2, 2]}, "has length 3, but there are 4 stages"),
        ({"blocks": [2, 2, 2, 2, 2]}, "has length 5, but there are 4 stages"),
        ({"channels": [64, 128]}, "has length 2, but there are 4 stages"),
        ({"blocks": [2, 0, 2, 2]}, "not a whole number of at least 1"),
        ({"projection": "pool"}, 'projection = "pool"'),
        ({"dropout_at": "dense"}, 'dropout_at = "dense"'),
        ({"stages": 3}, 'no option is called "stages"'),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_write(options, message):
    with pytest.raises(ModelError, match=message):
        outline("resnet18", **options)
