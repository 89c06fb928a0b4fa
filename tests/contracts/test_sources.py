"""What every data source keeps to: it makes data by name, or knows its files by sight; the subjects are the folder."""

import importlib
import inspect
from pathlib import Path

import pytest

import ablab.data.sources
from ablab.catalogue import catalogue

NAMES = sorted(path.stem for path in Path(ablab.data.sources.__path__[0]).glob("[!_]*.py"))
MODULES = {name: importlib.import_module(f"ablab.data.sources.{name}") for name in NAMES}
MADE = catalogue("data.sources", "generator")
OF_FILES = [name for name, module in MODULES.items() if hasattr(module, "recognise")]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "memory"])
def test_a_source_makes_data_or_reads_files(name):
    made = [entry for entry in MADE.values() if entry.module == MODULES[name].__name__]
    assert bool(made) != (name in OF_FILES)


@pytest.mark.parametrize("name", OF_FILES)
def test_files_are_read_with_the_options_that_every_source_takes(name):
    options = inspect.signature(MODULES[name].read).parameters
    assert next(iter(options)) == "path"
    assert {key: option.default for key, option in options.items() if key != "path"} == {
        "size": None,
        "labels": None,
        "skip_unreadable": False,
    }


@pytest.mark.parametrize("name", OF_FILES)
def test_what_is_nobodys_is_not_recognised_and_no_error(name, tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "notes.txt").write_text("no data")
    (tmp_path / "folder").mkdir()
    assert not any(MODULES[name].recognise(tmp_path / at) for at in ("absent", "empty", "notes.txt", "folder"))


@pytest.mark.parametrize("name", [name for name, entry in MADE.items() if not entry.required])
def test_made_data_are_the_same_each_time(name):
    options = {"train": 60, "test": 20} if {"train", "test"} <= MADE[name].options.keys() else {}
    one, other = (MADE[name].load()(**options) for _ in range(2))
    assert one.fingerprint == other.fingerprint
    assert one.name
    assert len(one.classes) > 1
