"""measure: a network on a set of images -> loss, accuracy and the class that it gives each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ablab.data.dataset import Examples
from ablab.records import Measurement
from ablab.train.device import Device
from ablab.train.losses import correct, cross_entropy
from ablab.train.step import Pixels

View = Callable[[Tensor], Tensor]  # u8[B,C,H,W] -> u8[B,C,H,W]
BATCH = 1000  # images at a time


def measure(
    net: nn.Module, examples: Examples, rows: Tensor | None, pixels: Pixels, device: Device, views: Sequence[View] = ()
) -> tuple[Measurement, Tensor]:
    """The mean loss and the share of right answers over `rows` (None: all), and the class given to each, i64[N].

    With test-time views, the outputs for the views of an image are averaged before the softmax.
    """
    was_training = net.training
    net.eval()
    losses = torch.zeros((), dtype=torch.float64, device=device.torch)
    right = torch.zeros((), dtype=torch.int64, device=device.torch)
    given = []
    total = len(examples) if rows is None else len(rows)
    with torch.inference_mode():
        for start in range(0, total, BATCH):
            at = slice(start, start + BATCH) if rows is None else rows[start : start + BATCH]
            images, labels = examples.images[at], examples.labels[at].to(device.torch)
            logits = outputs(net, images, pixels, device, views)
            losses += cross_entropy(logits, labels).double() * len(labels)
            right += correct(logits, labels)
            given.append(logits.argmax(1))
    net.train(was_training)
    return Measurement(losses.item() / total, right.item() / total, total), torch.cat(given).cpu()


def outputs(net: nn.Module, images: Tensor, pixels: Pixels, device: Device, views: Sequence[View]) -> Tensor:
    """What the network says to a batch, averaged over its views."""
    seen = [view(images) for view in views] or [images]
    with device.autocast():
        logits = [net(pixels(one)).float() for one in seen]
    return logits[0] if len(logits) == 1 else torch.stack(logits).mean(0)


def packed(classes_given: Tensor, classes: int) -> bytes:
    """Predictions as bytes: one each, or two (little-endian) where there are more than 256 classes."""
    return classes_given.numpy().astype("u1" if classes <= 256 else "<u2").tobytes()
