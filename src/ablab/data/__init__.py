"""load_dataset: a data set by its name, its path, or as it is generated."""

import importlib
import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ablab import grammar
from ablab.catalogue import Arguments, Entry, bind, is_own
from ablab.data.known import Known, is_official
from ablab.data.official import Official
from ablab.data.places import absent, data_folders, locate
from ablab.errors import AblabError, DataError, GrammarError, Terminated
from ablab.operations import data_sets, is_there, no_data_set
from ablab.own_code import BROKEN, own_entry, pinned_code, told
from ablab.pinned import named_path

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset
    from ablab.data.sources.memory import from_arrays as from_arrays
    from ablab.data.sources.memory import from_items as from_items

# What takes longer than this is kept in the cache. Checking 180 MB takes 0.1 s, so quicker files gain nothing.
FILES_WORTH_SECONDS = 0.1
GENERATED_WORTH_SECONDS = 1.0


def load_dataset(
    text: str, root: Path | str | None = None, *, size: int | None = None, skip_unreadable: bool = False
) -> "Dataset":
    """What `text` names: a path, a known name looked for in the data folders, or a generated set.

    `photos/`, `cifar10`, `cifar100(coarse)`, `some/folder(coarse)`, `phantom(difficulty=0.5)`. An existing path comes
    first. `size` is the side in pixels that pictures are brought to, `skip_unreadable` goes on without damaged ones.
    """
    path, brackets = _as_path(text)
    if path is not None:
        return _read(path, _labels(brackets, text), size, skip_unreadable)
    asked = _as_name(text)
    if is_own(asked.name):
        return _own(asked, size)
    if asked.name not in data_sets():
        raise DataError([no_data_set(asked.name)])
    entry = data_sets()[asked.name]
    arguments, faults = bind(asked, entry)
    if faults:
        raise DataError(replace(fault, message=f"{text}: {fault.message}") for fault in faults)
    if entry.kind == "published":
        published = entry.load()()
        if isinstance(published, Official):
            return _official_files(published, root, size, skip_unreadable)
        return _published(published, root, arguments.get("labels"), size, skip_unreadable)
    if size is not None:
        raise DataError(f"{text}: generated images have a fixed size; leave out size = {size}")
    return _generate(entry, arguments)


def __getattr__(name: str) -> Any:
    """What makes data sets, fetched when it is first used: the command line imports this room without torch."""
    if name not in ("from_arrays", "from_items"):
        raise AttributeError(f"ablab.data has no public name {name!r}")
    return getattr(importlib.import_module("ablab.data.sources.memory"), name)


def _as_path(text: str) -> tuple[Path | None, grammar.Call]:
    """The file or folder that the text names, with what stands in brackets after it."""
    bare = grammar.Call("path")
    whole = named_path(text)
    if text.strip() and is_there(whole):
        return whole, bare
    name, bracket, inside = text.rpartition("(")
    if bracket and inside.find(")") == len(inside) - 1 and is_there(front := named_path(name.rstrip() or "(")):
        return front, grammar.call(f"path({inside}")
    return None, bare


def _as_name(text: str) -> grammar.Call:
    try:
        return grammar.call(text)
    except GrammarError as error:
        if re.search(r"[/\\.]", text):
            near = re.sub(r"\W", "_", text)
            hint = f'; did you mean "{near}"?' if near in data_sets() else ""
            raise DataError(f"{text}: no such file or folder (looked from {Path.cwd()}){hint}") from None
        raise DataError(
            f"{error}\ngive a data set as a path, as a name such as cifar10, or as phantom(difficulty=0.5)"
        ) from None


def _labels(asked: grammar.Call, text: str) -> str | None:
    """`fine` or `coarse`, where brackets say so."""
    if not asked.args and not asked.options:
        return None
    if asked.options or len(asked.args) > 1 or asked.args[0] not in ("fine", "coarse"):
        raise DataError(f"{text}: the parentheses may contain fine or coarse, such as cifar100(coarse)")
    return str(asked.args[0])


def _sources() -> list[tuple[str, ModuleType]]:
    """Every file of `sources/` that can recognise a path."""
    names = sorted(path.stem for path in (Path(__file__).parent / "sources").glob("[!_]*.py"))
    modules = [(name, importlib.import_module(f"ablab.data.sources.{name}")) for name in names]
    return [(name, module) for name, module in modules if hasattr(module, "recognise")]


