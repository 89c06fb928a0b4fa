"""Command: a program with places for its seed and arguments, and where its result is read."""

import hashlib
import os
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablab import grammar
from ablab.errors import Fault, GrammarError, InputError
from ablab.trials.shell import is_shell, meant_for_a_shell

SEED, ARGUMENTS, FOLDER = "{seed}", "{args}", "{folder}"
EXAMPLE = 'command = "python train.py --seed {seed} {args}"'


@dataclass(frozen=True)
class Command:
    """A program and where its result is read."""

    text: str  # as it is written, with its places
    files: tuple[tuple[str, str], ...] = ()  # paths that its results depend on, with their digests
    limit: str = ""  # of one call, such as "30m"; empty where there is none
    file: str = ""  # that the result is read from, with its places; empty where that is what the program prints
    pattern: str = ""  # a regular expression whose last match has the figure; empty where the result is JSON

    @property
    def shown(self) -> str:
        return self.text

    @property
    def facts(self) -> dict[str, Any]:
        told = {"limit": self.limit, "file": self.file, "pattern": self.pattern}
        return {
            "command": shlex.split(self.text),
            "files": dict(self.files),
            **{key: value for key, value in told.items() if value},
        }

    @property
    def seconds(self) -> float | None:
        """How long one call may take."""
        return grammar.duration(self.limit) if self.limit else None

    @property
    def has_folder(self) -> bool:
        return FOLDER in self.text + self.file

    def words(self, arguments: str, seed: int, folder: Path) -> list[str]:
        """The words of one call: each place is filled in its own word, and no shell reads them.

        >>> Command("python train.py --seed {seed} {args}").words("--name 'a b'", 3, Path())
        ['python', 'train.py', '--seed', '3', '--name', 'a b']
        """
        found: list[str] = []
        for word in shlex.split(self.text):
            found += shlex.split(arguments) if word == ARGUMENTS else [_filled(word, arguments, seed, folder)]
        return found

    def result_file(self, arguments: str, seed: int, folder: Path) -> Path | None:
        """The file that has the result of one call."""
        return Path(_filled(self.file, arguments, seed, folder)) if self.file else None

    def check(self, calls: int = 1) -> None:
        """Raise if the program is not there, or if so many calls at a time would write one file."""
        program = shlex.split(self.text)[0]
        if calls > 1 and self.file and FOLDER not in self.file:
            where = f"put {FOLDER} in its path, which is a folder of each call's own"
            raise InputError(f"--workers {calls}: all calls would write to {self.file}: {where}")
        if os.name != "posix":
            raise InputError("studies of a program need Linux or macOS: ablab stops a command by its process group")
        if shutil.which(program) is None:
            where = "no such file that can be run" if os.sep in program else "no such program on the PATH"
            raise InputError(f"{program}: there is {where}; the command is: {self.text}")

    def cautions(self, arguments: Iterable[str]) -> tuple[str, ...]:
        """Which words a person seems to have written for a shell."""
        if is_shell(self.text):
            return ()
        texts = (self.text, *arguments)
        words = tuple(dict.fromkeys(word for text in texts for word in meant_for_a_shell(text)))
        if not words:
            return ()
        reach = "reaches the program as it is" if len(words) == 1 else "reach the program as they are"
        wrapped = "command = \"sh -c 'PROGRAM --seed {seed} {args} | OTHER'\""
        return (f"no shell reads this command, so {' and '.join(words)} {reach}; to have a shell read it: {wrapped}",)


def _filled(word: str, arguments: str, seed: int, folder: Path) -> str:
    for place, text in ((SEED, str(seed)), (FOLDER, str(folder)), (ARGUMENTS, arguments)):
        word = word.replace(place, text)
    return word


def command_faults(values: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with the keys of a command in a study file."""
    text = values.get("command")
    if not isinstance(text, str) or not text.strip():
        yield Fault("command", "write the command as text", hint=f"such as {EXAMPLE}")
        return
    if fault := words_fault("command", text):
        yield fault
    elif "{" in shlex.split(text)[0]:
        yield Fault("command", "a command must begin with the name of its program", hint=f"such as {EXAMPLE}")
    for place, why in ((SEED, "the program would not know its seed"), (ARGUMENTS, "variants would change nothing")):
        if place not in text:
            yield Fault("command", f"the command has no {place}: {why}", hint=f"such as {EXAMPLE}")
    limit = values.get("limit", "")
    if limit != "" and not _is_duration(limit):
        yield Fault(
            "limit", f'limit = {grammar.show(limit)}: write the time that one trial may take, such as "30m"', "limit"
        )


def words_fault(key: str, text: str) -> Fault | None:
    """Why a text cannot be parted into words."""
    try:
        shlex.split(text)
    except ValueError as error:
        said = "a quote is never closed" if "quotation" in str(error) else str(error).lower()
        return Fault(key, f"{text}: {said}", text)
    return Fault(key, "a zero byte cannot be part of a command") if "\0" in text else None


def pattern_fault(value: Any) -> Fault | None:
    """Why a value is no regular expression that finds a figure."""
    try:
        pattern = re.compile(value)
    except (re.error, TypeError, RecursionError, OverflowError) as error:
        return Fault("pattern", f"pattern = {grammar.show(value)}: not a valid regular expression ({error})", "pattern")
    if pattern.groups != 1 and len(pattern.groupindex) != pattern.groups:
        hint = r"such as 'accuracy: ([\d.]+)', or several with names: '(?P<loss>[\d.]+)'"
        return Fault("pattern", "one group in parentheses must find the figure", "pattern", hint)
    return None if pattern.groups else Fault("pattern", "no group in parentheses finds the figure", "pattern")


def _is_duration(value: Any) -> bool:
    try:
        return isinstance(value, str) and grammar.duration(value) > 0
    except GrammarError:
        return False


def digests(paths: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The files with their SHA-256; of a folder, that of all files in it with their names."""
    return tuple((path, _digest(Path(path))) for path in paths)


def _digest(path: Path) -> str:
    try:
        if not path.is_dir():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        below = sorted(one for one in path.rglob("*") if one.is_file() and "__pycache__" not in one.parts)
        told = "".join(f"{one.relative_to(path)}\0{_digest(one)}\n" for one in below)
        return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()
    except OSError as error:
        raise InputError(f"{error.filename or path}: cannot be read ({error.strerror})") from None
