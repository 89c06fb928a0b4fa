"""Convolutions of bf16 images with products and sums in fp32, under autocast, as one function of autograd.

On Intel's CPUs without matrix units, products of bf16 take twice the time of fp32's. There these kernels read and
write bf16 like autocast, and multiply in fp32: faster than torch's, and more exact.
"""

import ctypes
import functools
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from ablab.kernels.build import build

FEWEST, MOST = 32, 256  # channels: 512 of them at 4x4 pixels take as long as in torch

POINTER, SIZE = ctypes.c_void_p, ctypes.c_int


@functools.cache
def code() -> ctypes.CDLL | None:
    """The compiled kernels with the types of their arguments; None where they cannot be built."""
    library = build("flat").code
    if library:
        library.flat_forward.argtypes = [POINTER] * 4 + [SIZE] * 9
        library.flat_input_gradient.argtypes = [POINTER] * 3 + [SIZE] * 9
        library.flat_filter_gradient.argtypes = [POINTER] * 3 + [SIZE] * 9
    return library


def is_possible(conv: nn.Conv2d) -> bool:
    """A convolution that the kernels compute: square filters, one stride, one border of zeros, one group."""
    sides = (conv.kernel_size, conv.stride, conv.padding)
    return (
        all(isinstance(pair, tuple) and pair[0] == pair[1] for pair in sides)
        and int(conv.padding[0]) < conv.kernel_size[0]
        and (conv.dilation, conv.groups, conv.padding_mode) == ((1, 1), 1, "zeros")
        and all(p is None or p.dtype == torch.float32 for p in (conv.weight, conv.bias))
    )


def is_faster(conv: nn.Conv2d) -> bool:
    """The kernels were measured as faster than torch for such a convolution: 3x3, over neither few nor 512 channels."""
    return (
        is_possible(conv)
        and (conv.kernel_size[0] == 3 and conv.stride[0] <= 2)
        and FEWEST <= conv.in_channels <= MOST
        and conv.out_channels >= FEWEST
    )


def is_faster_here() -> bool:
    """The CPU does more products a second in fp32 than with its instructions for bf16.

    By rule and not by a race, so that bits do not depend on what else the machine does.
    """
    library = code()
    return library is not None and bool(library.flat_beats_bf16())


def fits(x: Tensor, conv: nn.Conv2d) -> bool:
    """The kernels can take these images: on the CPU, under autocast to bf16, and no smaller than the filter."""
    return (
        x.device.type == "cpu"
        and x.dtype in (torch.bfloat16, torch.float32)
        and (torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.bfloat16)
        and (x.ndim == 4 and len(x) > 0 and x.shape[1] == conv.in_channels)
        and min(x.shape[2:]) + 2 * int(conv.padding[0]) >= conv.kernel_size[0]
    )


def run(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """Images [N,C,H,W] -> bf16[N,O,OH,OW], channels last."""
    where = (conv.stride[0], int(conv.padding[0]))
    return Convolve.apply(x, conv.weight, conv.bias, *where)  # type: ignore[no-any-return, no-untyped-call]


class Convolution(nn.Conv2d):
    """A convolution that runs in these kernels where they can take its images, else in torch."""

    @classmethod
    def over(cls, conv: nn.Conv2d) -> "Convolution":
        """The same layer, with the same parameters."""
        twin = cls.__new__(cls)
        twin.__dict__.update(conv.__dict__)
        return twin

    def forward(self, x: Tensor) -> Tensor:
        return run(x, self) if fits(x, self) else super().forward(x)


class Convolve(torch.autograd.Function):
    """Convolution and bias; gradients of filters in fp32."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int) -> Tensor:
        x, weight = _last(x), weight.detach().contiguous(memory_format=torch.channels_last)
        n, channels, height, width = x.shape
        outputs, _, kernel, _ = weight.shape
        out_height, out_width = ((side + 2 * padding - kernel) // stride + 1 for side in (height, width))
        y = _images(n, outputs, out_height, out_width)
        ctx.sizes = (n, channels, height, width, outputs, kernel, stride, padding)
        more = None if bias is None else bias.data_ptr()
        _code().flat_forward(x.data_ptr(), weight.data_ptr(), more, y.data_ptr(), *ctx.sizes, torch.get_num_threads())
        ctx.save_for_backward(x, weight)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None, None]:
        x, weight = ctx.saved_tensors
        gradient, threads = _last(gradient), torch.get_num_threads()
        of_input = of_weight = of_bias = None
        if ctx.needs_input_grad[0]:
            of_input = _images(*x.shape)
            pointers = (one.data_ptr() for one in (gradient, weight, of_input))
            _code().flat_input_gradient(*pointers, *ctx.sizes, threads)
        if ctx.needs_input_grad[1]:
            of_weight = torch.empty_like(weight)
            pointers = (one.data_ptr() for one in (x, gradient, of_weight))
            _code().flat_filter_gradient(*pointers, *ctx.sizes, threads)
        if ctx.needs_input_grad[2]:
            of_bias = gradient.sum((0, 2, 3), dtype=torch.float32)
        return of_input, of_weight, of_bias, None, None


def _last(x: Tensor) -> Tensor:
    """bf16 with channels last in memory.

    A tensor of one channel or one pixel counts as channels last to torch with any strides, but its numbers lie in the
    same order in both.
    """
    return x.detach().to(torch.bfloat16).contiguous(memory_format=torch.channels_last)


def _images(n: int, channels: int, height: int, width: int) -> Tensor:
    return torch.empty((n, channels, height, width), dtype=torch.bfloat16, memory_format=torch.channels_last)


def _code() -> ctypes.CDLL:
    library = code()
    assert library is not None, "convolutions are replaced only where there are kernels"
    return library
