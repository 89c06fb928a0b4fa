"""The keys of a recipe whose values are text of the one grammar: what each may name, and its one spelling."""

import difflib
import functools
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ablab import grammar, recipes
from ablab.catalogue import LENGTH, Entry, Operation, bind, catalogue, is_own, read_calls, read_operations
from ablab.domains import Domain
from ablab.errors import Fault, GrammarError, InputError, RecipeError, did_you_mean
from ablab.installed import GROUPS, full_name, short_names
from ablab.own_code import is_as_pinned, own_entry, pinned_code
from ablab.pinned import name_of, named_path, pin_of, pinned_file

MANY = 1000
ID = 12  # hexadecimal digits of a run's id
NEAR = 0.8  # cifar is meant for cifar10 (0.83), photos not for phantom (0.62)


def _own_calls(text: str) -> tuple[grammar.Call, ...]:
    """The calls in a text that name functions of a user's own."""
    try:
        return tuple(call for call in grammar.calls(text) if is_own(call.name)) if is_own(text) else ()
    except GrammarError:
        return ()


def _own(call: grammar.Call, kind: str) -> Entry:
    """What the file of a user's own function says of it.

    Where it has changed since it got its digest, or is elsewhere, the arguments stay as they were checked then.
    """
    if not pin_of(call.name) or is_as_pinned(call.name):
        return own_entry(call.name, kind, RecipeError)
    given = dict.fromkeys([*map(str, range(len(call.args))), *call.options])
    return replace(PART, kind=kind, module=call.name, options=given, domains={}, required=())


def pinned_names(key: str, text: str) -> str:
    """The value of a key with the digest of its source behind each name of a user's own code.

    Data need none: their pixels have a fingerprint, which is a part of a run's identity.
    """
    text = _with_distributions(key, text)
    if not is_own(text) or key == "data" or is_start(text):
        return text
    if key == "model":
        return with_version(text) if text.startswith(TIMM) else pinned_code(text, RecipeError)
    if not (own := _own_calls(text)):
        return text
    names = {call.name: pinned_code(call.name, RecipeError) for call in own}
    return " + ".join(str(replace(call, name=names.get(call.name, call.name))) for call in grammar.calls(text))


def _with_distributions(key: str, text: str) -> str:
    """The value of a key with the distribution in front of each name that an installed one offers, and not ablab."""
    kind, known = _kind_of(key)
    if kind not in GROUPS or is_start(text):
        return text
    if key == "model":
        return text if is_own(text) or text in known else full_name(kind, text)
    try:
        calls = grammar.calls(text)
    except GrammarError:
        return text
    if key == "data" and (len(calls) != 1 or is_there(named_path(text))):
        return text
    full = [call.name if is_own(call.name) or call.name in known else full_name(kind, call.name) for call in calls]
    if full == [call.name for call in calls]:
        return text
    return " + ".join(str(replace(call, name=name)) for call, name in zip(calls, full, strict=True))


def _kind_of(key: str) -> tuple[str, Collection[str]]:
    """What a key names, and the names that ablab has for it."""
    if key == "data":
        return "generator", data_sets()
    if key == "model":
        return "model", {*catalogue("models", "model"), *recipes.names()}
    place = PLACES[key]
    return place.kind, catalogue(place.folder, place.kind)


def with_version(model: str) -> str:
    """A network of timm with the version of timm that is installed; one that names a version keeps it."""
    if "@" in model:
        return model
    from importlib import metadata  # few recipes need it

    try:
        return f"{model}@{metadata.version('timm')}"
    except metadata.PackageNotFoundError:
        return model  # it cannot be built here, which is said when somebody tries


