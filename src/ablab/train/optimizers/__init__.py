"""Update rules, found by name: `make_optimizer("sgd(momentum=0.9)", net, ...)`; a file of this folder adds one."""

from typing import Any

import torch
from torch import nn

from ablab import grammar
from ablab.errors import ModelError, RecipeError, did_you_mean
from ablab.find import Entry, find

Groups = list[dict[str, Any]]


def make_optimizer(text: str, net: nn.Module, *, lr: float, weight_decay: float) -> torch.optim.Optimizer:
    """The optimizer that `text` names, over all parameters of `net`; lr is set again at each step by the loop."""
    entry, options = check_optimizer(text)
    parts = groups(net, weight_decay)
    if not parts:
        raise ModelError(f"{type(net).__name__} has no weights to train")
    made: torch.optim.Optimizer = entry.load()(parts, lr, **entry.settings(options))
    return made


def groups(net: nn.Module, weight_decay: float) -> Groups:
    """Two groups: what is decayed, and what is not: biases, norms and other single numbers a channel.

    A norm's scale has no decay because the function of the network does not depend on how the pull is shared with
    the layer before it; it would only shift the learning rate.
    """
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    decayed = [parameter for parameter in trained if parameter.ndim > 1]
    free = [parameter for parameter in trained if parameter.ndim <= 1]
    made = [{"params": decayed, "weight_decay": weight_decay}, {"params": free, "weight_decay": 0.0}]
    return [group for group in made if group["params"]]


def check_optimizer(text: str) -> tuple[Entry, dict[str, Any]]:
    """The entry that `text` names and its options, or a RecipeError."""
    call = grammar.call(text)
    entry = find("train.optimizers", "optimizer", call.name, RecipeError)
    if call.args:
        raise RecipeError(f"optimizer = {text}: options are given by name, such as sgd(momentum=0.9)")
    for key, value in call.options.items():
        if key in ("lr", "weight_decay"):
            raise RecipeError(f"optimizer = {text}: {key} is a key of the recipe itself: write {key}={value}")
        if key not in entry.options:
            raise RecipeError(f'optimizer = {text}: no option is called "{key}": {did_you_mean(key, entry.options)}')
        wants_truth = isinstance(entry.options[key], bool)
        if isinstance(value, bool) != wants_truth or not isinstance(value, int | float):
            raise RecipeError(f"optimizer = {text}: {key} must be {'true or false' if wants_truth else 'a number'}")
    return entry, call.options
