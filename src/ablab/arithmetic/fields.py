"""Receptive fields: how far over the picture each number of a tensor sees, followed operation by operation.

Every tensor carries four bounds a number (up, down, left, right), thin tensors that broadcast to its shape. A larger
bound always sees further, so where paths meet the larger one holds, and an operation that only moves numbers is run on
the bounds themselves. A bound of NaN means unknown and stays so. Statistics of norms do not count.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

NOTHING, UNKNOWN = -float("inf"), float("nan")
Known = Callable[[Tensor], "Field | None"]


@dataclass(frozen=True)
class Field:
    """For each side of the picture, minus the first pixel that is seen and the last one plus one.

    Windows may hang over the edge: their size is the textbook's, not the part of it that lies on the picture.
    """

    bounds: tuple[Tensor, ...]
    picture: tuple[int, ...]

    def shown(self) -> tuple[int, ...] | None:
        """The size of the widest window in pixels, at most the whole picture; None if it is unknown."""
        pairs = zip(self.bounds[::2], self.bounds[1::2], self.picture, strict=True)
        sizes = [min(float((first + last).max()), side) for first, last, side in pairs]
        return tuple(map(int, sizes)) if all(size > 0 for size in sizes) else None


def of_picture(picture: Tensor) -> Field:
    """What the pixels of (1, channels, height, width) see: themselves."""
    sides = tuple(picture.shape[2:])
    bounds: list[Tensor] = []
    for dim, side in enumerate(sides, start=2):
        pixels = _along(torch.arange(side, dtype=torch.float32), dim, picture.ndim)
        bounds += [-pixels, pixels + 1]
    return Field(tuple(bounds), sides)


def after(operation: Any, args: tuple[Any, ...], known: Known, outs: Sequence[Tensor]) -> list[Field] | None:
    """The fields of what one of torch's operations gives; None if it depends on no pixel."""
    fields = [field for field in map(known, tensors_in(args)) if field]
    if not fields:
        return None
    picture = fields[0].picture
    limits = [limit for side in picture for limit in (0, side)]
    try:
        each = [_bounds(operation, args, known, outs, number, limit) for number, limit in enumerate(limits)]
        return [Field(bounds, picture) for bounds in zip(*each, strict=True)]
    except (ValueError, IndexError, TypeError, AttributeError, RuntimeError):  # arguments in an unexpected form
        return [Field((torch.full((1,) * out.ndim, UNKNOWN),) * len(limits), picture) for out in outs]


