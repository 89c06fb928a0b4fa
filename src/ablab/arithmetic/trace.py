"""What every layer of a network does to one image, found out by a forward pass on the meta device: no weights, no work.

Two passes. The first, of one image, gives shapes, operations and receptive fields; the second, of a training batch,
gives the bytes that torch's autograd keeps for the backward pass.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ablab.arithmetic import fields
from ablab.arithmetic.formulas import Shape
from ablab.arithmetic.terms import Term, product
from ablab.errors import ModelError

WHOLE = (nn.MultiheadAttention,)  # has children, but its arithmetic is explained as one


@dataclass
class Call:
    """One use of a module: what went through it, and what was done in it but outside of its children."""

    path: str
    module: nn.Module
    turn: int  # the how-manieth use of this module
    in_shape: Shape = ()
    out_shape: Shape = ()
    macs: list[Term] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # operations that might multiply and add, uncounted
    field: fields.Field | None = None
    is_leaf: bool = True
    begin: int = 0  # how many uses of modules were finished before this one began


def calls(net: nn.Module, in_shape: Shape) -> list[Call]:
    """Every use of every module of `net` by one image, in the order in which they were finished."""
    image = torch.empty(1, *in_shape, device="meta")
    watch = _Watch(image)
    with _switched(net, training=False), torch.no_grad(), _following(net, watch.enter, watch.leave), watch:
        _forward(net, image, watch.where)
    return watch.done


def kept_bytes(net: nn.Module, in_shape: Shape, batch: int) -> dict[tuple[str, int], int]:
    """The bytes that the backward pass of a batch needs beside the weights, by the use of a module that keeps them."""
    images = torch.empty(batch, *in_shape, device="meta")
    keep = _Keep()
    training = batch > 1  # a batch norm in training has no variance over one
    with (
        _switched(net, training=training),
        torch.enable_grad(),
        _following(net, keep.enter, keep.leave),
        torch.autograd.graph.saved_tensors_hooks(keep.pack, lambda tensor: tensor),
    ):
        _forward(net, images, keep.where, keep.weights)
    return keep.bytes


def _forward(net: nn.Module, images: Tensor, where: Callable[[], str], weights: list[Tensor] | None = None) -> None:
    """One forward pass with stand-ins for weights and buffers; an error names the layer and the shape there."""
    stand_ins: dict[str, Tensor] = {
        name: torch.empty_like(one, device="meta", requires_grad=one.requires_grad)
        for name, one in net.named_parameters()
    }
    stand_ins |= {name: torch.empty_like(one, device="meta") for name, one in net.named_buffers()}
    if weights is not None:
        weights += stand_ins.values()
    try:
        torch.func.functional_call(net, stand_ins, (images,))
    except Exception as error:  # whatever the code of a network raises
        told = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(
            f"images of {'x'.join(map(str, images.shape[1:]))} do not pass through the network: {where()}: {told}"
        ) from error


@contextlib.contextmanager
def _switched(net: nn.Module, *, training: bool) -> Iterator[None]:
    """The network in another mode for a while; each module gets back its own."""
    before = [(module, module.training) for module in net.modules()]
    net.train(training)
    try:
        yield
    finally:
        for module, was in before:
            module.training = was


@contextlib.contextmanager
def _following(
    net: nn.Module, enter: Callable[[str, nn.Module, Any], None], leave: Callable[[nn.Module, Any], None]
) -> Iterator[None]:
    """`enter` and `leave` are told of every module, but not of those inside a module that is one to us."""
    hooks = []
    inside = {id(part) for one in net.modules() if isinstance(one, WHOLE) for part in one.modules() if part is not one}
    for path, module in net.named_modules():
        if id(module) in inside:
            continue

        def before(module: nn.Module, args: Any, kwargs: Any, path: str = path) -> None:
            enter(path, module, [*args, *kwargs.values()])

        def behind(module: nn.Module, args: Any, out: Any) -> None:  # noqa: ARG001 (torch gives three)
            leave(module, out)

        hooks.append(module.register_forward_pre_hook(before, with_kwargs=True))
        hooks.append(module.register_forward_hook(behind))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class _Open:
    """The modules that are being gone through, the innermost last."""

    def __init__(self) -> None:
        self.open: list[Call] = []
        self.turns: dict[str, int] = {}

    def enter(self, path: str, module: nn.Module, given: list[Any]) -> None:
        turn = self.turns.get(path, 0)
        self.turns[path] = turn + 1
        shape = next((tuple(one.shape[1:]) for one in given if isinstance(one, Tensor)), ())
        is_leaf = isinstance(module, WHOLE) or not any(module.children())
        self.open.append(Call(path, module, turn, in_shape=shape, is_leaf=is_leaf))

    def where(self) -> str:
        """For an error: the layer that it happened in and what reached it."""
        if not self.open:
            return "at its end"
        call = self.open[-1]
        shape = "x".join(map(str, call.in_shape)) or "nothing"
        return f'layer "{call.path or "itself"}" ({type(call.module).__name__}) receives {shape} and fails'


class _Watch(_Open, TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes every operation of torch's with its multiply-accumulates and the receptive field of what it gives."""

    def __init__(self, image: Tensor) -> None:
        _Open.__init__(self)
        TorchDispatchMode.__init__(self)  # type: ignore[no-untyped-call]
        self.done: list[Call] = []
        # tensors are known by identity; all are kept, so that no identity is used twice (they hold no memory)
        self.seen: dict[int, tuple[Tensor, fields.Field]] = {id(image): (image, fields.of_picture(image))}

    def known(self, tensor: Tensor) -> fields.Field | None:
        found = self.seen.get(id(tensor))
        return found[1] if found else None

    def enter(self, path: str, module: nn.Module, given: list[Any]) -> None:
        super().enter(path, module, given)
        self.open[-1].begin = len(self.done)
        self.open[-1].field = next((self.known(one) for one in given if isinstance(one, Tensor)), None)

    def leave(self, module: nn.Module, out: Any) -> None:  # noqa: ARG002
        call = self.open.pop()
        first = next((one for one in fields.tensors_in(out)), None)
        if first is not None:
            is_norm = "Norm" in type(call.module).__name__ and call.is_leaf
            if is_norm and call.field and call.in_shape == tuple(first.shape[1:]):
                self.seen[id(first)] = first, call.field  # its statistics see everything; that is not what is asked
            call.out_shape = tuple(first.shape[1:])
            call.field = self.known(first)
        self.done.append(call)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        name = func.overloadpacket.__name__
        if self.open:
            call = self.open[-1]
            if func.overloadpacket in flop_registry:
                call.macs.append(_macs(func, args, kwargs, out))
            elif not _is_plain(func, name):
                call.unknown.append(name)
            if not func.is_view and name not in _UNSEEN:
                call.operations.append(name)
        results = fields.tensors_in(out)
        reached = fields.after(func, args, self.known, results) if results else None
        self.seen.update({id(one): (one, field) for one, field in zip(results, reached or (), strict=False)})
        return out


