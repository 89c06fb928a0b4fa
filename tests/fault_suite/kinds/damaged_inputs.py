"""Damaged inputs: mutations of every form of file that ablab reads. Each is read as it was, or refused in words.

Nothing may end the reader, take over ten seconds or over 512 MB, or come out changed where there is a digest.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from fault_suite.fault import Fault, Trial
from fault_suite.forms import FORMS, Form
from fault_suite.nursery import Nursery
from fault_suite.reader import mutations


def damaged(_nursery: Nursery, folder: Path, number: int, name: str) -> Iterator[Trial]:
    yield from mutations(folder, name, number)


def row(form: Form) -> Fault:
    full = 100_000 if "cifar" in form.name else 1000
    return Fault(f"mutations of {form.name}", 20, full, partial(damaged, name=form.name), is_long=not form.is_text)


FAULTS = tuple(map(row, FORMS))
