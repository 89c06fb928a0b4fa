"""The arithmetic of a network as a value, and as text, Markdown, LaTeX, CSV and JSON."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ablab.arithmetic.formulas import Shape, Term, times

FLOAT = 4  # bytes of a number in fp32
EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True)
class Row:
    """One use of a layer, or parameters that belong to no layer."""

    path: str
    operation: str
    kind: str
    in_shape: Shape
    out_shape: Shape
    parameters: Term
    buffers: Term
    macs: Term | None  # of one image; None: cannot be said
    receptive_field: Shape | None  # height and width in pixels; None: cannot be said, or not asked for
    kept_bytes: int  # what autograd keeps for the backward pass of the batch, first kept here
    weighted: int = 0  # convolutions and linear maps with weights of their own
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A network layer by layer, and what the layers add up to."""

    rows: tuple[Row, ...]
    in_shape: Shape
    batch: int

    @property
    def parameters(self) -> int:
        return sum(row.parameters.value for row in self.rows)

    @property
    def buffers(self) -> int:
        return sum(row.buffers.value for row in self.rows)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image; at least so many if `is_complete` is false."""
        return sum(row.macs.value for row in self.rows if row.macs)

    @property
    def is_complete(self) -> bool:
        """Whether the multiply-accumulates of every layer are known."""
        return all(row.macs is not None for row in self.rows)

    @property
    def weighted_layers(self) -> int:
        return sum(row.weighted for row in self.rows)

    @property
    def weight_bytes(self) -> int:
        return FLOAT * (self.parameters + self.buffers)

    @property
    def kept_bytes(self) -> int:
        return sum(row.kept_bytes for row in self.rows)

    def training_bytes(self, optimizer: str = "sgd") -> int:
        """Weights, gradients, the optimizer's state (one number a parameter with momentum, two with Adam), and what is
        kept for the backward pass; without the workspace of kernels and what an allocator leaves unused."""
        copies = {"sgd": 1, "adam": 2}[optimizer]
        return self.weight_bytes + FLOAT * self.parameters * (1 + copies) + self.kept_bytes

    def summary(self) -> list[tuple[str, int]]:
        """The totals that two networks are compared by."""
        return [
            ("weighted layers", self.weighted_layers),
            ("parameters", self.parameters),
            ("buffers", self.buffers),
            ("MACs", self.macs),
            ("weights, bytes", self.weight_bytes),
            (f"kept for backward, batch {self.batch}, bytes", self.kept_bytes),
            (f"training with SGD + momentum, batch {self.batch}, bytes", self.training_bytes("sgd")),
            (f"training with Adam, batch {self.batch}, bytes", self.training_bytes("adam")),
        ]


def totals(table: Table) -> list[str]:
    """What the layers add up to, in sentences."""
    kinds = [("convolution", "conv"), ("linear", "linear"), ("in attention", "attention")]
    counts = [(what, sum(row.weighted for row in table.rows if row.kind == kind)) for what, kind in kinds]
    layers = ", ".join(f"{n} {what}{'s' if what == 'convolution' and n != 1 else ''}" for what, n in counts if n)
    buffers = f" + {table.buffers:,} in buffers (running statistics, not learned)" if table.buffers else ""
    at_least = "" if table.is_complete else "at least "
    lines = [
        f"{table.weighted_layers} weighted layers" + f" ({layers})" * bool(layers),
        f"{table.parameters:,} parameters{buffers}, {show_bytes(table.weight_bytes)} in fp32",
        f"{at_least}{table.macs:,} MACs an image (multiply-adds of convolutions and matrix products)",
        f"training with a batch of {table.batch}: about {show_bytes(table.training_bytes('sgd'))} with SGD + momentum, "
        f"{show_bytes(table.training_bytes('adam'))} with Adam: weights, gradients, optimizer state, and "
        f"{show_bytes(table.kept_bytes)} that autograd keeps for the backward pass",
    ]
    return lines + [f"* {row.path}: {row.note}" for row in table.rows if row.note]


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


Cell = Callable[[Row, Table], str]
COLUMNS: dict[str, Cell] = {
    "layer": lambda row, _: (row.path or "(itself)") + " *" * bool(row.note),
    "operation": lambda row, _: row.operation,
    "output": lambda row, _: times(row.out_shape) or "-",
    "parameters": lambda row, _: str(row.parameters) if row.parameters.value else "",
    "MACs": lambda row, _: "?" if row.macs is None else str(row.macs) if row.macs.value else "",
    "sees": lambda row, table: field(row, table.in_shape),
    "kept": lambda row, _: show_bytes(row.kept_bytes) if row.kept_bytes else "",
    "of parameters": lambda row, table: _share(row.parameters.value, table.parameters),
    "of MACs": lambda row, table: _share(row.macs.value if row.macs else 0, table.macs),
}
NUMBERS_ONLY: dict[str, Cell] = {
    "parameters": lambda row, _: f"{row.parameters.value:,}" if row.parameters.value else "",
    "MACs": lambda row, _: "?" if row.macs is None else f"{row.macs.value:,}" if row.macs.value else "",
}
# what a narrow screen goes without, in this order; formulas go last
GIVEN_UP = ("of MACs", "kept", "of parameters")


def cells(table: Table, columns: dict[str, Cell]) -> list[list[str]]:
    return [[show(row, table) for show in columns.values()] for row in table.rows]


def text(table: Table, width: int | None = None) -> str:
    """The table for a screen `width` characters wide (None: as wide as it is), and its totals."""
    columns = dict(COLUMNS)
    narrower: list[Callable[[], Any]] = [lambda name=name: columns.pop(name) for name in GIVEN_UP]  # type: ignore[misc]
    narrower += [lambda: columns.update(MACs=NUMBERS_ONLY["MACs"])]
    narrower += [lambda: columns.update(parameters=NUMBERS_ONLY["parameters"])]
    narrower += [lambda: columns.pop("sees")]
    lines = grid(list(columns), cells(table, columns))
    while width and len(max(lines, key=len)) > width and narrower:
        narrower.pop(0)()
        lines = grid(list(columns), cells(table, columns))
    if width:
        lines = [line if len(line) <= width else line[: width - 1] + "…" for line in lines]
    return "\n".join([*lines, "", *totals(table)])


def grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of aligned columns under their heads."""
    widths = [max(len(line[n]) for line in [heads, *rows]) for n in range(len(heads))]
    lines = [heads, ["─" * width for width in widths], *rows]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


