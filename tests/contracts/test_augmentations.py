"""What every augmentation keeps to; the subjects are whatever the folder holds."""

import random

import numpy as np
import pytest
import torch
from torch import Tensor

from ablab.catalogue import catalogue
from ablab.data.augment import Augment, augmenter, check, steps
from ablab.data.augment.draw import Draw, Numbers
from ablab.data.dataset import Examples

NAMES = sorted(catalogue("data.augment", "augmentation"))
SHAPES = [(3, 32, 32), (1, 28, 28), (3, 17, 23)]
COUNT = 60


def examples(shape: tuple[int, int, int] = (3, 32, 32)) -> Examples:
    generator = torch.Generator().manual_seed(5)
    images = torch.randint(0, 256, (COUNT, *shape), dtype=torch.uint8, generator=generator)
    return Examples(images, torch.randint(0, 4, (COUNT,), generator=generator))


def augment(text: str, given: Examples, *, seed: int = 1, epoch: int = 0) -> Augment:
    return augmenter(text, seed=seed, epoch=epoch, examples=given, rows=torch.arange(0, COUNT, 2), classes=4)


def in_batches(call: Augment, rows: Tensor, size: int) -> tuple[Tensor, Tensor]:
    images, targets = zip(*(call(part) for part in rows.split(size)), strict=True)
    return torch.cat(images), torch.cat(targets)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_an_augmentation_keeps_shape_and_kind_with_its_default_arguments(
    name: str, shape: tuple[int, int, int]
) -> None:
    check(name, shape)
    images, targets = augment(name, examples(shape))(torch.arange(10))
    assert images.shape == (10, *shape)
    assert images.dtype == torch.uint8
    assert images.is_contiguous()
    assert targets.shape in ((10,), (10, 4))
    assert targets.dtype == (torch.int64 if targets.dim() == 1 else torch.float32)


@pytest.mark.parametrize("name", NAMES)
def test_an_augmentation_changes_images_differently_in_another_epoch_and_with_another_seed(name: str) -> None:
    given, rows = examples(), torch.arange(COUNT)
    first = augment(name, given)(rows)[0]
    assert not torch.equal(first, given.images)
    assert not torch.equal(first, augment(name, given, epoch=1)(rows)[0])
    assert not torch.equal(first, augment(name, given, seed=2)(rows)[0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_size_and_order_do_not_change_what_an_image_looks_like(name: str, shape: tuple[int, int, int]) -> None:
    given = examples(shape)
    images, targets = augment(name, given)(torch.arange(COUNT))
    order = torch.randperm(COUNT, generator=torch.Generator().manual_seed(3))
    for size in (1, 7, COUNT):
        shuffled, their_targets = in_batches(augment(name, given), order, size)
        assert torch.equal(shuffled, images[order])
        assert torch.equal(their_targets, targets[order])


@pytest.mark.parametrize("name", NAMES)
def test_no_global_generator_is_touched_and_no_image_of_the_data_changed(name: str) -> None:
    given = examples()
    before = given.images.clone()
    torch_state, numpy_state, python_state = torch.get_rng_state(), np.random.get_state(), random.getstate()
    call = augment(name, given)
    once, again = call(torch.arange(20)), call(torch.arange(20))
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert str(np.random.get_state()) == str(numpy_state)
    assert random.getstate() == python_state
    assert torch.equal(given.images, before)
    assert torch.equal(once[0], again[0])
    once[0].fill_(0)
    assert torch.equal(given.images, before)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_batch_gives_an_empty_batch(name: str) -> None:
    images, targets = augment(name, examples())(torch.arange(0))
    assert images.shape == (0, 3, 32, 32)
    assert len(targets) == 0


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_leaves_the_tensors_that_it_is_given_as_they_were(name: str) -> None:
    (step,) = steps(name)
    given = [examples().images for _ in range(2 if step.mixes else 1)]
    step(*given, Draw(Numbers(0, step.purpose, 0, COUNT), torch.arange(COUNT)))
    assert all(torch.equal(images, examples().images) for images in given)
