"""What all families share: norms, dropout, width, named stacks."""

import copy
from typing import get_args

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from ablab.errors import ModelError
from ablab.models.blocks import (
    NORMS,
    Dropout,
    Dropout2d,
    conv3x3,
    dense_norm,
    dropout,
    groups_for,
    key_dropout,
    norm,
    residual,
    scaled,
    stack,
)
from ablab.models.options import Norm

X = torch.linspace(-4, 4, 81)


def test_networks_may_be_told_of_every_norm_that_there_is():
    assert get_args(Norm) == tuple(NORMS)


@pytest.mark.parametrize(
    ("kind", "axes"), [("batch", (0, 2, 3)), ("layer", (1, 2, 3)), ("instance", (2, 3)), ("none", None)]
)
def test_a_norm_takes_mean_and_variance_over_its_own_axes(kind, axes):
    x = torch.randn(4, 8, 5, 5, generator=torch.Generator().manual_seed(0)) * 3 + 2
    made = norm(kind, 8)
    if axes is None:
        assert made is None
    else:
        centred = x - x.mean(axes, keepdim=True)
        torch.testing.assert_close(made(x), centred / (centred.square().mean(axes, keepdim=True) + 1e-5).sqrt())


def test_group_norm_takes_them_over_neighbouring_channels():
    x = torch.randn(4, 8, 5, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(norm("group", 8)(x), F.group_norm(x, 2))


@pytest.mark.parametrize("kind", sorted(set(NORMS) - {"none"}))
def test_every_norm_has_a_scale_and_a_shift_for_each_channel(kind):
    assert {name: one.shape for name, one in norm(kind, 12).named_parameters()} == {"weight": (12,), "bias": (12,)}


@given(st.integers(1, 2048))
def test_groups_divide_the_channels_and_are_never_smaller_than_four_unless_there_is_only_one(channels):
    groups = groups_for(channels)
    assert channels % groups == 0
    assert 1 <= groups <= 32
    assert groups == 1 or channels // groups >= 4


@given(st.integers(1, 1000), st.floats(0.01, 20))
def test_a_scaled_width_is_the_nearest_whole_number_and_at_least_one(channels, width):
    assert scaled(channels, width) >= 1
    assert abs(scaled(channels, width) - max(channels * width, 1)) <= 0.5


@pytest.mark.parametrize("width", [0, -1, float("nan"), float("inf")])
def test_a_width_that_no_network_has_is_refused(width):
    with pytest.raises(ModelError, match="write a factor above 0"):
        scaled(8, width)


def test_a_stack_keeps_names_and_order_and_leaves_out_what_is_none():
    made = stack(conv1=nn.Identity(), norm1=None, act1=nn.ReLU())
    assert [name for name, _ in made.named_children()] == ["conv1", "act1"]


def masks(layer, times=1):
    return [layer(torch.ones(50, 40)) for _ in range(times)]


def keyed(seed=0, name="drop1", epoch=0, rate=0.3, kind=Dropout):
    layer = kind(rate)
    layer.key = (seed, name, epoch)
    return layer


def test_dropout_zeroes_its_share_and_keeps_the_mean():
    out = torch.cat(masks(keyed(), 20))
    assert out.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    assert float((out == 0).float().mean()) == pytest.approx(0.3, abs=0.01)  # 40,000 draws: 4 sd are 0.009


def test_the_same_key_gives_the_same_masks_step_by_step():
    assert all(torch.equal(a, b) for a, b in zip(masks(keyed(), 3), masks(keyed(), 3), strict=True))


def test_an_epoch_has_the_same_masks_however_many_were_drawn_before_it():
    layer = keyed(epoch=0)
    masks(layer, 5)
    layer.key = (0, "drop1", 1)
    assert torch.equal(masks(layer)[0], masks(keyed(epoch=1))[0])


@pytest.mark.parametrize("other", [{"seed": 1}, {"name": "drop2"}, {"epoch": 1}])
def test_another_seed_layer_or_epoch_gives_other_masks(other):
    assert not torch.equal(masks(keyed())[0], masks(keyed(**other))[0])


def test_each_step_has_a_mask_of_its_own():
    first, second = masks(keyed(), 2)
    assert not torch.equal(first, second)


def test_dropout_never_touches_the_global_generator():
    before = torch.random.get_rng_state()
    masks(keyed(), 3)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_dropout_does_nothing_in_measurement():
    assert torch.equal(keyed().eval()(X), X)


def test_channelwise_dropout_zeroes_whole_channels():
    out = keyed(kind=Dropout2d, rate=0.5)(torch.ones(20, 30, 4, 4))
    assert set(out.mean((2, 3)).unique().tolist()) == {0.0, 2.0}


def test_gradients_pass_only_where_values_passed():
    x = torch.ones(200, requires_grad=True)
    out = keyed()(x)
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())


