"""Hostile files: pickles, arrays, weights, archives, bombs and study files that were made to harm.

Each is refused in words, or read as far as it is good. Nothing in it is run, and nothing is written outside its folder.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from fault_suite.fault import Fault, Trial
from fault_suite.hostile import Hostile
from fault_suite.hostile.forms import HOSTILE
from fault_suite.nursery import Nursery
from fault_suite.reader import mutations


def read(_nursery: Nursery, folder: Path, number: int, form: Hostile) -> Iterator[Trial]:
    yield from mutations(folder, form.name, min(number, len(form.names)), reader="fault_suite.hostile.reader")


FAULTS = tuple(
    Fault(form.name, 5, len(form.names), partial(read, form=form), is_long=not form.is_text) for form in HOSTILE
)
