"""`make mutants`: change one operator, number or condition of a module at a time, and see whether a test notices.

    python tools/mutants.py statistics/robust.py study/plan.py [--sample 50]

A mutant is killed if a test fails or takes too long. The tests that bear the name of the module are tried first, then
the quick ones of its room. Each mutant is a fork of a process that has the libraries already, so it takes a second or
two.
"""

import argparse
import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
LIBRARIES = ("numpy", "scipy.stats", "scipy.special", "pydantic")
SHORTEST = 20  # seconds that the tests of a mutant get at least
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "timeout=0")
SWAPS: dict[type[ast.AST], type[Any]] = {
    ast.Lt: ast.LtE, ast.Gt: ast.GtE, ast.Eq: ast.NotEq, ast.In: ast.NotIn, ast.Is: ast.IsNot,
    ast.LtE: ast.Lt, ast.GtE: ast.Gt, ast.NotEq: ast.Eq, ast.NotIn: ast.In, ast.IsNot: ast.Is,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A module with one thing changed."""

    line: int
    before: str
    after: str
    code: CodeType


def mutants(source: str, path: str = "module.py") -> Iterator[Mutant]:
    """Every mutant of a module, from its first line to its last.

    >>> [(mutant.before, mutant.after) for mutant in mutants("def f(x: int = 3):\\n    return not x < 4\\n")]
    [('3', '4'), ('not x < 4', 'x < 4'), ('x < 4', 'x <= 4'), ('4', '5')]
    """
    tree = ast.parse(source)
    for holder, name, at in _slots(tree):
        children = getattr(holder, name)
        child = children if at is None else children[at]
        for changed in _changes(child):
            ast.fix_missing_locations(ast.copy_location(changed, child))
            _put(holder, name, at, changed)
            yield Mutant(child.lineno, ast.unparse(child), ast.unparse(changed), compile(tree, path, "exec"))
        _put(holder, name, at, child)


def _slots(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Each place of an expression below a node; types and decorators are none."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for at, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.expr):
                yield node, name, at
            if isinstance(child, ast.AST):
                yield from _slots(child)


def _put(holder: ast.AST, name: str, at: int | None, child: ast.AST) -> None:
    if at is None:
        setattr(holder, name, child)
    else:
        getattr(holder, name)[at] = child


def _changes(node: ast.expr) -> Iterator[ast.expr]:
    """What an expression could be by mistake."""
    match node:
        case ast.Compare():
            for at, operator in enumerate(node.ops):
                swapped = [SWAPS[type(operator)](), *node.ops[at + 1 :]]
                yield ast.Compare(node.left, [*node.ops[:at], *swapped], node.comparators)
        case ast.BinOp() if type(node.op) in SWAPS:
            yield ast.BinOp(node.left, SWAPS[type(node.op)](), node.right)
        case ast.BoolOp():
            yield ast.BoolOp(SWAPS[type(node.op)](), node.values)
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.IfExp():
            yield ast.IfExp(node.test, node.orelse, node.body)
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1)


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from code that is given."""

    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        self.name, self.path, self.code = name, path, code

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if name != self.name:
            return None
        spec = importlib.machinery.ModuleSpec(name, self, origin=str(self.path))
        spec.has_location = True
        return spec

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)  # noqa: S102 (our own module, with one thing changed)


def passes(module: Path, code: CodeType, tests: Sequence[str], limit: int, root: Path) -> bool:
    """Whether the tests pass in time with that code in place of the module, in a process of their own."""
    pid = os.fork()
    if pid:
        status = os.waitpid(pid, 0)[1]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # what the tests left behind
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) > 1:
            raise SystemExit(f"pytest itself failed on {' '.join(tests)}")
        return status == 0
    ended: int = pytest.ExitCode.INTERNAL_ERROR
    try:
        os.setpgid(0, 0)
        signal.alarm(limit)
        silence = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(silence, stream)
        name = ".".join(module.relative_to(root / "src").with_suffix("").parts)
        sys.meta_path.insert(0, _Changed(name, module, code))
        sys.path[:0] = [str(root), str(root / "src")]
        os.chdir(root)
        ended = pytest.main([*OPTIONS, "--rootdir", str(root), *tests])
    finally:
        # A module that cannot even be imported interrupts pytest while it collects: a failure like others.
        os._exit(1 if ended == pytest.ExitCode.INTERRUPTED else ended)


def tests_of(module: Path, root: Path) -> list[list[str]]:
    """The tests to try one after the other: those that bear the module's name, then the quick ones of its room."""
    inside = module.relative_to(root / "src" / "ablab")
    room = root / "tests" / inside.parts[0]
    own = [str(path) for path in sorted(room.rglob(f"test_{module.stem}*.py"))]
    golden = [str(path) for path in (root / "tests").glob("test_golden.py")]
    quick = ["-m", "not slow and not long", str(room), *golden]
    return [["-m", "not long", *own], quick] if own else [quick]


def survivors(module: Path, sample: int | None, root: Path = ROOT) -> tuple[int, list[Mutant]]:
    """How many mutants were tried, and those that no test noticed."""
    source = module.read_text(encoding="utf-8")
    whole = compile(source, str(module), "exec")
    suites = []
    for tests in tests_of(module, root):
        begun = time.monotonic()
        if not passes(module, whole, tests, 3600, root):
            raise SystemExit(f"{module.name}: its tests fail without any change")
        suites.append((tests, max(SHORTEST, int(5 * (time.monotonic() - begun)))))
    tried = list(mutants(source, str(module)))
    if sample is not None and sample < len(tried):
        chosen = sorted(random.Random(0).sample(range(len(tried)), sample))
        tried = [tried[at] for at in chosen]
    alive = [one for one in tried if all(passes(module, one.code, tests, limit, root) for tests, limit in suites)]
    return len(tried), alive


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+", type=Path, help="files or folders below src/ablab")
    parser.add_argument("--sample", type=int, help="mutants of each file at most, chosen at random")
    given = parser.parse_args()
    for library in LIBRARIES:
        importlib.import_module(library)
    tried = killed = 0
    for each in given.modules:
        place = ROOT / "src" / "ablab" / each
        for module in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            number, alive = survivors(module, given.sample)
            for one in alive:
                print(f"  {module.relative_to(ROOT)}:{one.line}: {one.before}  ->  {one.after}")
            if number:
                print(f"{module.relative_to(ROOT)}: {number - len(alive)} of {number} killed", flush=True)
            tried, killed = tried + number, killed + number - len(alive)
    print(f"{killed} of {tried} mutants killed: {100 * killed / max(1, tried):.0f} %")


if __name__ == "__main__":
    main()
