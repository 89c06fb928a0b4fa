"""Mutation testing tells a change that a test notices from one that none does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mutants import mutants

TOOLS = Path(__file__).parents[2] / "tools"
MODULE = 'def grade(points: int = 0) -> str:\n    return "pass" if points >= 50 else "fail"\n'
TESTS = """from ablab.statistics.marks import grade

def test_a_mark():
    assert grade(60) == "pass"
    assert grade(40) == "fail"
"""
PROGRAM = """
import json, pathlib, sys
from mutants import survivors
root = pathlib.Path(sys.argv[1])
tried, alive = survivors(root / "src" / "ablab" / "statistics" / "marks.py", None, root)
print(json.dumps([tried, [[one.line, one.before, one.after] for one in alive]]))
"""


def changes(source: str) -> list[tuple[str, str]]:
    return [(mutant.before, mutant.after) for mutant in mutants(source)]


def test_types_decorators_and_texts_have_no_mutants():
    assert changes('@mark(3)\ndef f(x: Literal[1]) -> "int > 3":\n    """1 + 1"""\n    return x\n') == []


def test_operators_conditions_and_numbers_have_one_each():
    assert changes("a and b\n") == [("a and b", "a or b")]
    assert changes("a // b\n") == [("a // b", "a * b")]
    assert changes("a < b in c\n") == [("a < b in c", "a <= b in c"), ("a < b in c", "a < b not in c")]
    assert changes("a if b else c\n") == [("a if b else c", "c if b else a")]
    assert changes("f(-x, y=True)\n") == [("-x", "x"), ("True", "False")]


def test_a_mutant_is_the_module_with_that_one_thing_changed():
    results = []
    for mutant in mutants("x = 2 * 3\n"):
        names: dict[str, float] = {}
        exec(mutant.code, names)
        results.append(names["x"])
    assert results == [2 / 3, 3 * 3, 2 * 4]


@pytest.mark.slow
def test_what_no_test_notices_survives_and_the_rest_is_killed(tmp_path):
    for name, text in {"src/ablab/statistics/marks.py": MODULE, "tests/statistics/test_marks.py": TESTS}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], cwd=TOOLS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [4, [[1, "0", "1"], [2, "points >= 50", "points > 50"], [2, "50", "51"]]]
