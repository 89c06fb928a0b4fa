"""An optimizer of one's own: Lion (Chen et al. 2023), which moves every weight by the same amount.

optimizer = "examples/own/optimizer.py:lion(beta1=0.9)"
"""

from collections.abc import Callable
from typing import Annotated, Any

import torch

from ablab.catalogue import mark

Share = Annotated[float, "[0, 1)"]


class Lion(torch.optim.Optimizer):
    """The sign of a running mean of gradients, with weight decay apart from it."""

    def __init__(self, groups: Any, lr: float, betas: tuple[float, float]) -> None:
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0})
        self.betas = betas

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        assert closure is None
        first, second = self.betas
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                mean = self.state[weight].setdefault("mean", torch.zeros_like(weight))
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.add_(torch.sign(mean * first + weight.grad * (1 - first)), alpha=-group["lr"])
                mean.mul_(second).add_(weight.grad, alpha=1 - second)


@mark("optimizer", "lion")
def lion(groups: Any, lr: float, *, beta1: Share = 0.9, beta2: Share = 0.99) -> torch.optim.Optimizer:
    """`groups` has the parameters with their weight_decay; ablab sets the learning rate again at each step."""
    return Lion(groups, lr, (beta1, beta2))