def test_a_network_with_dropout_can_be_copied_after_use():
    net = stack(drop=keyed())
    masks(net)
    assert torch.equal(masks(copy.deepcopy(net))[0], masks(net)[0])


def test_every_dropout_layer_of_a_network_is_keyed_by_its_name():
    net = stack(drop1=dropout(0.5), inner=stack(drop=dropout(0.5, channelwise=True)))
    key_dropout(net, seed=3, epoch=7)
    assert (net.drop1.key, net.inner.drop.key) == ((3, "drop1", 7), (3, "inner.drop", 7))


def test_dropout_at_rate_0_is_no_layer():
    assert dropout(0.0) is None


@pytest.mark.parametrize(("kind", "axis"), [("batch", 0), ("layer", 1)])
def test_a_dense_norm_takes_mean_and_variance_over_the_batch_or_the_vector(kind, axis):
    x = torch.randn(6, 8, generator=torch.Generator().manual_seed(0)) * 3 + 2
    centred = x - x.mean(axis, keepdim=True)
    expected = centred / (centred.square().mean(axis, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(dense_norm(kind, 8)(x), expected)


def test_a_dense_layer_has_neither_no_norm_nor_an_instance_norm():
    assert dense_norm("none", 8) is dense_norm("instance", 8) is None
    torch.testing.assert_close(dense_norm("group", 8)(torch.ones(2, 8)), torch.zeros(2, 8))


@pytest.mark.parametrize("stride", [1, 2])
def test_a_depthwise_separable_convolution_is_the_full_one_whose_filters_are_products(stride):
    separable = conv3x3("depthwise", 4, 6, stride=stride)
    full = conv3x3("full", 4, 6, stride=stride)
    with torch.no_grad():
        full.weight.copy_(separable.pointwise.weight * separable.depthwise.weight[None, :, 0])
        full.bias.copy_(separable.pointwise.bias)
    x = torch.randn(2, 4, 9, 9, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(separable(x), full(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("outputs", "ratio"), [(16, 5.76), (32, 7.02), (64, 7.89), (128, 8.41), (256, 8.69), (512, 8.84)]
)
def test_a_full_convolution_has_9n_over_9_plus_n_times_the_weights_of_a_separable_one(outputs, ratio):
    full, separable = (
        sum(one.numel() for one in conv3x3(kind, 24, outputs, bias=False).parameters())
        for kind in ("full", "depthwise")
    )
    assert full * (9 + outputs) == separable * 9 * outputs
    assert full / separable == pytest.approx(ratio, abs=0.005)


def test_an_unknown_kind_of_convolution_is_refused_with_the_nearest():
    with pytest.raises(ModelError, match='conv = "depth-wise" is not one of its values: did you mean "depthwise"'):
        conv3x3("depth-wise", 3, 8)


def test_a_residual_adds_its_input_and_keeps_the_names_that_it_has_without():
    layer = nn.Linear(3, 3)
    joined, plain = residual(True, first=layer, norm=None), residual(False, first=layer, norm=None)
    assert list(joined.state_dict()) == list(plain.state_dict()) == ["first.weight", "first.bias"]
    x = torch.ones(2, 3)
    torch.testing.assert_close(joined(x), plain(x) + x)
