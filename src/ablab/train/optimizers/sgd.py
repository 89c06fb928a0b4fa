"""Stochastic gradient descent with momentum."""

from typing import Annotated

import torch

from ablab.catalogue import mark
from ablab.errors import RecipeError
from ablab.train.optimizers import Groups, kernels


@mark("optimizer", "sgd")
def sgd(
    groups: Groups, lr: float, *, momentum: Annotated[float, "[0, 1)"] = 0.0, nesterov: bool = False
) -> torch.optim.Optimizer:
    """Steps down the gradient, or down its running sum where there is momentum."""
    if nesterov and not momentum:
        raise RecipeError("optimizer = sgd(nesterov=true): nesterov needs momentum: sgd(momentum=0.9, nesterov=true)")
    return torch.optim.SGD(groups, lr=lr, momentum=momentum, nesterov=nesterov, **kernels(groups))
