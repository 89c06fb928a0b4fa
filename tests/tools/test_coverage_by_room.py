"""The check of coverage, on a package of three files that coverage measured."""

import os
import subprocess
import sys
from pathlib import Path

from coverage_by_room import Part, faults

TOOL = Path(__file__).parents[2] / "tools" / "coverage_by_room.py"
CHOICE = "def choice(right):\n    if right:\n        return 1\n    return 2\n"


def measured(folder: Path, calls: str) -> subprocess.CompletedProcess[str]:
    """What the tool says after these calls of a package with a room that has to be complete and one that has not."""
    for file in ("study/chosen.py", "probe/seen.py", "top.py"):
        place = folder / "src" / "ablab" / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(CHOICE)
    (folder / "src" / "ablab" / "__init__.py").touch()
    (folder / "calls.py").write_text(calls)
    ours = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    environment = {**ours, "PYTHONPATH": "src"}
    measure = [sys.executable, "-m", "coverage", "run", "--branch", "--source=src/ablab", "calls.py"]
    subprocess.run(measure, cwd=folder, env=environment, check=True)
    return subprocess.run(
        [sys.executable, str(TOOL)], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


IMPORTS = "from ablab import top\nfrom ablab.probe import seen\nfrom ablab.study import chosen\n"


def test_a_branch_that_no_test_takes_is_an_error_in_a_room_that_has_to_be_complete(tmp_path: Path) -> None:
    said = measured(
        tmp_path, f"{IMPORTS}chosen.choice(True)\nseen.choice(True)\nseen.choice(False)\ntop.choice(False)\n"
    )
    assert said.returncode == 1
    assert "study/chosen.py: the tests take 1 of 2 branches" in said.stderr
    assert "probe/seen.py" not in said.stderr
    assert [line.split() for line in said.stdout.splitlines()] == [
        ["room", "lines", "run", "branches", "taken"],
        ["(top)", "4", "75.0", "%", "2", "50.0", "%"],
        ["probe", "4", "100.0", "%", "2", "100.0", "%"],
        ["study", "4", "75.0", "%", "2", "50.0", "%"],
        ["all", "12", "83.3", "%", "6", "66.7", "%"],
    ]


def test_other_rooms_may_leave_branches_out(tmp_path: Path) -> None:
    every = "".join(f"{module}.choice(True)\n{module}.choice(False)\n" for module in ("chosen", "seen"))
    said = measured(tmp_path, f"{IMPORTS}{every}top.choice(True)\n")
    assert (said.returncode, said.stderr) == (0, "")


def test_nine_lines_of_ten_are_enough_and_fewer_are_not() -> None:
    assert faults([Part("probe/peak.py", 10, 9, 4, 1)]) == ()
    assert faults([Part("probe/peak.py", 1000, 899, 4, 1)]) == ("the tests run 89.9 % of all lines; 90 % is the least",)
