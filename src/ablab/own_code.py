"""A user's own code by name, `path/to/file.py:Name` or `package.module:Name`: found, read, and run."""

import contextlib
import hashlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from ablab.catalogue import Entry, marked
from ablab.errors import InputError, Terminated, did_you_mean

BROKEN = (Exception, SystemExit)  # what a user's code may raise


def own_module(name: str, error: type[InputError]) -> ModuleType:
    """The module in a file, or the one with a dotted name, looked for in the current folder as well. This runs it."""
    where = name.rpartition(":")[0]
    try:
        if where.endswith(".py"):
            return _from_file(Path(where))
        with _importable(Path.cwd()):
            return importlib.import_module(where)
    except FileNotFoundError:
        raise error(f'"{name}": there is no file {where}') from None
    except ModuleNotFoundError as missing:
        raise error(f'"{name}": no module named "{missing.name}" can be imported') from None
    except Terminated:
        raise
    except BROKEN as wrong:
        raise error(f'"{name}" cannot be imported: {told(wrong)}') from wrong


def loaded(name: str, error: type[InputError]) -> Callable[..., Any]:
    """The function in a file of one's own."""
    function = getattr(own_module(name, error), name.rpartition(":")[2], None)
    if not callable(function):
        raise error(f'"{name}": nothing that can be called is there')
    return function  # type: ignore[no-any-return]


def own_entry(name: str, kind: str, error: type[InputError]) -> Entry:
    """What the mark above a function of one's own says of it, read from the text of the file, which is not run."""
    try:
        entries = marked(source(name, error), name.rpartition(":")[0])
    except (SyntaxError, ValueError) as wrong:
        raise error(f"{name.rpartition(':')[0]}: cannot be read: {wrong}") from None
    own = {entry.function: entry for entry in entries if entry.kind == kind}
    function = name.rpartition(":")[2]
    if function not in own:
        hint = f": {did_you_mean(function, own)}" if own else ""
        raise error(f'no function "{function}" is marked as a {kind} there: @mark("{kind}", ...) stands above it{hint}')
    return own[function]


def source(name: str, error: type[InputError]) -> str:
    """The text of the file of one's own code."""
    where = Path(name.rpartition(":")[0]).expanduser()
    try:
        return where.read_text("utf-8")
    except OSError as wrong:
        raise error(f"{where}: cannot be read ({wrong.strerror})") from None
    except UnicodeDecodeError:
        raise error(f"{where}: this is no text") from None


def source_digest(name: str, error: type[InputError]) -> str:
    """SHA-256 of the file of one's own code."""
    return hashlib.sha256(source(name, error).encode()).hexdigest()


def told(error: BaseException) -> str:
    """An error of a user's code in one line: kind, words, and the place in the file."""
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg} ({error.filename}, line {error.lineno})"
    ours = Path(__file__).parent
    theirs = [
        f" ({frame.filename}, line {frame.lineno})"
        for frame in traceback.extract_tb(error.__traceback__)
        if not Path(frame.filename).is_relative_to(ours) and "torch" not in Path(frame.filename).parts
    ]
    return f"{type(error).__name__}: {error}{theirs[-1] if theirs else ''}"


def _from_file(path: Path) -> ModuleType:
    path = path.expanduser().resolve(strict=True)
    key = "ablab_own_" + hashlib.sha256(str(path).encode()).hexdigest()[:12]
    spec = importlib.util.spec_from_file_location(key, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[key] = module  # dataclasses and others look their module up there
    with _importable(path.parent):
        spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """A folder whose files can be imported by name for a while."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
