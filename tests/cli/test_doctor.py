"""Advice for a machine follows from what was measured on it."""

import pytest
import torch

from ablab.cli.doctor import advice
from ablab.probe.peak import Ceiling
from ablab.train.device import Hardware

FACTS = {"cores": 1, "allocator keeps freed memory": True, "time to write a 1 MB checkpoint (s)": 0.001}


def told(precision, *, fp32, bf16, monkeypatch):
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 0.0, 0.0))
    hardware = Hardware(torch.device("cpu"), precision, 1)
    return list(advice(FACTS, hardware, [Ceiling("fp32", 1, 1, fp32), Ceiling("bf16", 1, 1, bf16)]))


@pytest.mark.parametrize(
    ("precision", "fp32", "bf16", "expected"),
    [
        (
            "bf16",
            80,
            40,
            "fp32 trains convolutions 2.0 times as fast here as bf16: set precision=fp32, or kernels=auto",
        ),
        ("fp32", 40, 120, "precision=bf16 trains convolutions 3.0 times as fast here"),
        ("bf16", 44, 40, None),
        ("bf16", 40, 120, None),
        ("fp32", 80, 40, None),
    ],
)
def test_another_precision_is_advised_only_where_it_is_clearly_faster(precision, fp32, bf16, expected, monkeypatch):
    assert told(precision, fp32=fp32, bf16=bf16, monkeypatch=monkeypatch) == ([expected] if expected else [])
