"""What every format of trained weights keeps to; the subjects are whatever the folder holds."""

import importlib
import re

import pytest
import torch

from ablab.catalogue import catalogue
from ablab.errors import InputError
from ablab.export import Subject, export, suffix
from ablab.models import Io, build
from ablab.models.initial import initialise
from ablab.train.trained import Trained

FORMATS = catalogue("export", "format")
NAMES = sorted(FORMATS)
PROGRAMS = {"onnx", "torch-export"}  # which take seconds to make
MADE = [pytest.param(name, marks=pytest.mark.long if name in PROGRAMS else ()) for name in NAMES]
READ_BACK = sorted(name for name, entry in FORMATS.items() if "reader" in entry.facts)


def trained(model="simple-nn", **options):
    net = initialise(build(model, Io(3, 16, 16, 4), **options), seed=0).to(memory_format=torch.channels_last)
    words = [f'model = "{model}"', *(f'{key} = "{value}"' for key, value in options.items())]
    classes, ones = ("ant", "bee", "cat", "dog"), (100.0, 110.0, 120.0)
    return Trained(net.state_dict(), "\n".join(words), 7, classes, 3, (3, 16, 16), ones, ones)


def written(name, given, path):
    try:
        export(Subject(given, card="A card."), name, path)
    except InputError as error:
        if "needs" in str(error):
            pytest.skip(str(error))
        raise
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return b"".join(file.read_bytes() for file in files)


@pytest.mark.parametrize("name", NAMES)
def test_a_format_is_named_and_says_how_its_files_end(name):
    assert re.fullmatch(r"[a-z][a-z0-9_-]*", name)
    assert re.fullmatch(r"\.[a-z0-9]+|-[a-z]+", suffix(name))  # of a file, of a folder


@pytest.mark.parametrize("name", MADE)
def test_the_same_weights_give_the_same_bytes_and_others_give_others(name, tmp_path):
    given = trained(norm="batch")
    content = written(name, given, tmp_path / "one")
    assert content
    assert written(name, given, tmp_path / "two") == content
    for changed in given.weights.values():
        changed.add_(1)
    assert written(name, given, tmp_path / "three") != content


@pytest.mark.parametrize("name", READ_BACK)
@pytest.mark.parametrize("options", [{}, {"norm": "batch"}], ids=str)
def test_what_other_programs_read_has_the_same_tensors(name, options, tmp_path):
    module, function = FORMATS[name].facts["reader"].split(":")
    given = trained(**options)
    content = written(name, given, tmp_path / "file")
    weights = getattr(importlib.import_module(module), function)(content)
    assert weights.keys() == given.weights.keys()
    assert all(torch.equal(weights[key], tensor) for key, tensor in given.weights.items())
