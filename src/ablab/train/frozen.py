"""freeze: the parameters that a run trains, and those that stay as they start."""

from fnmatch import fnmatchcase

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from ablab.errors import Fault, RecipeError, did_you_mean
from ablab.train.start import head_of

HEAD = "head"


def freeze(net: nn.Module, train_only: str | None, classes: int) -> str:
    """Leave trainable only what `train_only` names, and say how much that is; empty where everything trains.

    It names `head`, layers or parameters, with * for any text, several of them joined by +: `head + layer4.*`.
    """
    if train_only is None:
        return ""
    parameters = dict(net.named_parameters())
    chosen: set[str] = set()
    for part in (one.strip() for one in train_only.split("+")):
        pattern = (head_of(net, classes) or part) if part == HEAD else part
        meant = {name for name in parameters if fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")}
        if not meant:
            layers = {name.rpartition(".")[0] for name in parameters} - {""}
            message = f'train_only = {train_only}: the network has no parameter called "{part}"'
            raise RecipeError([Fault("train_only", message, part, did_you_mean(part, {HEAD, *layers}))])
        chosen |= meant
    for name, parameter in parameters.items():
        parameter.requires_grad_(name in chosen)
    number, total = (sum(parameters[name].numel() for name in names) for names in (chosen, parameters))
    return f"train_only = {train_only}: trains {number:,} of {total:,} parameters; the others keep their initial values"


def keep_statistics(net: nn.Module) -> None:
    """Let norms whose parameters are frozen use the statistics that they have, also in training.

    Else a part of the network that is said to stay as it is would change with every batch.
    """
    for module in net.modules():
        own = list(module.parameters()) if isinstance(module, _NormBase) else []
        if own and not any(one.requires_grad for one in own):
            module.eval()
