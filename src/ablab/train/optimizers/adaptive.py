"""Steps scaled by past gradients: Adagrad (Duchi et al. 2011) and RMSprop (Hinton 2012, lecture 6e)."""

import torch

from ablab.catalogue import mark
from ablab.errors import RecipeError
from ablab.train.optimizers import Groups


@mark("optimizer", "adagrad")
def adagrad(groups: Groups, lr: float, *, eps: float = 1e-10) -> torch.optim.Optimizer:
    """Steps shrink with the root of the sum of all squared gradients."""
    _check_eps(eps)
    return torch.optim.Adagrad(groups, lr=lr, eps=eps)


@mark("optimizer", "rmsprop")
def rmsprop(
    groups: Groups, lr: float, *, alpha: float = 0.99, momentum: float = 0.0, eps: float = 1e-8
) -> torch.optim.Optimizer:
    """Steps are divided by the root of a running mean of squared gradients."""
    for name, share in (("alpha", alpha), ("momentum", momentum)):
        if not 0 <= share < 1:
            raise RecipeError(f"optimizer: {name} = {share} must be from 0 to below 1, such as 0.9")
    _check_eps(eps)
    return torch.optim.RMSprop(groups, lr=lr, alpha=alpha, momentum=momentum, eps=eps)


def _check_eps(eps: float) -> None:
    if not eps > 0:
        raise RecipeError(f"optimizer: eps = {eps} must be above 0, such as 1e-8")
