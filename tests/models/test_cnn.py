"""Small CNNs of the published reports."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ablab.errors import ModelError
from ablab.models import Io, build
from ablab.models.blocks import Dropout, Dropout2d
from networks import CIFAR10, CIFAR100, children, megamacs, outline, parameters, pictures, shapes, starting

NAMES = {"cnn2": 2, "cnn3": 3, "cnn3-dense": 3, "cnn4-dense": 4, "cnn3-dropout": 3}


@pytest.mark.parametrize(
    ("name", "count", "macs", "last"),
    [
        ("cnn2", 150_826, 5.73, 32),
        ("cnn3", 159_146, 10.39, 32),
        ("cnn3-dense", 364_426, 10.59, 64),
        ("cnn4-dense", 528_522, 15.18, 64),
        ("cnn3-dropout", 1_276_234, 11.50, 256),
    ],
)
def test_each_has_the_published_parameters_and_macs(name, count, macs, last):
    net = outline(name)
    assert parameters(net) == count
    assert round(megamacs(net), 2) == macs
    assert parameters(outline(name, CIFAR100)) == count + 90 * (last + 1)


@pytest.mark.parametrize(
    ("name", "norm_at", "count"),
    [("cnn3-dense", "all", 365_258), ("cnn3-dense", "conv", 364_874), ("cnn4-dense", "all", 529_866)],
)
def test_with_batch_norm_they_have_the_published_parameters(name, norm_at, count):
    assert parameters(outline(name, norm="batch", norm_at=norm_at)) == count


def test_running_statistics_add_what_keras_counts_as_parameters():
    net = outline("cnn3-dense", norm="batch")
    running = sum(buffer.numel() for name, buffer in net.named_buffers() if "running" in name)
    assert parameters(net) + running == 366_090


def test_cnn2_computes_what_its_description_says():
    net = build("cnn2", CIFAR10)
    w, x = dict(net.named_parameters()), pictures()
    for layer in ("conv1", "conv2"):
        x = F.max_pool2d(F.relu(F.conv2d(x, w[f"{layer}.weight"], w[f"{layer}.bias"], padding=1)), 2)
    x = torch.tanh(x.flatten(1) @ w["linear1.weight"].T + w["linear1.bias"])
    torch.testing.assert_close(net(pictures()), x @ w["head.weight"].T + w["head.bias"])


def test_norms_sit_in_front_of_activations_and_dropout_behind_pools_and_hidden_layers():
    net = outline("cnn2", norm="batch", dropout=0.5, dropout_at="all")
    assert children(net) == (
        "conv1 norm1 act1 pool1 drop1 conv2 norm2 act2 pool2 drop2 flatten "
        "linear1 linear_norm1 linear_act1 linear_drop1 head"
    )
    assert isinstance(net.drop1, Dropout2d)
    assert not isinstance(net.linear_drop1, Dropout2d)


def test_the_dropout_network_drops_half_of_what_reaches_both_hidden_layers():
    net = outline("cnn3-dropout")
    assert children(net).split("flatten ")[1] == (
        "linear_drop1 linear1 linear_act1 linear_drop2 linear2 linear_act2 head"
    )
    assert [module.rate for module in net.modules() if isinstance(module, Dropout)] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("where", "drops"),
    [
        ("conv", "drop1 drop2 drop3"),
        ("dense", "linear_drop1 linear_drop2"),
        ("all", "drop1 drop2 drop3 linear_drop1 linear_drop2"),
        ("before-dense", "linear_drop1 linear_drop2"),
    ],
)
def test_dropout_goes_where_it_is_asked_for(where, drops):
    names = children(outline("cnn3-dense", dropout=0.1, dropout_at=where)).split()
    assert " ".join(name for name in names if "drop" in name) == drops


def test_hidden_layers_of_cnn2_keep_their_own_activation():
    net = outline("cnn2", activation="gelu")
    assert (type(net.act1), type(net.linear_act1)) == (nn.GELU, nn.Tanh)
    assert type(outline("cnn2", hidden_activation="mish").linear_act1) is nn.Mish


@pytest.mark.parametrize("other", [{}, {"norm": "batch"}, {"dropout": 0.5}, {"activation": "gelu"}])
def test_a_third_convolution_or_another_option_moves_no_shared_starting_weight(other):
    two, three = starting("cnn2"), starting("cnn3", **other)
    assert set(two) < set(three)
    shared = {name for name in two if two[name].shape == three[name].shape}
    assert shared == {
        "conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "linear1.bias", "head.weight", "head.bias"
    }  # fmt: skip
    assert all(torch.equal(two[name], three[name]) for name in shared - {"linear1.bias"})  # its bound is another


def test_depthwise_replaces_every_convolution_by_two():
    found = shapes(outline("cnn2", conv="depthwise"))
    assert found["conv1.depthwise.weight"] == (3, 1, 3, 3)
    assert found["conv1.pointwise.weight"] == (32, 3, 1, 1)
    assert found["conv2.depthwise.weight"] == (32, 1, 3, 3)
    assert "conv2.depthwise.bias" not in found
    convolutions = (9 * 3 + (3 + 1) * 32) + (9 * 32 + (32 + 1) * 64)
    assert parameters(outline("cnn2", conv="depthwise")) == convolutions + (4096 + 1) * 32 + (32 + 1) * 10


@pytest.mark.parametrize(("name", "count"), NAMES.items())
@pytest.mark.parametrize("difference", [-1, 1])
def test_a_list_of_channels_of_another_length_is_refused(name, count, difference):
    channels = [8] * (count + difference)
    with pytest.raises(ModelError, match=f"has length {count + difference}, but there are {count} convolutions"):
        build(name, CIFAR10, channels=channels)


@pytest.mark.parametrize("name", NAMES)
def test_pictures_that_are_too_small_are_refused_with_the_layer_that_they_reach(name):
    size = 2 ** NAMES[name] - 1
    with pytest.raises(ModelError, match=rf'"{name}" cannot take .*layer "pool{NAMES[name]}" \(MaxPool2d\) receives'):
        build(name, Io(3, size, size, 10))


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 64, 64), (4, 48, 20)], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_they_fit_other_sizes_of_pictures(name, shape):
    assert outline(name, Io(*shape, 7), norm="group").head.out_features == 7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dropout_at": "dence"}, 'dropout_at = "dence" is not one of its values: did you mean "dense"'),
        ({"norm_at": "cnov"}, 'norm_at = "cnov" is not one of its values: did you mean "conv"'),
        ({"norm": "btach"}, 'norm = "btach" is not one of its values: did you mean "batch"'),
        ({"conv": "depthwize"}, 'conv = "depthwize" is not one of its values: did you mean "depthwise"'),
        ({"hidden": [], "dropout": 0.5}, 'dropout_at = "dense", but there is no hidden dense layer'),
        ({"hidden": [], "norm": "batch", "norm_at": "dense"}, "there is no hidden dense layer"),
        ({"norm": "instance", "norm_at": "dense"}, "one number has no variance"),
        ({"shortcut": False}, 'no option is called "shortcut"'),
    ],
)
def test_an_option_that_cannot_be_is_refused(options, message):
    with pytest.raises(ModelError, match=message):
        build("cnn3", CIFAR10, **options)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mlp", "cnn2", "preact10"])
def test_a_softmax_can_be_put_at_the_end_and_moves_nothing_else(name):
    io, seen = Io(3, 32, 32, 10), torch.rand(2, 3, 32, 32)
    plain, squashed = build(name, io), build(name, io, output="softmax")
    squashed.load_state_dict(plain.state_dict())
    plain.eval(), squashed.eval()
    assert torch.allclose(squashed(seen), plain(seen).softmax(1))
    with pytest.raises(ModelError, match='output = "sigmoid"'):
        build(name, io, output="sigmoid")
