"""Signature: the parameters of a marked function or class, read from its text."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ablab.domains import Domain, definition, domains


@dataclass(frozen=True)
class Parameter:
    """A keyword-only parameter, or a field of the dataclass that one has as its default."""

    name: str
    domains: tuple[Domain, ...]  # none where anything goes
    default: Any = None
    is_required: bool = False
    group: str = ""  # the parameter that is given the dataclass, if this is a field


def positional(node: ast.FunctionDef | ast.ClassDef) -> tuple[str, ...]:
    """The names of the other parameters."""
    return tuple(argument.arg for argument in _arguments(node).args)


def parameters(node: ast.FunctionDef | ast.ClassDef, body: Sequence[ast.stmt]) -> Iterator[Parameter]:
    """The keyword-only parameters of a function in a file with these statements; of a class, those of `__init__`.

    A parameter such as `style: Style = Style(norm="none")`, where `Style` is a dataclass of ours, stands for the fields
    of it that have a value other than None there.
    """
    taken = _arguments(node)
    for parameter, default in zip(taken.kwonlyargs, taken.kw_defaults, strict=True):
        match default:
            case ast.Call(ast.Name(name), [], values) if fields := _fields(name, body):
                started = {value.arg: _literal(value.value) for value in values}
                for field in fields.values():
                    if (start := started.get(field.name, field.default)) is not None:
                        yield replace(field, default=start, group=parameter.arg)
            case _:
                allowed = domains(parameter.annotation, body)
                yield Parameter(parameter.arg, allowed, _literal(default), is_required=default is None)


def _fields(name: str, body: Sequence[ast.stmt]) -> dict[str, Parameter]:
    """The fields of a class in the order of a dataclass: those of its base first, also where it declares them anew."""
    fields: dict[str, Parameter] = {}
    match definition(name, body):
        case ast.ClassDef(bases=bases, body=parts), where:
            for base in bases:
                fields |= _fields(base.id, where) if isinstance(base, ast.Name) else {}
            for part in parts:
                match part:
                    case ast.AnnAssign(ast.Name(field), annotation, value):
                        fields[field] = Parameter(field, domains(annotation, where), _literal(value))
    return fields


def _arguments(node: ast.FunctionDef | ast.ClassDef) -> ast.arguments:
    """What is given to a function, or to a class when it is made."""
    if isinstance(node, ast.FunctionDef):
        return node.args
    makers = [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"]
    if not makers:
        return ast.arguments([], [], None, [], [], None, [])
    given = makers[0].args
    return ast.arguments([], given.args[1:], None, given.kwonlyargs, given.kw_defaults, None, [])


def _literal(node: ast.expr | None) -> Any:
    try:
        return None if node is None else ast.literal_eval(node)
    except ValueError:
        return None
