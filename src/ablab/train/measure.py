"""measure: a network on a set of images -> loss, accuracy and each answer; and how long one of its steps takes."""

import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ablab import randomness
from ablab.data.augment.views import View, averaged
from ablab.data.dataset import Examples
from ablab.models.initial import borrowed_generator
from ablab.records import Measurement
from ablab.train.device import Hardware
from ablab.train.losses import correct, cross_entropy
from ablab.train.metrics import metrics
from ablab.train.pixels import Pixels
from ablab.train.running import entrance
from ablab.train.together import ALONE, Team

BATCH = 1000  # images at a time


@dataclass(frozen=True)
class Predictions:
    """What a network made of every image."""

    given: Tensor  # i64[N], classes
    certainty: Tensor  # f32[N], their probabilities; empty unless measured in full


def measure(
    net: nn.Module,
    examples: Examples,
    rows: Tensor | None,
    *,
    pixels: Pixels,
    hardware: Hardware,
    views: Sequence[View] = (),
    in_full: bool = False,
    team: Team = ALONE,
) -> tuple[Measurement, Predictions]:
    """The mean loss and the share of right answers over `rows` (None: all), and what was said of each.

    In full, all metrics and the certainty of each answer are measured as well. Outputs that are not finite have no
    metrics.

    The loss is plain cross-entropy, whatever was smoothed or mixed in training. With test-time views, what the network
    says to the views of an image is averaged before the softmax. Each process of a team looks at its part of the rows.
    """
    total = len(examples) if rows is None else len(rows)
    rows = None if rows is None else rows.to(examples.images.device)
    own = team.of(total)
    losses = torch.zeros((), dtype=torch.float64, device=hardware.device)
    right = torch.zeros((), dtype=torch.int64, device=hardware.device)
    said = []
    was_training = net.training
    net.eval()
    with (
        torch.inference_mode(),
        hardware.repeatable(),
        borrowed_generator(randomness.number(0, "measure"), hardware.device),
    ):
        for start in range(own.start, own.stop, BATCH):
            batch = slice(start, min(start + BATCH, own.stop))
            at = batch if rows is None else rows[batch]
            labels = examples.labels[at].to(hardware.device)
            logits = outputs(net, examples.images[at], pixels, hardware, views)
            losses += cross_entropy(logits, labels) * len(labels)
            right += correct(logits, labels)
            said.append(logits if in_full else logits.argmax(1))
        whole = team.whole(torch.cat(said), total)
        if own.stop - own.start < total:
            losses, right = team.sum(losses), team.sum(right)
        labels = examples.labels if rows is None else examples.labels[rows]
        is_finite = in_full and bool(whole.isfinite().all())
        others = metrics(whole, labels.to(hardware.device)) if is_finite else {}
    net.train(was_training)
    given = whole.argmax(1) if in_full else whole
    certainty = whole.float().softmax(1).amax(1) if in_full else whole.new_empty(0)
    return Measurement(losses.item() / total, right.item() / total, total, others), Predictions(
        given.cpu(), certainty.cpu()
    )


def outputs(net: nn.Module, images: Tensor, pixels: Pixels, hardware: Hardware, views: Sequence[View]) -> Tensor:
    """What the network says to a batch, averaged over its views, f32[B,K]."""
    seen = [view.change(images) for view in views] or [images]
    with hardware.autocast():
        logits = [entrance(net, pixels)(one).float() for one in seen]
    return averaged(logits, views)


def packed(given: Tensor, classes: int) -> bytes:
    """Classes given to images as bytes: one each, or two (little-endian) where there are more than 256 classes.

    >>> packed(torch.tensor([3, 0, 9]), classes=10)
    b'\\x03\\x00\\t'
    """
    return given.numpy().astype("u1" if classes <= 256 else "<u2").tobytes()


def packed_certainty(certainty: Tensor) -> bytes:
    """Probabilities as bytes, in 255ths.

    >>> packed_certainty(torch.tensor([0.0, 0.5, 1.0]))
    b'\\x00\\x80\\xff'
    """
    return (certainty * 255).round().to(torch.uint8).numpy().tobytes()


def packed_confusion(labels: Tensor, given: Tensor, classes: int) -> bytes:
    """How often each class, row by row, was given each answer: counts of four bytes, compressed; ten classes take 200.

    >>> zlib.decompress(packed_confusion(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), classes=2))[::4]
    b'\\x01\\x01\\x00\\x01'
    """
    counts = torch.bincount(labels * classes + given, minlength=classes * classes)
    return zlib.compress(counts.numpy().astype("<u4").tobytes(), 9)


def time_step(net: nn.Module, images: Tensor, labels: Tensor, hardware: Hardware) -> float:
    """Seconds forward and backward for these images, f32[B,C,H,W]; nothing about the network is changed."""
    parameters = [one for one in net.parameters() if one.requires_grad]
    buffers = {name: one.clone() for name, one in net.named_buffers()}
    was_training = net.training
    net.train()
    times = []
    try:
        with borrowed_generator(0, hardware.device), torch.enable_grad():
            for _ in range(2):  # the first makes the kernels, which the steps of the run will find made
                begun = time.monotonic()
                with hardware.autocast():
                    out = torch.func.functional_call(net, buffers, images)
                loss = F.cross_entropy(out.float(), labels)
                gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
                next(one for one in gradients if one is not None).flatten()[0].item()  # waits for the device
                times.append(time.monotonic() - begun)
    finally:
        net.train(was_training)
    return min(times)
