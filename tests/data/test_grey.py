"""Grey pictures go every way that coloured ones go: augmented, trained on, reported, predicted."""

import numpy as np
import pytest
import torch
from PIL import Image

from ablab.api import compare
from ablab.catalogue import catalogue
from ablab.cli import command
from ablab.conduct import train_one
from ablab.data import load_dataset
from ablab.data.augment import augmenter
from ablab.predict import pictures_at, predict
from ablab.prepare import pictures_of
from ablab.recipe import Recipe
from ablab.report.page import page
from ablab.store import Store
from ablab.train.trained import read
from idx_files import written

AUGMENTATIONS = catalogue("data.augment", "augmentation")


def bright_quarters(images, seed):
    """Noise with one bright quarter, which is the class."""
    generator = np.random.default_rng(seed)
    pictures = generator.integers(0, 100, (images, 28, 28)).astype(np.uint8)
    labels = np.arange(images) % 4
    for picture, label in zip(pictures, labels, strict=True):
        top, left = 14 * (label // 2), 14 * (label % 2)
        picture[top : top + 14, left : left + 14] += 100
    return pictures, labels


@pytest.fixture
def folder(tmp_path):
    for word, images in (("train", 200), ("t10k", 40)):
        written(tmp_path / "quarters", *bright_quarters(images, images), word)
    return tmp_path / "quarters"


@pytest.mark.parametrize("name", sorted(AUGMENTATIONS))
def test_every_augmentation_keeps_one_channel(name, folder):
    entry = AUGMENTATIONS[name]
    text = f"{name}({', '.join('2' for _ in entry.required)})" if entry.required else name
    examples = load_dataset(str(folder)).train
    change = augmenter(text, seed=0, epoch=0, examples=examples, rows=torch.arange(200), classes=4)
    images, _ = change(torch.arange(50))
    assert (images.shape, images.dtype) == ((50, 1, 28, 28), torch.uint8)


@pytest.mark.slow
def test_a_run_on_grey_pictures_is_shown_and_predicts_coloured_files(folder, tmp_path):
    store = Store(tmp_path / "store")
    recipe = Recipe().with_(f"data={folder} epochs=3 batch=20 augment=crop(2)+jitter(0.2)")
    run, _ = train_one(recipe, 0, store, show=lambda *_: None)
    assert run.test.accuracy > 0.5
    pictures, labels = bright_quarters(4, 9)
    for at, picture in enumerate(pictures):
        Image.fromarray(picture).convert("RGB").save(tmp_path / f"{at}.png")
    networks = [read(store.weights_of(run.id))]
    found = predict(networks, pictures_at([str(tmp_path / f"{at}.png") for at in range(4)]))
    assert len({prediction.guesses[0].name for prediction in found}) > 1
    assert len(labels) == len(found)
    command.main(["data", "show", str(folder), "--out", str(tmp_path / "grid.png")], standalone_mode=False)
    with Image.open(tmp_path / "grid.png") as grid:
        assert grid.size[0] > 28


@pytest.mark.slow
def test_a_study_on_grey_pictures_makes_its_report(folder, tmp_path):
    store = str(tmp_path / "store")
    result = compare("epochs=1 batch=20", data=str(folder), seeds=3, store=store, workers=1, norm="norm=batch")
    text = page(result, pictures_of(result.plan))
    assert text.count("data:image/png") >= 1
