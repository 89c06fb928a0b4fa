"""What a layer costs as a teacher writes it on the board: formula in letters, in numbers, and result; no torch.

Shapes are (channels, height, width), without the batch. One multiply-accumulate (MAC) is one; biases, norms and
activations are not counted in them.
"""

import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ablab.arithmetic.terms import NOTHING, Term, letter, product, term
from ablab.errors import InputError

Shape = tuple[int, ...]
Size = int | tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """One layer's arithmetic: what comes out, what it learns, what it computes for one image."""

    kind: str
    operation: str
    out_shape: Shape
    parameters: Term = NOTHING
    macs: Term = NOTHING
    buffers: Term = NOTHING
    sides: tuple[Term, ...] = ()  # how height and width of the output come about
    weighted: int = 0  # matrices or filter banks that it learns: what a network's name counts


def conv_parameters(channels: int, filters: int, kernel: Shape, *, groups: int = 1, bias: bool = True) -> Term:
    """Weights of one filter, plus its bias, times the number of filters.

    >>> print(conv_parameters(32, 64, (3, 3)))
    (3·3·32 + 1)·64 = 18,496
    """
    weights = _filter(channels, kernel, groups)
    return (weights + 1 if bias else weights) * letter("F", filters)


def conv_macs(
    channels: int, filters: int, kernel: Shape, positions: Shape, *, groups: int = 1, transposed: bool = False
) -> Term:
    """Weights of one filter, times the filters, times the places where they are put (of the input if transposed)."""
    names = [name if transposed else f"{name}'" for name in _names(positions)]
    return functools.reduce(
        operator.mul, map(letter, names, positions), _filter(channels, kernel, groups) * letter("F", filters)
    )


def _filter(channels: int, kernel: Shape, groups: int) -> Term:
    depth = letter("C", channels)
    area = functools.reduce(operator.mul, [letter("k", size) for size in kernel])
    return area * (depth if groups == 1 else depth.over(letter("g", groups)))


def _names(sides: Shape) -> Sequence[str]:
    return "DHW"[-len(sides) :]


def linear_parameters(features: Shape, units: int, *, bias: bool = True) -> Term:
    """One weight an input and one bias, times the units.

    >>> print(linear_parameters((576,), 120))
    (576 + 1)·120 = 69,240
    """
    inside = _features(features)
    return (inside + 1 if bias else inside) * letter("U", units)


def linear_macs(features: Shape, units: int, positions: Shape = ()) -> Term:
    return replace(product(*positions, *features, units), letters=f"{_features(features).letters}·U")


def _features(features: Shape) -> Term:
    names = {1: ["N"], 3: ["H", "W", "C"]}.get(len(features)) or [f"N{n + 1}" for n in range(len(features))]
    return replace(product(*features), letters="·".join(names))


def side(
    size: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    name: str = "H",
    *,
    ceil: bool = False,
) -> Term:
    """How many places a window has along one side.

    >>> print(side(100, 5))
    ⌊(100 + 2·0 - 5)/1⌋ + 1 = 96
    """
    window = letter("k", kernel)
    reach = window if dilation == 1 else letter("d", dilation) * (window - 1) + 1
    room = letter(name, size) + term(2) * letter("p", padding) - reach
    if room.value < 0 and (not ceil or room.value <= -stride):  # rounded up, the last window may hang over
        raise InputError(f"a window of {reach.value} does not fit into {size} with a padding of {padding}")
    steps = room.over(letter("s", stride), "⌈⌉" if ceil else "⌊⌋")
    # a last window that starts behind the picture is left out
    return steps if ceil and steps.value * stride >= size + padding else steps + 1


def transposed_side(
    size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1, name: str = "H", *, extra: int = 0
) -> Term:
    """How far a transposed convolution spreads one side.

    >>> print(transposed_side(8, 4, 2, 1))
    (8 - 1)·2 - 2·1 + 1·(4 - 1) + 0 + 1 = 16
    """
    borders = term(2) * letter("p", padding)
    spread = letter("d", dilation) * (letter("k", kernel) - 1)
    places = (letter(name, size) - 1) * letter("s", stride) - borders + spread + letter("o", extra) + 1
    if places.value < 1:
        raise InputError(f"a padding of {padding} leaves nothing of the output of a side of {size}")
    return places


def conv(
    in_shape: Shape,
    filters: int,
    kernel: Size,
    *,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
    bias: bool = True,
) -> Layer:
    """A convolution of `filters` filters.

    >>> conv((16, 100, 100), 32, 5).out_shape
    (32, 96, 96)
    """
    channels, *size = _picture(in_shape)
    kernels, strides, paddings, dilations = (_each(one, len(size)) for one in (kernel, stride, padding, dilation))
    _check(filters, groups, channels, kernels, strides, dilations, paddings)
    sides = tuple(map(side, size, kernels, strides, paddings, dilations, _names(kernels)))
    places = tuple(one.value for one in sides)
    return Layer(
        "conv",
        conv_words(kernels, strides, paddings, dilations, groups),
        (filters, *places),
        conv_parameters(channels, filters, kernels, groups=groups, bias=bias),
        conv_macs(channels, filters, kernels, places, groups=groups),
        sides=sides,
        weighted=1,
    )


