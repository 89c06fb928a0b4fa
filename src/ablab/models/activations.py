"""Activations, found by name: a marked function adds one, and every network takes it."""

import torch
from torch import Tensor, nn

from ablab.catalogue import catalogue, mark, read_operations
from ablab.errors import ModelError


def activation(text: str) -> nn.Module:
    """The activation that `text` names, with its number if it has one: relu, leaky_relu(0.2), swish(beta=1.5)."""
    named, faults = read_operations("activation", text, catalogue("models", "activation"))
    if faults:
        raise ModelError(faults)
    made: nn.Module = named[0].load()()
    return made


@mark("activation", "relu")
def relu() -> nn.Module:
    """max(0, x)."""
    return nn.ReLU()


@mark("activation", "leaky_relu")
def leaky_relu(*, slope: float = 0.01) -> nn.Module:
    """x, or slope * x below 0 (Maas et al. 2013)."""
    return nn.LeakyReLU(slope)


@mark("activation", "elu")
def elu(*, alpha: float = 1.0) -> nn.Module:
    """x, or alpha * (exp(x) - 1) below 0 (Clevert et al. 2015)."""
    return nn.ELU(alpha)


@mark("activation", "silu")
def silu() -> nn.Module:
    """x * sigmoid(x)."""
    return nn.SiLU()


@mark("activation", "swish")
def swish(*, beta: float = 1.0) -> nn.Module:
    """x * sigmoid(beta * x) (Ramachandran et al. 2017)."""
    return Swish(beta)


@mark("activation", "gelu")
def gelu() -> nn.Module:
    """x times the normal distribution below x (Hendrycks & Gimpel 2016)."""
    return nn.GELU()


@mark("activation", "mish")
def mish() -> nn.Module:
    """x * tanh(softplus(x)) (Misra 2019)."""
    return nn.Mish()


@mark("activation", "tanh")
def tanh() -> nn.Module:
    """The hyperbolic tangent."""
    return nn.Tanh()


@mark("activation", "sigmoid")
def sigmoid() -> nn.Module:
    """1 / (1 + exp(-x))."""
    return nn.Sigmoid()


class Swish(nn.Module):
    """x * sigmoid(beta * x), with a beta that stays as it is (Ramachandran et al. 2017); beta = 1 is SiLU."""

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.beta * x)

    def extra_repr(self) -> str:
        return f"beta={self.beta}"
