"""initialise: initial weights, every parameter from a stream of its own name, so that adding a layer moves no other."""

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from ablab import randomness
from ablab.catalogue import mark
from ablab.errors import ModelError
from ablab.operations import named

# Layers that PyTorch starts with weights and biases uniform in +-1/sqrt(fan-in) (kaiming_uniform_ with a = sqrt(5)).
UNIFORM = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
NORMS = (_NormBase, nn.GroupNorm, nn.LayerNorm)  # start as ones and zeros


Scheme = Callable[[Tensor, torch.Generator], Tensor]  # (an empty weight, its generator) -> the weight


@mark("init", "torch")
def torch_default(weight: Tensor, generator: torch.Generator) -> Tensor:
    """PyTorch's own: uniform within 1/sqrt(fan-in); the biases as well, which start at 0 otherwise."""
    limit = 1 / math.sqrt(fan_in(weight))
    return weight.uniform_(-limit, limit, generator=generator)


@mark("init", "he")
def he(weight: Tensor, generator: torch.Generator) -> Tensor:
    """Normal, for ReLU (He et al. 2015)."""
    return weight.normal_(0, math.sqrt(2 / fan_in(weight)), generator=generator)


@mark("init", "lecun")
def lecun(weight: Tensor, generator: torch.Generator) -> Tensor:
    """Normal, the variance of the inputs kept (LeCun et al. 1998)."""
    return weight.normal_(0, math.sqrt(1 / fan_in(weight)), generator=generator)


@mark("init", "glorot")
def glorot(weight: Tensor, generator: torch.Generator) -> Tensor:
    """Uniform, for tanh (Glorot & Bengio 2010)."""
    fan_out = weight.shape[0] * math.prod(weight.shape[2:])
    limit = math.sqrt(6 / (fan_in(weight) + fan_out))
    return weight.uniform_(-limit, limit, generator=generator)


@mark("init", "dirac")
def dirac(weight: Tensor, generator: torch.Generator) -> Tensor:
    """The first filters of a convolution pass their input on, the others start as PyTorch's (Jordan 2024).

    As many do as there are input channels. Linear layers start as PyTorch's, and all biases at 0.
    """
    torch_default(weight, generator)
    if weight.ndim > 2:
        passed = min(weight.shape[:2])
        nn.init.dirac_(weight[:passed])
    return weight


@mark("init", "orthogonal")
def orthogonal(weight: Tensor, generator: torch.Generator) -> Tensor:
    """Orthogonal, with a gain for ReLU (Saxe et al. 2014)."""
    return nn.init.orthogonal_(weight, math.sqrt(2), generator=generator)


@mark("init", "normal")
def normal(weight: Tensor, generator: torch.Generator, *, sd: Annotated[float, "(0, inf)"]) -> Tensor:
    """Normal with one standard deviation for all layers."""
    return weight.normal_(0, sd, generator=generator)


def scheme(init: str) -> Scheme | None:
    """The scheme that `init` names: `he`, `glorot`, `normal(0.01)`; None for PyTorch's own, biases included."""
    (operation,) = named("init", init, ModelError)
    return None if operation.call.name == "torch" else operation.load()


def initialise(net: nn.Module, seed: int, init: str = "torch") -> nn.Module:
    """Draw every initial weight of a network of ours anew, in fp32 on the CPU; what it was before does not matter.

    A layer of another kind draws its own in its `reset_parameters`, from a generator that is keyed by its name.
    """
    chosen = scheme(init)
    for path, module in net.named_modules():
        reset = getattr(module, "reset_parameters", None)
        if isinstance(module, UNIFORM):
            draw(module, path, seed, chosen)
        elif callable(reset):
            with borrowed_generator(randomness.number(seed, f"init/{path}")):
                reset()
        elif names := [name for name, _ in module.named_parameters(recurse=False)]:
            raise TypeError(
                f'"{path}" ({type(module).__name__}) has {names} but no reset_parameters to initialize them'
            )
    return net


def initialise_own(net: nn.Module, seed: int, init: str = "torch") -> nn.Module:
    """Draw the initial weights of a user's own network anew, as far as they are PyTorch's defaults.

    What its constructor set itself (another distribution, zeros, weights from a file) stays.
    """
    chosen = scheme(init)
    for path, module in net.named_modules():
        if isinstance(module, UNIFORM):
            kept = {name for name, parameter in own_parameters(module) if not is_default(parameter, module)}
            draw(module, path, seed, chosen, kept)
    return net


def draw(
    module: nn.Module, path: str, seed: int, chosen: Scheme | None, kept: frozenset[str] | set[str] = frozenset()
) -> None:
    """Fill the weights and biases of a convolution or linear layer, except for those called `kept`."""
    for name, parameter in own_parameters(module):
        if name not in kept:
            generator = randomness.stream(seed, f"init/{path}.{name}" if path else f"init/{name}")
            empty = torch.empty(parameter.shape)
            with torch.no_grad():
                if name == "weight":
                    parameter.copy_((chosen or torch_default)(empty, generator))
                elif chosen:
                    parameter.zero_()
                else:
                    limit = bound(module)
                    parameter.copy_(empty.uniform_(-limit, limit, generator=generator))


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
    """1/sqrt(fan-in), where PyTorch's own distribution ends."""
    weight = module.weight
    assert isinstance(weight, Tensor)
    return 1 / math.sqrt(fan_in(weight))


def fan_in(weight: Tensor) -> int:
    """How many inputs one output of the layer adds up."""
    return max(1, math.prod(weight.shape[1:]))


@contextlib.contextmanager
def borrowed_generator(start: int, device: torch.device | None = None) -> Iterator[None]:
    """Torch's global generator, started from a number of ours, and put back as it was when the block ends.

    For code that knows no other, such as a constructor or the dropout of a user's own network.
    """
    is_gpu = device is not None and device.type == "cuda"
    with torch.random.fork_rng([device] if is_gpu else []):
        torch.default_generator.manual_seed(start)
        if is_gpu:
            gpu_generator(device).manual_seed(start)  # type: ignore[arg-type]
        yield


def gpu_generator(device: torch.device) -> torch.Generator:
    """Torch's global generator of a GPU; a device without a number is the current one, which need not be the first."""
    index = torch.cuda.current_device() if device.index is None else device.index
    return torch.cuda.default_generators[index]
