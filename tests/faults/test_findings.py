"""What a fuzzer found once is read or refused now, and soon: each file in `findings/` stopped the parser of its folder.

The fuzzer adds files here: `make fuzz`.
"""

from pathlib import Path

import pytest

from fault_suite.fuzz import folder_of, names, reader

FOUND = sorted(path for path in (Path(__file__).parent / "findings").glob("*/*") if path.is_file())
PARSERS = {folder_of(name): name for name in names()}


@pytest.mark.faults
@pytest.mark.timeout(10)
@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_stopped_a_parser_once_is_read_or_refused_in_words(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reader(PARSERS[path.parent.name])(path.read_bytes())