def tensors_in(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [tensor for part in value for tensor in tensors_in(part)]
    return []


def _bounds(
    operation: Any, args: tuple[Any, ...], known: Known, outs: Sequence[Tensor], number: int, limit: int
) -> list[Tensor]:
    """One of the bounds of each result."""
    name, out = operation.overloadpacket.__name__, outs[0]

    def bound(tensor: Tensor) -> Tensor:
        field = known(tensor)
        return field.bounds[number] if field else torch.full((1,) * tensor.ndim, NOTHING)

    if name in _RULES and known(args[0]):
        return [_RULES[name](bound(args[0]), args, out, limit)] * len(outs)
    if name in _PRODUCTS:  # rows of the left meet columns of the right; in attention, every position every other
        left, right = map(bound, args[-2:])
        is_attention = bool(known(args[-2]) and known(args[-1]))
        over = [range(bound.ndim) if is_attention else [place] for bound, place in ((left, -1), (right, -2))]
        return [torch.maximum(_mixed(left, over[0], limit), _mixed(right, over[1], limit))]
    if torch.Tag.pointwise in operation.tags or name in _ALIKE:
        met = functools.reduce(torch.maximum, [bound(one) for one in tensors_in(args) if known(one)])
        return [met[(None,) * (out.ndim - met.ndim)]] * len(outs)
    if name == "cat":
        dim = args[1] % out.ndim if len(args) > 1 else 0
        return [_joined([*map(bound, args[0])], [one.shape[dim] for one in args[0]], dim)]
    if name in _MOVES or (operation.is_view and name != "as_strided"):
        moved = tensors_in(operation(*_replaced(args, lambda tensor: bound(tensor).expand(tensor.shape))))
        return list(map(_thin, moved))
    raise TypeError(name)


def _joined(bounds: Sequence[Tensor], sizes: Sequence[int], dim: int) -> Tensor:
    """Tensors of some sizes one behind the other; of channels, each is said to see what any of them sees."""
    if all(bound.shape[dim] == 1 for bound in bounds):
        return functools.reduce(torch.maximum, bounds)
    thin = torch.broadcast_tensors(*(bound.narrow(dim, 0, 1) for bound in bounds))[0].shape  # type: ignore[no-untyped-call]
    shapes = [(*thin[:dim], size, *thin[dim + 1 :]) for size in sizes]
    return torch.cat([bound.expand(shape) for bound, shape in zip(bounds, shapes, strict=True)], dim)


def _thin(bound: Tensor) -> Tensor:
    """Dimensions that were only broadcast, taken back to one position."""
    for dim, pitch in enumerate(bound.stride()):
        bound = bound if pitch else bound.narrow(dim, 0, 1)
    return bound


def _replaced(value: Any, new: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, Tensor):
        return new(value)
    return type(value)(_replaced(part, new) for part in value) if isinstance(value, list | tuple) else value


def _along(numbers: Tensor, dim: int, ndim: int) -> Tensor:
    """A vector laid along one dimension of `ndim`."""
    return numbers.reshape([-1 if n == dim else 1 for n in range(ndim)])


def _padded(bound: Tensor, dim: int, before: int, behind: int) -> Tensor:
    """More positions at both ends, at the pitch that holds there; fewer where a number is below zero."""
    count = bound.shape[dim]
    if count == 1:
        return bound  # all positions see the same
    places = torch.arange(-before, count + behind)
    inside = places.clamp(0, count - 1)
    beyond = _along(places - inside, dim, bound.ndim)
    pitch = bound.diff(dim=dim).nan_to_num(0, 0, 0)
    first, last = pitch.narrow(dim, 0, 1), pitch.narrow(dim, count - 2, 1)
    return bound.index_select(dim, inside) + beyond.clamp(max=0) * first + beyond.clamp(min=0) * last


def _windows(bound: Tensor, numbers: Sequence[Sequence[int]], out: Tensor) -> Tensor:
    """The last dimensions through windows of a kernel, stride, padding and dilation, one number for all or each."""
    count = len(numbers[0])
    each = zip(*([*given] * (count if len(given) == 1 else 1) for given in numbers), strict=True)
    for dim, (kernel, stride, padding, dilation) in enumerate(each, start=bound.ndim - count):
        if bound.shape[dim] > 1:
            reach = dilation * (kernel - 1) + 1
            behind = (out.shape[dim] - 1) * stride + reach - padding - bound.shape[dim]
            windows = _padded(bound, dim, padding, behind).unfold(dim, reach, stride)
            bound = windows[..., ::dilation].amax(-1)
    return bound


def _convolution(bound: Tensor, args: tuple[Any, ...], out: Tensor, _limit: int) -> Tensor:
    weight, stride, padding, dilation, transposed = args[1], args[3], args[4], args[5], args[6]
    bound = bound.amax(1, keepdim=True)
    if not transposed:
        return _windows(bound, [weight.shape[2:], stride, padding, dilation], out)
    each = zip(weight.shape[2:], stride, padding, dilation, strict=True)
    for dim, (kernel, step, border, spread) in enumerate(each, start=2):
        if (count := bound.shape[dim]) > 1:
            reach = spread * (kernel - 1) + 1
            stretched = bound.new_full([*bound.shape[:dim], (count - 1) * step + 1, *bound.shape[dim + 1 :]], NOTHING)
            stretched.index_copy_(dim, torch.arange(count) * step, bound)
            before = reach - 1 - border
            border = [before, out.shape[dim] - 1 + reach - before - stretched.shape[dim]]
            wide = functional.pad(stretched.movedim(dim, -1), border, value=NOTHING).movedim(-1, dim)
            bound = wide.unfold(dim, reach, 1)[..., ::spread].amax(-1)
    return bound


def _pool(bound: Tensor, args: tuple[Any, ...], out: Tensor, *, is_max: bool) -> Tensor:
    kernel = args[1]
    stride = args[2] if len(args) > 2 and args[2] else kernel
    padding = args[3] if len(args) > 3 else [0]
    return _windows(bound, [kernel, stride, padding, args[4] if is_max and len(args) > 4 else [1]], out)


def _max_pool(bound: Tensor, args: tuple[Any, ...], out: Tensor, _limit: int) -> Tensor:
    return _pool(bound, args, out, is_max=True)


def _average_pool(bound: Tensor, args: tuple[Any, ...], out: Tensor, _limit: int) -> Tensor:
    return _pool(bound, args, out, is_max=False)


def _adaptive_pool(bound: Tensor, args: tuple[Any, ...], out: Tensor, _limit: int) -> Tensor:
    for dim in range(out.ndim - len(args[1]), out.ndim):
        size, places = bound.shape[dim], out.shape[dim]
        if size > 1:
            ends = [(place * size // places, -(-(place + 1) * size // places)) for place in range(places)]
            parts = [bound.narrow(dim, start, end - start).amax(dim, keepdim=True) for start, end in ends]
            bound = torch.cat(parts, dim)
    return bound


def _mixed(bound: Tensor, dims: Sequence[int], limit: int) -> Tensor:
    """All positions of some dimensions mixed into one: what they see together, as far as it lies on the picture."""
    return bound.amax([*dims], keepdim=True).clamp(max=limit)


def _reduce(bound: Tensor, args: tuple[Any, ...], out: Tensor, limit: int) -> Tensor:
    given = args[1] if len(args) > 1 and args[1] not in (None, []) else range(bound.ndim)
    dims = [given] if isinstance(given, int) else [*given]
    mixed = _mixed(bound, dims, limit)
    return mixed if out.ndim == bound.ndim else mixed.squeeze(dims)


def _softmax(bound: Tensor, args: tuple[Any, ...], _out: Tensor, limit: int) -> Tensor:
    return _mixed(bound, [args[1]], limit)


def _view(bound: Tensor, args: tuple[Any, ...], out: Tensor, _limit: int) -> Tensor:
    source = args[0].shape
    lead = _equal(source, out.shape)
    tail = _equal(source[lead:][::-1], out.shape[lead:][::-1])

    def partly(shape: Sequence[int]) -> list[int]:  # dimensions that stay as they are may stay thin
        return [*bound.shape[:lead], *shape[lead : len(shape) - tail], *bound.shape[bound.ndim - tail :]]

    return _thin(bound.expand(partly(source)).reshape(partly(out.shape)))


def _equal(sizes: Sequence[int], others: Sequence[int]) -> int:
    """How many of the first sizes are the same."""
    return next(
        (n for n, (a, b) in enumerate(zip(sizes, others, strict=False)) if a != b), min(len(sizes), len(others))
    )


def _pad(bound: Tensor, args: tuple[Any, ...], _out: Tensor, _limit: int) -> Tensor:
    """Zeros around see nothing; the windows keep their pitch and begin further out."""
    for position, (before, behind) in enumerate(zip(args[1][::2], args[1][1::2], strict=True), start=1):
        dim = bound.ndim - position
        is_side = dim > 1  # new channels see nothing: what those that are there see holds for all
        bound = _padded(bound, dim, before, behind) if is_side else bound.amax(dim, keepdim=True)
    return bound


def _blended(bound: Tensor, args: tuple[Any, ...], out: Tensor, _limit: int) -> Tensor:
    """Resized: each new position is made of the two old ones that it lies between."""
    for dim in range(2, out.ndim):
        size, places = bound.shape[dim], out.shape[dim]
        if size > 1:
            place = torch.arange(places)
            old = place * (size - 1) / max(places - 1, 1) if args[2] else (place + 0.5) * size / places - 0.5
            first = old.clamp(0, size - 1).long()
            second = old.clamp(0, size - 1).ceil().long()
            bound = torch.maximum(bound.index_select(dim, first), bound.index_select(dim, second))
    return bound


_Rule = Callable[[Tensor, tuple[Any, ...], Tensor, int], Tensor]
_ALIKE = {
    *("_prelu_kernel", "rrelu_with_noise", "native_dropout", "copy_", "_to_copy", "clone", "detach", "alias"),
    *("native_batch_norm", "_native_batch_norm_legit_no_training"),
    *("native_group_norm", "native_layer_norm", "_fused_rms_norm"),
}
_MOVES = {
    *("stack", "roll", "flip", "repeat", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle"),
    *("upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d"),
}
_PRODUCTS = {"mm", "addmm", "bmm", "baddbmm"}
_RULES: dict[str, _Rule] = {
    "convolution": _convolution,
    **dict.fromkeys(("max_pool2d_with_indices", "max_pool3d_with_indices", "max_pool2d", "max_pool3d"), _max_pool),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "avg_pool3d"), _average_pool),
    **dict.fromkeys(("_adaptive_avg_pool2d", "_adaptive_avg_pool3d"), _adaptive_pool),
    **dict.fromkeys(("adaptive_max_pool2d", "adaptive_max_pool3d"), _adaptive_pool),
    **dict.fromkeys(("mean", "sum", "amax", "amin", "max", "min", "var", "std", "logsumexp"), _reduce),
    **dict.fromkeys(("_softmax", "_log_softmax", "_safe_softmax"), _softmax),
    **dict.fromkeys(("view", "_unsafe_view", "_reshape_alias", "reshape", "squeeze"), _view),
    **dict.fromkeys(("constant_pad_nd", "reflection_pad1d", "reflection_pad2d", "replication_pad1d"), _pad),
    **dict.fromkeys(("replication_pad2d", "reflection_pad3d", "replication_pad3d"), _pad),
    **dict.fromkeys(("upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d"), _blended),
}
