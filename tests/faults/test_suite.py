"""A sample of every kind of fault: nothing is lost, crashes, hangs or goes wrong without a word."""

import shutil

import pytest

from fault_suite.__main__ import carried_out
from fault_suite.catalogue import faults
from fault_suite.nursery import Nursery

pytestmark = [
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(shutil.which("strace") is None, reason="the suite follows system calls with strace"),
]


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    with Nursery(tmp_path_factory.mktemp("nursery")) as nursery:
        yield nursery


@pytest.mark.parametrize(
    "fault", [pytest.param(one, marks=[pytest.mark.long] * one.is_long, id=one.name) for one in faults()]
)
def test_a_sample_of_every_fault_leaves_nothing_lost_and_every_control_is_caught(fault, nursery, tmp_path):
    row = carried_out(fault, fault.sample, nursery, tmp_path / "trials")
    assert row.is_good, row