def _macs(func: Any, args: Any, kwargs: Any, out: Any) -> Term:
    """Half of what torch's own counter says, spelled as the product it comes from."""
    flops = flop_registry[func.overloadpacket](*args, **kwargs, out_val=out)
    name = func.overloadpacket.__name__
    spelled = Term(flops // 2, str(flops // 2))
    if name in ("mm", "addmm", "bmm", "baddbmm"):
        left, right = args[-2:]
        spelled = product(*left.shape, right.shape[-1])
    elif name == "convolution":
        weight, transposed = args[1], args[6]
        spelled = product(*weight.shape, *(args[0] if transposed else out).shape[2:])
    return spelled if spelled.value * 2 == flops else Term(flops // 2, str(flops // 2))


def _is_plain(func: Any, name: str) -> bool:
    """Whether an operation is known to multiply and add nothing in the sense of a convolution or a matrix product."""
    by_tag = {torch.Tag.pointwise, torch.Tag.reduction}
    plain = (
        "pool",
        "norm",
        "softmax",
        "upsample",
        "pad",
        "dropout",
        "embedding",
        "shuffle",
        "relu",
        "arange",
        "scatter",
    )
    return bool(by_tag & set(func.tags)) or func.is_view or name in _PLAIN or any(word in name for word in plain)


_UNSEEN = {"clone", "empty", "copy_", "_to_copy", "_unsafe_view", "new_empty", "detach", "lift_fresh"}
_PLAIN = _UNSEEN | {
    *("cat", "stack", "sum", "mean", "max", "min", "amax", "amin", "var", "std", "var_mean", "std_mean", "prod"),
    *("cumsum", "argmax", "argmin", "topk", "sort", "linalg_vector_norm", "where", "gather", "index", "index_select"),
    *(
        "index_put",
        "index_put_",
        "masked_fill",
        "roll",
        "flip",
        "repeat",
        "split",
        "split_with_sizes",
        "unsafe_split",
        "unbind",
    ),
    *("zeros", "ones", "full", "zeros_like", "ones_like", "full_like", "empty_like", "empty_strided", "eye"),
    *("rand", "randn", "rand_like", "randn_like", "bernoulli", "bernoulli_", "uniform_", "normal_", "fill_", "zero_"),
    *("new_zeros", "new_ones", "new_full", "scalar_tensor", "linspace", "_prelu_kernel", "im2col", "col2im"),
    *("triu", "tril", "select_scatter", "slice_scatter", "resize_", "set_", "glu", "_local_scalar_dense"),
}


class _Keep(_Open):
    """Adds up the memory that autograd asks to keep: once a storage, the weights themselves not."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes: dict[tuple[str, int], int] = {}
        self.weights: list[Tensor] = []
        self.storages: dict[int, Any] = {}  # by identity, kept so that none is used twice

    def leave(self, module: nn.Module, out: Any) -> None:  # noqa: ARG002
        self.open.pop()

    def pack(self, tensor: Tensor) -> Tensor:
        if not self.storages:
            self.storages = {id(one.untyped_storage()): one.untyped_storage() for one in self.weights}
        storage = tensor.untyped_storage()
        if id(storage) not in self.storages:
            self.storages[id(storage)] = storage
            place = (self.open[-1].path, self.open[-1].turn) if self.open else ("", 0)
            self.bytes[place] = self.bytes.get(place, 0) + storage.nbytes()
        return tensor
