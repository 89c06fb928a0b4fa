"""Adam (Kingma & Ba 2014) and AdamW (Loshchilov & Hutter 2017)."""

from typing import Annotated

import torch

from ablab.catalogue import mark
from ablab.train.optimizers import Groups, kernels

Beta = Annotated[float, "[0, 1)"]
Eps = Annotated[float, "(0, inf)"]


@mark("optimizer", "adam")
def adam(
    groups: Groups, lr: float, *, beta1: Beta = 0.9, beta2: Beta = 0.999, eps: Eps = 1e-8
) -> torch.optim.Optimizer:
    """Steps of about lr in every weight; weight decay is added to the gradient."""
    return torch.optim.Adam(groups, lr=lr, betas=(beta1, beta2), eps=eps, **kernels(groups))


@mark("optimizer", "adamw")
def adamw(
    groups: Groups, lr: float, *, beta1: Beta = 0.9, beta2: Beta = 0.999, eps: Eps = 1e-8
) -> torch.optim.Optimizer:
    """Adam whose weight decay shrinks the weights directly, by lr times weight_decay a step."""
    return torch.optim.AdamW(groups, lr=lr, betas=(beta1, beta2), eps=eps, **kernels(groups))
