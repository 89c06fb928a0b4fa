"""suspicions: what looks wrong with a network before it is trained, found with one batch and without changing it."""

import contextlib
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ablab.models.initial import borrowed_generator
from ablab.nouns import counted

# Units that give 0 for a whole batch are common in an untrained network without norms, where all images look alike
# to deep layers: up to 6 in 10. Nearly all of a layer is another matter: no gradient passes it.
DEAD = 0.95
ACTIVATIONS = (nn.ReLU, nn.ReLU6)  # whose gradient is 0 where their output is
SUMMED = 1e-3  # how close to 1 the outputs of an image sum behind a softmax, in any number format
SHOWN = 3  # names in one message


def suspicions(net: nn.Module, images: Tensor, labels: Tensor) -> tuple[str, ...]:
    """One sentence for each thing that a person should look at. Weights, statistics and generators stay as they are.

    `images` are as the network will see them, f32[B,C,H,W].
    """
    parameters = {name: one for name, one in net.named_parameters() if one.requires_grad}
    buffers = {name: one.clone() for name, one in net.named_buffers()}  # running statistics move in training
    was_training = net.training
    net.train()
    try:
        with _watched(net) as calls, borrowed_generator(0, images.device), torch.enable_grad():
            out = torch.func.functional_call(net, buffers, images)
            loss = F.cross_entropy(out.float(), labels)
            gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    finally:
        net.train(was_training)
    unused = [name for name, one in zip(parameters, gradients, strict=True) if one is None]
    return tuple(filter(None, (_summed(out), _unused(unused), _biases(calls), *_skipped(calls), *_dead(calls))))


class _Call:
    """One layer as it was called: what went in and what came out."""

    def __init__(self, name: str, module: nn.Module, taken: Tensor, given: Tensor) -> None:
        self.name, self.module, self.taken, self.given = name, module, taken, given


@contextlib.contextmanager
def _watched(net: nn.Module) -> Iterator[list[_Call]]:
    """Every call of a layer without layers of its own while this is open, in order."""
    calls: list[_Call] = []
    hooks = []
    for name, module in net.named_modules():
        if not any(module.children()):

            def remember(module: nn.Module, taken: Any, given: Any, name: str = name) -> None:
                if taken and isinstance(taken[0], Tensor) and isinstance(given, Tensor):
                    calls.append(_Call(name, module, taken[0], given))

            hooks.append(module.register_forward_hook(remember))
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def _summed(out: Tensor) -> str:
    """A softmax at the end."""
    numbers = out.detach().float()
    if numbers.shape[1] < 2 or bool((numbers < 0).any()) or bool(((numbers.sum(1) - 1).abs() > SUMMED).any()):
        return ""
    classes = numbers.shape[1]
    least = math.log(math.e + classes - 1) - 1
    return (
        "the outputs for each image already sum to 1: the network ends in a softmax, and the cross-entropy "
        f"applies another one, so the loss cannot fall below {least:.4f} and gradients are small. Remove the softmax"
    )


def _unused(names: list[str]) -> str:
    return f"no gradient reaches {_listed(names)}: the output does not depend on it" if names else ""


def _biases(calls: list[_Call]) -> str:
    """Biases that the mean of a norm takes away again."""
    given = {id(call.given): call for call in calls}
    found: dict[str, nn.Parameter] = {}
    for call in calls:
        before = given.get(id(call.taken))
        bias = getattr(before.module, "bias", None) if before else None
        if before and isinstance(call.module, _BatchNorm) and isinstance(bias, nn.Parameter):
            found[before.name] = bias
    if not found:
        return ""
    count = sum(bias.numel() for bias in found.values())
    biases, change = ("bias", "changes") if count == 1 else ("biases", "change")
    return (
        f"the {biases} of {_listed(list(found))} {change} nothing, because the batch norm that follows "
        f"subtracts the mean: {counted(count, 'redundant parameter')}"
    )


def _skipped(calls: list[_Call]) -> Iterator[str]:
    """Layers whose stride is longer than they reach, where no other layer reads what they pass over."""
    readers = Counter(id(call.taken) for call in calls if _reach(call.module) and not _passes_over(call.module))
    for call in calls:
        if _passes_over(call.module) and not readers[id(call.taken)]:
            reach, stride = _reach(call.module)[0]
            yield (
                f'"{call.name}" reads {reach} and moves on by {stride}: pixels between are never read; '
                f"a kernel of at least {stride} or a stride of {reach} would read them all"
            )


def _reach(module: nn.Module) -> list[tuple[int, int]]:
    """Pixels from the first to the last that one output reads, and the stride, along each side."""
    if not isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
        return []
    kernel, stride = _both(module.kernel_size), _both(module.stride)
    return sorted(zip(kernel, stride, strict=True), key=lambda side: side[0] - side[1])


def _passes_over(module: nn.Module) -> bool:
    return any(kernel < stride for kernel, stride in _reach(module))


def _dead(calls: list[_Call]) -> Iterator[str]:
    """Layers that give 0 whatever the image is."""
    for call in calls:
        if isinstance(call.module, ACTIVATIONS):
            out = call.given.detach()  # [B,C,H,W] or [B,K]
            units = out.flatten(2).amax((0, 2)) if out.ndim > 2 else out.amax(0)
            dead = int((units == 0).sum())
            if dead >= DEAD * len(units):
                yield (
                    f'{dead} of the {len(units)} units of "{call.name}" give 0 for all of {len(out)} images: '
                    "no gradient passes them, so what lies before them cannot learn"
                )


def _both(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else tuple(size)


def _listed(names: list[str]) -> str:
    quoted = [f'"{name}"' for name in names[:SHOWN]]
    return ", ".join(quoted) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
