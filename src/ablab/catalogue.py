"""Things found by name: a marked function or class in a file of a folder is all that it takes, the folder is the list.

The list is read from the files' text, so names, options and defaults are known without importing torch;
only the function that is asked for is imported.
"""

import ast
import functools
import importlib
import importlib.util
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from ablab import grammar
from ablab.domains import Domain
from ablab.errors import Fault, GrammarError, InputError, did_you_mean
from ablab.grammar import Call, show
from ablab.nouns import counted
from ablab.signature import parameters, positional

Function = TypeVar("Function", bound=Callable[..., Any])
PACKAGE = Path(__file__).parent
LENGTH = 100  # characters of a word that a message repeats and that near words are looked for
Arguments = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """A marked function or class: where it is, what it may be told (its keyword-only parameters; of a class, those of
    `__init__`), and what the marker says."""

    kind: str
    name: str
    module: str
    function: str
    summary: str
    parameters: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)  # keyword-only parameters that the marker leaves open
    facts: dict[str, Any] = field(default_factory=dict)  # settings of the function that this name fixes
    defaults: dict[str, Any] = field(default_factory=dict)  # settings that this name starts from
    domains: dict[str, tuple[Domain, ...]] = field(default_factory=dict)  # of the options; none where anything goes
    required: tuple[str, ...] = ()  # options without a default
    groups: dict[str, str] = field(default_factory=dict)  # options that are fields: the parameter of their dataclass
    folder: str = ""
    needs: tuple[str, ...] = ()  # packages beyond those that ablab comes with
    extra: str = ""  # the extra of ablab that has them
    example: str = ""  # a text that names it with its arguments, where it cannot do without

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the function is called with: the options given, over the settings of the name."""
        return {**self.facts, **self.defaults, **given}

    def load(self) -> Callable[..., Any]:
        """The function itself; its module is imported now, if the packages that it needs are there."""
        missing = [package for package in self.needs if importlib.util.find_spec(package) is None]
        if missing:
            listed = " ".join(missing)
            told = f"'ablab-experiments[{self.extra}]'" if self.extra else listed
            raise InputError(f'{self.kind} "{self.name}" needs {listed}: install it with: pip install {told}')
        if is_own(self.module):
            from ablab.own_code import loaded

            return loaded(self.module, InputError)
        return getattr(importlib.import_module(self.module), self.function)  # type: ignore[no-any-return]

    def bound(self, given: Mapping[str, Any]) -> Callable[..., Any]:
        """The function with the options given, to be called with its other parameters."""
        function, settings = self.load(), self.settings(given)
        for parameter in dict.fromkeys(self.groups.values()):
            fields = [name for name, group in self.groups.items() if group == parameter]
            changed = {name: settings.pop(name) for name in fields if name in settings}
            settings[parameter] = replace(inspect.signature(function).parameters[parameter].default, **changed)
        return functools.partial(function, **settings)


@dataclass(frozen=True)
class Operation:
    """A call of the one grammar with the entry that it names, and its arguments by their names."""

    call: Call
    entry: Entry
    arguments: Arguments

    def load(self) -> Callable[..., Any]:
        """The entry's function with these arguments, to be given the others."""
        return self.entry.bound(self.arguments)


def mark(
    kind: str,  # noqa: ARG001 (all of them are read from the text)
    name: str,  # noqa: ARG001
    *,
    summary: str = "",  # noqa: ARG001
    defaults: Mapping[str, Any] | None = None,  # noqa: ARG001
    needs: tuple[str, ...] = (),  # noqa: ARG001
    extra: str = "",  # noqa: ARG001
    example: str = "",  # noqa: ARG001
    **facts: Any,  # noqa: ARG001
) -> Callable[[Function], Function]:
    """Offer a function or a class under a name: there, `facts` fix keyword-only parameters, `defaults` start them off.

    The summary is the first line of the function's docstring unless the marker has one. All of it must be literals,
    because it is read from the text of the file. A keyword-only parameter `name` is given the name. `needs` names the
    packages that the file imports beyond those that ablab comes with, `extra` the extra of ablab that has them.
    `example` is a text such as `jsonl(events.jsonl)` for what has options without a default.
    """

    def unchanged(function: Function) -> Function:
        return function

    return unchanged