@dataclass(frozen=True)
class Place:
    """Where the operations of a key are. `spelling` is how recipes write arguments, so that hashes stay what they were.

    Arguments were once given by name alone, or in their order alone; where both were taken, both stay as written.
    """

    folder: str
    kind: str
    least: int = 1
    most: int = 1
    spelling: Literal["as written", "by name", "in order"] = "as written"

    def entries(self, text: str) -> Mapping[str, Entry]:
        """What may be named; the parts of a network are known once there is one, so every name will do.

        A function of a user's own is known by the mark above it in its file.
        """
        if self.kind == PART.kind:
            return dict.fromkeys(re.findall(r"[\w-]+", text), PART)
        own = {call.name: call for call in _own_calls(text)}
        return {**catalogue(self.folder, self.kind), **{name: _own(call, self.kind) for name, call in own.items()}}


PART = Entry(
    kind="part",
    name="",
    module="",
    function="",
    summary="",
    parameters=(),
    options={"factor": None},
    domains={"factor": (Domain("float", interval="[0, 1e6]"),)},
    required=("factor",),
)
PLACES = {
    "init": Place("models", "init", spelling="in order"),
    "optimizer": Place("train.optimizers", "optimizer", spelling="by name"),
    "lr_scale": Place("models", "part", least=0, most=MANY, spelling="in order"),
    "schedule": Place("train", "schedule", spelling="by name"),
    "average": Place("train", "average", least=0, spelling="by name"),
    "loss": Place("train", "loss", spelling="by name"),
    "augment": Place("data.augment", "augmentation", least=0, most=MANY),
    "tta": Place("data.augment", "views"),
    "resolution": Place("train", "resolution", least=0, spelling="by name"),
}


TIMM = "timm:"  # a network of timm begins with this
RUN = "run:"  # what starts from the weights of a run begins with this


def is_start(init: str) -> bool:
    """Whether a network starts from kept weights: those of a run, or of a file."""
    return init.startswith(RUN) or name_of(init).endswith(".safetensors")


def faults_of(key: str, text: str) -> tuple[Fault, ...]:
    """All that is wrong with the value of one of these keys, or of `data`."""
    if key == "init" and is_start(text):
        return _start_faults(text)
    return _data_faults(text) if key == "data" else read(key, text)[1]


def _start_faults(text: str) -> tuple[Fault, ...]:
    """Faults of a start from kept weights; where those of a run are is known to its store alone."""
    if not text.startswith(RUN):
        try:
            pinned_file(text)
        except InputError as error:
            return (Fault("init", f"init = {text}: {error}", text),)
    elif not re.fullmatch(f"{RUN}[0-9a-f]{{{ID}}}", text):
        wanted = f"write the full ID of a run, {ID} hexadecimal digits"
        return (Fault("init", f"init = {text}: {wanted}", text, "ablab runs ls shows them"),)
    return ()


def named(key: str, text: str, error: type[InputError] = RecipeError) -> tuple[Operation, ...]:
    """The operations that the value of a recipe's key names, or an error with all that is wrong with it."""
    found, faults = read(key, text)
    if faults:
        raise error(faults)
    return found


def read(key: str, text: str) -> tuple[tuple[Operation, ...], tuple[Fault, ...]]:
    """The operations that the value of a recipe's key names, and all that is wrong with it; nothing is imported."""
    return _read.__wrapped__(key, text) if is_own(text) else _read(key, text)  # a file may change meanwhile


@functools.lru_cache(maxsize=4096)
def _read(key: str, text: str) -> tuple[tuple[Operation, ...], tuple[Fault, ...]]:
    place = PLACES[key]
    try:
        entries = place.entries(text)
    except InputError as error:
        return (), (Fault(key, f"{key} = {text}: {error}", text),)
    return (
        _views(text, entries)
        if key == "tta"
        else read_operations(key, text, entries, least=place.least, most=place.most)
    )


def _views(text: str, entries: Mapping[str, Entry]) -> tuple[tuple[Operation, ...], tuple[Fault, ...]]:
    """The one set of views that a whole text names, such as `flip + shift`."""
    calls, unreadable = read_calls("tta", text)
    name = " + ".join(map(str, calls)) or "none"
    if unreadable or name in entries:
        return () if unreadable else (Operation(grammar.Call(name), entries[name], {}),), unreadable
    return (), (Fault("tta", f'tta = "{text}" is not a set of views', text, did_you_mean(name, entries)),)


