"""The counts of pixel values that the normalisation is made of."""

import torch

from ablab.data.dataset import Examples
from ablab.train.pixels import COUNTED, MOST_COUNTED, value_counts


def examples():
    generator = torch.Generator().manual_seed(0)
    return Examples(torch.randint(0, 256, (12, 2, 4, 4), dtype=torch.uint8, generator=generator), torch.zeros(12))


def test_each_value_of_the_rows_is_counted_in_its_channel():
    part, rows = examples(), torch.tensor([3, 5, 8])
    counts = value_counts(part, rows)
    for channel in range(2):
        values = part.images[rows, channel].flatten().tolist()
        assert counts[channel].tolist() == [values.count(value) for value in range(256)]


def test_the_same_rows_of_the_same_images_are_counted_once_and_others_anew():
    part, rows = examples(), torch.arange(6)
    counts = value_counts(part, rows)
    assert value_counts(Examples(part.images, part.labels), rows.clone()) is counts
    assert not torch.equal(value_counts(part, rows + 6), counts)
    changed = Examples(255 - part.images, part.labels)
    assert torch.equal(value_counts(changed, rows), counts.flip(1))


def test_counts_of_many_rows_are_kept_only_up_to_a_limit():
    part = examples()
    for number in range(1, 2 * MOST_COUNTED):
        counts = value_counts(part, torch.zeros(number, dtype=torch.int64))
        assert value_counts(part, torch.zeros(number, dtype=torch.int64)) is counts
    assert len(COUNTED[part.images]) == MOST_COUNTED
