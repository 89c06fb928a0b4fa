"""initialise: initial weights, every parameter from a stream of its own name, so that adding a layer moves no other."""

import contextlib
import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from ablab import keys

# Layers that PyTorch starts with weights and biases uniform in +-1/sqrt(fan-in) (kaiming_uniform_ with a = sqrt(5)).
UNIFORM = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
NORMS = (_NormBase, nn.GroupNorm, nn.LayerNorm)  # start as ones and zeros


def initialise(net: nn.Module, seed: int) -> nn.Module:
    """Draw every initial weight of a network of ours anew, in fp32 on the CPU; what it was before does not matter.

    A layer of another kind draws its own in its `reset_parameters`, from a generator that is keyed by its name.
    """
    for path, module in net.named_modules():
        reset = getattr(module, "reset_parameters", None)
        if isinstance(module, UNIFORM):
            draw(module, path, seed)
        elif callable(reset):
            with borrowed_generator(keys.number(seed, f"init/{path}")):
                reset()
        elif names := [name for name, _ in module.named_parameters(recurse=False)]:
            raise TypeError(f'"{path}" ({type(module).__name__}) has {names} but no reset_parameters to start them')
    return net


def initialise_own(net: nn.Module, seed: int) -> nn.Module:
    """Draw the initial weights of a user's own network anew, as far as they are PyTorch's defaults.

    What its constructor set itself (another distribution, zeros, weights from a file) stays.
    """
    for path, module in net.named_modules():
        if isinstance(module, UNIFORM):
            kept = {name for name, parameter in own_parameters(module) if not is_default(parameter, module)}
            draw(module, path, seed, kept)
    return net


def draw(module: nn.Module, path: str, seed: int, kept: frozenset[str] | set[str] = frozenset()) -> None:
    """Fill the weights and biases of a convolution or linear layer, except for those called `kept`."""
    for name, parameter in own_parameters(module):
        if name not in kept:
            limit = bound(module)
            generator = keys.stream(seed, f"init/{path}.{name}" if path else f"init/{name}")
            with torch.no_grad():
                parameter.copy_(torch.empty(parameter.shape).uniform_(-limit, limit, generator=generator))


def own_parameters(module: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Weights and biases of the layer itself."""
    return [(name, one) for name, one in module.named_parameters(recurse=False) if name in ("weight", "bias")]


def is_default(parameter: Tensor, module: nn.Module) -> bool:
    """Whether a fresh layer's parameter looks as PyTorch left it.

    It was written once, and its largest value lies just inside the bound: of n uniform draws, all stay below
    bound * 1e-9^(1/n) once in 10^9 times.
    """
    largest = float(parameter.detach().abs().max())
    limit = bound(module)
    return parameter._version <= 1 and limit * 1e-9 ** (1 / parameter.numel()) < largest <= limit


def bound(module: nn.Module) -> float:
    """1/sqrt(fan-in): how many inputs one output of the layer adds up."""
    weight = module.weight
    assert isinstance(weight, Tensor)
    return 1 / math.sqrt(max(1, math.prod(weight.shape[1:])))


@contextlib.contextmanager
def borrowed_generator(start: int, device: torch.device | None = None) -> Iterator[None]:
    """Torch's global generator, started from a number of ours, and put back as it was when the block ends.

    For code that knows no other, such as a constructor or the dropout of a user's own network.
    """
    with torch.random.fork_rng([device] if device is not None and device.type == "cuda" else []):
        torch.default_generator.manual_seed(start)
        if device is not None and device.type == "cuda":
            torch.cuda.default_generators[device.index or 0].manual_seed(start)
        yield
