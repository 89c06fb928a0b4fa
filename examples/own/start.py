"""Initial weights of one's own: He's normal weights of which a share is zero (Martens 2010 starts so).

init = "examples/own/start.py:sparse(0.5)"
"""

import math
from typing import Annotated

import torch
from torch import Tensor

from ablab.catalogue import mark


@mark("init", "sparse")
def sparse(weight: Tensor, generator: torch.Generator, *, zeros: Annotated[float, "[0, 1)"] = 0.5) -> Tensor:
    """Fills an empty weight; `generator` belongs to its name and the seed, so layers do not depend on each other."""
    inputs = max(1, math.prod(weight.shape[1:]))
    weight.normal_(0, math.sqrt(2 / inputs / (1 - zeros)), generator=generator)
    return weight.masked_fill_(torch.rand(weight.shape, generator=generator) < zeros, 0.0)
