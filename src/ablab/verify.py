"""A report that was handed in, checked: the runs that it embeds are read, trained again, and compared."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter, ValidationError

from ablab import wire
from ablab.errors import InputError, printable, unopened
from ablab.metric import ACCURACY, metric_of
from ablab.operations import own_code
from ablab.recipe import Recipe
from ablab.records import Machine, Observer, Run, RunSpec

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset

Word = Literal["same", "same within tolerance", "different"]
ELEMENT = "ablab-runs"  # the id of the element in which a report carries its runs
LONGEST = 64 << 20  # bytes of a page; a report has at most 3 MB
# Not html.parser: it goes through the rest of a page anew for every tag that is never closed.
_MARK = re.compile(r"<!--.*?(?:-->|\Z)|<script\b([^<>]{0,1000})>", re.IGNORECASE | re.DOTALL)
_ATTRIBUTE = re.compile(r"""([\w-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")
_END = re.compile(r"</script", re.IGNORECASE)
SPREADS = 3.0  # of these a gap may have: chance alone goes further in 1 of 370 checks


@dataclass(frozen=True)
class ReportedRun:
    """A run as a page says that it went."""

    spec: RunSpec
    accuracy: float | None  # share of the test images; None if it did not finish
    predictions_sha256: str
    machine: Machine

    @property
    def own_code(self) -> tuple[str, ...]:
        """What training it executes of its author's Python files."""
        return own_code(self.spec.recipe.changes())


@dataclass(frozen=True)
class HandedIn:
    """What a page says: the text of its study, and its runs."""

    study: str
    runs: tuple[ReportedRun, ...]


@dataclass(frozen=True)
class Check:
    """A reported run beside the one that was trained for it here."""

    reported: ReportedRun
    run: Run
    word: Word
    why: str


@dataclass(frozen=True)
class _Row:
    id: str
    seed: int
    recipe: dict[str, Any]
    fingerprint: str
    accuracy: float | None
    predictions_sha256: str
    machine: Machine


@dataclass(frozen=True)
class _Page:
    study: str
    runs: tuple[_Row, ...]


_PAGE = TypeAdapter(_Page)


def handed(path: Path, shown: str, what: str, most: int) -> bytes:
    """A file that somebody handed in, unless it is longer than such files are."""
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise InputError(unopened(shown, error)) from None
    if len(content) > most:
        raise InputError(f"{shown}: {what} has at most {most >> 20} MB")
    return content


def read(path: Path) -> HandedIn:
    """The runs in a report. Nothing in the page is executed; whatever is not as a report has it is an error."""
    content = handed(path, str(path), "a report", LONGEST)
    try:
        return _handed_in(content.decode())
    except (ValueError, RecursionError, AssertionError, InputError) as error:  # pydantic's and json's are ValueErrors
        raise InputError(f"{path}: {printable(_said(error))}") from None


def _handed_in(text: str) -> HandedIn:
    found = list(_embedded(text))
    if len(found) != 1:
        raise ValueError(
            "this page contains no runs, so it is not a report, or an older ablab wrote it: write it again with "
            "ablab report"
            if not found
            else f"{len(found)} elements claim to be the runs of this page"
        )
    content = json.loads(found[0], parse_constant=_no_number)
    if content == {"runs": []}:
        raise ValueError(
            "this page has no runs of recipes, as the report of a study of a program has none. ablab verify trains "
            "runs of recipes again, and calls no program"
        )
    page = _PAGE.validate_python(content)
    runs = tuple(map(_reported, page.runs))
    ids = [run.spec.id for run in runs]
    if len(set(ids)) < len(ids):
        raise ValueError("one of its runs appears twice")
    return HandedIn(page.study, runs)


def _reported(row: _Row) -> ReportedRun:
    spec = wire.spec_of({"recipe": row.recipe, "seed": row.seed, "fingerprint": row.fingerprint})
    if spec.id != row.id:
        raise ValueError(
            f"run {row.id}: its recipe, seed and data belong to run {spec.id}: they were changed, or another "
            "version of ablab wrote them"
        )
    if row.seed < 0 or not (row.accuracy is None or 0 <= row.accuracy <= 1):
        raise ValueError(f"run {row.id}: seed {row.seed} with an accuracy of {row.accuracy}")
    return ReportedRun(spec, row.accuracy, row.predictions_sha256, row.machine)


def _said(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"the runs embedded in it: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    if isinstance(error, UnicodeError):
        return "this is not text, so it is not a report"
    if isinstance(error, json.JSONDecodeError | RecursionError | AssertionError):
        return f"the runs embedded in it cannot be read: {error}"
    return str(error)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number")


def _embedded(text: str) -> Iterator[str]:
    """What is inside each element that claims to have the runs; comments and the rest of the page pass by."""
    position = 0
    while mark := _MARK.search(text, position):
        position = mark.end()
        if mark[1] is None:
            continue
        end = _END.search(text, position)
        content = text[position : end.start() if end else len(text)]
        position += len(content)
        attributes = {
            name.lower(): double or single or bare for name, double, single, bare in _ATTRIBUTE.findall(mark[1])
        }
        if attributes.get("id") == ELEMENT:
            if attributes.get("type") != "application/json":
                raise ValueError("the runs embedded in it are not marked as JSON")
            yield content


def check(reported: ReportedRun, load: Callable[[Recipe], Dataset], show: Observer) -> Check:
    """Train a reported run again, and compare. Nothing is kept of it."""
    from ablab.execute.checkpoints import carry_out

    spec = reported.spec
    dataset = load(spec.recipe)
    if dataset.fingerprint != spec.fingerprint:
        raise InputError(
            f'run {spec.id} cannot be checked: the images of "{spec.recipe.data}" have the fingerprint '
            f"{dataset.fingerprint[:12]} here, and had {spec.fingerprint[:12]} where it was trained"
        )
    return compare(reported, carry_out(RunSpec(_as_there(reported), spec.seed, spec.fingerprint), dataset, show))


def _as_there(reported: ReportedRun) -> Recipe:
    """The recipe with the threads and number format that were taken there, where others would be taken here.

    Bits depend on them; random choices hang on seed and purpose, so they are the same. Of threads, no more than are of
    any use here.
    """
    from ablab.train.device import choose_hardware

    recipe, machine = reported.spec.recipe, reported.machine
    if machine.device != "cpu":
        return recipe
    here = choose_hardware(recipe.precision, device=recipe.device, threads=recipe.threads)
    changes: dict[str, Any] = {}
    if recipe.threads is None and machine.threads != here.threads and machine.threads in range(1, 4 * _cores() + 1):
        changes["threads"] = machine.threads
    if recipe.precision == "auto" and machine.precision != here.precision and machine.precision in ("fp32", "bf16"):
        changes["precision"] = machine.precision
    return Recipe.of(changes, base=recipe)


def _cores() -> int:
    return os.cpu_count() or 1


def compare(reported: ReportedRun, run: Run) -> Check:
    """Same to the last bit; or on another machine, near enough; or different."""
    there, here = reported.machine, run.machine
    ours = run.test.accuracy if run.test else None
    if reported.accuracy is None or ours is None:
        if reported.accuracy == ours:
            return Check(reported, run, "same", f"it did not finish here, as in the report ({run.status})")
        return Check(reported, run, "different", f"{_percent(reported.accuracy)} there, {_percent(ours)} here")
    gap = abs(reported.accuracy - ours)
    figures = f"{_percent(reported.accuracy)} there, {_percent(ours)} here"
    assert run.test is not None
    if hashlib.sha256(run.predictions).hexdigest() == reported.predictions_sha256:
        if gap < 0.5 / run.test.images:
            return Check(reported, run, "same", f"all {run.test.images:,} predictions are equal")
        return Check(
            reported, run, "different", f"all predictions are equal, but they give a different accuracy: {figures}"
        )
    other = _other(there, here)
    if not other and there.device == "cpu":
        return Check(
            reported, run, "different", f"on the same machine, predictions must be equal, but they differ: {figures}"
        )
    allowed = tolerance(reported.accuracy, ours, run.test.images)
    points = metric_of(ACCURACY).factor * allowed
    limits = f"{figures}; {points:.2f} points are allowed between two machines"
    because = f" ({', '.join(other)})" if other else ""
    return Check(reported, run, "same within tolerance" if gap <= allowed else "different", limits + because)


def tolerance(one: float, other: float, images: int) -> float:
    """How far two trainings of one recipe and seed may be apart in accuracy when their last bits differ.

    After some steps such runs differ as two seeds do. If both are right for a share p of the images and nothing ties
    which ones, their gap has variance 2 p (1 - p) / images. Three sds of that, and never less than one image.

    >>> round(tolerance(0.9, 0.9, 10_000), 4)
    0.0127
    """
    share = (one + other) / 2
    return max(SPREADS * math.sqrt(2 * share * (1 - share) / images), 1 / images)


def _other(there: Machine, here: Machine) -> list[str]:
    """What is not the same and can change last bits. Processors of one name may be of two makes, so names count."""
    said = {"name": "machine", "capability": "instructions"}
    pairs = {key: (value, getattr(here, key)) for key, value in dataclasses.asdict(there).items() if key != "python"}
    return [f"{said.get(key, key)} {ours} there, {mine} here" for key, (ours, mine) in pairs.items() if ours != mine]


def _percent(accuracy: float | None) -> str:
    return "not finished" if accuracy is None else metric_of(ACCURACY).show(accuracy)
