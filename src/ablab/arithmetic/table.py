"""The arithmetic of a network as a value."""

from dataclasses import dataclass

from ablab.arithmetic.formulas import Shape
from ablab.arithmetic.terms import Term
from ablab.nouns import counted

FLOAT = 4  # bytes of a number in fp32


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


@dataclass(frozen=True, repr=False)
class Network:
    """A network layer by layer, and what the layers add up to."""

    rows: tuple[Row, ...]
    in_shape: Shape
    batch: int

    def __repr__(self) -> str:
        macs = f"{'' if self.is_complete else 'at least '}{self.macs:,}"
        return f"<Network of {counted(len(self.rows), 'layer')}: {self.parameters:,} parameters, {macs} MACs an image>"

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
