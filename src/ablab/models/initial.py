"""initialise: initial weights, every parameter from a stream of its own name, so that adding a layer moves no other."""

import contextlib
import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from ablab import grammar, randomness
from ablab.errors import ModelError, did_you_mean

# Layers that PyTorch starts with weights and biases uniform in +-1/sqrt(fan-in) (kaiming_uniform_ with a = sqrt(5)).
UNIFORM = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
NORMS = (_NormBase, nn.GroupNorm, nn.LayerNorm)  # start as ones and zeros


Scheme = Callable[[Tensor, torch.Generator], Tensor]  # (an empty weight, its generator) -> the weight


def _he(weight: Tensor, generator: torch.Generator) -> Tensor:
    return weight.normal_(0, math.sqrt(2 / fan_in(weight)), generator=generator)


def _lecun(weight: Tensor, generator: torch.Generator) -> Tensor:
    return weight.normal_(0, math.sqrt(1 / fan_in(weight)), generator=generator)


def _glorot(weight: Tensor, generator: torch.Generator) -> Tensor:
    fan_out = weight.shape[0] * math.prod(weight.shape[2:])
    limit = math.sqrt(6 / (fan_in(weight) + fan_out))
    return weight.uniform_(-limit, limit, generator=generator)


def _orthogonal(weight: Tensor, generator: torch.Generator) -> Tensor:
    return nn.init.orthogonal_(weight, math.sqrt(2), generator=generator)


# Weights as each is known for; biases start at 0. "torch" leaves weights and biases to PyTorch's own distribution.
SCHEMES: dict[str, Scheme | None] = {
    "torch": None,
    "he": _he,  # normal, for ReLU (He et al. 2015)
    "glorot": _glorot,  # uniform, for tanh (Glorot & Bengio 2010)
    "lecun": _lecun,  # normal, the variance of the inputs kept (LeCun et al. 1998)
    "orthogonal": _orthogonal,  # with a gain for ReLU (Saxe et al. 2014)
}


def scheme(init: str) -> Scheme | None:
    """The scheme that `init` names: `he`, `glorot`, `normal(0.01)`; None for PyTorch's own."""
    call = grammar.call(init)
    if call.name == "normal":
        sd = call.args[0] if len(call.args) == 1 and not call.options else None
        if not isinstance(sd, int | float) or isinstance(sd, bool) or not 0 < sd < math.inf:
            raise ModelError(f"init = {init}: the standard deviation is wanted in brackets, such as normal(0.01)")
        return lambda weight, generator: weight.normal_(0, sd, generator=generator)
    if call.name not in SCHEMES:
        raise ModelError(f'no init is called "{call.name}": {did_you_mean(call.name, [*SCHEMES, "normal"])}')
    if call.args or call.options:
        raise ModelError(f"init = {init}: {call.name} takes nothing in brackets")
    return SCHEMES[call.name]


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
            raise TypeError(f'"{path}" ({type(module).__name__}) has {names} but no reset_parameters to start them')
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
                if chosen is None:
                    limit = bound(module)
                    parameter.copy_(empty.uniform_(-limit, limit, generator=generator))
                else:
                    parameter.copy_(chosen(empty, generator) if name == "weight" else empty.zero_())


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
    with torch.random.fork_rng([device] if device is not None and device.type == "cuda" else []):
        torch.default_generator.manual_seed(start)
        if device is not None and device.type == "cuda":
            torch.cuda.default_generators[device.index or 0].manual_seed(start)
        yield
