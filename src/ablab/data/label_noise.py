"""noisy_labels: training labels of which a share is wrong, the same ones in every run on the same data."""

import torch
from torch import Tensor

from ablab import randomness
from ablab.data.dataset import Dataset
from ablab.errors import DataError


def noisy_labels(dataset: Dataset, share: float) -> Tensor:
    """The training labels, each wrong with probability `share`; a wrong one is any of the other classes (symmetric).

    The draws depend on the data's fingerprint alone. So all seeds and variants learn from the same mistakes, and the
    mistakes of a smaller share are among those of a larger one.
    """
    classes, labels = len(dataset.classes), dataset.train.labels
    if classes < 2:
        raise DataError(f"label_noise = {share:g}: there is only one class, so no label can be wrong")
    stream = randomness.stream(int(dataset.fingerprint, 16), "label noise")
    is_wrong = torch.rand(len(labels), generator=stream) < share
    others = torch.randint(1, classes, (len(labels),), generator=stream)
    return torch.where(is_wrong, (labels + others) % classes, labels)
