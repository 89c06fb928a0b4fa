"""What became of the weights: how many are next to nothing, and how they spread."""

import torch
from torch import nn

from ablab.records import NEAR_ZERO, SPREAD, Weights

BINS = 51


def weight_facts(net: nn.Module) -> Weights | None:
    """The facts of all weights with two dimensions or more (linear, convolution); None where there are none."""
    found = [tensor.detach().float().flatten().cpu() for tensor in net.parameters() if tensor.dim() > 1]
    if not found:
        return None
    every = torch.cat(found)
    counts = every.clamp(-SPREAD, SPREAD).histc(BINS, -SPREAD, SPREAD)
    return Weights(
        number=len(every),
        near_zero=float((every.abs() < NEAR_ZERO).double().mean()),
        rms=float(every.double().square().mean().sqrt()),
        counts=tuple(int(count) for count in counts),
    )
