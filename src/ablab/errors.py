"""What can go wrong, one exception a kind, each with the exit code that the command line ends with."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Fault:
    """One fault of an input, as data; the caller decides how to show it."""

    key: str  # of a recipe or of a study file; empty where it is about the whole
    message: str
    near: str = ""  # the word that is wrong, as it was written: a caret goes under it
    hint: str = ""  # what to write instead

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


class AblabError(Exception):
    """A message for a person: what happened, where, and what to type instead. Shown without a traceback.

    Files and names from outside are quoted in messages, so nothing in one may be what a terminal would obey.
    """

    exit_code = 1
    run = ""  # the id of the run that could not be carried out, where it is about one

    def of(self, run: str) -> Self:
        """The same error, about a run: others that are under way need not end with it."""
        self.run = run
        return self

    def __str__(self) -> str:
        return "\n".join(map(printable, super().__str__().split("\n")))


class InputError(AblabError):
    """Something that came from outside is wrong, with all its faults; nothing was written."""

    exit_code = 2

    def __init__(self, what: str | Iterable[Fault], text: str = "") -> None:
        self.faults = (Fault("", what),) if isinstance(what, str) else tuple(what)
        super().__init__(text or "\n".join(map(str, self.faults)))


class GrammarError(InputError):
    """Text that the one grammar cannot read."""


class RecipeError(InputError):
    """A recipe key or value that no run can have."""


class ModelError(InputError):
    """A network that cannot be built as asked."""


class DataError(InputError):
    """A data set that is missing, damaged or not what it claims to be."""


class StudyError(InputError):
    """A study file that asks no answerable question."""


class StoreError(AblabError):
    """The store cannot be read or written."""


class Lost(AblabError):
    """Another process that trains the same run is gone; the run can go on later."""


class Failed(AblabError):
    """A training that could not be carried through; the run is kept as failed."""


class OutOfMemory(Failed):
    """The memory of the device or of the machine ran out."""


class Diverged(Failed):
    """A loss that is not a finite number, or far beyond what guessing gives; the run is kept as diverged."""


class Terminated(SystemExit):
    """The process was asked to end: not to be mistaken for a user's code that ends Python."""


def printable(text: str) -> str:
    """Text from outside on one line, with nothing in it that a terminal would obey.

    >>> printable("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def unopened(name: object, error: OSError | ValueError) -> str:
    """Why a file could not be opened.

    >>> unopened("nope.toml", FileNotFoundError(2, "No such file or directory"))
    'nope.toml does not exist'
    >>> unopened("key.toml", PermissionError(13, "Permission denied"))
    'key.toml: cannot be read (Permission denied)'
    """
    if isinstance(error, FileNotFoundError):
        return f"{name} does not exist"
    return f"{name}: cannot be read ({getattr(error, 'strerror', None) or error})"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of an error message: the nearest known word if one is near, else the whole list.

    >>> did_you_mean("optimiser", ["optimizer", "lr"])
    'did you mean "optimizer"?'
    >>> did_you_mean("zzz", ["optimizer", "lr"])
    'known: lr, optimizer'
    """
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else "known: " + ", ".join(known)
