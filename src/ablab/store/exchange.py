"""Runs in one file that can be sent: written by export, and looked at closely before anything of it is taken in.

The file is text, one JSON object a line: what it is, data sets, studies, runs, which plans have judged these, what
stays of runs of the same recipes that were removed, trials with their plans, and an end that counts the runs. Each line
has the SHA-256 of its content and the last one that of all before it, so that a file that is damaged or cut short is
seen. Whoever wants to cheat can compute them as well; against that there is only training again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError

from ablab.atomic import atomic_file
from ablab.errors import InputError, printable
from ablab.recipe import Recipe
from ablab.records import DataFacts, Judged, Removed, Run, StudyText
from ablab.store import trials as kept_trials
from ablab.store.labels import contradiction
from ablab.store.store import Store
from ablab.trial import LockedTrials, Outcome

VERSION = 1
SUFFIX = ".ablab"
LONGEST_LINE = 8 << 20  # bytes: a run of 10,000 epochs on 50,000 test images has 3 MB; reading takes 26 times that
LONGEST_FILE = 1 << 30
AT_ONCE = 200  # runs that are in memory at a time
LARGEST_LABEL = 1 << 16
LARGEST_SIDE = 1 << 14
OTHER = "with another result, and ablab kept that one"
LARGEST = (1 << 63) - 1  # SQLite's largest whole number


@dataclass(frozen=True)
class Refused:
    """A run, or the facts of a data set, that were not taken in, and why."""

    id: str
    why: str


@dataclass(frozen=True)
class Taken:
    """What became of one file."""

    path: Path
    added: tuple[str, ...]
    known: tuple[str, ...]  # were here before, with the same result
    refused: tuple[Refused, ...]
    trials: tuple[str, ...] = ()  # that were added


_DATA = TypeAdapter(DataFacts)
_STUDY = TypeAdapter(StudyText)
_JUDGED = TypeAdapter(Judged)
_REMOVED = TypeAdapter(Removed)
_OUTCOME = TypeAdapter(Outcome)
_PLAN = TypeAdapter(LockedTrials)
_Value = DataFacts | StudyText | Run | Judged | Removed | Outcome | LockedTrials
KINDS = ("data", "study", "run", "judged", "removed", "trial", "trials plan")  # what a file can have lines of


def export(
    store: Store,
    ids: Iterable[str],
    path: Path,
    studies: Iterable[StudyText] | None = None,
    trials: Iterable[str] = (),
) -> int:
    """Write the runs with these ids and what is known of their data into one file; gives its bytes.

    The studies go along, or, where none are given, all that were run on the same data; and these trials with the plans
    that they were carried out for.
    """
    if path.suffix != SUFFIX:
        raise InputError(f"{path}: the name of a file of runs must end with {SUFFIX}")
    ids = list(ids)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as file:
        write = _Writer(file)
        write("ablab", {"version": VERSION})
        known: set[str] = set()
        recipes: set[str] = set()
        for first in range(0, len(ids), AT_ONCE):
            for run in store.runs(ids[first : first + AT_ONCE]):
                fingerprint = run.spec.fingerprint
                if fingerprint not in known and (data := store.data(fingerprint)):
                    write("data", dataclasses.asdict(data))
                known.add(fingerprint)
                recipes.add(run.spec.recipe.hash)
                write("run", {"id": run.id, "run": json.loads(run.to_json())})
        if studies is None:
            studies = [study for study in store.studies() if study.fingerprint in known]
        for study in studies:
            write("study", dataclasses.asdict(study))
        for look in store.judged(ids):
            write("judged", dataclasses.asdict(look))
        outcomes = kept_trials.outcomes(store, trials)
        for id_, outcome in outcomes.items():
            write("trial", {"id": id_, "outcome": dataclasses.asdict(outcome)})
        recipes |= {outcome.trial.subject for outcome in outcomes.values()}
        for grave in store.removed():
            if grave.recipe in recipes:
                write("removed", dataclasses.asdict(grave))
        plans = {outcome.plan for outcome in outcomes.values()}
        for entry in kept_trials.locked(store):
            if entry.plan in plans:
                write("trials plan", dataclasses.asdict(entry))
        write.end()
    return path.stat().st_size


def take(store: Store, path: Path, came_from: dict[str, str] | None = None) -> Taken:
    """Take in the runs of a file. Nothing of it is taken unless all of it can be read.

    A run that is here already stays as it is; if the file has another result for it, that is said. `came_from`
    remembers for several calls which file a run came from, for what is said of the next one.
    """
    for _ in _parsed(path):  # all of it is looked at before the first is kept
        pass
    came_from = {} if came_from is None else came_from
    added, known, refused, trials = [], [], [], []
    looks: list[Judged] = []
    graves: list[Removed] = []
    for value in _parsed(path):
        if isinstance(value, StudyText):
            store.keep_study(value)
        elif isinstance(value, Judged):
            looks.append(value)
        elif isinstance(value, Removed):
            graves.append(value)
        elif isinstance(value, LockedTrials):
            kept_trials.lock(store, value)
        elif isinstance(value, Outcome):
            id_ = value.trial.id
            if (there := kept_trials.outcomes(store, [id_]).get(id_)) is None:
                kept_trials.keep(store, value)
                trials.append(id_)
            elif (there.status, there.figures) == (value.status, value.figures):
                known.append(id_)
            else:
                refused.append(Refused(id_, f"seed {value.trial.seed} of this trial is in this store already {OTHER}"))
        elif isinstance(value, DataFacts):
            here = store.data(value.fingerprint)
            if here is not None and (here.classes, here.labels) != (value.classes, value.labels):
                refused.append(Refused(value.fingerprint, "the data set has different classes or test labels here"))
            else:
                store.keep_data(value)
        elif before := store.runs([value.id]):
            if result(before[0]) == result(value):
                known.append(value.id)
            else:
                refused.append(Refused(value.id, _used_twice(before[0], value, came_from.get(value.id))))
        elif why := contradiction(value, store.data(value.spec.fingerprint)):
            refused.append(Refused(value.id, why))
        else:
            store.add(value)
            added.append(value.id)
            came_from[value.id] = str(path)
    store.judge(one for one in looks if one.run in {*added, *known})
    store.keep_removed(graves)
    return Taken(path, tuple(added), tuple(known), tuple(refused), tuple(trials))


def result(run: Run) -> tuple[object, ...]:
    """What a recipe, a seed and a kind of machine decide: not the time it took, nor where and when."""
    curve = tuple(dataclasses.replace(row, seconds=0.0) for row in run.curve)
    return run.status, run.selected_epoch, repr(run.test), run.predictions, repr(curve)  # as text NaN equals NaN


def _used_twice(ours: Run, theirs: Run, file: str | None) -> str:
    place = f"in {file}" if file else "in this store"
    return (
        f"seed {ours.spec.seed} of this recipe is {place} already with another result ({_accuracy(ours)} there, "
        f"{_accuracy(theirs)} in this file); that one was kept. A seed counts once: train another one"
    )


def _accuracy(run: Run) -> str:
    return f"{run.test.points:.2f} %" if run.test else run.status


class _Writer:
    """Writes lines with their digests, and knows what it has written for the last one."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.all = file, hashlib.sha256()
        self.runs = 0

    def __call__(self, kind: str, content: dict[str, Any]) -> None:
        digest = _digest(kind, content)
        self.all.update(digest.encode())
        self.runs += kind == "run"
        line = json.dumps({"kind": kind, "sha256": digest, "content": content}, ensure_ascii=False, allow_nan=False)
        self.file.write(line.encode() + b"\n")

    def end(self) -> None:
        self("end", {"runs": self.runs, "sha256": self.all.hexdigest()})


