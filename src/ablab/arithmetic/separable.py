"""A convolution and the depthwise separable one that replaces it, timed side by side."""

from collections.abc import Callable

import torch
from torch import nn

from ablab.arithmetic.formulas import conv
from ablab.arithmetic.grow import interleaved
from ablab.errors import InputError

MOST_NUMBERS = 1 << 27  # in a picture that is timed: 512 MiB
MOST_MACS = 6e9  # of the full convolution, which is put to 160 pictures: seconds on one core
PICTURES = 10  # between two looks at the clock
LOOKS = 15  # at the clock; their median counts


def seconds(
    picture: tuple[int, int, int],
    filters: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    *,
    bias: bool,
) -> tuple[float, float]:
    """Seconds of the full and of the separable convolution on one picture, on one thread, taking turns."""
    macs = conv(picture, filters, kernel, stride=stride, padding=padding, bias=bias).macs.value
    channels, height, width = picture
    weights = channels * filters * kernel[0] * kernel[1]
    if max(max(channels, filters) * height * width, weights) > MOST_NUMBERS or macs > MOST_MACS:
        raise InputError("--measure: this layer is too large to time here; leave out --measure")
    images = torch.zeros(1, *picture)
    full = nn.Conv2d(channels, filters, kernel, stride, padding, bias=bias)
    separable = nn.Sequential(
        nn.Conv2d(channels, channels, kernel, stride, padding, groups=channels, bias=bias),
        nn.Conv2d(channels, filters, 1, bias=bias),
    )

    def often(net: nn.Module) -> Callable[[], object]:
        def step() -> None:
            with torch.no_grad():
                for _ in range(PICTURES):
                    net(images)

        return step

    # One thread: on two that sleep between operations, waking them took longer than the small convolutions (64 to 128
    # channels at 32x32: 0.71 and 0.78 ms, a ratio of 0.91; on one 0.80 and 0.20 ms, 4.0).
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        slow, fast = interleaved([often(full), often(separable)], LOOKS)
        return slow / PICTURES, fast / PICTURES
    finally:
        torch.set_num_threads(threads)
