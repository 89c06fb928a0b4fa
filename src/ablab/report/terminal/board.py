"""One layer on the board: lines with a formula in letters and the same with numbers; and as JSON."""

from typing import Any

from ablab.arithmetic.formulas import Layer
from ablab.arithmetic.terms import Term

Line = tuple[str, str, str]  # what it is, the formula in letters, the formula with numbers and the result


def of_filters(layer: Layer) -> list[Line]:
    """The lines of a layer that is made of filters."""
    return [
        *output(layer),
        ("parameters", layer.parameters.letters, str(layer.parameters)),
        ("MACs", layer.macs.letters, str(layer.macs)),
    ]


def output(layer: Layer, sides: tuple[Term, ...] | None = None) -> list[Line]:
    """The size of what comes out."""
    height, width = sides or layer.sides
    channels, *_ = layer.out_shape
    return [
        ("output height", height.letters, str(height)),
        ("output width", width.letters, str(width)),
        ("output", "H'xW'xC'", f"{height.value}x{width.value}x{channels}"),
    ]


def layer_value(layer: Layer) -> dict[str, Any]:
    """A layer as JSON."""
    channels, *sides = layer.out_shape
    return {
        "operation": layer.operation,
        "output": [*sides, channels],
        "parameters": layer.parameters.value,
        "parameters_formula": layer.parameters.formula,
        "macs": layer.macs.value,
        "macs_formula": layer.macs.formula,
    }


def separable(depthwise: Layer, pointwise: Layer, full: Layer, area: int, filters: int) -> list[Line]:
    """A depthwise separable convolution beside the full one, with windows of so many pixels."""
    parts, macs = (depthwise, pointwise), depthwise.macs.value + pointwise.macs.value
    lines = output(pointwise, depthwise.sides)
    for name, layer in (("depthwise", depthwise), ("pointwise", pointwise)):
        lines += [(name, "parameters", str(layer.parameters)), ("", "MACs", str(layer.macs))]
    ratio = f"{area}·{filters}/({area} + {filters}) = {full.macs.value / macs:.2f}"
    return [
        *lines,
        ("together", "parameters", f"{sum(layer.parameters.value for layer in parts):,}"),
        ("", "MACs", f"{macs:,}"),
        ("full", "parameters", str(full.parameters)),
        ("", "MACs", str(full.macs)),
        ("full / separable", "MACs: k·k·F/(k·k + F)", ratio),
    ]


def separable_value(depthwise: Layer, pointwise: Layer, full: Layer) -> dict[str, Any]:
    """The same as JSON."""
    macs = depthwise.macs.value + pointwise.macs.value
    return {
        **layer_value(full),
        "operation": f"depthwise separable, {full.operation}",
        "parameters": depthwise.parameters.value + pointwise.parameters.value,
        "parameters_formula": f"{depthwise.parameters.formula} + {pointwise.parameters.formula}",
        "macs": macs,
        "macs_formula": f"{depthwise.macs.formula} + {pointwise.macs.formula}",
        "full_parameters": full.parameters.value,
        "full_macs": full.macs.value,
        "mac_ratio": full.macs.value / macs,
    }


def separable_times(full_seconds: float, seconds: float, mac_ratio: float) -> list[Line]:
    """What a clock says of both, beside what the arithmetic says."""
    ratio = full_seconds / seconds
    return [
        ("", "time, 1 thread", f"{1e3 * full_seconds:.2f} ms / {1e3 * seconds:.2f} ms = {ratio:.2f}"),
        ("", "", f"MACs and time differ: the ratio is {mac_ratio:.2f} in MACs and {ratio:.2f} in time"),
    ]
