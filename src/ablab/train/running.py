"""The form of a network that a run calls: with compiled kernels where they are faster, over the same weights."""

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ablab.data.augment import Augment
from ablab.data.augment.cut import Cut, Cutter, Images, can_cut
from ablab.kernels import Crops, fuse, is_chained, of_bytes, prefers_fp32, takes_bytes
from ablab.recipe import Recipe
from ablab.train.device import Hardware
from ablab.train.pixels import Pixels
from ablab.train.resolution import resized


def suited(recipe: Recipe, net: nn.Module, hardware: Hardware) -> Hardware:
    """The hardware with the number format and the order of numbers in which kernels run this network fastest.

    Only what the recipe leaves open is chosen.
    """
    if not _has_kernels(recipe):
        return hardware
    if recipe.precision == "auto" and prefers_fp32(net, hardware.device):
        hardware = dataclasses.replace(hardware, precision="fp32")
    if recipe.channels_last == "auto" and not hardware.is_gpu and is_chained(net):
        hardware = dataclasses.replace(hardware, memory_format=torch.contiguous_format)
    return hardware


def running_form(recipe: Recipe, net: nn.Module, hardware: Hardware) -> nn.Module:
    """The network with kernels in it, or itself."""
    return fuse(net, hardware.device, hardware.precision) if _has_kernels(recipe) else net


def entrance(net: Callable[[Tensor], Tensor], pixels: Pixels) -> Callable[[Images], Tensor]:
    """The network as a function of bytes: they are normalized on the way, by its first kernel if that can do it."""

    def enter(images: Images) -> Tensor:
        if isinstance(net, nn.Module) and takes_bytes(net, tuple(images.shape)):
            return of_bytes(net, _crops(images), pixels.scale.flatten(), pixels.shift.flatten())
        return net(pixels(images.images() if isinstance(images, Cut) else images))

    return enter


def looks(augment: Augment, net: nn.Module, side: int | None) -> Callable[[Tensor], tuple[Images, Tensor]]:
    """Rows of the data as the network is given them: as cuts if its first kernel reads bytes, else as pixels.

    `side` is that of smaller pictures.
    """
    if side is not None:
        return lambda rows: _resized(*augment(rows), side)
    if takes_bytes(net, (1, *augment.examples.images.shape[1:])) and can_cut(augment):
        return Cutter(augment)
    return augment


def _resized(images: Tensor, targets: Tensor, side: int) -> tuple[Tensor, Tensor]:
    return resized(images, side), targets


def _crops(images: Images) -> Crops:
    if isinstance(images, Tensor):
        return Crops.whole(images)
    return Crops(images.data, images.rows, images.top, images.left, images.mirrored)


def _has_kernels(recipe: Recipe) -> bool:
    return recipe.kernels == "auto" and recipe.compile is not True
