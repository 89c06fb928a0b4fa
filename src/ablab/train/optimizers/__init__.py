"""Update rules, found by name: `make_optimizer("sgd(momentum=0.9)", net, ...)`; a file of this folder adds one."""

from typing import Any

import torch
from torch import nn

from ablab.errors import Fault, ModelError, RecipeError, did_you_mean
from ablab.operations import named

Groups = list[dict[str, Any]]


def make_optimizer(
    text: str, net: nn.Module, *, lr: float, weight_decay: float, decay: str = "weights", lr_scale: str = "none"
) -> torch.optim.Optimizer:
    """The optimizer that `text` names, over all parameters of `net`; lr is set again at each step by the loop."""
    (operation,) = named("optimizer", text)
    parts = groups(net, weight_decay, decay, lr_scale)
    if not parts:
        raise ModelError(f"{type(net).__name__} has no weights to train")
    made: torch.optim.Optimizer = operation.load()(parts, lr)
    return made


def kernels(parts: Groups) -> dict[str, bool]:
    """How torch's optimizers carry out a step: on a GPU in one kernel, elsewhere one operation at a time for all.

    On a CPU the one kernel takes weights and gradients to be laid out alike, which channels last does not hold to.
    """
    is_gpu = all(parameter.is_cuda for group in parts for parameter in group["params"])
    return {"fused": True} if is_gpu else {"foreach": True}


def groups(net: nn.Module, weight_decay: float, decay: str = "weights", lr_scale: str = "none") -> Groups:
    """Parameters that are treated alike, together: with what pull, and at what share of the learning rate (`scale`).

    With decay = "weights", biases, norms and other single numbers a channel are not pulled. The function of a network
    with norms does not depend on how long its weights are, so pulling a norm's scale would only shift the learning
    rate.
    """
    scales = _scales(net, lr_scale)
    made: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        if parameter.requires_grad:
            pull = weight_decay if decay == "all" or parameter.ndim > 1 else 0.0
            made.setdefault((pull, scales.get(name, 1.0)), []).append(parameter)
    order = sorted(made, key=lambda group: (group[1] != 1.0, group[1], -group[0]))
    return [{"params": made[group], "weight_decay": group[0], "scale": group[1]} for group in order]


def _scales(net: nn.Module, text: str) -> dict[str, float]:
    """The share of the learning rate of each parameter that has one of its own.

    `biases(2)` and `norms(0.1)` are for all of a kind, every other name is for a layer and what is below it.
    """
    norms = {
        f"{name}.{own}"
        for name, module in net.named_modules()
        if "Norm" in type(module).__name__
        for own, _ in module.named_parameters(recurse=False)
    }
    names = [name for name, _ in net.named_parameters()]
    found: dict[str, float] = {}
    for operation in named("lr_scale", text):
        part = operation.call.name
        if part == "biases":
            meant = [name for name in names if name.endswith("bias") and name not in norms]
        elif part == "norms":
            meant = [name for name in names if name in norms]
        else:
            meant = [name for name in names if name == part or name.startswith(part + ".")]
        if not meant:
            known = {"biases", "norms", *(name.partition(".")[0] for name in names)}
            message = f'lr_scale = {text}: the network has no "{part}"'
            raise RecipeError([Fault("lr_scale", message, part, did_you_mean(part, known))])
        found |= dict.fromkeys(meant, float(operation.arguments["factor"]))
    return found
