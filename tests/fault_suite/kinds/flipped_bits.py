"""Flipped bits in ablab's own files: everything that is shown of them is as it was, or an error names the file."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from fault_suite.fault import Fault, Trial
from fault_suite.nursery import Nursery
from fault_suite.own_files import OWN
from fault_suite.reader import mutations


def flips(_nursery: Nursery, folder: Path, number: int, name: str) -> Iterator[Trial]:
    yield from mutations(folder, name, number)


FAULTS = tuple(Fault(f"one bit flipped in {form.name}", 15, 1000, partial(flips, name=form.name)) for form in OWN)
