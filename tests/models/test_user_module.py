"""A user's own network, from a file or a module."""

import pytest
import torch

from ablab.errors import ModelError
from ablab.models import Io, build

IO = Io(3, 16, 16, 5)
SOURCE = """
import torch
from torch import nn
from beside import HIDDEN

class Net(nn.Module):
    def __init__(self, classes, in_shape, hidden=HIDDEN):
        super().__init__()
        self.first = nn.Linear(torch.Size(in_shape).numel(), hidden)
        self.last = nn.Linear(hidden, classes)

    def forward(self, x):
        return self.last(torch.relu(self.first(x.view(len(x), -1))))

class Small(nn.Sequential):
    def __init__(self, classes):
        super().__init__(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(99, classes))

class Needy(nn.Module):
    def __init__(self, classes, depth):
        super().__init__()

class Blind(nn.Module):
    pass

class Wrong(nn.Sequential):
    def __init__(self, classes):
        super().__init__(nn.Flatten(), nn.Linear(768, 3))

class Broken(nn.Module):
    def __init__(self, classes):
        raise KeyError("no such thing")

def number(classes):
    return 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "mynets.py").write_text(SOURCE)
    (tmp_path / "beside.py").write_text("HIDDEN = 12\n")
    (tmp_path / "broken.py").write_text("def (:\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_is_built_from_a_file_with_the_shape_of_the_data_and_its_options(folder):
    net = build(f"{folder}/mynets.py:Net", IO, hidden=9)
    assert net.first.weight.shape == (9, 768)
    assert net(torch.zeros(2, 3, 16, 16)).shape == (2, 5)


def test_it_is_built_from_a_module_beside_the_user_with_its_own_defaults(folder):
    assert build("mynets:Net", IO).first.weight.shape == (12, 768)


def test_building_it_leaves_the_import_path_and_the_training_mode_alone(folder):
    import sys

    before = list(sys.path)
    assert build("mynets.py:Net", IO).training
    assert sys.path == before


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("mynets.py:Nett", {}, 'it has no "Nett": did you mean "Net"'),
        ("nowhere.py:Net", {}, "there is no file nowhere.py"),
        ("nowhere_at_all:Net", {}, 'no module named "nowhere_at_all"'),
        ("broken.py:Net", {}, r"SyntaxError: .*broken.py, line 1"),
        ("mynets.py:Net", {"hiden": 3}, 'has no option "hiden": did you mean "hidden"'),
        ("mynets.py:Net", {"classes": 3}, '"classes" comes from the data'),
        ("mynets.py:Needy", {}, 'needs a value for "depth": add depth=... to the recipe'),
        ("mynets.py:Blind", {}, 'does not take "classes"'),
        ("mynets.py:Small", {}, r'layer "2" \(Linear\) receives 392 and fails'),
        ("mynets.py:Wrong", {}, "gives 3 numbers for an image; it must give 5, one for each class"),
        ("mynets.py:Broken", {}, r"could not be made: KeyError: 'no such thing' \(.*mynets.py, line \d+\)"),
        ("mynets.py:number", {}, "returned an object of type int; it must return a torch.nn.Module"),
    ],
)
def test_what_cannot_be_built_is_refused_with_the_reason(folder, name, options, message):
    with pytest.raises(ModelError, match=message):
        build(name, IO, **options)
