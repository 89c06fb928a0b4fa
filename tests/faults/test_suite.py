"""A sample of every kind of fault that is soon tried: nothing is lost, crashes, hangs or goes wrong without a word."""

import json
import shutil
from pathlib import Path

import pytest

from fault_suite.__main__ import carried_out, table
from fault_suite.catalogue import faults
from fault_suite.nursery import Nursery

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(900),
    pytest.mark.skipif(shutil.which("strace") is None, reason="the suite follows system calls with strace"),
]


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    with Nursery(tmp_path_factory.mktemp("nursery")) as nursery:
        yield nursery


@pytest.mark.long
@pytest.mark.parametrize("fault", [pytest.param(one, id=one.name) for one in faults() if not one.is_long])
def test_a_sample_of_a_fault_leaves_nothing_lost_and_every_control_is_caught(fault, nursery, tmp_path):
    row = carried_out(fault, fault.sample, nursery, tmp_path / "trials")
    assert row.is_good, row


def test_the_page_has_the_figures_that_were_kept():
    record = json.loads((ROOT / "tests/fault_suite/figures.json").read_text(encoding="utf-8"))
    assert table(record) in (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
