"""Compute one layer by hand: output shape, parameters and MACs with their formulas"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ablab.arithmetic.formulas import times
from ablab.arithmetic.sizes import again, numbers_of, picture_of, plain, reading, sides_of, whole
from ablab.cli.shared import json_option, say
from ablab.errors import InputError
from ablab.report.terminal.board import (
    Line,
    layer_value,
    of_filters,
    output,
    separable,
    separable_times,
    separable_value,
)

if TYPE_CHECKING:
    from ablab.arithmetic.formulas import Layer

GROUP = "Networks"
EXAMPLES = (
    "ablab arith conv --in 32x32x3 --filters 8 --kernel 5",
    "ablab arith transposed --in 8x8x16 --filters 8 --kernel 2 --stride 2",
    "ablab arith depthwise --in 32x32x16 --filters 32 --kernel 3",
    "ablab arith pool --in 28x28x8 --kernel 2",
    "ablab arith linear --in 6x6x16 --units 120",
    "ablab arith batch-norm --in 28x28x8",
)

Function = TypeVar("Function", bound=Callable[..., Any])

in_option = click.option(
    "--in",
    "shape",
    required=True,
    metavar="HxWxC",
    help="Give height, width and channels; 3x32x32 is read as CxHxW; append :hwc or :chw to say the order.",
)
filters_option = click.option("--filters", type=int, required=True, help="Set the number of filters (output channels).")
bias_option = click.option("--no-bias", is_flag=True, help="Omit the biases.")


def window_options(function: Function) -> Function:
    """--kernel, --stride and --pad."""
    function = click.option("--pad", default="0", show_default=True, help="Pad every side with this many pixels.")(
        function
    )
    function = click.option(
        "--stride", default="1", show_default=True, help="Set the stride: pixels from window to window."
    )(function)
    return click.option("--kernel", required=True, help="Set the kernel: 3, or 3x5.")(function)


@click.group(help=__doc__)
def command() -> None:
    pass


@command.command("conv", help="Compute a convolution.")
@in_option
@filters_option
@window_options
@click.option(
    "--dilation", default="1", show_default=True, help="Set the dilation: pixels from one weight to the next."
)
@click.option("--groups", type=int, default=1, show_default=True, help="Divide the channels into this many groups.")
@bias_option
@json_option
def conv(
    shape: str,
    filters: int,
    kernel: str,
    stride: str,
    pad: str,
    dilation: str,
    groups: int,
    no_bias: bool,
    as_json: bool,
) -> None:
    from ablab.arithmetic.formulas import conv

    layer = conv(
        picture_of(shape),
        whole(filters),
        sides_of("--kernel", kernel),
        stride=sides_of("--stride", stride),
        padding=sides_of("--pad", pad),
        dilation=sides_of("--dilation", dilation),
        groups=groups,
        bias=not no_bias,
    )
    _show(layer, shape, of_filters(layer), as_json, _next("depthwise", shape, filters, kernel))


@command.command("transposed", help="Compute a transposed convolution, which enlarges images.")
@in_option
@filters_option
@window_options
@click.option("--out-pad", default="0", show_default=True, help="Pad one side of the output.")
@click.option(
    "--dilation", default="1", show_default=True, help="Set the dilation: pixels from one weight to the next."
)
@click.option("--groups", type=int, default=1, show_default=True, help="Divide the channels into this many groups.")
@bias_option
@json_option
def transposed(
    shape: str,
    filters: int,
    kernel: str,
    stride: str,
    pad: str,
    out_pad: str,
    dilation: str,
    groups: int,
    no_bias: bool,
    as_json: bool,
) -> None:
    from ablab.arithmetic.formulas import transposed_conv

    steps, spread = sides_of("--stride", stride), sides_of("--dilation", dilation)
    extra = sides_of("--out-pad", out_pad)[0]
    if extra and extra >= min(max(steps[0], spread[0]), max(steps[1], spread[1])):
        raise InputError(
            f"--out-pad {out_pad}: it must be smaller than the stride or the dilation; use a larger --stride"
        )
    layer = transposed_conv(
        picture_of(shape),
        whole(filters),
        sides_of("--kernel", kernel),
        stride=steps,
        padding=sides_of("--pad", pad),
        output_padding=extra,
        dilation=spread,
        groups=groups,
        bias=not no_bias,
    )
    _show(layer, shape, of_filters(layer), as_json, _next("conv", shape, filters, kernel))


@command.command("depthwise", help="Compute a depthwise separable convolution, and compare it with the full one.")
@in_option
@filters_option
@window_options
@bias_option
@click.option(
    "--measure", is_flag=True, help="Time both on this machine; the ratio of times differs from the ratio of MACs."
)
@json_option
def depthwise(
    shape: str, filters: int, kernel: str, stride: str, pad: str, no_bias: bool, measure: bool, as_json: bool
) -> None:
    from ablab.arithmetic.formulas import conv, depthwise_separable

    picture, kernels = picture_of(shape), sides_of("--kernel", kernel)
    steps, border = sides_of("--stride", stride), sides_of("--pad", pad)
    own = depthwise_separable(picture, whole(filters), kernels, stride=steps, padding=border, bias=not no_bias)
    full = conv(picture, filters, kernels, stride=steps, padding=border, bias=not no_bias)
    lines = separable(*own, full, kernels[0] * kernels[1], filters)
    value = separable_value(*own, full)
    if measure:
        from ablab.arithmetic.separable import seconds

        slow, fast = seconds(picture, filters, kernels, steps, border, bias=not no_bias)
        value |= {"full_seconds": slow, "seconds": fast, "time_ratio": slow / fast, "threads": 1}
        lines += separable_times(slow, fast, value["mac_ratio"])
    _print(value["operation"], shape, lines, value, as_json, _next("conv", shape, filters, kernel))


@command.command("pool", help="Compute max or average pooling.")
@in_option
@click.option("--kernel", required=True, help="Set the window: 2, or 2x3.")
@click.option("--stride", help="Set the stride  [default: the window's side]")
@click.option("--pad", default="0", show_default=True, help="Pad every side with this many pixels.")
@json_option
def pool(shape: str, kernel: str, stride: str | None, pad: str, as_json: bool) -> None:
    from ablab.arithmetic.formulas import pool

    layer = pool(
        picture_of(shape),
        sides_of("--kernel", kernel),
        stride=None if stride is None else sides_of("--stride", stride),
        padding=sides_of("--pad", pad),
    )
    lines = [*output(layer), ("parameters", "nothing is learned", "0")]
    _show(layer, shape, lines, as_json, f"ablab arith conv --in {again(shape)} --filters 32 --kernel 3")


@command.command("linear", help="Compute a linear layer on all values of an image.")
@in_option
@click.option("--units", type=int, required=True, help="Set the number of outputs.")
@bias_option
@json_option
def linear(shape: str, units: int, no_bias: bool, as_json: bool) -> None:
    from ablab.arithmetic.formulas import linear

    numbers = numbers_of(shape)
    layer = linear(numbers, whole(units, "--units"), bias=not no_bias)
    lines: list[Line] = [
        ("output", "U", str(units)),
        ("parameters", layer.parameters.letters, str(layer.parameters)),
        ("MACs", layer.macs.letters, str(layer.macs)),
    ]
    _show(layer, shape, lines, as_json, "ablab models")


@command.command("batch-norm", help="Compute a batch norm.")
@in_option
@json_option
def batch_norm(shape: str, as_json: bool) -> None:
    from ablab.arithmetic.formulas import batch_norm

    layer = batch_norm(picture_of(shape))
    lines: list[Line] = [
        ("output", "same as the input", times(numbers_of(shape))),
        ("parameters", f"{layer.parameters.letters}: a scale and a shift per channel", str(layer.parameters)),
        ("kept, not learned", f"{layer.buffers.letters}: mean, variance, number of batches", str(layer.buffers)),
    ]
    _show(layer, shape, lines, as_json, "ablab models")


def _show(layer: Layer, shape: str, lines: list[Line], as_json: bool, following: str) -> None:
    _print(layer.operation, shape, lines, layer_value(layer), as_json, following)


def _print(operation: str, shape: str, lines: list[Line], value: dict[str, Any], as_json: bool, following: str) -> None:
    from ablab.report.table import table, write

    board = write(table("board", ("", "", ""), lines), "text")
    sizes = numbers_of(shape)
    value = {**value, "input": list(sizes)}
    say(as_json, value, "\n".join([f"{operation} on {times(sizes)}{reading(shape)}", "", board, ""]), following)


def _next(kind: str, shape: str, filters: int, kernel: str) -> str:
    return f"ablab arith {kind} --in {again(shape)} --filters {filters} --kernel {plain(kernel)}"
