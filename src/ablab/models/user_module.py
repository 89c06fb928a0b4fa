"""A user's own network: `path/to/file.py:Name` or `package.module:Name`, built and checked like one of the zoo."""

import inspect
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ablab.errors import ModelError, Terminated, did_you_mean
from ablab.models.shapes import BATCH, check_out, failing_layer_named
from ablab.own_code import BROKEN, attribute_of, own_module, told

if TYPE_CHECKING:
    from ablab.models import Io


def build_own(name: str, io: "Io", options: dict[str, Any]) -> nn.Module:
    """The network that `name` points to, made with `classes`, `options`, and `in_shape` if its constructor takes it."""
    attribute = attribute_of(name)
    make = _attribute(own_module(name, ModelError), attribute, name)
    given = _arguments(make, name, io, options)
    try:
        net = make(**given)
    except (ModelError, Terminated):
        raise
    except BROKEN as error:
        raise ModelError(f'"{name}" could not be made: {told(error)}') from error
    if not isinstance(net, nn.Module):
        raise ModelError(f'"{name}" returned an object of type {type(net).__name__}; it must return a torch.nn.Module')
    check_made(net, io, name)
    return net


def check_made(net: nn.Module, io: "Io", name: str) -> None:
    """One forward pass of blank images. Not on the meta device: a user's code may look at numbers."""
    was_training = net.training
    net.eval()  # so that no running statistics move
    images = torch.zeros(BATCH, *io.in_shape)
    with torch.no_grad(), failing_layer_named(net, io.in_shape, name):
        out = net(images)
    net.train(was_training)
    if not isinstance(out, torch.Tensor):
        raise ModelError(
            f'"{name}" returns an object of type {type(out).__name__}; it must return a tensor with one number for '
            "each class"
        )
    check_out(tuple(out.shape[1:]), io, name)


def _arguments(make: Any, name: str, io: "Io", options: dict[str, Any]) -> dict[str, Any]:
    """What the constructor is called with, or a ModelError that says which name it does not know or misses."""
    taken = inspect.signature(make).parameters
    has_none = getattr(make, "__init__", None) is nn.Module.__init__  # its signature takes anything, it does not
    anything = not has_none and any(one.kind is one.VAR_KEYWORD for one in taken.values())
    fixed = {"classes": io.classes, "in_shape": io.in_shape}
    own = {key for key, one in taken.items() if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)}
    if "classes" not in own and not anything:
        raise ModelError(f'"{name}" does not take "classes": give its constructor a parameter of that name')
    for key in options:
        if key in fixed:
            raise ModelError(f'"{name}": "{key}" comes from the data and cannot be set')
        if key not in own and not anything:
            raise ModelError(f'"{name}" has no option "{key}": {did_you_mean(key, own - set(fixed))}')
    given = {**options, **{key: value for key, value in fixed.items() if key in own}, "classes": io.classes}
    for key in own - set(given):
        if taken[key].default is taken[key].empty:
            raise ModelError(f'"{name}" needs a value for "{key}": add {key}=... to the recipe')
    return given


def _attribute(module: ModuleType, attribute: str, name: str) -> Any:
    found = getattr(module, attribute, None)
    if not callable(found):
        names = [key for key, value in vars(module).items() if isinstance(value, type) and issubclass(value, nn.Module)]
        raise ModelError(f'"{name}": it has no "{attribute}": {did_you_mean(attribute, names)}')
    return found
