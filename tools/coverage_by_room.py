"""`make coverage`: the share of lines and branches that the tests run, by room, and whether it is large enough.

It reads the data that `pytest --cov` left in this folder, prints a table, and exits with 1 where too little is covered.
"""

import json
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from coverage import Coverage

LEAST_LINES = 90.0  # percent of the whole package
COMPLETE = ("statistics", "study")  # rooms whose branches all have to be covered
TOP = "(top)"  # the modules that are in no room


@dataclass(frozen=True)
class Part:
    """How much of a file, a room or the package is there, and how much of it the tests run."""

    name: str
    lines: int
    covered_lines: int
    branches: int
    covered_branches: int

    @property
    def line_percent(self) -> float:
        return 100 * self.covered_lines / self.lines if self.lines else 100.0

    @property
    def branch_percent(self) -> float:
        return 100 * self.covered_branches / self.branches if self.branches else 100.0


def report() -> Mapping[str, Any]:
    """Coverage's own report on the data in this folder, a file at a time."""
    coverage = Coverage()
    coverage.load()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "report.json"
        coverage.json_report(outfile=str(place))
        files: Mapping[str, Any] = json.loads(place.read_text(encoding="utf-8"))["files"]
    return files


def file_parts(files: Mapping[str, Any]) -> tuple[Part, ...]:
    """Each file with its numbers, named by its place in the package."""
    return tuple(
        Part(
            str(PurePosixPath(path).relative_to("src/ablab")),
            each["summary"]["num_statements"],
            each["summary"]["covered_lines"],
            each["summary"]["num_branches"],
            each["summary"]["covered_branches"],
        )
        for path, each in files.items()
    )


def total(name: str, parts: Iterable[Part]) -> Part:
    """Several parts as one."""
    each = tuple(parts)
    return Part(
        name,
        sum(part.lines for part in each),
        sum(part.covered_lines for part in each),
        sum(part.branches for part in each),
        sum(part.covered_branches for part in each),
    )


def room_of(path: str) -> str:
    """The room of a file.

    >>> room_of("study/question/rule.py"), room_of("recipe.py")
    ('study', '(top)')
    """
    first, _, rest = path.partition("/")
    return first if rest else TOP


def by_room(files: Iterable[Part]) -> tuple[Part, ...]:
    """A part for each room, in the order of their names."""
    each = tuple(files)
    rooms = sorted({room_of(file.name) for file in each})
    return tuple(total(room, (file for file in each if room_of(file.name) == room)) for room in rooms)


def faults(files: Iterable[Part]) -> tuple[str, ...]:
    """A sentence for each rule that the numbers break."""
    each = tuple(files)
    whole = total("all", each)
    few = [f"the tests run {whole.line_percent:.1f} % of all lines; {LEAST_LINES:g} % is the least"]
    return (
        *(few if whole.line_percent < LEAST_LINES else ()),
        *(
            f"{file.name}: the tests take {file.covered_branches} of {file.branches} branches"
            for file in each
            if room_of(file.name) in COMPLETE and file.covered_branches < file.branches
        ),
    )


def table(rooms: Iterable[Part], whole: Part) -> str:
    """The rooms below each other, and the whole as the last line."""
    head = f"{'room':<14}{'lines':>8}{'run':>8}{'branches':>10}{'taken':>8}"
    rows = [
        f"{part.name:<14}{part.lines:>8,}{part.line_percent:>6.1f} %{part.branches:>10,}{part.branch_percent:>6.1f} %"
        for part in (*rooms, whole)
    ]
    return "\n".join((head, *rows))


def main() -> None:
    files = file_parts(report())
    print(table(by_room(files), total("all", files)))
    if wrong := faults(files):
        print("\n".join(wrong), file=sys.stderr)
        raise SystemExit(1)


if __name__ == "__main__":
    main()
