"""Weights go out whole, with what it takes to use them, and never over a file that somebody has."""

import json

import pytest
import torch
from safetensors import safe_open

from ablab.errors import InputError
from ablab.export import Subject, export
from ablab.train.trained import Trained

WEIGHTS = {"head.weight": torch.arange(6.0).reshape(2, 3), "head.steps": torch.tensor(4)}
TRAINED = Trained(WEIGHTS, 'model = "mlp"\n', 7, ("ant", "bee"), 3, (1, 1, 3), (127.5,), (64.0,))
SUBJECT = Subject(TRAINED, card="# The card\n")


def test_safetensors_has_what_another_program_needs_in_its_metadata(tmp_path):
    path = tmp_path / "mine.safetensors"
    assert export(SUBJECT, "safetensors", path).bytes == path.stat().st_size
    with safe_open(path, "np") as file:
        facts = json.loads(file.metadata()["ablab"])
        assert file.get_tensor("head.weight").tolist() == [[0, 1, 2], [3, 4, 5]]
    assert facts == {
        "recipe": 'model = "mlp"\n',
        "seed": 7,
        "classes": ["ant", "bee"],
        "epoch": 3,
        "in_shape": [1, 1, 3],
        "mean": [127.5],
        "sd": [64.0],
    }


def test_a_file_that_is_there_is_replaced_only_when_told(tmp_path):
    path = tmp_path / "mine.safetensors"
    path.write_text("precious")
    with pytest.raises(InputError, match="already exists.*--replace"):
        export(SUBJECT, "safetensors", path)
    assert path.read_text() == "precious"
    export(SUBJECT, "safetensors", path, replace=True)
    assert path.read_bytes() == TRAINED.packed()
    assert list(tmp_path.iterdir()) == [path]


def test_an_unknown_format_is_told_with_the_nearest(tmp_path):
    with pytest.raises(InputError, match='no format is called "safetensor": did you mean "safetensors"'):
        export(SUBJECT, "safetensor", tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file_to_write_to(tmp_path):
    with pytest.raises(InputError, match="folder"):
        export(SUBJECT, "safetensors", tmp_path, replace=True)


def test_a_folder_for_the_hub_has_its_three_files_and_keeps_what_else_is_there(tmp_path):
    folder = tmp_path / "model"
    written = export(SUBJECT, "huggingface", folder)
    assert written.bytes == sum(file.stat().st_size for file in folder.iterdir())
    assert sorted(file.name for file in folder.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    config = json.loads((folder / "config.json").read_text())
    assert config["id2label"] == {"0": "ant", "1": "bee"}
    assert (config["image_size"], config["image_mean"]) == ([1, 3], [0.5])
    with safe_open(folder / "model.safetensors", "np") as file:
        assert file.metadata()["format"] == "pt"
        assert file.get_tensor("head.weight").tolist() == [[0, 1, 2], [3, 4, 5]]
    (folder / "README.md").write_text("mine")
    (folder / "notes.txt").write_text("mine, too")
    with pytest.raises(InputError, match="already exists"):
        export(SUBJECT, "huggingface", folder)
    assert (folder / "README.md").read_text() == "mine"
    export(SUBJECT, "huggingface", folder, replace=True)
    assert (folder / "README.md").read_text() == "# The card\n"
    assert (folder / "notes.txt").read_text() == "mine, too"


def test_a_folder_takes_the_place_of_no_file(tmp_path):
    (tmp_path / "model").write_text("a file")
    with pytest.raises(InputError, match="this is a file"):
        export(SUBJECT, "huggingface", tmp_path / "model", replace=True)