def transposed_conv(
    in_shape: Shape,
    filters: int,
    kernel: Size,
    *,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: int = 0,
    dilation: Size = 1,
    groups: int = 1,
    bias: bool = True,
) -> Layer:
    """A transposed convolution: every place of the input spreads a filter's worth over the output."""
    channels, *size = _picture(in_shape)
    kernels, strides, paddings, dilations = (_each(one, len(size)) for one in (kernel, stride, padding, dilation))
    _check(filters, groups, channels, kernels, strides, dilations, paddings)
    sides = tuple(
        transposed_side(*numbers, extra=output_padding)
        for numbers in zip(size, kernels, strides, paddings, dilations, _names(kernels), strict=True)
    )
    return Layer(
        "conv",
        conv_words(kernels, strides, paddings, dilations, groups, transposed=True),
        (filters, *(one.value for one in sides)),
        conv_parameters(channels, filters, kernels, groups=groups, bias=bias),
        conv_macs(channels, filters, kernels, tuple(size), groups=groups, transposed=True),
        sides=sides,
        weighted=1,
    )


def depthwise_separable(
    in_shape: Shape,
    filters: int,
    kernel: Size,
    *,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    bias: bool = True,
) -> tuple[Layer, Layer]:
    """One filter a channel, then a 1x1 convolution that mixes the channels: two layers for one convolution."""
    depthwise = conv(
        in_shape,
        in_shape[0],
        kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=in_shape[0],
        bias=bias,
    )
    return depthwise, conv(depthwise.out_shape, filters, 1, bias=bias)


def pool(
    in_shape: Shape,
    kernel: Size,
    *,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil: bool = False,
    of: str = "max",
) -> Layer:
    """A pooling window (`of` max or avg), which steps by its own size unless told otherwise; it learns nothing."""
    channels, *size = _picture(in_shape)
    kernels, paddings, dilations = (_each(one, len(size)) for one in (kernel, padding, dilation))
    strides = kernels if stride is None else _each(stride, len(size))
    _check(1, 1, 1, kernels, strides, dilations, paddings)
    if any(2 * padding > kernel for padding, kernel in zip(paddings, kernels, strict=True)):
        raise InputError(f"padding {times(paddings)} is more than half of the window {times(kernels)}")
    sides = tuple(
        side(*numbers, ceil=ceil)
        for numbers in zip(size, kernels, strides, paddings, dilations, _names(kernels), strict=True)
    )
    return Layer(
        "pool", pool_words(of, kernels, strides, paddings), (channels, *(one.value for one in sides)), sides=sides
    )


def linear(in_shape: Shape, units: int, *, bias: bool = True) -> Layer:
    """A linear layer on everything that comes in, flattened.

    >>> linear((3, 100, 100), 100).parameters.value
    3000100
    """
    _positive(units=units, **{"in": min(in_shape)})
    return Layer(
        "linear",
        "linear",
        (units,),
        linear_parameters(in_shape, units, bias=bias),
        linear_macs(in_shape, units),
        weighted=1,
    )


def batch_norm(in_shape: Shape) -> Layer:
    """A scale and a shift a channel; the running mean and variance, and the count of batches, are not learned."""
    return Layer(
        "norm",
        "batch norm",
        in_shape,
        replace(product(2, in_shape[0]), letters="2·C"),
        buffers=term(2) * letter("C", in_shape[0]) + 1,
    )


def conv_words(
    kernel: Shape, stride: Shape, padding: Shape | str, dilation: Shape, groups: int, *, transposed: bool = False
) -> str:
    """A convolution in words: `conv 3x3, stride 2, pad 1`; what is as usual is left out."""
    words = ["transposed " * transposed + "conv " + times(kernel)]
    words += [f"stride {short(stride)}"] if set(stride) != {1} else []
    words += (
        [f"pad {padding if isinstance(padding, str) else short(padding)}"]
        if padding != "valid" and set(padding) != {0}
        else []
    )
    words += [f"dilation {short(dilation)}"] if set(dilation) != {1} else []
    return ", ".join(words + ([f"{groups} groups"] if groups != 1 else []))


def pool_words(of: str, kernel: Shape, stride: Shape, padding: Shape) -> str:
    words = [f"{of} pool {times(kernel)}"]
    words += [f"stride {short(stride)}"] if stride != kernel else []
    return ", ".join(words + ([f"pad {short(padding)}"] if set(padding) != {0} else []))


def times(sizes: Shape) -> str:
    return "x".join(map(str, sizes))


def short(sizes: Shape) -> str:
    """One number where it holds for all sides: a stride of 2 rather than 2x2."""
    return str(sizes[0]) if len(set(sizes)) == 1 else times(sizes)


def _picture(shape: Shape) -> Shape:
    if len(shape) < 2 or min(shape) < 1:
        raise InputError(f"{times(shape)} is not an image size: give channels, height and width of at least 1")
    return shape


def _each(size: Size, sides: int) -> Shape:
    each = (size,) * sides if isinstance(size, int) else size
    if len(each) != sides:
        raise InputError(f"{times(each)} has {len(each)} sides; give {sides}, or one number for all")
    return each


def _check(
    filters: int, groups: int, channels: int, kernel: Shape, stride: Shape, dilation: Shape, padding: Shape
) -> None:
    _positive(filters=filters, groups=groups, kernel=min(kernel), stride=min(stride), dilation=min(dilation))
    if min(padding) < 0:
        raise InputError(f"padding {times(padding)} is negative")
    for what, count in {"channels": channels, "filters": filters}.items():
        if count % groups:
            raise InputError(f"{count} {what} cannot be divided into {groups} groups")


def _positive(**numbers: int) -> None:
    for what, number in numbers.items():
        if number < 1:
            raise InputError(f"{what} = {number}: give a number of at least 1")
