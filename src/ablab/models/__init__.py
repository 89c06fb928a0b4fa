"""Networks, found by name: `build("simple-nn", io, norm="batch")`; a file here with a marked function adds one."""

from dataclasses import dataclass
from typing import Any

from torch import nn

from ablab.catalogue import find, is_own
from ablab.errors import ModelError, did_you_mean


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
    takes `classes` and, if it wants, `in_shape`.
    """
    from ablab.models.shapes import check_runs
    from ablab.models.user_module import build_own

    if is_own(name):
        return build_own(name, io, options)
    entry = find("models", "model", name, ModelError)
    for key, value in options.items():
        if key not in entry.options:
            raise ModelError(f'"{name}" has no option "{key}": {did_you_mean(key, entry.options)}')
        _check_kind(name, key, value, entry.options[key])
    net: nn.Module = entry.load()(io, **entry.settings(options))
    check_runs(net, io, name)
    return net


def _check_kind(name: str, key: str, value: Any, default: Any) -> None:
    """An option is of its default's kind; a whole number will do where a number is wanted."""
    kind = type(default)
    fits = isinstance(value, kind) and isinstance(value, bool) == (kind is bool)
    if default is None or fits or (kind is float and isinstance(value, int) and not isinstance(value, bool)):
        return
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "a word", list: "a list"}
    raise ModelError(f'"{name}": {key} = {value!r} must be {words.get(kind, kind.__name__)}, such as {default!r}')
