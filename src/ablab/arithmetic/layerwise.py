"""What a network is made of, layer by layer: shapes, parameters and multiply-accumulates with their formulas."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from torch import Tensor, nn

from ablab.arithmetic.formulas import Layer, Shape
from ablab.arithmetic.layers import layer
from ablab.arithmetic.table import FLOAT, Network, Row
from ablab.arithmetic.terms import NOTHING, Term, product, total
from ablab.arithmetic.trace import Call, calls, kept_bytes


def inspect(module: nn.Module, in_shape: tuple[int, int, int], *, batch: int = 1) -> Network:
    """Every layer of a network with its arithmetic for pictures of (channels, height, width).

    Nothing is computed and no weights are made: shapes come from a forward pass on the meta device. `batch` is the
    batch whose training memory is counted. Layers that no formula is known for are counted and marked.
    """
    ledger = _Ledger()
    done = calls(module, in_shape)
    kept = kept_bytes(module, in_shape, batch)
    before: dict[int, list[Row]] = {}
    after: list[list[Row]] = []
    for call in done:
        memory = kept.get((call.path, call.turn), 0)
        if call.is_leaf:
            after.append([_leaf(call, ledger, memory, batch)])
        else:
            before.setdefault(call.begin, []).extend(_direct(call.path, call.module, ledger))
            after.append(_own(call, memory))
    rows = [row for n, some in enumerate(after) for row in [*before.get(n, []), *some]]
    return Network((*rows, *_unreached(module, ledger)), tuple(in_shape), batch)


@dataclass
class _Ledger:
    """Tensors that have been counted, by identity, with the place where."""

    counted: dict[int, str] = field(default_factory=dict)

    def new(self, path: str, tensors: Sequence[Tensor]) -> list[Tensor]:
        fresh = [tensor for tensor in dict.fromkeys(tensors) if id(tensor) not in self.counted]
        self.counted.update({id(tensor): path for tensor in fresh})
        return fresh

    def count(self, path: str, tensors: Sequence[Tensor], explained: Term | None) -> Term:
        """How many numbers are counted here for the first time: by the formula if it comes to that."""
        fresh = self.new(path, tensors)
        number = sum(tensor.numel() for tensor in fresh)
        if explained is not None and number == explained.value:
            return explained
        return total([product(*tensor.shape) for tensor in fresh])


def _leaf(call: Call, ledger: _Ledger, memory: int, batch: int) -> Row:
    known = layer(call.module, call.in_shape, call.out_shape)
    tensors = list(call.module.parameters())
    elsewhere = {ledger.counted[id(tensor)] for tensor in tensors if id(tensor) in ledger.counted}
    parameters = ledger.count(call.path, tensors, known.parameters if known else None)
    measured = total(call.macs)
    explained = known.macs if known and known.macs.value == measured.value else measured
    note = "ablab has no formula for this kind of layer, so it counts the tensors" if tensors and known is None else ""
    if call.unknown:
        note = f"no formula, and {', '.join(sorted(set(call.unknown)))} may multiply and add"
    if elsewhere:
        others = ", ".join(sorted(elsewhere - {call.path}))
        note = (
            f"shares its parameters with {others}, and they are counted there"
            if others
            else "used again: counted above"
        )
    made = known or Layer(_kind(call), _words(call.module), call.out_shape)
    return Row(
        call.path,
        made.operation,
        made.kind,
        call.in_shape,
        call.out_shape,
        parameters,
        ledger.count(call.path, list(call.module.buffers()), known.buffers if known else None),
        None if call.unknown else explained,
        call.field.shown() if call.field else None,
        memory + _masks(call, made.kind, batch if not memory else 1),
        weighted=made.weighted if parameters.value else 0,
        note=note,
    )


def _kind(call: Call) -> str:
    """A layer without a formula: an activation or a dropout if it behaves as one."""
    if type(call.module).__name__.startswith("Dropout"):
        return "dropout"
    is_plain = not call.macs and not call.unknown and call.in_shape == call.out_shape
    return "activation" if is_plain and not any(call.module.parameters()) else "other"


def _words(module: nn.Module) -> str:
    """The name of a layer's class, with what it says of itself if that is short."""
    said = module.extra_repr()
    return type(module).__name__ + (f" {said}" if said and len(said) <= 20 else "")


def _masks(call: Call, kind: str, batch: int) -> int:
    """What a dropout adds in training if it does nothing on the meta device: its output, and a mask as large unless
    whole channels are dropped."""
    rate = getattr(call.module, "rate", 0)
    if kind != "dropout" or batch == 1 or not rate:
        return 0
    tensors = 1 if type(call.module).__name__.endswith("d") else 2
    return FLOAT * tensors * batch * math.prod(call.out_shape)


def _direct(path: str, module: nn.Module, ledger: _Ledger) -> list[Row]:
    """A row for each parameter (and all buffers) that a module with children holds itself: a class token, a scale."""
    rows = []
    for name, tensor in module.named_parameters(recurse=False):
        where = f"{path}.{name}".lstrip(".")
        if ledger.new(where, [tensor]):
            rows.append(_still(where, "parameter", tuple(tensor.shape), product(*tensor.shape)))
    for name, buffer in module.named_buffers(recurse=False):
        where = f"{path}.{name}".lstrip(".")
        if ledger.new(where, [buffer]):
            rows.append(_still(where, "buffer", tuple(buffer.shape), NOTHING, product(*buffer.shape)))
    return rows


def _still(path: str, what: str, shape: Shape, parameters: Term, buffers: Term = NOTHING) -> Row:
    return Row(path, what, what, (), shape, parameters, buffers, NOTHING, None, 0)


def _own(call: Call, memory: int) -> list[Row]:
    """A row for what a module with children does itself, if that multiplies and adds or keeps memory."""
    if not (call.macs or call.unknown or memory):
        return []
    names = list(dict.fromkeys(name.strip("_") for name in call.operations))
    words = ", ".join(names[:3]) + ", …" * (len(names) > 3)
    note = f"{', '.join(sorted(set(call.unknown)))} may multiply and add" if call.unknown else ""
    return [
        Row(
            call.path,
            f"inside: {words}" if words else "inside",
            "inside",
            call.in_shape,
            call.out_shape,
            NOTHING,
            NOTHING,
            None if call.unknown else total(call.macs),
            call.field.shown() if call.field else None,
            memory,
            note=note,
        )
    ]


def _unreached(net: nn.Module, ledger: _Ledger) -> list[Row]:
    """Parameters of layers that no image went through; they are the network's all the same."""
    rows = []
    for path, module in net.named_modules():
        for row in _direct(path, module, ledger):
            rows.append(replace(row, operation=f"{row.operation} of {type(module).__name__}", note="not reached"))
    return rows


__all__ = ["Network", "Row", "Term", "inspect"]
