"""Whether a network runs on pictures of a given size, found out without computing: what fails, and at which shape."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ablab.errors import AblabError, ModelError, Terminated
from ablab.own_code import BROKEN, told

if TYPE_CHECKING:
    from ablab.models import Io

BATCH = 2  # two images: a batch norm in training has no variance over one


def shape_after(net: nn.Module, in_shape: tuple[int, int, int], name: str) -> tuple[int, ...]:
    """The shape that one image has behind `net`, or a ModelError with the layer that cannot take it.

    Runs on the meta device: shapes without numbers. Weights and buffers stay as they are.
    """
    tensors = [*net.named_parameters(), *net.named_buffers()]
    meta = {key: torch.empty_like(tensor, device="meta") for key, tensor in tensors}
    images = torch.empty(BATCH, *in_shape, device="meta")
    with torch.no_grad(), failing_layer_named(net, in_shape, name):
        out: Tensor = torch.func.functional_call(net, meta, images)
    return tuple(out.shape[1:])


def check_runs(net: nn.Module, io: "Io", name: str) -> None:
    """Raise a ModelError if the network cannot take such pictures or does not give one number a class."""
    check_out(shape_after(net, io.in_shape, name), io, name)


def check_out(shape: tuple[int, ...], io: "Io", name: str) -> None:
    """Raise a ModelError if what comes out of a network is not one number a class."""
    if shape != (io.classes,):
        raise ModelError(
            f'"{name}" gives {_show(shape)} numbers for an image; it must give {io.classes}, one for each class'
        )


@contextlib.contextmanager
def failing_layer_named(net: nn.Module, in_shape: tuple[int, int, int], name: str) -> Iterator[None]:
    """Turn an error inside `net`, torch's or its author's, into a ModelError with the layer and the shape it got."""
    reached: list[tuple[str, nn.Module, tuple[int, ...]]] = []
    hooks = []
    for path, module in net.named_modules():
        if not any(module.children()):

            def remember(module: nn.Module, inputs: tuple[object, ...], path: str = path) -> None:
                shape = inputs[0].shape if inputs and isinstance(inputs[0], Tensor) else ()
                reached.append((path, module, tuple(shape[1:])))

            hooks.append(module.register_forward_pre_hook(remember))
    try:
        yield
    except (AblabError, Terminated):
        raise
    except BROKEN as error:
        torchs = isinstance(error, (RuntimeError, ValueError, TypeError, IndexError))
        why = str(error).strip().split("\n")[0] if torchs else told(error)
        if not reached:
            raise ModelError(f'"{name}" cannot take images of {_show(in_shape)}: {why}') from error
        path, module, shape = reached[-1]
        raise ModelError(
            f'"{name}" cannot take images of {_show(in_shape)}: layer "{path}" ({type(module).__name__}) receives '
            f"{_show(shape)} and fails: {why}"
        ) from error
    finally:
        for hook in hooks:
            hook.remove()


def _show(shape: tuple[int, ...]) -> str:
    return "x".join(str(n) for n in shape) or "single"
