"""Steps scaled by past gradients: Adagrad (Duchi et al. 2011) and RMSprop (Hinton 2012, lecture 6e)."""

from typing import Annotated

import torch

from ablab.catalogue import mark
from ablab.train.optimizers import Groups

Share = Annotated[float, "[0, 1)"]
Eps = Annotated[float, "(0, inf)"]


@mark("optimizer", "adagrad")
def adagrad(groups: Groups, lr: float, *, eps: Eps = 1e-10) -> torch.optim.Optimizer:
    """Steps shrink with the root of the sum of all squared gradients."""
    return torch.optim.Adagrad(groups, lr=lr, eps=eps)


@mark("optimizer", "rmsprop")
def rmsprop(
    groups: Groups, lr: float, *, alpha: Share = 0.99, momentum: Share = 0.0, eps: Eps = 1e-8
) -> torch.optim.Optimizer:
    """Steps are divided by the root of a running mean of squared gradients."""
    return torch.optim.RMSprop(groups, lr=lr, alpha=alpha, momentum=momentum, eps=eps)
