"""Receptive fields: how much of the picture one number of a tensor can depend on, followed operation by operation.

Every tensor carries, for each side of the picture, the window that its first position sees and how far the window of
the next position lies. Where paths meet, the window covers those of both. Statistics of norms do not count. An
operation that is not known here leaves no field rather than a guessed one.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Side:
    """The window [start + i·jump, start + i·jump + size) that position i sees; a jump of 0: all see the same.

    Behind a step below one (transposed or resized) neighbours see windows that are no longer evenly spaced: then
    `size` is the widest of them, and what several of them see together cannot be said.
    """

    start: Fraction
    size: Fraction
    jump: Fraction
    positions: int
    picture: int
    is_even: bool = True

    def gathered(self) -> "Side | None":
        """All positions mixed into each: their windows together, as far as they lie on the picture."""
        if not self.is_even:
            return None
        start = max(self.start, Fraction(0))
        end = min(self.start + (self.positions - 1) * self.jump + self.size, Fraction(self.picture))
        return replace(self, start=start, size=max(end - start, Fraction(1)), jump=Fraction(0))

    def windowed(self, kernel: int, stride: int, padding: int, dilation: int, positions: int) -> "Side | None":
        if not self.is_even:
            return replace(self, positions=positions) if kernel == stride == 1 else None
        start = self.start - padding * self.jump
        size = self.size + (kernel - 1) * dilation * self.jump
        return Side(start, size, self.jump * stride, positions, self.picture)

    def spread(self, kernel: int, stride: int, padding: int, dilation: int, positions: int) -> "Side | None":
        """Behind a transposed convolution: the widest span of positions that meet in one position of the output."""
        if not self.is_even:
            return None
        taps: dict[int, list[int]] = {}
        for tap in range(kernel):
            taps.setdefault(dilation * tap % stride, []).append(dilation * tap)
        span = max((max(one) - min(one)) // stride for one in taps.values())
        first = Fraction(padding - dilation * (kernel - 1), stride)
        is_even = stride == 1 or not self.jump
        start, size = self.start + first * self.jump, self.size + span * self.jump
        return Side(start, size, self.jump / stride, positions, self.picture, is_even)

    def refined(self, factor: int, positions: int, kernel: int = 1) -> "Side | None":
        """Behind a resizing by a whole factor, each new position made of `kernel` old ones."""
        wider = self.windowed(kernel, 1, 0, 1, positions)
        if factor == 1 or wider is None or not wider.jump:
            return wider
        return replace(wider, jump=wider.jump / factor, is_even=False) if wider.is_even else None


@dataclass(frozen=True)
class Field:
    """The sides of the picture as a tensor sees them (None: cannot be said), and which dimension runs over which."""

    sides: tuple[Side | None, ...]
    dims: tuple[frozenset[int], ...]

    def shown(self) -> tuple[int, ...] | None:
        """The size of the window in pixels, at most the whole picture."""
        if any(side is None for side in self.sides):
            return None
        return tuple(min(math.ceil(side.size), side.picture) for side in self.sides if side)

    def gather(self, over: Sequence[int]) -> "Field":
        """Some dimensions of the tensor mixed: the sides that they run over are seen whole."""
        mixed = frozenset().union(*(self.dims[dim] for dim in over)) if over else frozenset()
        sides = [side and (side.gathered() if n in mixed else side) for n, side in enumerate(self.sides)]
        return Field(tuple(sides), self.dims)

    def without(self, gone: frozenset[int]) -> "Field":
        """Nothing said of some sides, unless all their positions see the same anyway."""
        return replace(
            self, sides=tuple(None if n in gone and side and side.jump else side for n, side in enumerate(self.sides))
        )


def of_picture(picture: Tensor) -> Field:
    """What the pixels of (1, channels, height, width) see: themselves."""
    sides = tuple(Side(Fraction(0), Fraction(1), Fraction(1), n, n) for n in picture.shape[2:])
    return Field(sides, (frozenset(), frozenset(), *(frozenset({n}) for n in range(len(sides)))))


def together(one: Field, other: Field) -> Field:
    """What a number sees that was made of one number of each; dimensions are matched from the last."""
    width = max(len(one.dims), len(other.dims))
    padded = [(frozenset[int](),) * (width - len(field.dims)) + field.dims for field in (one, other)]
    dims = tuple(a | b for a, b in zip(*padded, strict=True))
    return Field(tuple(map(_meet, one.sides, other.sides)), dims)


def _meet(a: Side | None, b: Side | None) -> Side | None:
    if a is None or b is None or a == b:
        return a and b
    if a.jump != b.jump:
        if a.jump and b.jump:
            return None  # two grids of different pitch: no one window tells what both see
        a, b = a.gathered(), b.gathered()
    if a is None or b is None or not (a.is_even and b.is_even):
        return None
    start = min(a.start, b.start)
    return replace(a, start=start, size=max(a.start + a.size, b.start + b.size) - start)


def after(operation: Any, args: tuple[Any, ...], known: Callable[[Tensor], Field | None], out: Tensor) -> Field | None:
    """The field of what an operation of torch's gives; None if it depends on no pixel."""
    tensors = [one for one in tensors_in(args) if known(one) is not None]
    if not tensors:
        return None
    name = operation.overloadpacket.__name__
    given = [field for field in map(known, tensors) if field]
    field, source = given[0], tensors[0]
    try:
        if name in _RULES and source is args[0]:
            return _RULES[name](field, source, args, out)
        if name in ("mm", "addmm", "bmm", "baddbmm", "mv", "addmv"):
            return _product(known, args[-2:], out)
        if name == "cat":
            return _fit(_all(given), out)
        if torch.Tag.pointwise in operation.tags or name in _ALIKE:
            return _fit(_all(given), out)
    except (ValueError, IndexError, TypeError, AttributeError):
        pass  # arguments in a form that the rules do not expect
    return nothing(field, out)


