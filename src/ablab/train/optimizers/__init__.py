"""Update rules, found by name: `make_optimizer("sgd(momentum=0.9)", net, ...)`; a file of this folder adds one."""

from typing import Any

import torch
from torch import nn

from ablab import grammar
from ablab.catalogue import Entry
from ablab.errors import ModelError, RecipeError, did_you_mean
from ablab.train.named import named

Groups = list[dict[str, Any]]


def make_optimizer(
    text: str, net: nn.Module, *, lr: float, weight_decay: float, decay: str = "weights", lr_scale: str = "none"
) -> torch.optim.Optimizer:
    """The optimizer that `text` names, over all parameters of `net`; lr is set again at each step by the loop."""
    entry, options = check_optimizer(text)
    parts = groups(net, weight_decay, decay, lr_scale)
    if not parts:
        raise ModelError(f"{type(net).__name__} has no weights to train")
    made: torch.optim.Optimizer = entry.load()(parts, lr, **entry.settings(options))
    return made


def check_optimizer(text: str) -> tuple[Entry, dict[str, Any]]:
    """The entry that `text` names and its options, or a RecipeError."""
    return named("train.optimizers", "optimizer", text)


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
    for call in grammar.calls(text):
        scale = call.args[0] if len(call.args) == 1 and not call.options else None
        if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 <= scale <= 1e6:
            raise RecipeError(f"lr_scale = {text}: a factor from 0 is wanted, such as {call.name}(0.1)")
        if call.name == "biases":
            meant = [name for name in names if name.endswith("bias") and name not in norms]
        elif call.name == "norms":
            meant = [name for name in names if name in norms]
        else:
            meant = [name for name in names if name == call.name or name.startswith(call.name + ".")]
        if not meant:
            known = {"biases", "norms", *(name.partition(".")[0] for name in names)}
            raise RecipeError(f'lr_scale = {text}: the network has no "{call.name}": {did_you_mean(call.name, known)}')
        found |= dict.fromkeys(meant, float(scale))
    return found
