"""Fixtures of the dashboard's tests: one that runs."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "report"))  # where simulated studies are made

from dashboards import Dashboard, end, fill, start

from ablab.records import Run
from ablab.study import Plan


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan, tuple[Run, ...]]:
    folder = tmp_path_factory.mktemp("dashboard") / "store"
    return folder, *fill(folder)


@pytest.fixture(scope="session")
def dashboard(filled: Any) -> Iterator[Dashboard]:
    process, it = start(filled[0])
    yield it
    end(process)
