"""Blocks of convolution, bias, ReLU and 2x2 pooling over few channels, in fp32, as one function of autograd each.

Tensors between blocks are lanes, f32[G,C,H,W,16]: sixteen images side by side in the last dimension.
"""

import ctypes
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from ablab.kernels.build import build

LANES = 16
KERNELS = (3, 5)  # sides of the filters that are compiled
MOST = 16  # channels: with more, oneDNN's products in bf16 are faster than fp32 in lanes

POINTER, SIZE, STRIDE = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64


@dataclass(frozen=True)
class Crops:
    """Where the pixels of a batch come from: `rows` of the data, the corner of each crop, and its side."""

    data: Tensor  # u8[N,C,H,W]
    rows: Tensor  # i64[B]
    top: Tensor  # i64[B]; what lies outside an image is black
    left: Tensor  # i64[B]
    mirrored: Tensor  # bool[B]

    @classmethod
    def whole(cls, images: Tensor) -> "Crops":
        """All of these images as they are."""
        none = torch.zeros(len(images), dtype=torch.int64)
        return cls(images.contiguous(), torch.arange(len(images)), none, none, none.bool())

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (len(self.rows), *self.data.shape[1:])


@functools.cache
def code() -> ctypes.CDLL | None:
    """The compiled kernels with the types of their arguments; None where they cannot be built."""
    library = build("small").code
    if library:
        library.small_from_bytes.argtypes = [POINTER] * 8 + [SIZE] * 5
        library.small_to_lanes.argtypes = [POINTER] * 2 + [STRIDE] * 4 + [SIZE] * 5
        library.small_from_lanes.argtypes = [POINTER] * 2 + [SIZE] * 3
        library.small_forward.argtypes = [POINTER] * 5 + [SIZE] * 8
        library.small_backward.argtypes = [POINTER] * 7 + [SIZE] * 8
    return library


def is_known(conv: nn.Conv2d) -> bool:
    """A convolution that the kernels can run faster than torch."""
    side, padding = conv.kernel_size[0], conv.padding
    return (
        conv.kernel_size in {(k, k) for k in KERNELS}
        and isinstance(padding, tuple)
        and padding[0] == padding[1] < side
        and (conv.stride, conv.dilation, conv.groups) == ((1, 1), (1, 1), 1)
        and (conv.bias is not None and conv.padding_mode == "zeros")
        and max(conv.in_channels, conv.out_channels) <= MOST
        and conv.weight.dtype == conv.bias.dtype == torch.float32
    )


def fits(x: Tensor, convs: Sequence[nn.Conv2d]) -> bool:
    """The kernels can take these images: fp32 on the CPU, and a pool's worth of pixels in front of every pool."""
    return x.device.type == "cpu" and x.dtype == torch.float32 and x.ndim == 4 and has_room(tuple(x.shape), convs)


def has_room(shape: tuple[int, ...], convs: Sequence[nn.Conv2d]) -> bool:
    """Images of this shape (images, channels, height, width) have pixels in front of every pool."""
    count, channels, height, width = shape
    for conv in convs:
        height, width = (_pooled(side, conv.kernel_size[0], int(conv.padding[0])) for side in (height, width))
        if min(height, width) < 1 or channels != conv.in_channels:
            return False
        channels = conv.out_channels
    return count > 0


def run(x: Tensor, convs: Sequence[nn.Conv2d]) -> Tensor:
    """Images f32[N,C,H,W] through all blocks -> f32[N,O,PH,PW]."""
    return _through(ToLanes.apply(x), len(x), convs)  # type: ignore[no-untyped-call]


def run_bytes(crops: Crops, scale: Tensor, shift: Tensor, convs: Sequence[nn.Conv2d]) -> Tensor:
    """Crops of bytes, normalized by `scale` and `shift`, f32[C], through all blocks -> f32[N,O,PH,PW]."""
    return _through(_lanes_of(crops, scale.contiguous(), shift.contiguous()), len(crops.rows), convs)


def _through(lanes: Tensor, count: int, convs: Sequence[nn.Conv2d]) -> Tensor:
    for conv in convs:
        lanes = Block.apply(lanes, conv.weight, conv.bias, int(conv.padding[0]))  # type: ignore[no-untyped-call]
    return FromLanes.apply(lanes, count)  # type: ignore[no-any-return, no-untyped-call]


def _pooled(side: int, kernel: int, padding: int) -> int:
    return (side + 2 * padding - kernel + 1) // 2


def _lanes_of(crops: Crops, scale: Tensor, shift: Tensor) -> Tensor:
    n, c, h, w = crops.shape
    lanes = torch.empty(-(-n // LANES), c, h, w, LANES)
    given = (crops.data, crops.rows, crops.top, crops.left, crops.mirrored, scale, shift, lanes)
    _code().small_from_bytes(*(one.data_ptr() for one in given), n, c, h, w, torch.get_num_threads())
    return lanes


def _to_lanes(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    lanes = torch.empty(-(-n // LANES), c, h, w, LANES)
    _code().small_to_lanes(x.data_ptr(), lanes.data_ptr(), *x.stride(), n, c, h, w, torch.get_num_threads())
    return lanes


def _from_lanes(lanes: Tensor, count: int) -> Tensor:
    images = torch.empty(count, *lanes.shape[1:4])
    _code().small_from_lanes(lanes.data_ptr(), images.data_ptr(), count, images[0].numel(), torch.get_num_threads())
    return images


def _code() -> ctypes.CDLL:
    library = code()
    assert library is not None, "networks are fused only where there are kernels"
    return library


class ToLanes(torch.autograd.Function):
    """f32[N,C,H,W] of any strides -> f32[G,C,H,W,16]."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.count = len(x)
        return _to_lanes(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _from_lanes(gradient.contiguous(), ctx.count)


class FromLanes(torch.autograd.Function):
    """f32[G,C,H,W,16] -> f32[N,C,H,W]; the lanes that are left over get no gradient."""

    @staticmethod
    def forward(_: Any, lanes: Tensor, count: int) -> Tensor:
        return _from_lanes(lanes, count)

    @staticmethod
    @once_differentiable
    def backward(_: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _to_lanes(gradient.float()), None


class Block(torch.autograd.Function):
    """Convolution, bias, ReLU and 2x2 pooling of lanes."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, padding: int) -> Tensor:
        weight = weight.contiguous()  # with channels last it lies in another order
        groups, channels, height, width, _ = x.shape
        outputs, _, kernel, _ = weight.shape
        shape = (groups, outputs, _pooled(height, kernel, padding), _pooled(width, kernel, padding), LANES)
        y, where = torch.empty(shape), torch.empty(shape, dtype=torch.int8)
        ctx.sizes = (groups, channels, height, width, outputs, kernel, padding)
        pointers = (one.data_ptr() for one in (x, weight, bias, y, where))
        _code().small_forward(*pointers, *ctx.sizes, torch.get_num_threads())
        ctx.save_for_backward(x, weight, where)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        x, weight, where = ctx.saved_tensors
        gradient = gradient.contiguous()
        of_input = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        of_weight, of_bias = torch.empty_like(weight), torch.empty(len(weight))
        given = (one.data_ptr() for one in (x, weight, gradient, where))
        _code().small_backward(
            *given,
            of_input.data_ptr() if of_input is not None else None,
            of_weight.data_ptr(),
            of_bias.data_ptr(),
            *ctx.sizes,
            torch.get_num_threads(),
        )
        return of_input, of_weight, of_bias, None
