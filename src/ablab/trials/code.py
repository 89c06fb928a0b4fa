"""The digest of a function: what it does, so that another function is another subject of a study."""

import dis
import functools
import hashlib
import json
from collections.abc import Callable, Iterator
from types import CellType, CodeType, FunctionType
from typing import Any

PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...))
CONSTANT = (*PLAIN, tuple, frozenset)  # what cannot change while the program runs


def code_digest(function: Callable[..., Any]) -> str:
    """The digest of a function's code, and of the functions, classes and constants of its own module that it names.

    Comments and the place in the file change nothing. Another version of Python may compile it otherwise. Data that it
    reads, and lists or objects around it, are not seen.

    >>> code_digest(lambda x: x + 1) == code_digest(lambda x: x + 1) != code_digest(lambda x: x + 2)
    True
    """
    told = json.dumps(_told(function, set()))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _told(value: Any, seen: set[int]) -> Any:
    """What of a value decides what a function does, as JSON; of what is neither code nor constant, its type."""
    if isinstance(value, PLAIN):
        return repr(value)
    if isinstance(value, tuple):
        return [_told(one, seen) for one in value]
    if isinstance(value, frozenset):
        return sorted(json.dumps(_told(one, seen)) for one in value)
    if isinstance(value, functools.partial):
        keywords = sorted(value.keywords.items())
        return ["partial", *(_told(one, seen) for one in (value.func, value.args, tuple(keywords)))]
    if isinstance(value, CodeType):
        return [value.co_code.hex(), value.co_names, [_told(one, seen) for one in value.co_consts]]
    if hasattr(value, "__func__"):  # of a method, the function
        return _told(value.__func__, seen)
    if id(value) in seen:  # it calls itself, or one that calls it
        return "above"
    seen.add(id(value))
    if isinstance(value, FunctionType):
        around = {name: _told(one, seen) for name, one in sorted(_named(value))}
        keywords = sorted((value.__kwdefaults__ or {}).items())
        return [_told(value.__code__, seen), around, _told((value.__defaults__, tuple(keywords)), seen)]
    kind = value if isinstance(value, type) else type(value)
    own = [(name, _told(one, seen)) for name, one in sorted(vars(kind).items()) if isinstance(one, FunctionType)]
    return [kind.__qualname__, own]


def _named(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """The constants and the code of its own module that a function names, but for what it sets itself."""
    code, cells = function.__code__, function.__closure__ or ()
    read, written = set[str](), set[str]()
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_GLOBAL":
            read.add(instruction.argval)
        elif instruction.opname in ("STORE_GLOBAL", "STORE_DEREF"):
            written.add(instruction.argval)  # such as a counter
    around = {name: function.__globals__[name] for name in read if name in function.__globals__}
    around |= {name: cell.cell_contents for name, cell in zip(code.co_freevars, cells, strict=True) if _is_filled(cell)}
    for name, value in around.items():
        is_code = isinstance(value, FunctionType | type) and value.__module__ == function.__module__
        if name not in written and (is_code or isinstance(value, CONSTANT)):
            yield name, value


def _is_filled(cell: CellType) -> bool:
    """Whether a name around a function has a value already."""
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False
