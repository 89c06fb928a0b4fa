"""VGG with its CIFAR head, the paper's, and a report's small one."""

import pytest
from torch import equal, nn

from ablab.errors import ModelError
from ablab.models import Io
from networks import CIFAR10, CIFAR100, children, megamacs, outline, parameters, starting

DEPTHS = {"vgg11": 8, "vgg13": 10, "vgg16": 13, "vgg19": 16}


@pytest.mark.parametrize(
    ("name", "count"), [("vgg11", 9_231_114), ("vgg13", 9_416_010), ("vgg16", 14_728_266), ("vgg19", 20_040_522)]
)
def test_the_cifar_networks_have_their_known_parameters(name, count):
    net = outline(name)
    assert parameters(net) == count
    assert parameters(outline(name, CIFAR100)) == count + 90 * (512 + 1)
    assert sum(isinstance(module, nn.Conv2d) for module in net.modules()) == DEPTHS[name]
    assert sum(isinstance(module, nn.BatchNorm2d) for module in net.modules()) == DEPTHS[name]


@pytest.mark.parametrize(
    ("io", "count"), [(CIFAR10, 33_638_218), (Io(3, 224, 224, 1000), 138_357_544)], ids=["cifar", "imagenet"]
)
def test_without_norm_and_with_two_hidden_layers_vgg16_is_the_papers(io, count):
    assert parameters(outline("vgg16", io, norm="none", hidden=[4096, 4096])) == count


def test_vgg_takes_the_blocks_that_the_named_ones_have():
    assert parameters(outline("vgg", blocks=[2, 2, 4, 4, 4])) == 20_040_522


@pytest.mark.parametrize(("io", "count"), [(CIFAR10, 42_160_970), (CIFAR100, 42_529_700)])
def test_the_reports_vgg6_has_its_published_parameters_and_macs(io, count):
    net = outline("vgg6", io)
    assert parameters(net) == count
    assert round(megamacs(net) / 1000, 3) == 0.087


def test_the_pool_of_a_stage_is_behind_its_last_convolution():
    assert children(outline("vgg6")) == (
        "conv1_1 act1_1 pool1 conv2_1 act2_1 conv2_2 act2_2 pool2 flatten linear1 linear_act1 linear2 linear_act2 head"
    )


def test_the_reports_dropout_is_between_the_convolutions_behind_pools_and_hidden_layers():
    assert children(outline("vgg6", dropout=0.2)) == (
        "conv1_1 act1_1 pool1 drop1_1 conv2_1 act2_1 drop2_1 conv2_2 act2_2 pool2 drop2_2 "
        "flatten linear1 linear_act1 linear_drop1 linear2 linear_act2 linear_drop2 head"
    )


def test_a_convolution_more_moves_no_other_starting_weight():
    few = starting("vgg6", hidden=[8], channels=[8, 8])
    more = starting("vgg6", hidden=[8], channels=[8, 8], blocks=[2, 2], norm="batch")
    assert set(more) - set(few) > {"conv1_2.weight", "conv1_2.bias"}
    assert all(equal(few[name], more[name]) for name in few)


def test_larger_pictures_reach_the_linear_layer_with_more_numbers():
    assert outline("vgg11", Io(1, 64, 96, 4)).head.in_features == 512 * 2 * 3


@pytest.mark.parametrize(
    ("name", "io", "options", "message"),
    [
        ("vgg16", Io(3, 28, 28, 10), {}, r'images of 3x28x28: layer "pool5" \(MaxPool2d\) receives 512x1x1'),
        ("vgg6", Io(3, 3, 3, 10), {}, r'layer "pool2" \(MaxPool2d\) receives 96x1x1'),
        ("vgg16", CIFAR10, {"channels": [8] * 4}, "channels = .* has length 4, but there are 5 stages"),
        ("vgg", CIFAR10, {"blocks": [1] * 6}, "blocks = .* has length 6, but there are 5 stages"),
        ("vgg", CIFAR10, {"blocks": [1, 1, 0, 1, 1]}, "0 is not a whole number of at least 1"),
        ("vgg6", CIFAR10, {"blocks": [1]}, "blocks = .* has length 1, but there are 2 stages"),
        ("vgg6", CIFAR10, {"channels": [96] * 3}, "channels = .* has length 3, but there are 2 stages"),
        ("vgg16", CIFAR10, {"blocks": [1] * 5}, 'no option is called "blocks"'),
        ("vgg16", CIFAR10, {"dropout": 0.5, "dropout_at": "dense"}, "there is no hidden dense layer"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(name, io, options, message):
    with pytest.raises(ModelError, match=message):
        outline(name, io, **options)