@functools.cache
def catalogue(folder: str, kind: str) -> dict[str, Entry]:
    """All functions marked as `kind` in the files of `folder` (dotted, below ablab), by name."""
    entries: dict[str, Entry] = {}
    for entry in _folder(folder):
        if entry.kind == kind:
            if entry.name in entries:
                raise ValueError(f"{entry.module} and {entries[entry.name].module} both mark {kind} {entry.name!r}")
            entries[entry.name] = entry
    return entries


@functools.cache
def _folder(folder: str) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    for path in sorted((PACKAGE / folder.replace(".", "/")).glob("*.py")):
        module = f"ablab.{folder}" if path.stem == "__init__" else f"ablab.{folder}.{path.stem}"
        source = path.read_text(encoding="utf-8")
        entries += marked(source, module, folder) if "@mark(" in source else []
    return tuple(entries)


def find(folder: str, kind: str, name: str, error: type[InputError] = InputError) -> Entry:
    """The entry called `name`, or an error with the nearest name."""
    entries = with_installed(folder, kind, [name])
    if name not in entries:
        names = [*entries, *_installed_names(kind, entries)]
        hint = f"name the part of the file: {name}:NAME" if name.endswith(".py") else did_you_mean(name, names)
        raise error([Fault(kind, f'no {kind} is called "{name}"', name, hint)])
    return entries[name]


def is_own(name: str) -> bool:
    """Whether a name is a user's own code and no entry of a folder: `path/to/file.py:Name`, `package.module:Name`."""
    return ":" in name


def read_operations(
    key: str,
    text: str,
    known: Mapping[str, Entry],
    *,
    least: int = 1,
    most: int = 1,
    words: Iterable[str] = (),
) -> tuple[tuple[Operation, ...], tuple[Fault, ...]]:
    """What `text`, the value of `key`, names among the known entries; and all that is wrong with it.

    `words` may stand there as well, and are for the did-you-mean alone.
    """
    calls, unreadable = read_calls(key, text)
    if unreadable:
        return (), unreadable
    if not least <= len(calls) <= most:
        return (), (Fault(key, f"{key} = {text}: write one name here", text),)
    named, faults = [], []
    for call in calls:
        if call.name not in known:
            kind = next(iter(known.values())).kind
            hint = did_you_mean(call.name[:LENGTH], [*known, *_installed_names(kind, known), *words])
            faults.append(Fault(key, f'no {kind} is called "{call.name}"', call.name, hint))
            continue
        arguments, wrong = bind(call, known[call.name])
        faults += [replace(fault, key=key, message=f"{key} = {call}: {fault.message}") for fault in wrong]
        named.append(Operation(call, known[call.name], arguments))
    return tuple(named), tuple(faults)


def read_operation(folder: str, kind: str, text: str) -> Operation:
    """The one thing of a folder that a text names, with its arguments: `workers(3)`."""
    named, faults = read_operations(kind, text, with_installed(folder, kind, names_in(text)))
    if faults:
        raise InputError(faults)
    return named[0]


def names_in(text: str) -> list[str]:
    """The names of the operations in a text; none where it cannot be read."""
    return [call.name for call in read_calls("", text)[0]]


def with_installed(folder: str, kind: str, names: Iterable[str]) -> Mapping[str, Entry]:
    """The entries of a folder, and those of these names that an installed distribution offers.

    What recipes name is not looked for here: it has its distribution and a digest in front of it by then.
    """
    known = catalogue(folder, kind)
    if not (others := [name for name in names if name not in known]):
        return known
    from ablab.installed import full_name, offer_of
    from ablab.own_code import own_entry

    full = {name: name if is_own(name) else full_name(kind, name) for name in others}
    if kind == "model":  # which needs no mark, and is built by its full name
        return known
    return {**known, **{name: own_entry(own, kind, InputError) for name, own in full.items() if offer_of(own)}}


def _installed_names(kind: str, known: Iterable[str]) -> Iterable[str]:
    """The names of the parts of this kind that installed distributions offer."""
    from ablab.installed import short_names

    return short_names(kind, known)


