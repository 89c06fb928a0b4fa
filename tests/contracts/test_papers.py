"""What every format of files for a paper keeps to; the subjects are whatever the folder holds."""

import dataclasses
import re

import pytest
from pictured import result

from ablab.catalogue import catalogue
from ablab.errors import InputError
from ablab.report.paper import formats, write_paper

RESULT = result()
NAMES = formats()


@pytest.mark.parametrize("name", NAMES)
def test_a_format_has_a_name_that_can_be_typed_and_says_what_it_is(name):
    assert re.fullmatch(r"[a-z][a-z0-9_-]*", name)
    assert catalogue("report.paper", "paper")[name].summary.endswith(".")


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_the_same_result_gives_the_same_files_in_any_order_of_runs_and_nothing_beside_them(name, tmp_path):
    first = write_paper(RESULT, tmp_path / "first", name)
    again = write_paper(dataclasses.replace(RESULT, runs=RESULT.runs[::-1]), tmp_path / "again", name)
    assert {path.name: path.read_bytes() for path in first} == {path.name: path.read_bytes() for path in again}
    assert first
    assert all(path.read_bytes() for path in first)
    assert set(first) == set((tmp_path / "first").iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_a_study_without_runs_is_refused_before_a_folder_is_made(name, tmp_path):
    with pytest.raises(InputError, match="no run yet"):
        write_paper(dataclasses.replace(RESULT, runs=()), tmp_path / "out", name)
    assert not (tmp_path / "out").exists()
