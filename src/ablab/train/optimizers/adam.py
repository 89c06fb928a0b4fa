"""Adam (Kingma & Ba 2014) and AdamW (Loshchilov & Hutter 2017)."""

import torch

from ablab.catalogue import mark
from ablab.errors import RecipeError
from ablab.train.optimizers import Groups


@mark("optimizer", "adam")
def adam(
    groups: Groups, lr: float, *, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
) -> torch.optim.Optimizer:
    """Steps of about lr in every weight; weight decay is added to the gradient."""
    check(beta1, beta2, eps)
    return torch.optim.Adam(groups, lr=lr, betas=(beta1, beta2), eps=eps, foreach=True)


@mark("optimizer", "adamw")
def adamw(
    groups: Groups, lr: float, *, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
) -> torch.optim.Optimizer:
    """Adam whose weight decay shrinks the weights directly, by lr times weight_decay a step."""
    check(beta1, beta2, eps)
    return torch.optim.AdamW(groups, lr=lr, betas=(beta1, beta2), eps=eps, foreach=True)


def check(beta1: float, beta2: float, eps: float) -> None:
    """Raise for numbers that no step can be made with."""
    for name, beta in (("beta1", beta1), ("beta2", beta2)):
        if not 0 <= beta < 1:
            raise RecipeError(f"optimizer: {name} = {beta} must be from 0 to below 1, such as 0.9")
    if not eps > 0:
        raise RecipeError(f"optimizer: eps = {eps} must be above 0, such as 1e-8")
