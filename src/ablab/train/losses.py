"""What is minimised: a mean over the batch, for hard and for mixed targets alike."""

from collections.abc import Callable
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ablab.catalogue import mark
from ablab.errors import RecipeError
from ablab.operations import named

Loss = Callable[[Tensor, Tensor], Tensor]


@mark("loss", "cross-entropy")
def cross_entropy(
    logits: Tensor, targets: Tensor, smoothing: float = 0.0, class_weights: Tensor | None = None
) -> Tensor:
    """Mean over the batch; targets are classes i64[B] or shares of classes f32[B,K].

    In fp32 whatever the forward pass was in: bf16 has 8 bits, too few for a sum of exponentials.
    """
    return F.cross_entropy(logits.float(), targets, weight=class_weights, label_smoothing=smoothing)


@mark("loss", "focal")
def focal(
    logits: Tensor,
    targets: Tensor,
    smoothing: float = 0.0,
    class_weights: Tensor | None = None,
    *,
    gamma: Annotated[float, "[0, 100]"] = 2.0,
) -> Tensor:
    """Cross-entropy in which an image counts the less, the surer the network is of its class (Lin et al. 2017)."""
    logs = F.log_softmax(logits.float(), 1)
    shares = targets if targets.is_floating_point() else F.one_hot(targets, logits.shape[1]).float()
    shares = shares * (1 - smoothing) + smoothing / logits.shape[1]
    weights = shares if class_weights is None else shares * class_weights
    total = float(len(logits)) if class_weights is None else (shares * class_weights).sum()
    return -(weights * (1 - logs.exp()) ** gamma * logs).sum() / total


def make_loss(text: str, *, smoothing: float = 0.0, class_weights: Tensor | None = None) -> Loss:
    """The loss that `text` names, as a function of logits f32[B,K] and targets."""
    (operation,) = named("loss", text)
    function, taken = operation.load(), operation.entry.parameters
    extra: dict[str, Any] = {"smoothing": smoothing, "class_weights": class_weights}
    for name, key in (("smoothing", "label_smoothing"), ("class_weights", "class_weights")):
        if name not in taken and (isinstance(value := extra.pop(name), Tensor) or value):
            raise RecipeError(f"loss = {text}: it takes no {name}, so {key} must keep its default")
    return lambda logits, targets: function(logits.float(), targets, **extra)


def share_of_loss(part: Tensor, batch: Tensor, class_weights: Tensor) -> Tensor:
    """What the mean loss over some labels of a batch counts in that over all of them, where classes have weights."""
    return class_weights[part].sum() / class_weights[batch].sum().clamp(min=1e-12)


def balanced(labels: Tensor, classes: int) -> Tensor:
    """A weight for each class, so that all classes count alike and the mean image counts 1; 0 for a class without any.

    >>> balanced(torch.tensor([0, 0, 0, 1]), 2)
    tensor([0.6667, 2.0000])
    """
    counts = torch.bincount(labels, minlength=classes)
    present = int((counts > 0).sum())
    return torch.where(counts > 0, len(labels) / (present * counts.clamp(min=1)), 0.0)


def correct(logits: Tensor, targets: Tensor) -> Tensor:
    """How many of the batch have their class (of mixed images: the larger share) on top."""
    hard = targets.argmax(1) if targets.is_floating_point() else targets
    return (logits.argmax(1) == hard).sum()
