"""A user's own code by name, `file.py:Name`, `package.module:Name` or `distribution:name`: found, read, and run."""

import ast
import contextlib
import difflib
import hashlib
import importlib
import importlib.util
import json
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from ablab.catalogue import Entry, marked
from ablab.errors import InputError, Terminated, did_you_mean
from ablab.installed import distributions, names_of, offer_of
from ablab.pinned import check_pin, name_of, named_path, pin_of, pinned

STANDARD = Path(sysconfig.get_path("stdlib"))  # Python's own modules: their version is recorded
BROKEN = (Exception, SystemExit)  # what a user's code may raise


def own_module(name: str, error: type[InputError]) -> ModuleType:
    """The module in a file, or the one with a dotted name, looked for in the current folder as well. This runs it.

    A name with the digest of its source is refused where the source is another one now.
    """
    where = target_of(name).rpartition(":")[0]
    if pin_of(name):
        check_pin(name, source_digest(name, error))
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
    function = getattr(own_module(name, error), attribute_of(name), None)
    if not callable(function):
        raise error(f'"{name}": there is nothing to call')
    return function  # type: ignore[no-any-return]


def attribute_of(name: str) -> str:
    """What a name of one's own code means in its file.

    >>> attribute_of("parts.py:soft@3fa2b1c09d11"), attribute_of("package.module:Net")
    ('soft', 'Net')
    """
    return target_of(name).rpartition(":")[2]


def target_of(name: str) -> str:
    """The file or module, and what is meant in it; that of an entry point where a distribution has one of this name."""
    offer = offer_of(name)
    return offer.target if offer else name_of(name)


def own_entry(name: str, kind: str, error: type[InputError]) -> Entry:
    """What the mark above a function of one's own says of it, read from the text of the file, which is not run."""
    try:
        entries = marked(source(name, error), name)
    except (SyntaxError, ValueError) as wrong:
        raise error(f"{name.rpartition(':')[0]}: cannot be read: {wrong}") from None
    own = {entry.function: entry for entry in entries if entry.kind == kind}
    function = attribute_of(name)
    if function not in own:
        hint = f": {did_you_mean(function, own)}" if own else ""
        raise error(f'no function "{function}" is marked as a {kind} there: @mark("{kind}", ...) stands above it{hint}')
    return own[function]


def pinned_code(name: str, error: type[InputError]) -> str:
    """The name with the digest of its source behind it; one that has a digest keeps it."""
    return name if pin_of(name) else pinned(name, source_digest(name, error))


def is_as_pinned(name: str) -> bool:
    """Whether the source behind a name is here, and the one that its digest is of."""
    try:
        return source_digest(name, InputError).startswith(pin_of(name))
    except InputError:
        return False


def source(name: str, error: type[InputError]) -> str:
    """The text of the file of one's own code."""
    return _text(_place(name, error)[0], error)


def source_digest(name: str, error: type[InputError]) -> str:
    """SHA-256 of the file of one's own code and of all that it imports from its own folder.

    Of a distribution's part it is that of the distribution, its version, and the file.
    """
    if offer := offer_of(name):
        said = [offer.distribution, offer.version, source(name, error)]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()
    texts = sources(name, error)
    if len(texts) == 1:
        return hashlib.sha256(next(iter(texts.values())).encode()).hexdigest()
    return hashlib.sha256(json.dumps(sorted(texts.items())).encode()).hexdigest()


def sources(name: str, error: type[InputError]) -> dict[str, str]:
    """The texts of the file of one's own code and of all that it imports from its own folder, by paths within it."""
    file, root = _place(name, error)
    texts = {file: _text(file, error)}
    waiting = [] if root == STANDARD else [file]
    while waiting:
        for found in _imported(texts[waiting.pop()], root):
            if found not in texts:
                texts[found] = _text(found, error)
                waiting.append(found)
    return {path.relative_to(root).as_posix(): text for path, text in texts.items()}


def name_within(name: str) -> str:
    """The name of one's own code for a program that runs in a folder with its `sources`."""
    where, colon, rest = name.partition(":")
    return f"{Path(where).name if where.endswith('.py') else where}{colon}{rest}"


def _place(name: str, error: type[InputError]) -> tuple[Path, Path]:
    """The file of one's own code, and the folder from which it imports; nothing is run to find a dotted name."""
    where = target_of(name).rpartition(":")[0]
    if where.endswith(".py"):
        file = named_path(where)
        return file, file.parent
    for root in (Path.cwd(), *map(Path, sys.path)):
        base = root.joinpath(*where.split("."))
        for file in (base.with_suffix(".py"), base / "__init__.py"):
            with contextlib.suppress(OSError, ValueError):  # the name may be too long for a file
                if file.is_file():
                    return file, root
    for folder in _folders(where.partition(".")[0]):  # of what is installed for editing
        base = folder.parent.joinpath(*where.split("."))
        for file in (base.with_suffix(".py"), base / "__init__.py"):
            if file.is_file():
                return file, folder.parent
    raise error(_missing(name))


def _missing(name: str) -> str:
    """Why a name that is no file's means nothing: neither a module nor a part of an installed distribution."""
    where, _, part = name_of(name).rpartition(":")
    if parts := names_of(where):
        return f'the installed distribution {where} offers no "{part}": {did_you_mean(part, parts)}'
    near = difflib.get_close_matches(where, distributions(), n=1)
    hint = f': did you mean "{near[0]}:{part}"?' if near else ""
    return f'there is no module "{where}" here, and no installed distribution of that name has parts for ablab{hint}'


def _folders(package: str) -> list[Path]:
    """The folders of a package, wherever Python finds it; nothing of it is imported."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return []
    return [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []


def _imported(text: str, root: Path) -> Iterator[Path]:
    """The files of a folder that a text imports, with all files of a package of which it imports anything."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return  # to be told when it is run
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
        for top in {name.partition(".")[0] for name in names} - {"ablab"}:
            if (file := root / f"{top}.py").is_file():
                yield file
            elif (root / top / "__init__.py").is_file() and "site-packages" not in root.parts:
                yield from sorted((root / top).rglob("*.py"))


def _text(file: Path, error: type[InputError]) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as wrong:
        raise error(f"{file}: cannot be read ({wrong.strerror})") from None
    except UnicodeDecodeError:
        raise error(f"{file}: this is not a text file") from None


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
    path = named_path(path).resolve(strict=True)
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
