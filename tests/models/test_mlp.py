"""mlp: dense layers only."""

import pytest
import torch

from ablab.errors import ModelError
from ablab.models import Io, build
from networks import CIFAR10, CIFAR100, children, megamacs, outline, parameters, pictures, starting


@pytest.mark.parametrize(
    ("options", "count", "macs"),
    [({}, 985_226, 0.98), ({"hidden": [256]}, 789_258, 0.79), ({"hidden": []}, 30_730, 0.03)],
)
def test_it_has_the_published_parameters_and_macs(options, count, macs):
    net = outline("mlp", **options)
    assert parameters(net) == count
    assert round(megamacs(net), 2) == macs


def test_with_100_classes_only_the_last_layer_grows():
    assert parameters(outline("mlp", CIFAR100)) == 985_226 + 90 * (128 + 1)


def test_it_computes_what_its_description_says():
    net = build("mlp", CIFAR10, hidden=[20, 30])
    w, x = dict(net.named_parameters()), pictures().reshape(2, -1)
    for layer in ("linear1", "linear2"):
        x = torch.tanh(x @ w[f"{layer}.weight"].T + w[f"{layer}.bias"])
    torch.testing.assert_close(net(pictures()), x @ w["head.weight"].T + w["head.bias"])


def test_norm_and_dropout_surround_the_activation_and_rename_nothing():
    assert children(outline("mlp", hidden=[8, 8])) == "flatten linear1 linear_act1 linear2 linear_act2 head"
    assert children(outline("mlp", hidden=[8], norm="batch", dropout=0.5)) == (
        "flatten linear1 linear_norm1 linear_act1 linear_drop1 head"
    )


def test_a_norm_has_a_scale_and_a_shift_for_each_hidden_unit():
    for norm in ("batch", "group", "layer"):
        assert parameters(outline("mlp", norm=norm)) == 985_226 + 2 * (256 + 512 + 128)


def test_a_deeper_one_starts_with_the_same_first_layer():
    shallow, deep = starting("mlp", hidden=[64]), starting("mlp", hidden=[64, 32], norm="batch")
    assert torch.equal(shallow["linear1.weight"], deep["linear1.weight"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"norm": "instance"}, 'norm = "instance" has nothing to normalize: one number has no variance'),
        ({"norm": "batch", "hidden": []}, "there is no hidden dense layer"),
        ({"dropout": 0.5, "hidden": []}, "there is no hidden dense layer"),
        ({"hidden": [0]}, "hidden = .*not a whole number"),
        ({"hidden": 256}, "hidden = 256 must be a list"),
        ({"conv": "depthwise"}, 'no option is called "conv"'),
    ],
)
def test_what_has_no_place_in_it_is_refused(options, message):
    with pytest.raises(ModelError, match=message):
        build("mlp", CIFAR10, **options)


def test_it_takes_pictures_of_any_size():
    assert outline("mlp", Io(1, 5, 1, 3)).linear1.in_features == 5
