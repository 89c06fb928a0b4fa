"""The arithmetic of a module of torch's, read off its settings; None for kinds that no formula is known for."""

import math
from collections.abc import Callable
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.modules.instancenorm import _InstanceNorm

from ablab.arithmetic.formulas import (
    Layer,
    Shape,
    conv_macs,
    conv_parameters,
    conv_words,
    linear_macs,
    linear_parameters,
    pool_words,
    short,
    times,
)
from ablab.arithmetic.terms import NOTHING, Term, product


def layer(module: nn.Module, in_shape: Shape, out_shape: Shape) -> Layer | None:
    """What a module does to one image, as its settings and the shapes around it say."""
    for kinds, make in _FORMULAS:
        if isinstance(module, kinds):
            return make(module, in_shape, out_shape)
    if type(module).__module__ == "torch.nn.modules.activation" and not any(module.parameters()):
        return Layer("activation", type(module).__name__, out_shape)
    return None


def _conv(module: Any, in_shape: Shape, out_shape: Shape) -> Layer:
    transposed = isinstance(module, _ConvTransposeNd)
    places = in_shape[1:] if transposed else out_shape[1:]
    kernel, groups = module.kernel_size, module.groups
    words = conv_words(kernel, module.stride, module.padding, module.dilation, groups, transposed=transposed)
    return Layer(
        "conv",
        words,
        out_shape,
        conv_parameters(module.in_channels, module.out_channels, kernel, groups=groups, bias=module.bias is not None),
        conv_macs(module.in_channels, module.out_channels, kernel, places, groups=groups, transposed=transposed),
        weighted=1,
    )


def _linear(module: Any, _in_shape: Shape, out_shape: Shape) -> Layer:
    features = (module.in_features,)
    return Layer(
        "linear",
        "linear",
        out_shape,
        linear_parameters(features, module.out_features, bias=module.bias is not None),
        linear_macs(features, module.out_features, out_shape[:-1]),
        weighted=1,
    )


def _channel_norm(name: str) -> Callable[[Any, Shape, Shape], Layer]:
    def make(module: Any, _in_shape: Shape, out_shape: Shape) -> Layer:
        channels = module.num_features
        tracked = module.track_running_stats
        return Layer(
            "norm",
            name,
            out_shape,
            product(2, channels) if module.affine else NOTHING,
            buffers=Term(2 * channels + 1, f"2·{channels} + 1") if tracked else NOTHING,
        )

    return make


def _group_norm(module: Any, _in_shape: Shape, out_shape: Shape) -> Layer:
    parameters = product(2, module.num_channels) if module.affine else NOTHING
    return Layer("norm", f"group norm, {module.num_groups} groups", out_shape, parameters)


def _layer_norm(module: Any, _in_shape: Shape, out_shape: Shape) -> Layer:
    learned = sum(1 for _ in module.parameters())
    return Layer("norm", "layer norm", out_shape, product(learned, *module.normalized_shape) if learned else NOTHING)


def _rms_norm(module: Any, _in_shape: Shape, out_shape: Shape) -> Layer:
    learned = product(*module.normalized_shape) if module.elementwise_affine else NOTHING
    return Layer("norm", "RMS norm", out_shape, learned)


def _attention(module: Any, in_shape: Shape, out_shape: Shape) -> Layer | None:
    """Query, key, value and output of the same width, on one sequence; other forms are counted, not explained."""
    same = module._qkv_same_embed_dim and module.bias_k is None and not module.add_zero_attn
    if not same or len(in_shape) != 2:
        return None
    width, length = module.embed_dim, in_shape[0]
    bias = module.in_proj_bias is not None
    parameters = linear_parameters((width,), width, bias=bias)
    macs = 4 * length * width * width + 2 * length * length * width
    return Layer(
        "attention",
        f"attention, {module.num_heads} heads",
        out_shape,
        Term(4 * parameters.value, f"4·{parameters.formula}"),
        Term(macs, f"4·{length}·{width}·{width} + 2·{length}·{length}·{width}"),
        weighted=4,
    )


