"""split: which training images a run learns from and which it is selected on, every class in its share."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ablab import randomness
from ablab.data.dataset import Dataset, Examples, Splits
from ablab.data.label_noise import noisy_labels
from ablab.errors import DataError


def split(
    dataset: Dataset,
    seed: int,
    *,
    fraction: float = 0.1,
    split_seed: int | None = None,
    train_images: int | None = None,
    data_fraction: float = 1.0,
    imbalance: float = 1.0,
    label_noise: float = 0.0,
) -> Splits:
    """Training and validation rows that never overlap, drawn from the run's seed or from `split_seed`.

    A validation part that the source itself gave is used as it is, and `fraction` is not. `train_images` keeps
    that many of the training rows, classes in proportion; more of them include the fewer, for learning curves.
    `data_fraction` and `imbalance` thin out the training rows alone, and nest in the same way,
    and `label_noise` makes some of their labels wrong.
    """
    order = _by_class(dataset.train.labels, len(dataset.classes), seed if split_seed is None else split_seed)
    wanted = _set_aside(dataset, fraction)
    if dataset.val is None:
        examples = dataset.train
        val = _take(order, [0] * len(order), wanted)
    else:
        examples = Examples(
            torch.cat([dataset.train.images, dataset.val.images]), torch.cat([dataset.train.labels, dataset.val.labels])
        )
        val = torch.arange(len(dataset.train), len(examples))
    kept = training_counts(
        dataset, fraction=fraction, train_images=train_images, data_fraction=data_fraction, imbalance=imbalance
    )
    train = _take(order, wanted, kept)
    if label_noise:
        labels = examples.labels.clone()
        labels[train] = noisy_labels(dataset, label_noise)[train]
        examples = Examples(examples.images, labels)
    return Splits(examples, train, val, dataset.test, dataset.classes)


def training_counts(
    dataset: Dataset,
    *,
    fraction: float = 0.1,
    train_images: int | None = None,
    data_fraction: float = 1.0,
    imbalance: float = 1.0,
) -> list[int]:
    """How many images of each class a run trains on, whatever its seed."""
    present = zip(_class_counts(dataset), _set_aside(dataset, fraction), strict=True)
    left = [count - taken for count, taken in present]
    if imbalance > 1:
        left = long_tail(left, imbalance, dataset.classes)
    if data_fraction < 1:
        smallest = sum(count > 0 for count in left)
        left = shares(max(round(data_fraction * sum(left)), smallest), left, left)
    return left if train_images is None else _training_shares(left, train_images, dataset.classes)


def long_tail(left: Sequence[int], imbalance: float, classes: Sequence[str]) -> list[int]:
    """How many images of each class a long tail keeps (Cui et al. 2019, section 5.1).

    Class i of K keeps n * imbalance ** (-i / (K - 1)) images, so that the first class has `imbalance` times as many as
    the last one. n is the size of the smallest class.

    >>> long_tail([500, 500, 500], 100, ("a", "b", "c"))
    [500, 50, 5]
    """
    least, last = min(left), len(left) - 1
    if last < 1:
        raise DataError(f"imbalance = {imbalance:g}: there is only one class")
    if not least:
        raise DataError(f'imbalance = {imbalance:g}: class "{classes[left.index(0)]}" has no training image')
    kept = [round(least * imbalance ** (-place / last)) for place in range(len(left))]
    if not all(kept):
        without = kept.index(0)
        raise DataError(
            f'imbalance = {imbalance:g}: class "{classes[without]}" would get 0 images, since the smallest class has '
            f"{least:,} training images; ask for at most {least * 2 - 1}"
        )
    return kept


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


def _class_counts(dataset: Dataset) -> list[int]:
    """Training images of each class, those for validation among them."""
    counts: list[int] = torch.bincount(dataset.train.labels, minlength=len(dataset.classes)).tolist()
    return counts


def _set_aside(dataset: Dataset, fraction: float) -> list[int]:
    """Images of each class that validation takes away from training; none where the source has a validation part."""
    counts = _class_counts(dataset)
    return [0] * len(counts) if dataset.val is not None else _validation_shares(counts, fraction, dataset.classes)


def _validation_shares(counts: list[int], fraction: float, classes: tuple[str, ...]) -> list[int]:
    """How many images of each class are set aside: the rounded share, one at least, never the last one."""
    if not 0 < fraction < 1:
        raise DataError(f"val = {fraction}: the validation share must be between 0 and 1, such as 0.1")
    if not sum(counts):
        raise DataError("no validation split is possible: there are no training images")
    for name, count in zip(classes, counts, strict=True):
        if count == 1:
            raise DataError(
                f'no validation split is possible: class "{name}" has 1 training image, and 2 are needed '
                "(one to train on, one to validate on); add images or leave the class out"
            )
    present = sum(count > 0 for count in counts)
    total = max(round(sum(counts) * fraction), present)
    return shares(min(total, sum(counts) - present), counts, [max(count - 1, 0) for count in counts])


def _training_shares(left: list[int], train_images: int, classes: tuple[str, ...]) -> list[int]:
    """How many images of each class are kept of those that validation left."""
    if train_images > sum(left):
        raise DataError(
            f"train_images = {train_images:,}: only {sum(left):,} training images are left after the validation "
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
