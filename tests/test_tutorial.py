"""The tutorial, followed to the letter: every command of it, on a folder of pictures, with a smaller study."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from commands import ablab

PAGE = Path(__file__).parent.parent / "docs" / "tutorial.md"
ELSEWHERE = ("pip install", "ablab demo")  # both are tried from a wheel in a fresh environment

pytestmark = pytest.mark.long


def pictures(folder):
    """Discs and squares of random colours on dark noise, 130 each."""
    draws = np.random.default_rng(0)
    rows, columns = np.mgrid[:40, :40]
    for kind in ("round", "square"):
        (folder / kind).mkdir(parents=True)
        for number in range(130):
            picture = draws.integers(0, 90, (40, 40, 3)).astype(np.uint8)
            down, right, size = *draws.integers(12, 28, 2), draws.integers(6, 11)
            far = (rows - down) ** 2 + (columns - right) ** 2 if kind == "round" else None
            edge = np.maximum(abs(rows - down), abs(columns - right))
            picture[far < size**2 if far is not None else edge < 0.9 * size] = draws.integers(100, 255, 3)
            Image.fromarray(picture).save(folder / kind / f"{number:03}.png")


def test_every_command_of_the_tutorial_does_what_it_says(tmp_path):
    pictures(tmp_path / "pictures")
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if not line.startswith(ELSEWHERE)]
    assert len(lines) >= 8
    said = {}
    for line in lines:
        done = ablab(*shlex.split(line)[1:], cwd=tmp_path)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        said[line] = done.stdout
        if line.startswith("ablab init"):
            study = tmp_path / "mine.toml"
            text = study.read_text(encoding="utf-8")
            study.write_text(text.replace("epochs = 5", "epochs = 1\nbatch = 20").replace('"3..10"', "3"), "utf-8")
    assert "round, square" in said["ablab data check pictures"]
    assert "9 runs (" in said["ablab plan mine.toml"]
    assert re.search(r"helps|hurts|no practical difference|undecided", said["ablab run mine.toml"])
    assert (tmp_path / "reports" / "mine.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "The interval is" in said["ablab write mine.toml"]
    assert len(said["ablab runs ls"].splitlines()) > 9