def _digest(kind: str, content: Any) -> str:
    """The SHA-256 of a line's content however its JSON is spaced and ordered."""
    text = json.dumps([kind, content], sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _parsed(path: Path) -> Iterator[_Value]:
    """What is in a file, line by line; an error, with the line, for the first that is not as export writes it."""
    try:
        if path.is_fifo():  # opening it would wait for ever, and its length is not known
            raise InputError(f"{path}: this is a pipe; write its content to a file and import that")
        with path.open("rb") as file:
            if file.seek(0, 2) > LONGEST_FILE:
                raise InputError(f"{path}: a file of runs has at most {LONGEST_FILE >> 20} MB")
            file.seek(0)
            yield from _values(path, file)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None


def _values(path: Path, file: BinaryIO) -> Iterator[_Value]:
    everything, runs, number = hashlib.sha256(), 0, 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        try:
            kind, content, digest = _line(line)
            if (number == 1) != (kind == "ablab"):
                raise ValueError("this is not a file from `ablab runs export`")
            if kind == "ablab" and content.get("version") != VERSION:
                raise ValueError(f"written by another ablab (form {content.get('version')}, this one knows {VERSION})")
            if kind == "end":
                if content != {"runs": runs, "sha256": everything.hexdigest()} or file.read(1):
                    raise ValueError("lines were added, removed or moved")
                return
            if kind in KINDS:
                yield _value(kind, content)
                runs += kind == "run"
            everything.update(digest.encode())
        except (ValueError, RecursionError, InputError) as error:  # pydantic's and json's are ValueErrors
            raise InputError(
                f"{path}:{number}: {printable(_said(error))}; nothing from this file was imported"
            ) from None
    raise InputError(f"{path}: the end of the file is missing; nothing from this file was imported")


def _line(line: bytes) -> tuple[str, dict[str, Any], str]:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"a line has at most {LONGEST_LINE >> 20} MB")
    try:
        value = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ValueError("this line is not JSON, so this is not a file of runs, or it is damaged") from None
    if not isinstance(value, dict) or set(value) != {"kind", "sha256", "content"}:
        raise ValueError("this is not a file from `ablab runs export`")
    kind, content, digest = value["kind"], value["content"], value["sha256"]
    if not isinstance(content, dict) or digest != _digest(kind, content):
        raise ValueError("its bytes have changed since it was written")
    return kind, content, digest


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number")


