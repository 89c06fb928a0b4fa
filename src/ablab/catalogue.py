"""Things found by name: a marked function or class in a file of a folder is all that it takes, the folder is the list.

The list is read from the files' text, so names, options and defaults are known without importing torch;
only the function that is asked for is imported.
"""

import ast
import functools
import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ablab.errors import InputError, did_you_mean

Function = TypeVar("Function", bound=Callable[..., Any])
PACKAGE = Path(__file__).parent


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
    needs: tuple[str, ...] = ()  # packages beyond those that ablab comes with

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the function is called with: the options given, over the settings of the name."""
        return {**self.facts, **self.defaults, **given}

    def load(self) -> Callable[..., Any]:
        """The function itself; its module is imported now, if the packages that it needs are there."""
        missing = [package for package in self.needs if importlib.util.find_spec(package) is None]
        if missing:
            listed = " ".join(missing)
            raise InputError(f'{self.kind} "{self.name}" needs {listed}: install it with: pip install {listed}')
        return getattr(importlib.import_module(self.module), self.function)  # type: ignore[no-any-return]


def mark(
    kind: str,  # noqa: ARG001 (all of them are read from the text)
    name: str,  # noqa: ARG001
    *,
    summary: str = "",  # noqa: ARG001
    defaults: Mapping[str, Any] | None = None,  # noqa: ARG001
    needs: tuple[str, ...] = (),  # noqa: ARG001
    **facts: Any,  # noqa: ARG001
) -> Callable[[Function], Function]:
    """Offer a function or a class under a name: there, `facts` fix keyword-only parameters, `defaults` start them off.

    The summary is the first line of the function's docstring unless the marker has one. All of it must be literals,
    because it is read from the text of the file. A keyword-only parameter `name` is given the name. `needs` names the
    packages that the file imports beyond those that ablab comes with.
    """

    def unchanged(function: Function) -> Function:
        return function

    return unchanged


@functools.cache
def catalogue(folder: str, kind: str) -> dict[str, Entry]:
    """All functions marked as `kind` in the files of `folder` (dotted, below ablab), by name."""
    entries: dict[str, Entry] = {}
    for path in sorted((PACKAGE / folder.replace(".", "/")).glob("*.py")):
        module = f"ablab.{folder}" if path.stem == "__init__" else f"ablab.{folder}.{path.stem}"
        for entry in marked(path.read_text(encoding="utf-8"), module):
            if entry.kind == kind:
                if entry.name in entries:
                    raise ValueError(f"{module} and {entries[entry.name].module} both mark {kind} {entry.name!r}")
                entries[entry.name] = entry
    return entries


def find(folder: str, kind: str, name: str, error: type[InputError] = InputError) -> Entry:
    """The entry called `name`, or an error with the nearest name."""
    entries = catalogue(folder, kind)
    if name not in entries:
        raise error(f'no {kind} is called "{name}": {did_you_mean(name, entries)}')
    return entries[name]


def is_own(name: str) -> bool:
    """Whether a name is a user's own code and no entry of a folder: `path/to/file.py:Name`, `package.module:Name`."""
    return ":" in name


def marked(source: str, module: str) -> list[Entry]:
    """The entries that the text of one file declares."""
    entries = []
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        taken = _arguments(node)
        defaults = {
            parameter.arg: None if default is None else _literal(default)
            for parameter, default in zip(taken.kwonlyargs, taken.kw_defaults, strict=True)
        }
        for call in node.decorator_list:
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "mark":
                kind, name = (ast.literal_eval(argument) for argument in call.args)
                facts = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg}
                own, summary, needs = facts.pop("defaults", {}), facts.pop("summary", ""), facts.pop("needs", ())
                facts |= {"name": name} if "name" in defaults else {}
                entries.append(
                    Entry(
                        kind=kind,
                        name=name,
                        module=module,
                        function=node.name,
                        summary=summary or (ast.get_docstring(node) or "").partition("\n")[0],
                        parameters=tuple(argument.arg for argument in taken.args),
                        options={key: own.get(key, value) for key, value in defaults.items() if key not in facts},
                        facts=facts,
                        defaults=own,
                        needs=tuple(needs),
                    )
                )
    return entries


def _arguments(node: ast.FunctionDef | ast.ClassDef) -> ast.arguments:
    """What is given to a function, or to a class when it is made."""
    if isinstance(node, ast.FunctionDef):
        return node.args
    makers = [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"]
    if not makers:
        return ast.arguments([], [], None, [], [], None, [])
    given = makers[0].args
    return ast.arguments([], given.args[1:], None, given.kwonlyargs, given.kw_defaults, None, [])


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
