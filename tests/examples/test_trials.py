"""The examples that compare programs and functions run, and give verdicts."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
NEEDS = {"scikit_learn.py": ["sklearn"], "keras_network.py": ["keras"], "jax_network.py": ["jax"]}
WORDS = ("helps", "hurts", "makes no practical difference", "undecided")


@pytest.mark.long
@pytest.mark.parametrize("name", NEEDS)
def test_an_example_of_a_function_gives_its_verdicts_and_trains_nothing_twice(tmp_path, name):
    for package in NEEDS[name]:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    said = run(tmp_path, sys.executable, str(EXAMPLES / name))
    assert all(any(word in line for word in WORDS) for line in said.splitlines())
    assert said
    again = run(tmp_path, sys.executable, str(EXAMPLES / name))
    assert again == said


@pytest.mark.long
def test_the_example_of_a_command_gives_its_verdicts(tmp_path):
    for path in (EXAMPLES / "any_program").iterdir():
        shutil.copy(path, tmp_path)
    said = run(tmp_path, sys.executable, "-m", "ablab", "run", "averaged.toml", "--workers", "2")
    assert "averaged helps" in said
    assert (tmp_path / "reports" / "averaged.html").exists()


@pytest.mark.slow
def test_the_script_in_the_documents_gives_its_verdict(tmp_path):
    page = (EXAMPLES.parent / "docs" / "programs.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "script.py").write_text(script)
    assert "deep helps" in run(tmp_path, sys.executable, "script.py")


def run(folder: Path, *words: str) -> str:
    """What a command prints in a folder."""
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, env={**os.environ, "KERAS_BACKEND": "torch"}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