def _value(kind: str, content: dict[str, Any]) -> _Value:
    if kind == "data":
        data = _DATA.validate_python(content)
        if not data.classes or not all(0 <= label < len(data.classes) <= LARGEST_LABEL for label in data.labels):
            raise ValueError("a label without a class")
        if data.in_shape and not all(1 <= side <= LARGEST_SIDE for side in data.in_shape):
            raise ValueError(f"pictures of size {data.in_shape}")
        return data
    if kind == "study":
        study = _STUDY.validate_python(content)
        if not 1 <= study.comparisons <= 10_000:
            raise ValueError(f"a study of {study.comparisons} comparisons")
        return study
    if kind == "judged":
        return _JUDGED.validate_python(content)
    if kind == "removed":
        return _REMOVED.validate_python(content)
    if kind == "trials plan":
        return _plan_of_trials(_PLAN.validate_python(content))
    if kind == "trial":
        outcome = _OUTCOME.validate_python(content.get("outcome"))
        if outcome.trial.id != content.get("id") or not 0 <= outcome.trial.seed <= LARGEST:
            raise ValueError(f"trial {content.get('id')}: its call and its seed belong to another trial")
        return outcome
    run = Run.from_json(json.dumps(content.get("run")))
    _check(run)
    if run.id != content.get("id"):
        raise ValueError(
            f"run {content.get('id')}: its recipe, seed and data belong to run {run.id}: they were changed, or "
            "another version of ablab wrote it"
        )
    return run


def _plan_of_trials(entry: LockedTrials) -> LockedTrials:
    """The plan of a study of trials, if its text is one."""
    text = json.loads(entry.text)
    if not isinstance(text, dict) or not isinstance(text.get("facts"), dict) or not _are_texts(text.get("first")):
        raise ValueError(f"the text of plan {entry.plan} is not the text of a study")
    return entry


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _check(run: Run) -> None:
    """Raise for a run that no training leaves behind, so that what comes later can rely on it."""
    recipe = run.spec.recipe
    if Recipe.stored({**recipe.model_dump(exclude={"options"}), **recipe.options}).hash != recipe.hash:
        raise ValueError("its recipe is not in the standard form")
    if run.status == "finished" and (run.test is None or run.selected_epoch is None):
        raise ValueError("it is marked as finished but has no test measurement")
    if run.test is not None and not (0 <= run.test.accuracy <= 1 and run.test.images >= 1):
        raise ValueError(f"an accuracy of {run.test.accuracy} on {run.test.images} images")
    if not all(map(math.isfinite, (run.cost.seconds, run.test.loss if run.test else 0.0))):
        raise ValueError("its seconds or the loss on the test images is not a finite number")
    cost = run.cost
    numbers = (run.spec.seed, run.selected_epoch or 0, cost.epochs, cost.examples, cost.parameters, cost.macs or 0)
    if not all(0 <= number <= LARGEST for number in numbers):
        raise ValueError("a number in it is negative or too large")


def _said(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    if isinstance(error, UnicodeError):
        return "it has text that is not Unicode"
    return str(error)
