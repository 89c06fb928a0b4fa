"""A loss of one's own: PolyLoss (Leng et al. 2022), which adds a multiple of 1 - p to the cross-entropy.

loss = "examples/own/loss.py:poly(2)"
"""

from typing import Annotated

import torch.nn.functional as F
from torch import Tensor

from ablab.catalogue import mark


@mark("loss", "poly")
def poly(logits: Tensor, targets: Tensor, *, epsilon: Annotated[float, "[-1, 10]"] = 1.0) -> Tensor:
    """Mean over the batch; targets are classes, or shares of classes where pictures are mixed.

    With parameters `smoothing` and `class_weights`, it would get label_smoothing and class_weights of the recipe.
    """
    shares = targets if targets.is_floating_point() else F.one_hot(targets, logits.shape[1]).float()
    right = (logits.softmax(1) * shares).sum(1)
    return (F.cross_entropy(logits, targets, reduction="none") + epsilon * (1 - right)).mean()