def _pool(of: str) -> Callable[[Any, Shape, Shape], Layer]:
    def make(module: Any, in_shape: Shape, out_shape: Shape) -> Layer:
        count = len(in_shape) - 1
        kernel, stride, padding = (
            (value,) * count if isinstance(value, int) else tuple(value)
            for value in (module.kernel_size, module.stride or module.kernel_size, getattr(module, "padding", 0))
        )
        return Layer("pool", pool_words(of, kernel, stride, padding), out_shape)

    return make


def _adaptive_pool(of: str) -> Callable[[Any, Shape, Shape], Layer]:
    def make(_module: Any, _in_shape: Shape, out_shape: Shape) -> Layer:
        size = out_shape[1:]
        return Layer("pool", f"global {of} pool" if math.prod(size) == 1 else f"{of} pool to {times(size)}", out_shape)

    return make


def _embedding(module: Any, _in_shape: Shape, out_shape: Shape) -> Layer:
    return Layer("embedding", "embedding", out_shape, product(module.num_embeddings, module.embedding_dim))


def _prelu(module: Any, _in_shape: Shape, out_shape: Shape) -> Layer:
    return Layer("activation", "PReLU", out_shape, product(module.num_parameters))


def _dropout(module: Any, _in_shape: Shape, out_shape: Shape) -> Layer:
    return Layer("dropout", f"dropout {module.p:g}", out_shape)


def _plain(kind: str, words: str) -> Callable[[Any, Shape, Shape], Layer]:
    def make(_module: Any, _in_shape: Shape, out_shape: Shape) -> Layer:
        return Layer(kind, words, out_shape)

    return make


def _upsample(module: Any, in_shape: Shape, out_shape: Shape) -> Layer:
    return Layer("shape", f"upsample {short(in_shape[1:])} to {short(out_shape[1:])}, {module.mode}", out_shape)


def _padding(module: Any, _in_shape: Shape, out_shape: Shape) -> Layer:
    return Layer("shape", f"pad {short(module.padding)}", out_shape)


_Make = Callable[[Any, Shape, Shape], Layer | None]
_FORMULAS: list[tuple[tuple[type, ...], _Make]] = [
    ((_ConvNd,), _conv),
    ((nn.Linear,), _linear),
    ((_InstanceNorm,), _channel_norm("instance norm")),
    ((_BatchNorm,), _channel_norm("batch norm")),
    ((nn.GroupNorm,), _group_norm),
    ((nn.LayerNorm,), _layer_norm),
    ((nn.RMSNorm,), _rms_norm),
    ((nn.MultiheadAttention,), _attention),
    ((nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d), _pool("max")),
    ((nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d), _pool("avg")),
    ((nn.LPPool1d, nn.LPPool2d, nn.LPPool3d), _pool("lp")),
    ((nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d), _adaptive_pool("avg")),
    ((nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d), _adaptive_pool("max")),
    ((nn.Embedding,), _embedding),
    ((nn.PReLU,), _prelu),
    ((nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout), _dropout),
    ((nn.Flatten,), _plain("shape", "flatten")),
    ((nn.Unflatten,), _plain("shape", "unflatten")),
    ((nn.Identity,), _plain("shape", "identity")),
    ((nn.Upsample,), _upsample),
    ((nn.PixelShuffle,), _plain("shape", "pixel shuffle")),
    ((nn.PixelUnshuffle,), _plain("shape", "pixel unshuffle")),
    ((nn.ZeroPad1d, nn.ZeroPad2d, nn.ZeroPad3d, nn.ConstantPad1d, nn.ConstantPad2d, nn.ConstantPad3d), _padding),
    ((nn.ReflectionPad1d, nn.ReflectionPad2d, nn.ReflectionPad3d), _padding),
    ((nn.ReplicationPad1d, nn.ReplicationPad2d, nn.ReplicationPad3d), _padding),
]