def nothing(field: Field, out: Tensor) -> Field:
    """A field of which nothing can be said any more."""
    return Field((None,) * len(field.sides), (frozenset(),) * out.ndim)


def _all(fields: Sequence[Field]) -> Field:
    result = fields[0]
    for field in fields[1:]:
        result = together(result, field)
    return result


def _fit(field: Field, out: Tensor) -> Field:
    """Dimensions that other tensors without a field have added in front."""
    return replace(field, dims=(frozenset(),) * (out.ndim - len(field.dims)) + field.dims)


def tensors_in(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [tensor for one in value for tensor in tensors_in(one)]
    return []


def _window(
    field: Field, out: Tensor, numbers: Sequence[Sequence[int]], move: str = "windowed", *, lead: int = 2
) -> Field:
    """Each of the last dimensions through a window: kernel, stride, padding, dilation, one number for all or each."""
    count = out.ndim - lead
    each = [[*one] * count if len(one) == 1 else [*one] for one in numbers]
    sides = list(field.sides)
    for position in range(count):
        runs = field.dims[lead + position]
        kernel, stride, padding, dilation = (one[position] for one in each)
        for n in runs:
            side = sides[n]
            alone = len(runs) == 1
            args = kernel, stride, padding, dilation, out.shape[lead + position]
            sides[n] = getattr(side, move)(*args) if side and alone else None
    return replace(field, sides=tuple(sides))


def _convolution(field: Field, _source: Tensor, args: tuple[Any, ...], out: Tensor) -> Field:
    weight, stride, padding, dilation, transposed = args[1], args[3], args[4], args[5], args[6]
    numbers = [weight.shape[2:], stride, padding, dilation]
    return _window(field, out, numbers, "spread" if transposed else "windowed", lead=2)


def _pool(field: Field, source: Tensor, args: tuple[Any, ...], out: Tensor, *, dilated: bool) -> Field:
    count = len(args[1])
    kernel = args[1]
    stride = args[2] if len(args) > 2 and args[2] else kernel
    padding = args[3] if len(args) > 3 else [0]
    dilation = args[4] if dilated and len(args) > 4 else [1]
    return _window(field, out, [kernel, stride, padding, dilation], lead=source.ndim - count)


def _max_pool(field: Field, source: Tensor, args: tuple[Any, ...], out: Tensor) -> Field:
    return _pool(field, source, args, out, dilated=True)


def _average_pool(field: Field, source: Tensor, args: tuple[Any, ...], out: Tensor) -> Field:
    return _pool(field, source, args, out, dilated=False)


def _adaptive_pool(field: Field, source: Tensor, args: tuple[Any, ...], out: Tensor) -> Field:
    lead = source.ndim - len(args[1])
    before, behind = source.shape[lead:], out.shape[lead:]
    uneven = frozenset().union(
        *(field.dims[lead + n] for n, (a, b) in enumerate(zip(before, behind, strict=True)) if a % b)
    )
    kernel = [max(a // b, 1) for a, b in zip(before, behind, strict=True)]
    return _window(field.without(uneven), out, [kernel, kernel, [0], [1]], lead=lead)


def _reduce(field: Field, source: Tensor, args: tuple[Any, ...], out: Tensor) -> Field:
    wanted = args[1] if len(args) > 1 and args[1] not in (None, []) else range(source.ndim)
    over = [dim % source.ndim for dim in ([wanted] if isinstance(wanted, int) else wanted)]
    gathered = field.gather(over)
    if out.ndim == source.ndim:
        return replace(gathered, dims=tuple(frozenset() if n in over else one for n, one in enumerate(gathered.dims)))
    return replace(gathered, dims=tuple(one for n, one in enumerate(gathered.dims) if n not in over))


def _softmax(field: Field, source: Tensor, args: tuple[Any, ...], _out: Tensor) -> Field:
    return field.gather([args[1] % source.ndim])


def _product(known: Callable[[Tensor], Field | None], args: Sequence[Tensor], out: Tensor) -> Field | None:
    """A matrix product mixes the last dimension of the left with the last but one of the right."""
    left, right = (known(tensor) for tensor in args)
    if left and right:  # every pair of positions meets, and each sees another window
        return replace(
            _all([left.gather(range(len(left.dims))), right.gather(range(len(right.dims)))]), dims=_none(out)
        )
    if left:
        return replace(left.gather([len(left.dims) - 1]), dims=(*left.dims[:-1], frozenset())[: out.ndim])
    if right:
        place = max(len(right.dims) - 2, 0)
        gathered = right.gather([place])
        return replace(
            gathered, dims=tuple(frozenset() if n == place else one for n, one in enumerate(right.dims))[-out.ndim :]
        )
    return None


def _none(out: Tensor) -> tuple[frozenset[int], ...]:
    return (frozenset(),) * out.ndim


def _view(field: Field, source: Tensor, _args: tuple[Any, ...], out: Tensor) -> Field:
    """Dimensions joined run over all that their parts ran over; of a side that is cut nothing can be said."""
    before = [n for n, size in enumerate(source.shape) if size != 1]
    behind = [n for n, size in enumerate(out.shape) if size != 1]
    dims: list[frozenset[int]] = [frozenset()] * out.ndim
    cut: frozenset[int] = frozenset()
    while before and behind:
        froms, tos = [before.pop(0)], [behind.pop(0)]
        a, b = source.shape[froms[0]], out.shape[tos[0]]
        while a != b:
            if a < b:
                froms.append(before.pop(0))
                a *= source.shape[froms[-1]]
            else:
                tos.append(behind.pop(0))
                b *= out.shape[tos[-1]]
        runs = frozenset().union(*(field.dims[n] for n in froms))
        if len(tos) > 1:
            cut |= runs
        for n in tos:
            dims[n] = runs
    return Field(field.without(cut).sides, tuple(dims))


def _permute(field: Field, source: Tensor, args: tuple[Any, ...], _out: Tensor) -> Field:
    return replace(field, dims=tuple(field.dims[n % source.ndim] for n in args[1]))


def _transpose(field: Field, source: Tensor, args: tuple[Any, ...], _out: Tensor) -> Field:
    a, b = (args[1] % source.ndim, args[2] % source.ndim) if len(args) > 2 else (0, source.ndim - 1)
    dims = list(field.dims)
    dims[a], dims[b] = dims[b], dims[a]
    return replace(field, dims=tuple(dims))


def _unsqueeze(field: Field, _source: Tensor, args: tuple[Any, ...], out: Tensor) -> Field:
    place = args[1] % out.ndim
    return replace(field, dims=(*field.dims[:place], frozenset(), *field.dims[place:]))


def _select(field: Field, source: Tensor, args: tuple[Any, ...], _out: Tensor) -> Field:
    place = args[1] % source.ndim
    return replace(field.without(field.dims[place]), dims=tuple(one for n, one in enumerate(field.dims) if n != place))


def _slice(field: Field, source: Tensor, args: tuple[Any, ...], out: Tensor) -> Field:
    given = [*args[1:], *[0, 0, None, 1][len(args) - 1 :]]
    dim, start, step = given[0], given[1], given[3]
    place = dim % source.ndim
    runs = field.dims[place]
    if out.shape == source.shape or not runs:
        return field
    if len(runs) > 1:
        return field.without(runs)
    start = 0 if start is None else start + source.shape[place] * (start < 0)
    (n,) = runs
    sides = list(field.sides)
    side = sides[n]
    sides[n] = side and side.windowed(1, step, -start, 1, out.shape[place])
    return replace(field, sides=tuple(sides))


def _pad(field: Field, source: Tensor, args: tuple[Any, ...], out: Tensor) -> Field:
    """Zeros around see nothing; the windows keep their pitch and begin further out."""
    sides = list(field.sides)
    for position, before in enumerate(args[1][::2]):
        dim = source.ndim - 1 - position
        for n in field.dims[dim]:
            side = sides[n]
            sides[n] = side and side.windowed(1, 1, before, 1, out.shape[dim])
    return replace(field, sides=tuple(sides))


def _shuffle(field: Field, source: Tensor, _args: tuple[Any, ...], out: Tensor) -> Field:
    return _resized(field, source, out, 1)


def _unshuffle(field: Field, _source: Tensor, args: tuple[Any, ...], out: Tensor) -> Field:
    return _window(field, out, [[args[1]], [args[1]], [0], [1]], lead=out.ndim - 2)


def _nearest(field: Field, source: Tensor, _args: tuple[Any, ...], out: Tensor) -> Field:
    return _resized(field, source, out, 1)


def _blended(field: Field, source: Tensor, _args: tuple[Any, ...], out: Tensor) -> Field:
    return _resized(field, source, out, 2)


def _resized(field: Field, source: Tensor, out: Tensor, kernel: int) -> Field:
    sides = list(field.sides)
    for dim in range(2, out.ndim):
        factor, rest = divmod(out.shape[dim], source.shape[dim])
        for n in field.dims[dim]:
            side = sides[n]
            sides[n] = side.refined(factor, out.shape[dim], kernel) if side and not rest else None
    return replace(field, sides=tuple(sides))


def _same(field: Field, _source: Tensor, _args: tuple[Any, ...], out: Tensor) -> Field:
    return _fit(field, out)


def _part(field: Field, source: Tensor, args: tuple[Any, ...], out: Tensor) -> Field:
    """One of several pieces along a dimension; pieces of a side of the picture are not told apart."""
    dim = args[2] if len(args) > 2 else 0
    return _same(field.without(field.dims[dim % source.ndim]), source, args, out)


def _unbind(field: Field, source: Tensor, args: tuple[Any, ...], out: Tensor) -> Field:
    return _select(field, source, (args[0], args[1] if len(args) > 1 else 0), out)


_Rule = Callable[[Field, Tensor, tuple[Any, ...], Tensor], Field]
_ALIKE = {"_prelu_kernel", "rrelu_with_noise", "native_dropout", "copy_", "_to_copy", "clone", "detach", "alias"}
_RULES: dict[str, _Rule] = {
    "convolution": _convolution,
    **dict.fromkeys(("max_pool2d_with_indices", "max_pool3d_with_indices", "max_pool2d", "max_pool3d"), _max_pool),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "avg_pool3d"), _average_pool),
    **dict.fromkeys(("_adaptive_avg_pool2d", "_adaptive_avg_pool3d"), _adaptive_pool),
    **dict.fromkeys(("adaptive_max_pool2d", "adaptive_max_pool3d"), _adaptive_pool),
    **dict.fromkeys(("mean", "sum", "amax", "amin", "max", "min", "var", "std", "logsumexp"), _reduce),
    **dict.fromkeys(("_softmax", "_log_softmax", "_safe_softmax"), _softmax),
    **dict.fromkeys(("view", "_unsafe_view", "_reshape_alias", "reshape", "squeeze"), _view),
    "permute": _permute,
    **dict.fromkeys(("t", "transpose"), _transpose),
    "unsqueeze": _unsqueeze,
    "select": _select,
    "slice": _slice,
    **dict.fromkeys(("constant_pad_nd", "reflection_pad1d", "reflection_pad2d", "replication_pad1d"), _pad),
    **dict.fromkeys(("replication_pad2d", "reflection_pad3d", "replication_pad3d"), _pad),
    "pixel_shuffle": _shuffle,
    "pixel_unshuffle": _unshuffle,
    **dict.fromkeys(("upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d"), _nearest),
    **dict.fromkeys(("upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d"), _blended),
    **dict.fromkeys(("expand", "native_batch_norm", "_native_batch_norm_legit_no_training"), _same),
    **dict.fromkeys(("native_group_norm", "native_layer_norm", "_fused_rms_norm"), _same),
    **dict.fromkeys(("split", "split_with_sizes"), _part),
    "unbind": _unbind,
}
