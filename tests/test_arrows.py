"""Imports go down only, heavy ones happen late, and nothing reaches for what it should not."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "ablab"
FILES = sorted(SOURCE.rglob("*.py"))

# What a room may import of ours. The facts at the bottom import each other, and nothing else.
FACTS = {"errors", "grammar", "domains", "signature", "catalogue", "operations", "recipe", "records", "events", "wire"}
FACTS |= {"randomness", "metric", "atomic"}
PURE = FACTS | {"data", "models", "arithmetic"}
TRAINING = PURE | {"train"}
ASKING = FACTS | {"statistics", "study"}
RESULT = ASKING | {"result", "store"}
EFFECTS = {"execute", "track"}
REPORT = RESULT | TRAINING | {"auditing", "report"}
PREPARE = RESULT | TRAINING | {"probe", "execute", "prepare"}
CONDUCT = PREPARE | EFFECTS | {"conduct"}
MAY = {
    **dict.fromkeys(FACTS, FACTS),
    **dict.fromkeys(("data", "models", "arithmetic", "statistics", "store"), FACTS),
    "study": ASKING,
    "auditing": ASKING,
    "train": TRAINING,
    "probe": TRAINING | {"probe"},
    "export": TRAINING | {"export"},
    "track": TRAINING | EFFECTS,
    "execute": TRAINING | {"execute"},
    "result": RESULT,
    "prepare": PREPARE,
    "conduct": CONDUCT,
    "verify": TRAINING | {"execute"},
    "report": REPORT,
    "serve": REPORT | CONDUCT | {"serve"},
    "api": REPORT | CONDUCT | {"api"},
}


# Arrows that go up, to be mended: a file leaves this list when its arrow is gone.
DEBTS = {}


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """The rooms of ours that a file imports, anywhere in it, or names in a string as a module to import."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "ablab":
            found |= {alias.name for alias in node.names}
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [text for text in _strings(node) if text.startswith("ablab.") and path.name != "__init__.py"]
        found |= {name.split(".")[1] for name in names if name.startswith("ablab.")}
    return found


def _strings(node: ast.AST) -> list[str]:
    """What `import_module` and `__import__` are given as text."""
    if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith(("import_module", "__import__")):
        return []
    return [str(one.value) for one in node.args if isinstance(one, ast.Constant)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_imports_only_rooms_below_it(path):
    if room(path) not in ("cli", "__init__", "__main__"):  # these stand above all
        debts = DEBTS.get(str(path.relative_to(SOURCE)), set())
        assert imports(path) - MAY[room(path)] - {room(path)} == debts


FORBIDDEN = {
    "a pickle": r"^\s*(import|from) (pickle|dill|joblib|cloudpickle)\b",
    "torch.load": r"torch\.load\(",
    "torchvision": r"(import|from) torchvision",
    "eval or exec": r"(?<![\w.])(eval|exec)\(",
    "extraction of archives": r"extractall|\.extract\(",
    "a shell": r"shell=True|os\.system",
    "unescaped markup": r"innerHTML|\|\s*safe\b",
    "arrays of objects": r"allow_pickle=True",
    "a global seed": r"torch\.manual_seed\(|np\.random\.seed\(|numpy\.random\.seed\(|random\.seed\(",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_in_the_package_uses(what):
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    kinds = {".py", ".html", ".js", ".css", ".jinja"}
    found = [
        path.name for path in SOURCE.rglob("*") if path.suffix in kinds and pattern.search(path.read_text("utf-8"))
    ]
    assert found == []


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


@pytest.mark.slow
def test_no_module_of_ours_loads_torchvision_or_matplotlib():
    names = [".".join(("ablab", *path.relative_to(SOURCE).with_suffix("").parts)) for path in FILES]
    modules = (name.removesuffix(".__init__") for name in names if not name.endswith("__main__"))
    everything = "; ".join(f"import {name}" for name in modules)
    assert modules_after(everything) & {"torchvision", "matplotlib"} == set()
