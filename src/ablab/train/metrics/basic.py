"""Loss and accuracy. Networks are measured batch by batch with the same two functions of `losses`."""

from torch import Tensor

from ablab.catalogue import mark
from ablab.train.losses import correct, cross_entropy


@mark("metric", "accuracy", title="accuracy", unit="%", direction="higher")
def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Share of images whose class has the highest output."""
    return int(correct(logits, labels)) / len(labels)


@mark("metric", "loss", title="loss", unit="nats", direction="lower")
def loss(logits: Tensor, labels: Tensor) -> float:
    """Mean cross-entropy, which is the mean negative log-likelihood."""
    return float(cross_entropy(logits, labels))