def _reader(path: Path) -> tuple[str, ModuleType]:
    for name, module in _sources():
        if module.recognise(path):
            return name, module
    known = ", ".join(name for name, _ in _sources())
    raise DataError(
        f"{path}: nothing here looks like a data set (asked: {known}); wanted is a folder with one folder of pictures "
        "for each class, the official files of a published data set, Parquet files with pictures, or an .npz with "
        "arrays"
    )


def _read(
    path: Path, labels: str | None, size: int | None, skip_unreadable: bool, known: Known | None = None
) -> "Dataset":
    """The data set at a path, from the cache if nothing has changed since it was parsed."""
    from ablab.data.cache import cached, file_source

    reader, module = _reader(path)
    if hasattr(module, "refuse"):
        module.refuse(path)  # before every file is listed for the cache: somebody may name a whole disk
    options = {"labels": labels, "size": size, "skip_unreadable": skip_unreadable}

    def make() -> "Dataset":
        dataset: Dataset = module.read(path, **options)
        return dataset if known is None else _official(dataset, known, labels, path)

    source = file_source(path, reader, options | {"known": known and known.name})
    return cached(source, make, worth_seconds=FILES_WORTH_SECONDS)


def _published(
    known: Known, root: Path | str | None, labels: str | None, size: int | None, skip_unreadable: bool
) -> "Dataset":
    """The first of its places that is there; its pixels and labels must be the official ones."""
    place = locate(known, root)
    if place is None:
        raise DataError(absent(known, root))
    return _read(place, labels, size, skip_unreadable, known)


def _official_files(official: Official, root: Path | str | None, size: int | None, skip_unreadable: bool) -> "Dataset":
    """The first of its places that is there; files with published digests must have them."""
    place = locate(official, root)
    if place is None:
        raise DataError(official.absent(data_folders(root)))
    official.check(place)
    return official.named(_read(place, None, size, skip_unreadable))


def _official(dataset: "Dataset", known: Known, labels: str | None, place: Path) -> "Dataset":
    """The data set under its official name, with the official class names; an error if its pixels are others."""
    kind = labels or next(iter(known.labels))
    name = known.name if labels is None or len(known.labels) == 1 else f"{known.name}({labels})"
    named = replace(dataset, name=name, classes=known.labels[kind].classes)
    if is_official(named) is False:
        raise DataError(
            f"{place}: these are not the official pixels and labels of {known.name}; to use them anyway, give "
            f"the path instead of {known.name}; for the official ones: ablab data get {known.name}"
        )
    return named


def _own(asked: grammar.Call, size: int | None) -> "Dataset":
    """What a function of a user's own makes, from the cache while its source is the same."""
    from ablab.data.cache import cached, generated_source
    from ablab.data.dataset import Dataset

    entry = own_entry(asked.name, "generator", DataError)
    arguments, faults = bind(asked, entry)
    if faults:
        raise DataError(replace(fault, message=f"{asked}: {fault.message}") for fault in faults)
    if size is not None:
        raise DataError(f"{asked}: the function decides the size of its images; leave out size = {size}")

    def make() -> Dataset:
        try:
            made = entry.bound(arguments)()
        except (AblabError, Terminated):
            raise
        except BROKEN as error:
            raise DataError(f"{asked}: {told(error)}") from error
        if not isinstance(made, Dataset):
            raise DataError(
                f"{asked}: returned a {type(made).__name__}; it must return a Dataset, such as ablab.from_arrays gives"
            )
        return made

    call = grammar.Call(pinned_code(asked.name, DataError), (), dict(sorted(arguments.items())))
    return cached(generated_source(str(call)), make, worth_seconds=GENERATED_WORTH_SECONDS)


def _generate(entry: Entry, arguments: Arguments) -> "Dataset":
    from ablab.data.cache import cached, generated_source

    call = grammar.Call(entry.name, (), dict(sorted(arguments.items())))
    return cached(generated_source(str(call)), lambda: entry.load()(**arguments), worth_seconds=GENERATED_WORTH_SECONDS)
