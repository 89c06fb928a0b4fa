"""The loss of a batch: cross-entropy, with label smoothing, for hard and for mixed targets."""

import torch.nn.functional as F
from torch import Tensor


def cross_entropy(logits: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean over the batch; targets are classes i64[B] or shares of classes f32[B,K].

    In fp32 whatever the forward pass was in: bf16 has 8 bits, too few for a sum of exponentials.
    """
    return F.cross_entropy(logits.float(), targets, label_smoothing=smoothing)


def correct(logits: Tensor, targets: Tensor) -> Tensor:
    """How many of the batch have their class (of mixed images: the larger share) on top."""
    hard = targets.argmax(1) if targets.is_floating_point() else targets
    return (logits.argmax(1) == hard).sum()
