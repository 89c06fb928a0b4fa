"""Imports go down only, heavy ones happen late, and nothing reaches for what it should not."""

import ast
import functools
import re
import subprocess
import sys

import pytest

import architecture
from architecture import ABOVE_ALL, FACTS, SOURCE, arrows, imports, imports_of, room

FILES = sorted(SOURCE.rglob("*.py"))

# What a room imports of ours besides them: exactly this, so that the picture in docs/design.md stays true.
ARROWS = {
    **{name: set() for name in (*FACTS, "data", "models", "arithmetic", "kernels", "statistics", "store", "track")},
    "figures": {"statistics"},
    "study": {"statistics"},
    "auditing": {"statistics", "study"},
    "elsewhere": {"statistics", "study"},
    "trials": {"statistics", "store", "study"},
    "train": {"data", "kernels", "models"},
    "probe": {"data", "models", "train"},
    "export": {"data", "train"},
    "predict": {"data", "train"},
    "execute": {"arithmetic", "data", "models", "train"},
    "verify": {"data", "execute", "train"},
    "result": {"store", "study"},
    "begun": {"result", "store", "study"},
    "prepare": {"begun", "data", "execute", "probe", "store", "study", "train"},
    "replication": {"arithmetic", "execute", "models", "result", "statistics", "store", "study"},
    "sharing": {"execute", "store"},
    "grading": {"data", "result", "store", "study", "verify"},
    "course": {"result", "store", "study", "trials"},
    "pool": {"course"},
    "mixed": {"execute", "trials"},
    "slots": {"execute", "mixed", "store", "study", "trials"},
    "conduct": {
        "begun",
        "course",
        "execute",
        "pool",
        "prepare",
        "result",
        "sharing",
        "slots",
        "store",
        "study",
        "track",
        "train",
        "trials",
    },
    "searching": {"conduct", "course", "data", "execute", "prepare", "sharing", "store", "study", "track", "train"},
    "networks": {"data", "models", "prepare", "probe", "store", "train"},
    "report": {
        "arithmetic",
        "data",
        "elsewhere",
        "evaluation",
        "grading",
        "models",
        "probe",
        "replication",
        "result",
        "statistics",
        "store",
        "study",
        "trials",
    },
    "outgoing": {"execute", "export", "prepare", "report", "result", "store", "train", "trials"},
    "evaluation": {"data", "export", "models", "predict", "train"},
    "serve": {"prepare", "report", "result", "store", "study", "track", "trials"},
    "api": {
        "conduct",
        "data",
        "evaluation",
        "outgoing",
        "predict",
        "prepare",
        "report",
        "result",
        "searching",
        "store",
        "study",
        "train",
        "trials",
    },
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_imports_only_rooms_below_it(path):
    if room(path) not in ABOVE_ALL:
        assert imports_of(path) - FACTS - {room(path)} <= ARROWS[room(path)]
    if room(path) in FACTS:
        assert imports_of(path) <= FACTS


def test_every_arrow_is_one_that_some_file_uses():
    assert arrows() == {name: below for name, below in ARROWS.items() if name not in FACTS}


def test_the_picture_of_the_rooms_is_that_of_the_imports():
    """`make reference` draws it again."""
    assert architecture.PICTURE.read_text(encoding="utf-8") == architecture.svg(arrows())


@pytest.mark.parametrize(
    "line",
    [
        "import ablab.study.plan",
        "from ablab import study",
        "from ablab.study import plan",
        "def late():\n    from ablab.study import plan",
        'importlib.import_module("ablab.study.plan")',
        'import_module(f"ablab.study.{name}")',
        '__import__("ablab.study")',
    ],
)
def test_every_way_to_import_a_room_is_seen(line):
    assert imports(ast.parse(line)) == {"study"}


FORBIDDEN = {
    "a pickle": r"^\s*(import|from) (pickle|dill|joblib|cloudpickle)\b",
    "torch.load": r"torch\.load\(",
    "torchvision": r"(import|from) torchvision",
    "eval or exec": r"(?<![\w.])(eval|exec)\(",
    "extraction of archives": r"extractall|\.extract\(",
    "a shell": r"shell=True|os\.system|os\.popen",
    "YAML": r"^\s*(import|from) yaml\b|yaml\.load",
    "marshalled code": r"^\s*(import|from) (marshal|shelve)\b",
    "unescaped markup": r"innerHTML|\|\s*safe\b",
    "arrays of objects": r"allow_pickle=True",
    "a global seed": r"torch\.manual_seed\(|np\.random\.seed\(|numpy\.random\.seed\(|random\.seed\(",
}


@functools.cache
def texts() -> list[tuple[str, str]]:
    """Every file of the package that is run or shown, with its name."""
    kinds = {".py", ".html", ".js", ".css", ".jinja"}
    return [(path.name, path.read_text("utf-8")) for path in SOURCE.rglob("*") if path.suffix in kinds]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_in_the_package_uses(what):
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    assert [name for name, text in texts() if pattern.search(text)] == []


def modules_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after some code."""
    listing = f"""
import sys
try:
    {code}
except SystemExit:
    pass
print()
print(*{{name.split(".")[0] for name in sys.modules}})
"""
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_loads_nothing_heavy():
    loaded = modules_after("import ablab.cli; sys.argv = ['ablab', '--help']; ablab.cli.main()")
    assert loaded & {"torch", "numpy", "scipy", "matplotlib", "pydantic", "rich", "PIL", "pyarrow"} == set()


def test_the_study_room_loads_no_torch():
    assert "torch" not in modules_after("import ablab.study")


@pytest.mark.long
def test_no_module_of_ours_loads_torchvision_or_matplotlib():
    names = [".".join(("ablab", *path.relative_to(SOURCE).with_suffix("").parts)) for path in FILES]
    modules = [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]
    everything = f"""import importlib
    for name in {modules}:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:  # an extra that is not installed here
            if error.name.startswith("ablab"):
                raise"""
    assert modules_after(everything) & {"torchvision", "matplotlib"} == set()
