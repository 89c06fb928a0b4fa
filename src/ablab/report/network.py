"""A network layer by layer: as a table for people, with every number as records for programs."""

from collections.abc import Callable, Mapping
from typing import Any

from ablab.arithmetic.formulas import Shape, times
from ablab.arithmetic.table import Network, Row
from ablab.arithmetic.terms import Term
from ablab.nouns import counted
from ablab.report.table import Head, Table, table
from ablab.report.writers import text

EIGHTHS = " ▏▎▍▌▋▊▉█"
Show = Callable[[Row, Network], str]
COLUMNS: dict[str, Show] = {
    "layer": lambda row, _: (row.path or "(itself)") + " *" * bool(row.note),
    "operation": lambda row, _: row.operation,
    "output": lambda row, _: times(row.out_shape) or "-",
    "parameters": lambda row, _: str(row.parameters) if row.parameters.value else "",
    "MACs": lambda row, _: "?" if row.macs is None else str(row.macs) if row.macs.value else "",
    "sees": lambda row, network: field(row, network.in_shape),
    "kept": lambda row, _: show_bytes(row.kept_bytes) if row.kept_bytes else "",
    "of parameters": lambda row, network: _share(row.parameters.value, network.parameters),
    "of MACs": lambda row, network: _share(row.macs.value if row.macs else 0, network.macs),
}
RESULTS: dict[str, Show] = {
    "parameters": lambda row, _: f"{row.parameters.value:,}" if row.parameters.value else "",
    "MACs": lambda row, _: "?" if row.macs is None else f"{row.macs.value:,}" if row.macs.value else "",
}
NUMBERS = ("parameters", "MACs", "kept")
# what a narrow screen goes without, in this order; formulas go last
GIVEN_UP = ("of MACs", "kept", "of parameters")
FOR_PRINT = ("layer", "operation", "output", "parameters", "MACs", "sees")


def network_table(network: Network, name: str = "", columns: Mapping[str, Show] | None = None) -> Table:
    """A line a layer; without a choice of columns, those that go into print."""
    chosen = columns or {head: COLUMNS[head] for head in FOR_PRINT}
    heads = [Head(head, is_number=head in NUMBERS) for head in chosen]
    rows = [[show(row, network) for show in chosen.values()] for row in network.rows]
    caption = "" if columns else "; ".join(totals(network))
    return table("layers", heads, rows, records(network, name), title="Layers", caption=caption)


def fitting(network: Network, width: int | None) -> Table:
    """The table with as many columns as a screen has place for; a formula gives way to its result."""
    columns = dict(COLUMNS)
    narrower: list[Callable[[], Any]] = [lambda name=name: columns.pop(name) for name in GIVEN_UP]  # type: ignore[misc]
    narrower += [lambda: columns.update(MACs=RESULTS["MACs"])]
    narrower += [lambda: columns.update(parameters=RESULTS["parameters"])]
    narrower += [lambda: columns.pop("sees")]
    made = network_table(network, columns=columns)
    while width and max(map(len, text.write(made).splitlines())) > width and narrower:
        narrower.pop(0)()
        made = network_table(network, columns=columns)
    return made


def totals(network: Network) -> list[str]:
    """What the layers add up to, in sentences."""
    kinds = [("convolution", "conv"), ("linear", "linear"), ("in attention", "attention")]
    counts = [(what, sum(row.weighted for row in network.rows if row.kind == kind)) for what, kind in kinds]
    layers = ", ".join(counted(n, what, "" if what == "convolution" else what) for what, n in counts if n)
    buffers = f" + {network.buffers:,} in buffers (running statistics, not learned)" if network.buffers else ""
    at_least = "" if network.is_complete else "at least "
    sgd, adam = (show_bytes(network.training_bytes(name)) for name in ("sgd", "adam"))
    lines = [
        f"{network.weighted_layers} weighted layers" + f" ({layers})" * bool(layers),
        f"{network.parameters:,} parameters{buffers}, {show_bytes(network.weight_bytes)} in fp32",
        f"{at_least}{network.macs:,} MACs per image (multiply-adds of convolutions and matrix products)",
        f"training with a batch of {network.batch}: about {sgd} with SGD + momentum, {adam} with Adam: "
        "weights, gradients, optimizer state, and "
        f"{show_bytes(network.kept_bytes)} that autograd keeps for the backward pass",
    ]
    return lines + [f"* {row.path}: {row.note}" for row in network.rows if row.note]


def show_bytes(count: int) -> str:
    """Bytes in the largest unit that leaves a number above one.

    >>> show_bytes(999), show_bytes(5 * 2**20)
    ('999 B', '5.0 MiB')
    """
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if count >= 1 << power:
            return f"{count / (1 << power):,.1f} {unit}"
    return f"{count} B"


def bar(share: float, width: int = 8) -> str:
    """A share as a bar of eighths of characters.

    >>> bar(0.5, 4)
    '██'
    """
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def _share(part: int, whole: int) -> str:
    return f"{part / whole:6.1%} {bar(part / whole)}" if whole and part else ""


def field(row: Row, picture: Shape) -> str:
    """The receptive field, or that it is the whole picture."""
    if row.receptive_field is None:
        return "-"
    return "whole" if row.receptive_field == picture[1:] else times(row.receptive_field)


def records(network: Network, name: str) -> list[dict[str, Any]]:
    """Every layer with formulas and results apart."""
    return [{"model": name, **_flat(row)} for row in network.rows]


def _flat(row: Row) -> dict[str, Any]:
    return {
        "layer": row.path,
        "operation": row.operation,
        "kind": row.kind,
        "in_shape": times(row.in_shape),
        "out_shape": times(row.out_shape),
        "parameters": row.parameters.value,
        "parameters_formula": row.parameters.formula,
        "buffers": row.buffers.value,
        "macs": row.macs.value if row.macs else "",
        "macs_formula": row.macs.formula if row.macs else "?",
        "receptive_field": times(row.receptive_field) if row.receptive_field else "",
        "kept_bytes": row.kept_bytes,
        "note": row.note,
    }


def as_dict(network: Network) -> dict[str, Any]:
    """The network for JSON: every row with formulas and results, and the totals."""

    def term(one: Term | None) -> dict[str, Any] | None:
        return None if one is None else {"value": one.value, "formula": one.formula}

    return {
        "in_shape": list(network.in_shape),
        "batch": network.batch,
        "weighted_layers": network.weighted_layers,
        "parameters": network.parameters,
        "buffers": network.buffers,
        "macs": network.macs,
        "macs_are_complete": network.is_complete,
        "weight_bytes": network.weight_bytes,
        "kept_bytes": network.kept_bytes,
        "training_bytes": {name: network.training_bytes(name) for name in ("sgd", "adam")},
        "layers": [
            {
                "path": row.path,
                "operation": row.operation,
                "kind": row.kind,
                "in_shape": list(row.in_shape),
                "out_shape": list(row.out_shape),
                "parameters": term(row.parameters),
                "buffers": term(row.buffers),
                "macs": term(row.macs),
                "receptive_field": list(row.receptive_field) if row.receptive_field else None,
                "kept_bytes": row.kept_bytes,
                "weighted_layers": row.weighted,
                "note": row.note,
            }
            for row in network.rows
        ],
    }
