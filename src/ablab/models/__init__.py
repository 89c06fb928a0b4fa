"""Networks, found by name: `build("simple-nn", io, norm="batch")`; a file here with a marked function adds one."""

from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from ablab.catalogue import bind, find, is_own
from ablab.errors import ModelError
from ablab.grammar import Call


@dataclass(frozen=True)
class Io:
    """What goes into a network and how many classes come out."""

    channels: int
    height: int
    width: int
    classes: int

    @property
    def in_shape(self) -> tuple[int, int, int]:
        return self.channels, self.height, self.width


def build(name: str, io: Io, **options: Any) -> nn.Module:
    """The network called `name`, checked to run on pictures of this size; its initial weights are still to be drawn.

    `path/to/file.py:Name` and `package.module:Name` are networks of the user's own: any `nn.Module` whose constructor
    takes `classes` and, if it wants, `in_shape`. `timm:NAME` is a network of timm.
    """
    from ablab.models.shapes import check_runs
    from ablab.models.timm_module import build_timm, is_timm
    from ablab.models.user_module import build_own

    if is_timm(name):
        return build_timm(name, io, options)
    if is_own(name):
        return build_own(name, io, options)
    entry = find("models", "model", name, ModelError)
    _, faults = bind(Call(name, options=options), entry)
    if faults:
        raise ModelError(replace(fault, message=f'"{name}": {fault.message}') for fault in faults)
    net: nn.Module = entry.bound(options)(io)
    check_runs(net, io, name)
    return net
