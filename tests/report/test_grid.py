"""A grid shows every class with its name, and exactly what augmentation makes of each picture."""

import numpy as np
import pytest
import torch

from ablab.data.augment import augmenter
from ablab.data.dataset import Dataset, Examples
from ablab.errors import DataError, InputError
from ablab.report.grid import EDGE, GAP, grid, shortened


def made(*, classes=3, channels=3, side=8, each=4, names=None):
    count = classes * each
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (count, channels, side, side), generator=generator, dtype=torch.uint8)
    part = Examples(images, torch.arange(count) % classes)
    return Dataset("made", names or tuple(f"class {kind}" for kind in range(classes)), part, part)


def pictures(page, dataset, many, blocks=1):
    """u8[blocks, classes, many, side, side, 3]: the pictures of a page at scale 1, counted from its right lower end.

    Holds where titles are narrower than the pictures below them and pictures are higher than a line of text.
    """
    pixels, side, classes = np.array(page), dataset.in_shape[1], len(dataset.classes)
    top = page.height - EDGE - classes * (side + GAP) + GAP
    width = many * (side + GAP) - GAP
    lefts = [page.width - (blocks - block) * (width + EDGE) for block in range(blocks)]
    return np.array(
        [
            [
                [pixels[top + row * (side + GAP) :, left + at * (side + GAP) :][:side, :side] for at in range(many)]
                for row in range(classes)
            ]
            for left in lefts
        ]
    )


def rows_of(shown, examples):
    """The training row of every picture, u8[..., side, side, 3]."""
    known = {image.permute(1, 2, 0).numpy().tobytes(): row for row, image in enumerate(examples.images)}
    return [known[picture.tobytes()] for picture in shown.reshape(-1, *shown.shape[-3:])]


def test_each_row_has_pictures_of_its_class_and_none_twice():
    dataset = made(side=64, each=6)
    shown = pictures(grid(dataset, augment="none", seed=0, per_class=4, scale=1), dataset, 4)
    rows = rows_of(shown, dataset.train)
    assert dataset.train.labels[rows].tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert len(set(rows)) == 12


@pytest.mark.parametrize("augment", ["flip", "crop(4) + flip", "cutout(8)"])
def test_the_second_block_is_what_the_first_epoch_trains_on(augment):
    dataset = made(side=64, each=6)
    shown = pictures(grid(dataset, augment=augment, seed=5, per_class=4, scale=1), dataset, 4, blocks=2)
    rows = torch.tensor(rows_of(shown[0], dataset.train))
    every = torch.arange(len(dataset.train))
    change = augmenter(augment, seed=5, epoch=0, examples=dataset.train, rows=every, classes=3)
    # As the loop does: in a batch of its own order, among others.
    wanted = change(every.flip(0))[0].flip(0)[rows].permute(0, 2, 3, 1).numpy()
    assert np.array_equal(shown[1].reshape(wanted.shape), wanted)
    assert not np.array_equal(shown[0], shown[1])


def test_numbers_are_drawn_for_the_rows_that_the_loop_has_when_the_source_gives_a_validation_part():
    plain = made(side=64)
    dataset = Dataset("made", plain.classes, plain.train, plain.test, val=plain.test)
    shown = pictures(grid(dataset, augment="flip", seed=5, per_class=4, scale=1), dataset, 4, blocks=2)
    rows = torch.tensor(rows_of(shown[0], dataset.train))
    both = Examples(torch.cat([plain.train.images] * 2), torch.cat([plain.train.labels] * 2))
    change = augmenter("flip", seed=5, epoch=0, examples=both, rows=torch.arange(12), classes=3)
    wanted = change(rows)[0].permute(0, 2, 3, 1).numpy()
    assert np.array_equal(shown[1].reshape(wanted.shape), wanted)


@pytest.mark.parametrize("augment", ["mixup", "cutmix", "crop(2) + mixup + cutmix"])
def test_mixed_pictures_are_shown(augment):
    page = grid(made(side=32), augment=augment, seed=0, per_class=2)
    assert page.width > grid(made(side=32), augment="none", seed=0, per_class=2).width


def test_the_seed_decides_which_pictures_are_shown():
    dataset = made(each=30)
    pages = [grid(dataset, augment="none", seed=seed, per_class=3).tobytes() for seed in (0, 0, 1)]
    assert pages[0] == pages[1]
    assert pages[0] != pages[2]


def test_grey_pictures_are_shown_grey():
    dataset = made(channels=1, side=64)
    shown = pictures(grid(dataset, augment="none", seed=0, per_class=2, scale=1), dataset, 2)
    assert (shown == shown[..., :1]).all()
    known = {image[0].numpy().tobytes() for image in dataset.train.images}
    assert all(picture[..., 0].tobytes() in known for picture in shown.reshape(-1, 64, 64, 3))


def test_pictures_of_other_channels_are_a_message():
    with pytest.raises(DataError, match="pictures of 4 channels cannot be shown"):
        grid(made(channels=4), augment="none", seed=0, per_class=2)


def test_small_pictures_are_enlarged_in_whole_pixels():
    dataset = made(side=8)
    one, three = (grid(dataset, augment="none", seed=0, per_class=9, scale=scale) for scale in (4, 12))
    assert three.width - one.width == 4 * 8 * 8  # 4 pictures of each class, 8 pixels each, 8 times more


def test_large_pictures_are_brought_down():
    page = grid(made(classes=2, side=500, each=2), augment="none", seed=0, per_class=2)
    assert max(page.size) < 400


def test_a_class_with_few_or_no_pictures_keeps_its_row():
    dataset = made(classes=3, each=2, names=("a", "b", "c", "absent"))
    page = grid(dataset, augment="flip", seed=0, per_class=5)
    assert page.height > grid(made(classes=3, each=2), augment="flip", seed=0, per_class=5).height


def test_a_hundred_classes_with_long_names_have_room():
    names = tuple(f"a very long name of a class that nobody wants to read, number {kind}" for kind in range(100))
    page = grid(made(classes=100, each=1, names=names), augment="none", seed=0, per_class=1)
    assert page.height >= 100 * 64
    assert page.width < 400


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("cat", "cat"), ("a" * 22, "a" * 22), ("abcdefghij" * 3, "abcdefghija...cdefghij"), ("a\x1b[31m\n", "a?[31m?")],
)
def test_names_are_shortened_in_the_middle_and_lose_control_characters(text, wanted):
    assert shortened(text, 22) == wanted
    assert len(shortened(text, 22)) <= 22


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"per_class": 0}, "0 pictures of each class"),
        ({"scale": 0}, "scale = 0"),
        ({"augment": "flop"}, 'no augmentation is called "flop"'),
    ],
)
def test_what_cannot_be_shown_is_a_message(wrong, message):
    with pytest.raises(InputError, match=message):
        grid(made(), **{"augment": "none", "seed": 0, "per_class": 2, **wrong})
