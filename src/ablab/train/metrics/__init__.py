"""What is measured on the test images; a marked function in this folder adds one."""

import math

from torch import Tensor

from ablab.catalogue import catalogue
from ablab.metric import APART


def metrics(logits: Tensor, labels: Tensor) -> dict[str, float]:
    """Every metric but loss and accuracy by name, from outputs, f32[N,K], and classes, i64[N].

    One that is None or no finite number is left out.
    """
    entries = catalogue("train.metrics", "metric")
    values = {name: entry.load()(logits.float(), labels) for name, entry in entries.items() if name not in APART}
    return {name: value for name, value in values.items() if value is not None and math.isfinite(value)}
