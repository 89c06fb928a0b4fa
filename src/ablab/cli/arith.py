"""Work out one layer on the board: output shape, parameters and MACs with their formulas"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ablab.arithmetic.formulas import times
from ablab.cli.shared import json_option, say
from ablab.errors import InputError

if TYPE_CHECKING:
    from ablab.arithmetic.formulas import Layer
    from ablab.arithmetic.terms import Term

Function = TypeVar("Function", bound=Callable[..., Any])
Line = tuple[str, str, str]  # what it is, the formula in letters, the formula with numbers and the result

MOST = 1 << 40  # of any number: beyond it, nobody means what they typed

in_option = click.option(
    "--in",
    "shape",
    required=True,
    metavar="HxWxC",
    help="Height, width, channels; 3x32x32 is read as CxHxW; :hwc or :chw behind it says the order.",
)
filters_option = click.option("--filters", type=int, required=True, help="Filters, which are channels of the output.")
bias_option = click.option("--no-bias", is_flag=True, help="Without biases.")


def window_options(function: Function) -> Function:
    """--kernel, --stride and --pad."""
    function = click.option("--pad", default="0", show_default=True, help="Pixels added on every side.")(function)
    function = click.option("--stride", default="1", show_default=True, help="Pixels from window to window.")(function)
    return click.option("--kernel", required=True, help="Pixels a side: 3, or 3x5.")(function)


@click.group(help=__doc__)
def command() -> None:
    pass


@command.command("conv", help="A convolution.")
@in_option
@filters_option
@window_options
@click.option("--dilation", default="1", show_default=True, help="Pixels from one weight of a filter to the next.")
@click.option("--groups", type=int, default=1, show_default=True, help="Parts that channels are divided into.")
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
        _picture(shape),
        _whole(filters),
        _sides("--kernel", kernel),
        stride=_sides("--stride", stride),
        padding=_sides("--pad", pad),
        dilation=_sides("--dilation", dilation),
        groups=groups,
        bias=not no_bias,
    )
    _show(layer, shape, _of_filters(layer), as_json, _next("depthwise", shape, filters, kernel))


@command.command("transposed", help="A transposed convolution, which makes pictures larger.")
@in_option
@filters_option
@window_options
@click.option("--out-pad", default="0", show_default=True, help="Pixels added to one side of the output.")
@click.option("--dilation", default="1", show_default=True, help="Pixels from one weight of a filter to the next.")
@click.option("--groups", type=int, default=1, show_default=True, help="Parts that channels are divided into.")
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

    steps, spread = _sides("--stride", stride), _sides("--dilation", dilation)
    extra = _sides("--out-pad", out_pad)[0]
    if extra and extra >= min(max(steps[0], spread[0]), max(steps[1], spread[1])):
        raise InputError(f"--out-pad {out_pad}: it must be less than the stride or the dilation; use a larger --stride")
    layer = transposed_conv(
        _picture(shape),
        _whole(filters),
        _sides("--kernel", kernel),
        stride=steps,
        padding=_sides("--pad", pad),
        output_padding=extra,
        dilation=spread,
        groups=groups,
        bias=not no_bias,
    )
    _show(layer, shape, _of_filters(layer), as_json, _next("conv", shape, filters, kernel))


@command.command("depthwise", help="A depthwise separable convolution, beside the full one that it replaces.")
@in_option
@filters_option
@window_options
@bias_option
@click.option("--measure", is_flag=True, help="Time both on this machine: arithmetic and time differ.")
@json_option
def depthwise(
    shape: str, filters: int, kernel: str, stride: str, pad: str, no_bias: bool, measure: bool, as_json: bool
) -> None:
    from ablab.arithmetic.formulas import conv, depthwise_separable

    picture, kernels = _picture(shape), _sides("--kernel", kernel)
    steps, border = _sides("--stride", stride), _sides("--pad", pad)
    own = depthwise_separable(picture, _whole(filters), kernels, stride=steps, padding=border, bias=not no_bias)
    full = conv(picture, filters, kernels, stride=steps, padding=border, bias=not no_bias)
    area, macs = kernels[0] * kernels[1], own[0].macs.value + own[1].macs.value
    ratio = full.macs.value / macs
    spelled = f"{area}·{filters}/({area} + {filters}) = {ratio:.2f}"
    lines: list[Line] = [
        *_output(own[1], own[0].sides),
        ("depthwise", "parameters", str(own[0].parameters)),
        ("", "MACs", str(own[0].macs)),
        ("pointwise", "parameters", str(own[1].parameters)),
        ("", "MACs", str(own[1].macs)),
        ("together", "parameters", f"{own[0].parameters.value + own[1].parameters.value:,}"),
        ("", "MACs", f"{macs:,}"),
        ("full", "parameters", str(full.parameters)),
        ("", "MACs", str(full.macs)),
        ("full / separable", "MACs: k·k·F/(k·k + F)", spelled),
    ]
    value: dict[str, Any] = {
        **_as_json(full),
        "operation": f"depthwise separable, {full.operation}",
        "parameters": own[0].parameters.value + own[1].parameters.value,
        "parameters_formula": f"{own[0].parameters.formula} + {own[1].parameters.formula}",
        "macs": macs,
        "macs_formula": f"{own[0].macs.formula} + {own[1].macs.formula}",
        "full_parameters": full.parameters.value,
        "full_macs": full.macs.value,
        "mac_ratio": ratio,
    }
    if measure:
        from ablab.arithmetic.separable import seconds

        slow, fast = seconds(picture, filters, kernels, steps, border, bias=not no_bias)
        value |= {"full_seconds": slow, "seconds": fast, "time_ratio": slow / fast, "threads": 1}
        lines += [
            ("", "time, 1 thread", f"{1e3 * slow:.2f} ms / {1e3 * fast:.2f} ms = {slow / fast:.2f}"),
            ("", "", f"arithmetic and time differ: {ratio:.2f} by MACs, {slow / fast:.2f} by the clock"),
        ]
    _print(
        f"depthwise separable, {full.operation}", shape, lines, value, as_json, _next("conv", shape, filters, kernel)
    )


@command.command("pool", help="A pooling window, maximum or mean.")
@in_option
@click.option("--kernel", required=True, help="Pixels a side: 2, or 2x3.")
@click.option("--stride", help="Pixels from window to window  [default: the window's side]")
@click.option("--pad", default="0", show_default=True, help="Pixels added on every side.")
@json_option
def pool(shape: str, kernel: str, stride: str | None, pad: str, as_json: bool) -> None:
    from ablab.arithmetic.formulas import pool

    layer = pool(
        _picture(shape),
        _sides("--kernel", kernel),
        stride=None if stride is None else _sides("--stride", stride),
        padding=_sides("--pad", pad),
    )
    lines = [*_output(layer), ("parameters", "nothing is learned", "0")]
    _show(layer, shape, lines, as_json, f"ablab arith conv --in {_again(shape)} --filters 32 --kernel 3")


@command.command("linear", help="A linear layer on all numbers of a picture.")
@in_option
@click.option("--units", type=int, required=True, help="Numbers that come out.")
@bias_option
@json_option
def linear(shape: str, units: int, no_bias: bool, as_json: bool) -> None:
    from ablab.arithmetic.formulas import linear

    numbers = _numbers(shape)
    layer = linear(numbers, _whole(units, "--units"), bias=not no_bias)
    lines: list[Line] = [
        ("output", "U", str(units)),
        ("parameters", layer.parameters.letters, str(layer.parameters)),
        ("MACs", layer.macs.letters, str(layer.macs)),
    ]
    _show(layer, shape, lines, as_json, "ablab models")


@command.command("batch-norm", help="A batch norm.")
@in_option
@json_option
def batch_norm(shape: str, as_json: bool) -> None:
    from ablab.arithmetic.formulas import batch_norm

    layer = batch_norm(_picture(shape))
    lines: list[Line] = [
        ("output", "as it came", times(_numbers(shape))),
        ("parameters", f"{layer.parameters.letters}: a scale and a shift a channel", str(layer.parameters)),
        ("kept, not learned", f"{layer.buffers.letters}: mean, variance, number of batches", str(layer.buffers)),
    ]
    _show(layer, shape, lines, as_json, "ablab models")


def _of_filters(layer: Layer) -> list[Line]:
    """The lines of a layer that is made of filters."""
    return [
        *_output(layer),
        ("parameters", layer.parameters.letters, str(layer.parameters)),
        ("MACs", layer.macs.letters, str(layer.macs)),
    ]


def _output(layer: Layer, sides: tuple[Term, ...] | None = None) -> list[Line]:
    height, width = sides or layer.sides
    channels, *_ = layer.out_shape
    return [
        ("output height", height.letters, str(height)),
        ("output width", width.letters, str(width)),
        ("output", "H'xW'xC'", f"{height.value}x{width.value}x{channels}"),
    ]


def _show(layer: Layer, shape: str, lines: list[Line], as_json: bool, following: str) -> None:
    _print(layer.operation, shape, lines, _as_json(layer), as_json, following)


def _print(operation: str, shape: str, lines: list[Line], value: dict[str, Any], as_json: bool, following: str) -> None:
    from ablab.report.table import table, write

    board = write(table("board", ("", "", ""), lines), "text")
    sizes = _numbers(shape)
    value = {**value, "input": list(sizes)}
    say(as_json, value, "\n".join([f"{operation} on {times(sizes)}{_order(shape)}", "", board, ""]), following)


def _as_json(layer: Layer) -> dict[str, Any]:
    channels, *sides = layer.out_shape
    return {
        "operation": layer.operation,
        "output": [*sides, channels],
        "parameters": layer.parameters.value,
        "parameters_formula": layer.parameters.formula,
        "macs": layer.macs.value,
        "macs_formula": layer.macs.formula,
    }


def _next(kind: str, shape: str, filters: int, kernel: str) -> str:
    return f"ablab arith {kind} --in {_again(shape)} --filters {filters} --kernel {_plain(kernel)}"


def _plain(sizes: str) -> str:
    """Sizes with an x between: a * would be a pattern to the shell."""
    return re.sub("[X×*,]", "x", sizes.replace(" ", ""))


def _picture(text: str) -> tuple[int, int, int]:
    """The size of a picture as (channels, height, width)."""
    numbers = _numbers(text)
    if len(numbers) != 3:
        raise InputError(f"--in {text}: height, width and channels are wanted, such as 100x100x3")
    height, width, channels = numbers
    return channels, height, width


def _numbers(text: str) -> tuple[int, ...]:
    """The numbers of --in; three of them as height, width and channels, whichever way round they were given.

    Pictures are mostly square, so 100x100x3 and 3x100x100 are both clear; other sizes are height, width, channels.
    """
    sizes, order = _parts(text)
    if not re.fullmatch(r"\d{1,13}([x×*,]\d{1,13}){0,7}", sizes) or order not in ("", "hwc", "chw"):
        raise InputError(
            f"--in {_cut(text)}: whole numbers with an x between are wanted, such as 100x100x3, or 3x100x100:chw"
        )
    numbers = tuple(_whole(int(number), f"--in {text}") for number in re.findall(r"\d+", sizes))
    if order and len(numbers) != 3:
        raise InputError(f"--in {text}: an order is for three numbers, such as 3x100x100:chw")
    if len(numbers) == 3 and (order == "chw" or (not order and _is_square(numbers[1:]) and numbers[0] != numbers[1])):
        return *numbers[1:], numbers[0]
    return numbers


def _parts(text: str) -> tuple[str, str]:
    """The sizes of --in, and the order that was said."""
    sizes, _, order = text.lower().replace(" ", "").partition(":")
    return sizes, order


def _is_square(sides: tuple[int, ...]) -> bool:
    return sides[0] == sides[1]


def _order(text: str) -> str:
    """How --in was read, where it could have been meant the other way round."""
    sizes, order = _parts(text)
    numbers = _numbers(text)
    given = tuple(map(int, re.findall(r"\d+", sizes)))
    if len(numbers) != 3 or (given == numbers and _is_square(numbers[:2])):
        return ""
    if order:
        return " (height x width x channels)"
    if given == numbers:
        return f" (height x width x channels; for channels first write {times(given)}:chw)"
    return f" (height x width x channels; {times(given)} has channels first, if not write {times(given)}:hwc)"


def _again(text: str) -> str:
    """--in for another command, which is read the same way."""
    numbers = _numbers(text)
    is_clear = len(numbers) != 3 or numbers[0] == numbers[1] or numbers[1] != numbers[2]
    return times(numbers) + ":hwc" * (not is_clear)


def _sides(option: str, text: str) -> tuple[int, int]:
    """3 or 3x5, as (height, width)."""
    match = re.fullmatch(r"(\d{1,13})(?:[x×*,](\d{1,13}))?", text.strip().lower())
    if match is None:
        raise InputError(f"{option} {_cut(text)}: a whole number is wanted, or two such as 3x5, of at most {MOST:,}")
    return int(match[1]), int(match[2] or match[1])


def _whole(number: int, option: str = "--filters") -> int:
    if not 1 <= number <= MOST:
        where = option if option.startswith("--in") else f"{option} {_cut(str(number))}"
        raise InputError(f"{where}: a whole number from 1 to {MOST:,} is wanted")
    return number


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"