FOR_PRINT = {name: COLUMNS[name] for name in ("layer", "operation", "output", "parameters", "MACs", "sees")}


def markdown(table: Table) -> str:
    lines = markdown_grid(list(FOR_PRINT), cells(table, FOR_PRINT))
    return "\n".join([*lines, "", *(f"- {escape_markdown(line)}" for line in totals(table))])


def markdown_grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(map(escape_markdown, cells)) + " |"

    return [line(heads), "|" + " --- |" * len(heads), *map(line, rows)]


def escape_markdown(text: str) -> str:
    return "".join("\\" + char if char in "\\|*_`<[]" else char for char in text)


def latex(table: Table) -> str:
    lines = latex_grid(list(FOR_PRINT), cells(table, FOR_PRINT))
    return "\n".join([*lines, *(f"% {line}" for line in totals(table))])


def latex_grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return " & ".join(map(escape_latex, cells)) + r" \\"

    return [
        r"% needs \usepackage{booktabs}",
        rf"\begin{{tabular}}{{{'l' * len(heads)}}}",
        r"\toprule",
        line(heads),
        r"\midrule",
        *map(line, rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]


_LATEX = {
    "\\": r"\textbackslash{}",
    **{char: "\\" + char for char in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "·": r"$\cdot$",
    "−": "$-$",
    "<": "$<$",
    ">": "$>$",
    "→": r"$\to$",
    "…": r"\dots{}",
}


def escape_latex(text: str) -> str:
    return "".join(_LATEX.get(char, char) for char in text)


def rows_as_csv(tables: Sequence[tuple[str, Table]]) -> str:
    """All rows of some tables by model, formulas and results apart."""
    out = io.StringIO()
    records = [{"model": name, **_flat(row)} for name, table in tables for row in table.rows]
    writer = csv.DictWriter(out, list(records[0]) if records else ["model"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue().rstrip("\n")


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


def as_dict(table: Table) -> dict[str, Any]:
    """The table for JSON: every row with formulas and results, and the totals."""

    def term(one: Term | None) -> dict[str, Any] | None:
        return None if one is None else {"value": one.value, "formula": one.formula}

    return {
        "in_shape": list(table.in_shape),
        "batch": table.batch,
        "weighted_layers": table.weighted_layers,
        "parameters": table.parameters,
        "buffers": table.buffers,
        "macs": table.macs,
        "macs_are_complete": table.is_complete,
        "weight_bytes": table.weight_bytes,
        "kept_bytes": table.kept_bytes,
        "training_bytes": {name: table.training_bytes(name) for name in ("sgd", "adam")},
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
            for row in table.rows
        ],
    }
