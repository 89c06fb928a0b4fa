"""One step: pixels to numbers, forward, loss, backward, update. The seam for speed work and for two-pass methods."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ablab.data.dataset import Examples
from ablab.train.device import Device
from ablab.train.losses import correct, cross_entropy
from ablab.train.state import State

Step = Callable[[Tensor, Tensor, float], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Pixels:
    """Turns u8 images into what the network sees: mean 0 and variance 1 a channel, over the training images."""

    mean: tuple[float, ...]
    sd: tuple[float, ...]
    device: torch.device

    def __post_init__(self) -> None:
        shape = (1, -1, 1, 1)
        object.__setattr__(self, "_scale", (1 / torch.tensor(self.sd, device=self.device)).view(shape))
        object.__setattr__(self, "_shift", (-torch.tensor(self.mean) / torch.tensor(self.sd)).view(shape).to(self.device))

    def __call__(self, images: Tensor) -> Tensor:
        x = images.to(self.device, non_blocking=True).float()
        return torch.addcmul(self._shift, x, self._scale)  # type: ignore[attr-defined]


def pixels_of(examples: Examples, rows: Tensor, device: Device) -> Pixels:
    """The normalisation for these rows, from exact histograms."""
    counts = histogram(examples, rows).double()
    values = torch.arange(256, dtype=torch.float64)
    mean = (counts @ values) / counts.sum(1)
    variance = (counts @ values.square()) / counts.sum(1) - mean.square()
    sd = variance.clamp(min=0).sqrt()
    return Pixels(tuple(mean.tolist()), tuple(torch.where(sd > 0, sd, 1.0).tolist()), device.torch)


def histogram(examples: Examples, rows: Tensor) -> Tensor:
    """How often each of the 256 values occurs in each channel, i64[C,256]."""
    channels = examples.images.shape[1]
    counts = torch.zeros(channels, 256, dtype=torch.int64)
    for some in rows.split(1000):
        images = examples.images[some]
        for channel in range(channels):
            counts[channel] += torch.bincount(images[:, channel].flatten(), minlength=256)
    return counts


def make_step(state: State, pixels: Pixels, device: Device, smoothing: float) -> Step:
    """A function (images, targets, lr) -> (sum of the losses, number right), which moves the weights."""
    net, optimizer = state.net, state.optimizer

    def step(images: Tensor, targets: Tensor, lr: float) -> tuple[Tensor, Tensor]:
        targets = targets.to(device.torch, non_blocking=True)
        for group in optimizer.param_groups:
            group["lr"] = lr
        with device.autocast():
            logits = net(pixels(images))
        loss = cross_entropy(logits, targets, smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.detach() * len(images), correct(logits.detach(), targets)

    return step
