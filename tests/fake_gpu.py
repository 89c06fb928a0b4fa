"""A card that is none: shapes and devices of every operation, no numbers; and a count of what crosses its border."""

from collections import Counter

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

CARD = torch.device("meta")
READS = ("_local_scalar_dense", "nonzero", "is_nonzero", "equal")  # operations that wait for the card


class Border(TorchDispatchMode):
    """Counts tensors that are copied to or from the card, and operations whose numbers somebody waits for."""

    def __init__(self):
        super().__init__()
        self.counts = Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        name = function.overloadpacket.__name__
        if name in READS:
            self.counts["waits"] += 1
        before = {one.device.type for one in tree_leaves((args, kwargs)) if isinstance(one, torch.Tensor)}
        after = {one.device.type for one in tree_leaves(result) if isinstance(one, torch.Tensor)}
        if name in ("_to_copy", "copy_") and len(before | after) > 1:
            self.counts["sent"] += 1
        return result


def card():
    """While it is open, tensors have no numbers, and operations that mix the card with the CPU fail."""
    return FakeTensorMode(allow_non_fake_inputs=True)
