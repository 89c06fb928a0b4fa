"""Policies: every image is changed by operations drawn for it from a list of fourteen."""

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from torch import Tensor

from ablab.catalogue import mark
from ablab.data.augment import colour, geometry
from ablab.data.augment.arguments import colours
from ablab.data.augment.draw import Draw

Change = Callable[[Tensor, Tensor, Tensor], Tensor]  # images, strength f32[B] in 0..1, side f32[B] of -1 and 1


@mark("augmentation", "trivialaugment")
def trivial_augment(images: Tensor, draw: Draw) -> Tensor:
    """TrivialAugmentWide (Müller & Hutter 2021): one operation an image, its strength one of 31 equally likely steps.

    Identity, autocontrast, equalize; shear in x and y up to 0.99; shift in x and y up to 32 pixels; turn up to 135
    degrees; brightness, colour, contrast, sharpness 1 ± 0.99; posterize to 8..2 bits; solarize from 256..0.
    Neighbouring pixels are not interpolated, as in the published code.
    """
    colours(images.shape[1])
    members = changes(shear=0.99, across=32, down=32, degrees=135, enhance=0.99, bits=6)
    strength = draw.whole("strength", 0, 30).float() / 30
    return _applied(images, members, draw, "operation", strength, "side")


@mark("augmentation", "randaugment")
def rand_augment(
    images: Tensor, draw: Draw, *, ops: Annotated[int, "[1, 14]"] = 2, magnitude: Annotated[float, "[0, 10]"] = 9.0
) -> Tensor:
    """RandAugment (Cubuk et al. 2020): `ops` operations an image, one after the other, all of one strength of 0..10.

    The paper's fourteen operations at AutoAugment's ranges: shear 0.3, shift 150/331 of the side, turn 30 degrees,
    brightness, colour, contrast and sharpness 1 ± 0.9, posterize to 8..4 bits, solarize from 256..0, identity,
    autocontrast, equalize. 10 is the end of every range, as in the paper: 9 of a library that counts to 30 is 3 here.
    """
    colours(images.shape[1])
    height, width = images.shape[2:]
    members = changes(shear=0.3, across=width * 150 / 331, down=height * 150 / 331, degrees=30, enhance=0.9, bits=4)
    strength = torch.full((len(images),), magnitude / 10, device=images.device)
    for turn in range(1, ops + 1):
        images = _applied(images, members, draw, f"operation {turn}", strength, f"side {turn}")
    return images


def changes(
    *, shear: float, across: float, down: float, degrees: float, enhance: float, bits: int
) -> Mapping[str, Change]:
    """The fourteen operations with the ends of their ranges."""
    return {
        "identity": lambda images, _, __: images,
        "shear x": lambda images, much, side: geometry.sheared(images, side * much * shear, torch.zeros_like(much)),
        "shear y": lambda images, much, side: geometry.sheared(images, torch.zeros_like(much), side * much * shear),
        "shift x": lambda images, much, side: geometry.shifted(images, side * much * across, torch.zeros_like(much)),
        "shift y": lambda images, much, side: geometry.shifted(images, torch.zeros_like(much), side * much * down),
        "turn": lambda images, much, side: geometry.turned(images, side * much * degrees, smooth=False),
        "brightness": lambda images, much, side: colour.brightened(images, 1 + side * much * enhance),
        "colour": lambda images, much, side: colour.saturated(images, 1 + side * much * enhance),
        "contrast": lambda images, much, side: colour.contrasted(images, 1 + side * much * enhance),
        "sharpness": lambda images, much, side: colour.sharpened(images, 1 + side * much * enhance),
        "posterize": lambda images, much, _: colour.posterized(images, 8 - (much * bits).round()),
        "solarize": lambda images, much, _: colour.solarized(images, (256 * (1 - much)).round()),
        "autocontrast": lambda images, _, __: colour.autocontrasted(images),
        "equalize": lambda images, _, __: colour.equalized(images),
    }


def _applied(
    images: Tensor, members: Mapping[str, Change], draw: Draw, choice: str, strength: Tensor, side: str
) -> Tensor:
    """Each image changed by its own operation; images with the same one are changed together."""
    chosen, sides = draw.whole(choice, 0, len(members) - 1), draw.side(side)
    changed = images.clone()
    for number, change in enumerate(members.values()):
        group = (chosen == number).nonzero().squeeze(1)
        if len(group):
            changed[group] = change(images[group], strength[group], sides[group])
    return changed
