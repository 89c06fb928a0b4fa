"""Study files: those that are begun for somebody, those that come with ablab, and paths where there is none."""

import os
from pathlib import Path

import pytest
import torch

from ablab.data.dataset import Dataset, Examples
from ablab.data.split import training_counts
from ablab.errors import InputError, StudyError
from ablab.study import Study
from ablab.study.question.begin import begun_text
from ablab.study.question.files import begin_study, read_studies, read_study, shipped_studies
from ablab.study.question.published import SCALES


def test_a_study_to_begin_with_is_whole_and_has_the_changes_that_its_network_takes():
    names = {
        model: [variant.name for variant in Study.from_toml(begun_text(model=model, data="digits")).variants]
        for model in ("simple-nn", "vit-small")
    }
    assert names == {"simple-nn": ["batch norm", "crop + flip"], "vit-small": ["crop + flip"]}


def test_a_text_from_outside_stays_a_text():
    study = Study.from_toml(begun_text(model="mlp", data='my "own" data/ä.npz'))
    assert study.base.data == 'my "own" data/ä.npz'


def test_a_network_that_is_not_known_begins_nothing(tmp_path):
    with pytest.raises(InputError, match='did you mean "simple-nn"'):
        begin_study(tmp_path / "mine", model="simple-n", data="digits")
    assert list(tmp_path.iterdir()) == []


def test_a_begun_file_has_the_ending_of_a_study_and_another_one_is_never_written_over(tmp_path):
    path = begin_study(tmp_path / "deep" / "mine", model="mlp", data="digits")
    assert path == tmp_path / "deep" / "mine.toml"
    assert read_study(path).base.model == "mlp"
    assert begin_study(path, model="mlp", data="digits") == path
    with pytest.raises(StudyError, match="this file already has another study; choose another name"):
        begin_study(path, model="simple-nn", data="digits")
    assert read_study(path).base.model == "mlp"


def test_a_bare_name_is_a_study_that_comes_with_ablab_and_a_wrong_one_is_told_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_study(Path("quickstart")).text == shipped_studies()["quickstart"].read_text(encoding="utf-8")
    with pytest.raises(StudyError, match='ablab has no built-in study of that name: did you mean "quickstart"'):
        read_study(Path("quickstat"))


def test_what_is_no_file_is_told_apart(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    for name, message in {"pipe": "a device or a pipe", "folder": "this is a folder", "none": "does not exist"}.items():
        with pytest.raises(StudyError, match=message):
            read_study(tmp_path / f"{name}.toml")


def as_large_as_cifar(classes):
    """50,000 images of a pixel, for what only counts them."""
    labels = torch.arange(50_000) % classes
    examples = Examples(torch.zeros(50_000, 3, 1, 1, dtype=torch.uint8), labels)
    return Dataset("cifar", tuple(map(str, range(classes))), examples, examples)


def test_no_study_asks_for_more_images_than_its_data_set_has():
    sizes = {"cifar10": as_large_as_cifar(10), "cifar100": as_large_as_cifar(100)}
    recipes = [
        recipe
        for path in shipped_studies().values()
        for scale in SCALES
        if scale == "default" or f"[{scale}]" in path.read_text()
        for study in read_studies(path, scale)
        for recipe in study.recipes
    ]
    asked = {(each.data, each.val, each.train_images) for each in recipes if each.data in sizes}
    assert len(asked) > 5
    for data, fraction, train_images in asked:
        counts = training_counts(sizes[data], fraction=fraction, train_images=train_images)
        assert sum(counts) == train_images if train_images else sum(counts) > 40_000
