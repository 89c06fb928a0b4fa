"""split: which training images a run learns from and which it is selected on, every class in its share."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ablab import randomness
from ablab.data.dataset import Dataset, Examples, Splits
from ablab.errors import DataError


def split(
    dataset: Dataset,
    seed: int,
    *,
    fraction: float = 0.1,
    split_seed: int | None = None,
    train_images: int | None = None,
) -> Splits:
    """Training and validation rows that never overlap, drawn from the run's seed or from `split_seed`.

    A validation part that the source itself gave is used as it is, and `fraction` is not. `train_images` keeps
    that many of the training rows, classes in proportion; more of them include the fewer, for learning curves.
    """
    order = _by_class(dataset.train.labels, len(dataset.classes), seed if split_seed is None else split_seed)
    counts = [len(rows) for rows in order]
    if dataset.val is None:
        wanted = _validation_shares(counts, fraction, dataset.classes)
        examples = dataset.train
        val = _take(order, [0] * len(order), wanted)
    else:
        wanted = [0] * len(order)
        examples = Examples(
            torch.cat([dataset.train.images, dataset.val.images]), torch.cat([dataset.train.labels, dataset.val.labels])
        )
        val = torch.arange(len(dataset.train), len(examples))
    left = [count - taken for count, taken in zip(counts, wanted, strict=True)]
    kept = left if train_images is None else _training_shares(left, train_images, dataset.classes)
    return Splits(examples, _take(order, wanted, kept), val, dataset.test, dataset.classes)


def shares(total: int, counts: Sequence[int], most: Sequence[int]) -> list[int]:
    """`total` divided in proportion to `counts` (largest remainders first), at least 1 and at most `most` for each.

    A class without images gets none. The caller sees to it that `total` is possible.

    >>> shares(5, [10, 20, 21], [10, 20, 21])
    [1, 2, 2]
    >>> shares(4, [100, 100, 1], [99, 99, 1])
    [2, 1, 1]
    """
    whole = sum(counts)
    # Exact in whole numbers: what class i is owed, times `whole`, is total * counts[i].
    given = [min(max(total * count // whole, 1), top) if count else 0 for count, top in zip(counts, most, strict=True)]
    owed = [total * count - have * whole for count, have in zip(counts, given, strict=True)]
    while (missing := total - sum(given)) != 0:
        step = 1 if missing > 0 else -1
        able = [i for i, have in enumerate(given) if counts[i] and (have < most[i] if step > 0 else have > 1)]
        chosen = max(able, key=lambda i: (step * owed[i], -i))
        given[chosen] += step
        owed[chosen] -= step * whole
    return given


def _validation_shares(counts: list[int], fraction: float, classes: tuple[str, ...]) -> list[int]:
    """How many images of each class are set aside: the rounded share, one at least, never the last one."""
    if not 0 < fraction < 1:
        raise DataError(f"val = {fraction}: the validation share must lie between 0 and 1, such as 0.1")
    if not sum(counts):
        raise DataError("no validation split is possible: there is no training image")
    for name, count in zip(classes, counts, strict=True):
        if count == 1:
            raise DataError(
                f'no validation split is possible: class "{name}" has 1 training image, and 2 are needed '
                "(one to learn from, one to select on); add images or leave the class out"
            )
    present = sum(count > 0 for count in counts)
    total = max(round(sum(counts) * fraction), present)
    return shares(min(total, sum(counts) - present), counts, [max(count - 1, 0) for count in counts])


def _training_shares(left: list[int], train_images: int, classes: tuple[str, ...]) -> list[int]:
    """How many images of each class are kept of those that validation left."""
    if train_images > sum(left):
        raise DataError(
            f"train_images = {train_images:,}: only {sum(left):,} training images are there once the validation "
            f"images are set aside; ask for {sum(left):,} or fewer"
        )
    present = [i for i, count in enumerate(left) if count]
    if train_images < len(present):
        without = present[max(train_images, 0)]
        raise DataError(
            f'train_images = {train_images:,}: class "{classes[without]}" would get 0 of its {left[without]:,} images; '
            f"ask for {len(present):,} or more, one of each class"
        )
    return shares(train_images, left, left)


def _by_class(labels: Tensor, classes: int, seed: int) -> tuple[Tensor, ...]:
    """The rows of each class in an order drawn from the seed; all classes share one draw."""
    drawn = torch.randperm(len(labels), generator=randomness.stream(seed, "split"))
    grouped = drawn[torch.sort(labels[drawn], stable=True).indices]
    return tuple(torch.split(grouped, torch.bincount(labels, minlength=classes).tolist()))


def _take(order: tuple[Tensor, ...], start: list[int], many: list[int]) -> Tensor:
    """`many` rows of each class from `start` on, ascending, so that reading them goes through memory once."""
    return torch.cat([rows[a : a + n] for rows, a, n in zip(order, start, many, strict=True)]).sort().values
