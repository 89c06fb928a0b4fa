"""A format of files for a paper is one new file: `ablab report STUDY --format NAME` then writes it."""

import pytest

PAPER = '''"""A report as an outline: its sections, and how many tables and charts each has."""

from collections.abc import Iterator, Sequence

from ablab.catalogue import mark
from ablab.report.section import Section
from ablab.result import Result


@mark("paper", "outline", has_tables_beside_it=True)
def files(result: Result, arranged: Sequence[Section]) -> Iterator[tuple[str, bytes]]:
    """outline.txt."""
    lines = [result.study.question]
    lines += [f"{each.name}: {len(list(each.tables()))}, {len(list(each.charts()))}" for each in arranged]
    yield "outline.txt", "\\n".join(lines).encode()
'''


@pytest.mark.long
def test_a_format_of_papers_is_one_new_file(package_copy):
    package_copy.drop("report/paper/outline.py", PAPER)
    package_copy.write_study("s.toml")
    assert package_copy.run("run", "s.toml", "--workers", "1").returncode == 0
    done = package_copy.run("report", "s.toml", "--format", "outline", "--out", "paper")
    assert done.returncode == 0, done.stderr
    lines = (package_copy.work / "paper" / "outline.txt").read_text().splitlines()
    assert lines[0] == "Does batch norm help?"
    assert {"effects: 0, 1", "accuracies: 2, 0"} <= set(lines)
    assert (package_copy.work / "paper" / "runs.csv").read_text().count("\n") == 7
    assert "outline" in package_copy.run("report", "--help").stdout
