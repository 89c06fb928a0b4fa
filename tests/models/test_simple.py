"""simple-nn, and what build() checks for every network."""

import pytest
import torch
import torch.nn.functional as F

from ablab.errors import ModelError
from ablab.models import Io, build

CIFAR10 = Io(3, 32, 32, 10)


def parameters(net):
    return sum(parameter.numel() for parameter in net.parameters())


@pytest.mark.parametrize(("options", "count"), [({}, 82_030), ({"norm": "batch"}, 82_078), ({"norm": "layer"}, 82_078)])
def test_it_has_the_published_number_of_parameters(options, count):
    assert parameters(build("simple-nn", CIFAR10, **options)) == count


def test_with_100_classes_only_the_last_layer_grows():
    assert parameters(build("simple-nn", Io(3, 32, 32, 100))) == 82_030 + 90 * (84 + 1)


def test_width_scales_channels_and_hidden_sizes():
    # conv 3->16, conv 16->32, flatten 32*6*6, linear 240, linear 168
    by_hand = (75 + 1) * 16 + (16 * 9 + 1) * 32 + (1152 + 1) * 240 + (240 + 1) * 168 + (168 + 1) * 10
    assert parameters(build("simple-nn", CIFAR10, width=2.0)) == by_hand


def test_it_computes_what_its_description_says():
    net = build("simple-nn", CIFAR10)
    w = dict(net.named_parameters())
    images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    x = F.max_pool2d(F.relu(F.conv2d(images, w["conv1.weight"], w["conv1.bias"])), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, w["conv2.weight"], w["conv2.bias"])), 2).reshape(4, 576)
    x = F.relu(x @ w["linear1.weight"].T + w["linear1.bias"])
    x = F.relu(x @ w["linear2.weight"].T + w["linear2.bias"])
    torch.testing.assert_close(net(images), x @ w["head.weight"].T + w["head.bias"])


def test_a_norm_follows_each_convolution_and_dropout_each_hidden_linear_layer():
    net = build("simple-nn", CIFAR10, norm="group", dropout=0.2)
    assert " ".join(name for name, _ in net.named_children()) == (
        "conv1 norm1 act1 pool1 conv2 norm2 act2 pool2 flatten "
        "linear1 linear_act1 linear_drop1 linear2 linear_act2 linear_drop2 head"
    )


def test_options_rename_no_layer_that_they_do_not_touch():
    plain = dict(build("simple-nn", CIFAR10).named_parameters())
    rich = dict(build("simple-nn", CIFAR10, norm="batch", dropout=0.5, activation="gelu").named_parameters())
    assert {name: rich[name].shape for name in plain} == {name: plain[name].shape for name in plain}


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 64, 64), (4, 48, 20), (3, 16, 16)])
def test_it_fits_other_sizes_of_pictures(shape):
    net = build("simple-nn", Io(*shape, 7), norm="instance")
    assert net(torch.zeros(2, *shape)).shape == (2, 7)


def test_pictures_that_are_too_small_are_refused_with_the_layer_and_the_shape_that_reached_it():
    with pytest.raises(ModelError, match=r'images of 3x8x8: layer "conv2" \(Conv2d\) receives 8x2x2'):
        build("simple-nn", Io(3, 8, 8, 10))


def test_an_unknown_model_is_refused_with_the_nearest_name():
    with pytest.raises(ModelError, match='did you mean "simple-nn"'):
        build("simple-n", CIFAR10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nrom": "batch"}, 'no option is called "nrom": did you mean "norm"'),
        ({"norm": "bach"}, 'norm = "bach" is not one of its values: did you mean "batch"'),
        ({"activation": "rellu"}, 'no activation is called "rellu": did you mean "relu"'),
        ({"norm": 3}, 'norm = "3" is not one of its values: known: batch'),
        ({"dropout": True}, "dropout = true must be a number"),
        ({"dropout": 1.0}, "dropout = 1.0 must be at least 0 and below 1"),
        ({"dropout": float("nan")}, "dropout = nan"),
        ({"width": "wide"}, "width = wide must be a number"),
        ({"width": 0}, "width = 0 must be above 0"),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_write(options, message):
    with pytest.raises(ModelError, match=message):
        build("simple-nn", CIFAR10, **options)


def test_a_whole_number_will_do_where_a_number_is_wanted():
    assert parameters(build("simple-nn", CIFAR10, width=1)) == 82_030