def read_calls(key: str, text: str) -> tuple[tuple[Call, ...], tuple[Fault, ...]]:
    """The calls in the value of a key, or why it cannot be read."""
    try:
        return grammar.calls(text), ()
    except GrammarError as error:
        (fault,) = error.faults
        part = f'"{fault.near}": ' if fault.near != text else ""
        return (), (replace(fault, key=key, message=f"{key} = {text}: {part}{fault.message}"),)


def bind(call: Call, entry: Entry) -> tuple[Arguments, tuple[Fault, ...]]:
    """The arguments of a call by their names, and what is wrong with them; those without a name go by their order.

    Every text that names a function of ours is bound here: `crop(4)`, `sgd(0.9)`, the options of a network.
    """
    known = list(entry.options)
    if len(call.args) > len(known):
        takes = f"at most {counted(len(known), 'argument')} ({', '.join(known)})" if known else "no arguments"
        message = f"{call.name} takes {takes}; {len(call.args)} given"
        return {}, (Fault("", message, call.name),)
    given = dict(zip(known, call.args, strict=False))
    faults = []
    for name, value in call.options.items():
        if name in given:
            faults.append(Fault(name, f"{name} is given twice", name))
        elif name not in known:
            hint = did_you_mean(name[:LENGTH], known) if known else "it takes no arguments"
            faults.append(Fault(name, f'no option is called "{name}"', name, hint))
        else:
            given[name] = value
    for name in entry.required:
        if name not in given:
            faults.append(
                Fault(name, f"{name} is missing", call.name, f"write {entry.example or f'{call.name}({name}=...)'}")
            )
    for name, value in given.items():
        faults += _value_faults(name, value, entry, near=name if name in call.options else show(value))
    return given, tuple(faults)


def _value_faults(name: str, value: Any, entry: Entry, near: str) -> tuple[Fault, ...]:
    """What is wrong with the value of one argument: it must belong to one of the domains of its annotation."""
    allowed = entry.domains.get(name, ())
    if not allowed or any(domain.has(value) and not domain.calls for domain in allowed):
        return ()
    words = [word for domain in allowed for word in domain.words]
    kind = next((domain.calls for domain in allowed if domain.calls), "")
    if kind and isinstance(value, str):
        return read_operations(name, value, catalogue(entry.folder, kind), words=words)[1]
    if words:
        return (
            Fault(
                name,
                f'{name} = "{show(value)}" is not one of its values',
                show(value),
                did_you_mean(show(value)[:LENGTH], words),
            ),
        )
    default = entry.options[name]
    example = f", such as {show(default)}" if isinstance(default, list) else ""
    return (Fault(name, f"{name} = {show(value)[:LENGTH]} must be {allowed[0].wanted(value)}{example}", near),)


def marked(source: str, module: str, folder: str = "") -> list[Entry]:
    """The entries that the text of one file declares."""
    entries = []
    body = ast.parse(source).body
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        taken = list(parameters(node, body))
        for call in node.decorator_list:
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "mark":
                kind, name = (ast.literal_eval(argument) for argument in call.args)
                facts = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg}
                own, summary, needs = facts.pop("defaults", {}), facts.pop("summary", ""), facts.pop("needs", ())
                example, extra = facts.pop("example", ""), facts.pop("extra", "")
                facts |= {"name": name} if any(parameter.name == "name" for parameter in taken) else {}
                options = [parameter for parameter in taken if parameter.name not in facts]
                entries.append(
                    Entry(
                        kind=kind,
                        name=name,
                        module=module,
                        function=node.name,
                        summary=summary or (ast.get_docstring(node) or "").partition("\n")[0],
                        parameters=positional(node),
                        options={option.name: own.get(option.name, option.default) for option in options},
                        facts=facts,
                        defaults=own,
                        needs=tuple(needs),
                        extra=extra,
                        example=example,
                        domains={option.name: option.domains for option in options},
                        required=tuple(key.name for key in options if key.is_required and key.name not in own),
                        groups={option.name: option.group for option in taken if option.group},
                        folder=folder,
                    )
                )
    return entries
