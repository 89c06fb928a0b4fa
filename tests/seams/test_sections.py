"""A section is one new file: page, paper, notebook, dashboard and terminal show it, `ablab table` has its table."""

import os
import re
import subprocess
import sys

import pytest

SECTION = '''"""How long the names of the recipes are."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.report.section import Paragraph, Part
from ablab.report.table import table
from ablab.result import Result


@mark("section", "names", title="Lengths of the names", place=35, tables=("name lengths",))
def names(result: Result) -> Iterator[Part]:
    """Each recipe with the length of its name."""
    yield Paragraph("Long names are hard to read.")
    yield table("name lengths", ("recipe", "letters >"), [(arm.name, str(len(arm.name))) for arm in result.arms])
'''
NOTEBOOK = """
from pathlib import Path
from ablab.study.question.files import read_studies
from ablab.report.notebook import html_of
from ablab.result import look_up
from ablab.store import Store
(study,) = read_studies(Path("s.toml"))
print(html_of(look_up(study, Store(Path(".ablab"), create=False))))
"""


@pytest.fixture
def studied(package_copy):
    """A copy of the package with the new section, and a study that it has carried out."""
    package_copy.drop("report/sections/names.py", SECTION)
    package_copy.write_study("s.toml")
    done = package_copy.run("run", "s.toml", "--workers", "1")
    assert done.returncode == 0, done.stderr
    return package_copy


@pytest.mark.long
def test_a_section_is_one_new_file(studied):
    page = (studied.work / "reports" / "s.html").read_text()
    assert re.search(r'<a href="#names[^"]*">Lengths of the names</a>', page)
    assert "Long names are hard to read." in page
    for form, name in (("markdown", "REPORT.md"), ("latex", "report.tex")):
        done = studied.run("report", "s.toml", "--format", form, "--out", form)
        assert done.returncode == 0, done.stderr
        text = (studied.work / form / name).read_text()
        assert "Lengths of the names" in text
        assert "Long names are hard to read." in text
    table = studied.run("table", "s.toml", "--what", "name lengths", "--format", "csv")
    assert table.stdout == "recipe,letters\nbase,4\nbatch norm,10\n"
    shown = in_a_notebook(studied)
    assert "Lengths of the names" in shown
    assert "Long names are hard to read." in shown
    assert "Long names are hard to read." in studied.dashboard(f"/study/{studied.plan('s.toml')}")
    on_screen = studied.run("report", "s.toml").stdout
    assert "Long names are hard to read." in on_screen
    assert re.search(r"batch norm +10\n", on_screen)


def in_a_notebook(studied) -> str:
    words = [sys.executable, "-c", NOTEBOOK]
    env = {**os.environ, "PYTHONPATH": str(studied.root.parent)}
    return subprocess.run(words, cwd=studied.work, env=env, capture_output=True, text=True, check=True).stdout
