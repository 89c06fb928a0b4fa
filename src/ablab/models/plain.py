"""Plain networks: convolutions with their norm, activation, pool and dropout, then dense layers, all with names.

The names say what a layer belongs to (conv2, norm2, act2, pool2, drop2; linear1, linear_norm1 ...; head is the last),
so a norm, a dropout or a further convolution renames no other layer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import nn

from ablab.errors import ModelError
from ablab.models import Io
from ablab.models.blocks import stack
from ablab.models.options import Norm, check_numbers
from ablab.models.shapes import shape_after
from ablab.models.style import ConvStyle, Style


@dataclass(frozen=True, kw_only=True)
class PlainStyle(ConvStyle):
    """Norms go between a layer and its activation: of convolutions, of hidden dense layers, or of all.

    Dropout "conv" zeroes whole channels behind every convolution (and its pool), "dense" values behind every hidden
    dense layer, "all" is both; "before-dense" is in front of every hidden dense layer.
    """

    norm: Norm = "none"
    norm_at: Literal["conv", "dense", "all"] = "all"
    dropout_at: Literal["conv", "dense", "all", "before-dense"] = "dense"


@dataclass(frozen=True)
class Conv:
    """One convolution: its number ("3", or "3_1" for the first of stage 3), channels, and the pool behind it."""

    number: str
    channels: int
    pool: tuple[int, int] | None = None  # size, stride
    kernel: int = 3
    stride: int = 1
    padding: int = 1
    groups: int = 1


def network(name: str, io: Io, convs: Sequence[Conv], hidden: Sequence[int], style: Style) -> nn.Sequential:
    """Convolutions, flatten, hidden dense layers, and the last one with a number for each class."""
    check_numbers("hidden", hidden)
    _check_places(name, convs, hidden, style)
    features = stack(**_convolutions(io.channels, convs, style), flatten=nn.Flatten())
    (flat,) = shape_after(features, io.in_shape, name)
    dense = _dense(flat, hidden, io.classes, style)
    return stack(**dict(features.named_children()), **dense, output=style.end())


def _convolutions(inputs: int, convs: Sequence[Conv], style: Style) -> dict[str, nn.Module | None]:
    has_norm, has_dropout = style.norm_at != "dense", style.dropout_at in ("conv", "all")
    layers: dict[str, nn.Module | None] = {}
    for conv in convs:
        outputs, number, stage = style.scaled(conv.channels), conv.number, conv.number.partition("_")[0]
        layers |= {
            f"conv{number}": _convolution(conv, inputs, outputs, style),
            f"norm{number}": style.normed(outputs) if has_norm else None,
            f"act{number}": style.act(),
        }
        if conv.pool:
            layers[f"pool{stage}"] = nn.MaxPool2d(*conv.pool)
        layers[f"drop{number}"] = style.drop(channelwise=True) if has_dropout else None
        inputs = outputs
    return layers


def _convolution(conv: Conv, inputs: int, outputs: int, style: Style) -> nn.Module:
    if inputs % conv.groups or outputs % conv.groups:
        raise ModelError(
            f"conv{conv.number}: {inputs} and {outputs} channels cannot be split into {conv.groups} groups"
        )
    if conv.kernel == 3:
        return style.conv3x3(inputs, outputs, conv.stride, padding=conv.padding, groups=conv.groups, bias=True)
    return nn.Conv2d(inputs, outputs, conv.kernel, conv.stride, conv.padding, groups=conv.groups)


def _dense(inputs: int, hidden: Sequence[int], classes: int, style: Style) -> dict[str, nn.Module | None]:
    has_norm = style.norm_at != "conv"
    layers: dict[str, nn.Module | None] = {}
    for number, units in enumerate(hidden, start=1):
        outputs = style.scaled(units)
        drop = {f"linear_drop{number}": style.drop()}
        layers |= drop if style.dropout_at == "before-dense" else {}
        layers |= {
            f"linear{number}": nn.Linear(inputs, outputs),
            f"linear_norm{number}": style.dense_normed(outputs) if has_norm else None,
            f"linear_act{number}": style.hidden_act(),
        }
        layers |= drop if style.dropout_at not in ("conv", "before-dense") else {}
        inputs = outputs
    return layers | {"head": nn.Linear(inputs, classes)}


def _check_places(name: str, convs: Sequence[Conv], hidden: Sequence[int], style: Style) -> None:
    """What is asked for has a layer to go to: nothing that a recipe says is ignored."""
    if style.dropout and style.dropout_at not in ("conv", "all") and not hidden:
        raise ModelError(f'"{name}": dropout_at = "{style.dropout_at or "dense"}", but there is no hidden dense layer')
    dense_only = style.norm_at == "dense" or not convs
    if style.norm != "none" and dense_only and not (hidden and style.norm != "instance"):
        why = "one number has no variance" if style.norm == "instance" else "there is no hidden dense layer"
        raise ModelError(f'"{name}": norm = "{style.norm}" has nothing to normalize: {why}')
