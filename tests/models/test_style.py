"""What networks share is one dataclass: its fields are options, its methods are the layers that they choose."""

from dataclasses import fields, replace

import pytest
from torch import nn

from ablab.catalogue import catalogue
from ablab.errors import ModelError
from ablab.models.blocks import Dropout2d, Residual
from ablab.models.course_resnet import CourseStyle
from ablab.models.plain import PlainStyle
from ablab.models.resnet import ResidualStyle
from ablab.models.style import ConvStyle, Style
from networks import outline

ENTRIES = catalogue("models", "model")
ORDER = [field.name for field in fields(Style)]


@pytest.mark.parametrize("kind", [ConvStyle, PlainStyle, ResidualStyle, CourseStyle])
def test_a_family_changes_options_and_adds_none_so_that_their_order_is_the_same_everywhere(kind):
    assert [field.name for field in fields(kind)] == ORDER


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_every_network_lists_its_shared_options_behind_its_own_and_in_the_same_order(name):
    shared = [option for option in ENTRIES[name].options if option in ENTRIES[name].groups]
    assert shared == [option for option in ORDER if option in shared]
    assert list(ENTRIES[name].options)[-len(shared) :] == shared


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_the_defaults_that_are_read_from_the_text_are_those_of_the_function(name):
    entry = ENTRIES[name]
    style = entry.load().__kwdefaults__["style"]
    started = {key: value for key, value in vars(style).items() if value is not None}
    assert {key: entry.options[key] for key in entry.groups} == started | {
        key: value for key, value in entry.defaults.items() if key in started
    }


def test_a_network_without_an_option_refuses_it():
    assert "conv" not in ENTRIES["mlp"].options
    with pytest.raises(ModelError, match='"mlp": no option is called "conv"'):
        outline("mlp", conv="depthwise")


@pytest.mark.parametrize(("norm", "has_bias"), [("none", True), ("batch", False), ("layer", False)])
def test_a_convolution_in_front_of_a_norm_has_no_bias(norm, has_bias):
    style = ConvStyle(norm=norm)
    assert (style.conv3x3(3, 8).bias is not None) == (style.conv1x1(3, 8).bias is not None) == has_bias
    assert style.conv3x3(3, 8, bias=True).bias is not None
    assert (style.normed(8) is None) == has_bias


def test_the_activation_of_dense_layers_is_that_of_the_others_unless_it_is_given():
    assert isinstance(Style(activation="gelu").hidden_act(), nn.GELU)
    style = Style(activation="gelu", hidden_activation="same")
    assert isinstance(style.hidden_act(), nn.GELU)
    assert isinstance(replace(style, hidden_activation="tanh").hidden_act(), nn.Tanh)


def test_layers_that_an_option_leaves_out_are_none():
    assert (Style().drop(), Style().end()) == (None, None)
    style = Style(dropout=0.3, output="softmax")
    assert isinstance(style.drop(channelwise=True), Dropout2d)
    assert isinstance(style.end(), nn.Softmax)
    assert isinstance(Style(shortcut=True).residual(act=nn.ReLU()), Residual)
    assert not isinstance(Style(shortcut=False).residual(act=nn.ReLU()), Residual)


def test_the_numbers_of_a_norm_are_those_that_are_asked_for():
    style = ConvStyle(norm_momentum=0.4, norm_eps=1e-3)
    assert (style.normed(4).momentum, style.normed(4).eps) == (0.4, 1e-3)
    assert (style.dense_normed(4).momentum, style.dense_normed(4).eps) == (0.4, 1e-3)
    assert ConvStyle(norm="group", norm_eps=1e-3).normed(4).eps == 1e-3
    plain = ConvStyle().normed(4)
    assert (plain.momentum, plain.eps) == (nn.BatchNorm2d(4).momentum, nn.BatchNorm2d(4).eps)
