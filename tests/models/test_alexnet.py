"""AlexNet, a report's and the original."""

import pytest
from torch import nn

from ablab.errors import ModelError
from ablab.models import Io
from ablab.models.blocks import Dropout, Dropout2d
from networks import CIFAR10, CIFAR100, children, megamacs, outline, parameters, shapes

IMAGENET = Io(3, 227, 227, 1000)


@pytest.mark.parametrize(("io", "count"), [(CIFAR10, 36_187_914), (CIFAR100, 36_556_644)])
def test_the_reports_has_its_published_parameters_and_macs(io, count):
    net = outline("alexnet", io)
    assert parameters(net) == count
    assert round(megamacs(net) / 1000, 3) == 1.433


@pytest.mark.parametrize(("groups", "count", "gigamacs"), [(1, 62_378_344, 1.135), (2, 60_965_224, 0.724)])
def test_the_original_has_its_parameters_in_one_tower_and_in_two(groups, count, gigamacs):
    net = outline("alexnet-original", IMAGENET, groups=groups)
    assert parameters(net) == count
    assert round(megamacs(net, IMAGENET) / 1000, 3) == gigamacs


def test_pools_follow_the_last_three_convolutions_of_the_reports():
    assert children(outline("alexnet")) == (
        "conv1 act1 conv2 act2 conv3 act3 pool3 conv4 act4 pool4 conv5 act5 pool5 flatten "
        "linear1 linear_act1 linear2 linear_act2 head"
    )


def test_the_reports_dropout_is_behind_every_convolution_and_hidden_layer():
    net = outline("alexnet", dropout=0.2)
    assert children(net) == (
        "conv1 act1 drop1 conv2 act2 drop2 conv3 act3 pool3 drop3 conv4 act4 pool4 drop4 conv5 act5 pool5 drop5 "
        "flatten linear1 linear_act1 linear_drop1 linear2 linear_act2 linear_drop2 head"
    )
    assert [type(module) for module in net.modules() if isinstance(module, Dropout)] == [Dropout2d] * 5 + [Dropout] * 2
    assert parameters(net) == 36_187_914


def test_the_original_drops_half_of_both_hidden_layers():
    drops = [
        (name, module.rate)
        for name, module in outline("alexnet-original", IMAGENET).named_modules()
        if isinstance(module, Dropout)
    ]
    assert drops == [("linear_drop1", 0.5), ("linear_drop2", 0.5)]


def test_depthwise_leaves_the_large_kernels_of_the_original():
    net = outline("alexnet-original", IMAGENET, conv="depthwise", groups=2)
    assert (net.conv1.kernel_size, net.conv2.kernel_size) == ((11, 11), (5, 5))
    assert isinstance(net.conv3, nn.Sequential)
    assert shapes(net)["conv4.pointwise.weight"] == (384, 192, 1, 1)


@pytest.mark.parametrize(
    ("name", "io", "options", "message"),
    [
        ("alexnet", Io(3, 7, 7, 10), {}, r'layer "pool5" \(MaxPool2d\) receives 256x1x1'),
        ("alexnet-original", CIFAR10, {}, r'3x32x32: layer "pool2" \(MaxPool2d\) receives 256x2x2'),
        ("alexnet", CIFAR10, {"channels": [8] * 6}, "length 6, but there are 5 convolutions"),
        ("alexnet-original", IMAGENET, {"channels": [8] * 4}, "length 4, but there are 5 convolutions"),
        ("alexnet-original", IMAGENET, {"groups": 0}, "groups = 0"),
        ("alexnet-original", IMAGENET, {"groups": 5}, "conv2: 96 and 256 channels cannot be split into 5 groups"),
    ],
)
def test_what_cannot_run_is_refused_with_the_reason(name, io, options, message):
    with pytest.raises(ModelError, match=message):
        outline(name, io, **options)
