"""The arithmetic of every network of the zoo against its tensors and torch's counter; the folder is the list."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from ablab.arithmetic import inspect
from ablab.catalogue import catalogue
from ablab.models import Io
from networks import EXAMPLES, outline

NAMES = sorted(catalogue("models", "model"))
SIBLINGS = [pytest.param(name, marks=pytest.mark.long) for name in NAMES if name not in EXAMPLES]


@pytest.mark.slow
@pytest.mark.parametrize("name", [*EXAMPLES, *SIBLINGS])
def test_the_arithmetic_of_a_network_agrees_with_its_tensors_and_torchs_counter(name: str) -> None:
    io = Io(3, 227, 227, 1000) if name.endswith("-original") else Io(3, 32, 32, 10)
    net = outline(name, io)
    table = inspect(net, io.in_shape, batch=2)
    assert table.parameters == sum(one.numel() for one in net.parameters())
    assert table.buffers == sum(one.numel() for one in net.buffers())
    assert table.is_complete
    unexplained = {row.path for row in table.rows if row.parameters.value and row.note}
    assert unexplained <= {"places"}  # a transformer's token and places: in no layer of torch's
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        out = net.eval()(torch.empty(1, *io.in_shape, device="meta"))
    assert 2 * table.macs == counter.get_total_flops()
    assert table.rows[-1].out_shape == tuple(out.shape[1:])
    last = [row.receptive_field for row in table.rows if row.kind == "linear"][-1]
    assert last is not None
