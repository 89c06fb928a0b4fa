"""initialise: initial weights, every parameter from a stream of its own name, so that adding a layer moves no other."""

import contextlib
import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from ablab import keys

# Layers whose distribution is PyTorch's default: weights and biases uniform in +-1/sqrt(fan-in).
UNIFORM = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
NORMS = (_NormBase, nn.GroupNorm, nn.LayerNorm)


def initialise(net: nn.Module, seed: int) -> nn.Module:
    """Draw every initial weight anew, on the CPU and in fp32, keyed by (seed, name of the parameter)."""
    for path, module in net.named_modules():
        for name, parameter in module.named_parameters(prefix=path, recurse=False):
            _draw(module, name, parameter, seed)
        if isinstance(module, NORMS) or not callable(reset := getattr(module, "reset_parameters", None)):
            continue
        if not isinstance(module, UNIFORM):
            with borrowed_generator(keys.number(seed, f"init/{path}")):
                reset()
    return net


def _draw(module: nn.Module, name: str, parameter: nn.Parameter, seed: int) -> None:
    """Fill one parameter of a known layer; those of other layers are left to `reset_parameters`."""
    with torch.no_grad():
        if isinstance(module, NORMS):
            parameter.fill_(1.0 if name.endswith("weight") else 0.0)
        elif isinstance(module, UNIFORM):
            bound = 1 / math.sqrt(fan_in(module.weight))
            drawn = torch.empty(parameter.shape).uniform_(-bound, bound, generator=keys.stream(seed, f"init/{name}"))
            parameter.copy_(drawn)


def fan_in(weight: Tensor) -> int:
    """How many inputs one output of a convolution or linear layer adds up."""
    return math.prod(weight.shape[1:])


@contextlib.contextmanager
def borrowed_generator(start: int) -> Iterator[None]:
    """Lend torch's global generator out, started from a number of ours, and put it back as it was."""
    before = torch.random.get_rng_state()
    torch.default_generator.manual_seed(start)
    try:
        yield
    finally:
        torch.random.set_rng_state(before)
