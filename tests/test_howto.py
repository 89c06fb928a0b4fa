"""The short how-to pages, followed to the letter: every command of theirs ends well, and what they quote is so."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ablab.study.verdict import word_for

FOLDER = Path(__file__).parent.parent / "docs" / "howto"
ELSEWHERE = ("ablab run quickstart", "ablab report quickstart", "ablab write quickstart")  # tried from a wheel


def commands(page: Path) -> list[str]:
    """The lines of the blocks for a shell."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.mark.long
@pytest.mark.parametrize("page", sorted(FOLDER.glob("*.md")), ids=lambda page: page.stem)
def test_every_command_of_a_page_ends_well_and_prints_what_the_page_quotes(page, tmp_path):
    text, printed = page.read_text(encoding="utf-8"), ""
    assert commands(page)
    for line in commands(page):
        if line in ELSEWHERE:
            continue
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(line)],
            cwd=tmp_path,
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
        printed += done.stdout
    for quoted in re.findall(r"prints\n?\s?`([^`]+)`", text):
        assert quoted in printed


def test_the_table_of_words_is_the_rule():
    table = (FOLDER / "verdict.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (.+?) \| ([a-z ]+) \|$", table, re.MULTILINE))
    cases = {
        "lies inside the margin on both sides": (-0.4, 0.3),
        "is above 0, and not inside the margin": (0.1, 0.9),
        "is below 0, and not inside the margin": (-0.9, -0.1),
        "holds 0 and reaches beyond the margin": (-0.1, 0.9),
    }
    assert {row: word_for(*interval, 0.5)[0] for row, interval in cases.items()} == {
        row: word for row, word in rows.items() if row in cases
    }
    assert set(cases) <= set(rows)
