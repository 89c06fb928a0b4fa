"""A network, a loss, an optimizer, a schedule and a start of the weights."""

from collections.abc import Callable
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ablab.catalogue import mark


class Tiny(nn.Module):
    """One convolution, the mean over all pixels, one linear layer."""

    def __init__(self, classes: int, in_shape: tuple[int, int, int], width: int = 16) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_shape[0], width, 3, padding=1)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.head(F.relu(self.conv(x)).mean((2, 3)))
        return scores


@mark("loss", "brier")
def brier(logits: Tensor, targets: Tensor, *, scale: Annotated[float, "(0, 100]"] = 1.0) -> Tensor:
    """The squared error of the probabilities (Brier 1950)."""
    shares = targets if targets.is_floating_point() else F.one_hot(targets, logits.shape[1]).float()
    return scale * (logits.softmax(1) - shares).square().sum(1).mean()


class Signs(torch.optim.Optimizer):
    """Moves every weight by the learning rate, against the sign of its gradient (Bernstein et al. 2018)."""

    def __init__(self, groups: Any, lr: float) -> None:
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        assert closure is None
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.add_(torch.sign(weight.grad), alpha=-group["lr"])


@mark("optimizer", "signs")
def signs(groups: Any, lr: float) -> torch.optim.Optimizer:
    """SGD with the signs of gradients."""
    return Signs(groups, lr)


@mark("schedule", "stairs")
def stairs(progress: float, *, steps: Annotated[int, "[1, 100]"] = 3) -> float:
    """Half of the rate after each of so many equal parts of the run."""
    return float(0.5 ** int(progress * steps))


@mark("init", "narrow")
def narrow(weight: Tensor, generator: torch.Generator, *, sd: Annotated[float, "(0, 1]"] = 0.02) -> Tensor:
    """Normal weights with one small standard deviation for all layers."""
    return weight.normal_(0, sd, generator=generator)