@functools.lru_cache(maxsize=4096)
def written(text: str) -> str:
    """A text of operations in the grammar's own spelling; a start from kept weights as it is."""
    return text if is_start(text) else " + ".join(map(str, grammar.calls(text))) or "none"


def spelled(key: str, text: str) -> str:
    """The same, with arguments as recipes write them: a thing that is said in two ways is one recipe.

    The file of kept weights gets the digest of its content, which is then a part of the recipe.
    """
    if key == "init" and is_start(text):
        return text if text.startswith(RUN) else pinned_file(text)
    found, faults = read(key, text)
    place = PLACES[key]
    if faults or place.spelling == "as written":
        return written(text)
    return " + ".join(str(_spelled(one, by_name=place.spelling == "by name")) for one in found) or "none"


def _spelled(operation: Operation, *, by_name: bool) -> grammar.Call:
    """Arguments that were given in the other way take this one; the order of those that have a name stays."""
    call, arguments = operation.call, operation.arguments
    if is_own(call.name):  # whose file, which knows the names, may be elsewhere when the recipe is read again
        return call
    if by_name:
        return grammar.Call(call.name, (), arguments) if call.args else call
    order = [name for name in operation.entry.options if name in arguments]
    return grammar.Call(call.name, tuple(arguments[name] for name in order), {}) if call.options else call


@functools.cache
def data_sets() -> dict[str, Entry]:
    """The data sets that have a name: published ones and generated ones."""
    return {**catalogue("data", "published"), **catalogue("data.sources", "generator")}


def no_data_set(name: str) -> Fault:
    """That none is called so."""
    message = f'there is no data set, file or folder called "{name}"'
    known = data_sets()
    return Fault("data", message, name, did_you_mean(name[:LENGTH], [*known, *short_names("generator", known)]))


def is_there(path: Path) -> bool:
    """Whether a file or folder exists."""
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or has a NUL in it
        return False


def _data_faults(text: str) -> tuple[Fault, ...]:
    """Faults of a known name or of one that is nearly known; any other text may be a path on some machine."""
    try:
        call = grammar.call(text)
    except GrammarError:
        return ()
    if is_there(named_path(text)) or is_there(Path(call.name)):
        return ()
    if is_own(call.name):
        return _own_data_faults(call)
    if call.name not in data_sets():
        is_near = difflib.get_close_matches(call.name[:LENGTH], data_sets(), cutoff=NEAR)
        return (no_data_set(call.name),) if is_near else ()
    _, faults = bind(call, data_sets()[call.name])
    return tuple(replace(fault, key="data", message=f"data = {text}: {fault.message}") for fault in faults)


def own_code(recipe: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of a user's own code in the keys of a recipe, which training it executes.

    >>> own_code({"model": "net.py:Net", "augment": "crop(4) + parts.py:sepia(0.5)", "lr": 0.1, "init": "run:3fa2"})
    ('net.py:Net', 'parts.py:sepia')
    """
    keys = ("data", "model", *PLACES)
    texts = {key: text for key in keys if is_own(text := str(recipe.get(key, ""))) and not is_start(text)}
    model = texts.pop("model", TIMM)
    own = () if model.startswith(TIMM) else (model,)
    return (*own, *(call.name for text in texts.values() for call in _own_calls(text)))


def _own_data_faults(call: grammar.Call) -> tuple[Fault, ...]:
    """Faults of data that a function of a user's own makes, as far as its file is here."""
    where = call.name.rpartition(":")[0]
    if where.endswith(".py") and not is_there(named_path(where)):
        return ()
    try:
        _, faults = bind(call, own_entry(call.name, "generator", RecipeError))
    except InputError as error:
        return (Fault("data", f"data = {call}: {error}", call.name),)
    return tuple(replace(fault, key="data", message=f"data = {call}: {fault.message}") for fault in faults)
