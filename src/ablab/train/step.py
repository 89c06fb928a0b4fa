"""One step: pixels to numbers, forward, loss, backward, update. The seam for speed work and for two-pass methods."""

from collections.abc import Callable

from torch import Tensor

from ablab.train.device import Hardware
from ablab.train.losses import correct, cross_entropy
from ablab.train.pixels import Pixels
from ablab.train.state import State

Step = Callable[[Tensor, Tensor, float], tuple[Tensor, Tensor]]


def make_step(state: State, pixels: Pixels, hardware: Hardware, *, smoothing: float = 0.0) -> Step:
    """A function (images, targets, lr) -> (sum of the losses, number right) that moves the weights once.

    Both stay on the device: reading a number there would wait for all that is queued.
    """
    net, optimizer = state.net, state.optimizer

    def step(images: Tensor, targets: Tensor, lr: float) -> tuple[Tensor, Tensor]:
        targets = targets.to(hardware.device, non_blocking=True)  # i64[B] or f32[B,K]
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.zero_grad(set_to_none=True)
        with hardware.repeatable():
            with hardware.autocast():
                logits = net(pixels(images))  # u8[B,C,H,W] -> [B,K]
            loss = cross_entropy(logits, targets, smoothing)
            loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss.detach() * len(images), correct(logits.detach(), targets)

    return step
