"""A format of tables is one new file: dropped into the folder, `ablab table --format` offers and writes it."""

import subprocess

import pytest

pytestmark = pytest.mark.slow

WRITER = '''"""A table as shouting."""

from ablab.catalogue import mark
from ablab.report.table import Table


@mark("writer", "mine")
def write(table: Table) -> str:
    """Cells in capitals."""
    return "\\n".join("/".join(cell.text.upper() for cell in row) for row in table.rows)
'''


def test_a_new_file_is_a_format_of_the_command_line(package_copy):
    package_copy.drop("report/writers/mine.py", WRITER)
    package_copy.write_study("s.toml")
    assert done(package_copy.run("run", "s.toml", "--workers", "1"))
    text = done(package_copy.run("table", "s.toml", "--format", "mine"))
    assert text.splitlines()[0].startswith("BASE//")
    assert text.splitlines()[1].startswith("BATCH NORM/NORM=BATCH/")
    assert "mine" in done(package_copy.run("table", "--help"))


def done(process: subprocess.CompletedProcess[str]) -> str:
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout
