"""The short how-to pages, followed to the letter: every command of theirs ends well, and what they quote is so."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ablab.study.verdict import word_for

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "howto"
ELSEWHERE = ("ablab run quickstart", "ablab report quickstart", "ablab write quickstart")  # tried from a wheel
PYTHON_MODULES = {"torchrun": "torch.distributed.run"}
WORDS = "helps|hurts|no practical difference|undecided"


def blocks(page: Path, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def commands(page: Path) -> list[str]:
    """The lines of the blocks for a shell."""
    return [line for block in blocks(page, "sh") for line in block.splitlines()]


def words_of(line: str, packages: Path) -> list[str]:
    """The words of a command, for `python -m`; pip installs into a folder of the test's own."""
    first, *rest = shlex.split(line)
    if first == "pip":
        rest[-1] = str(ROOT / rest[-1])
        rest += ["--no-deps", "--no-index", "--no-build-isolation", "--target", str(packages)]
    return [PYTHON_MODULES.get(first, first), *rest]


def shapes(text: str) -> set[str]:
    """The lines without figures, verdicts and choices, which differ between machines."""
    lines = [re.sub(r"[-+]?\d[\d.,]*", "#", line.replace("  taken", "")) for line in text.splitlines()]
    return {" ".join(re.sub(rf"{WORDS}|─+", "", line).split()) for line in lines}


@pytest.mark.long
@pytest.mark.parametrize("page", sorted(FOLDER.glob("*.md")), ids=lambda page: page.stem)
def test_every_command_of_a_page_ends_well_and_prints_what_the_page_quotes(page, tmp_path):
    text, printed = page.read_text(encoding="utf-8"), ""
    for block in blocks(page, "toml"):
        if name := re.match(r"# (\S+\.toml)\n", block):
            (tmp_path / name[1]).write_text(block, encoding="utf-8")
    packages = tmp_path / "packages"
    ways = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(packages)]))
    assert commands(page)
    for line in commands(page):
        if line in ELSEWHERE:
            continue
        done = subprocess.run(
            [sys.executable, "-m", *words_of(line, packages)],
            cwd=tmp_path,
            env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": ways},
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
        printed += done.stdout
    for quoted in re.findall(r"prints\n?\s?`([^`]+)`", text):
        assert quoted in printed
    for block in blocks(page, "text"):
        assert shapes(block) <= shapes(printed) | {""}


def test_the_tracker_of_the_page_is_that_of_the_example():
    page = FOLDER / "tracker.md"
    example = ROOT / "examples" / "distribution"
    (tracker,), (entry,) = blocks(page, "python"), blocks(page, "toml")
    source = (example / "ablab_example_parts" / "results.py").read_text(encoding="utf-8")
    assert tracker in re.sub(r"  # noqa.*", "", source)
    assert entry in (example / "pyproject.toml").read_text(encoding="utf-8")


def test_the_table_of_words_is_the_rule():
    table = (FOLDER / "verdict.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (.+?) \| ([a-z ]+) \|$", table, re.MULTILINE))
    cases = {
        "lies inside the margin on both sides": (-0.4, 0.3),
        "is above 0, and not inside the margin": (0.1, 0.9),
        "is below 0, and not inside the margin": (-0.9, -0.1),
        "includes 0 and extends beyond the margin": (-0.1, 0.9),
    }
    assert {row: word_for(*interval, 0.5)[0] for row, interval in cases.items()} == {
        row: word for row, word in rows.items() if row in cases
    }
    assert set(cases) <= set(rows)
