"""Figures over classes: the mean F1, and the class that is served worst."""

import torch
from torch import Tensor

from ablab.catalogue import mark


def counts(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """By class: images that were given it rightly, images that were given it, images that are of it; f64[K] each."""
    given, classes = logits.argmax(1), logits.shape[1]
    right = torch.bincount(labels[given == labels], minlength=classes)
    sizes = (right, torch.bincount(given, minlength=classes), torch.bincount(labels, minlength=classes))
    return sizes[0].double(), sizes[1].double(), sizes[2].double()


@mark("metric", "macro_f1", title="macro F1", unit="%", direction="higher")
def macro_f1(logits: Tensor, labels: Tensor) -> float:
    """The mean over classes of F1; a class that is neither there nor given is left out, as scikit-learn does."""
    right, given, there = counts(logits, labels)
    known = (given + there) > 0
    return float((2 * right / (given + there).clamp(1))[known].mean())


@mark("metric", "worst_class", title="worst class", unit="%", direction="higher")
def worst_class(logits: Tensor, labels: Tensor) -> float:
    """The smallest recall of any class that has images."""
    right, _, there = counts(logits, labels)
    known = there > 0
    return float((right[known] / there[known]).min())
