"""What is measured on the test images beside loss and accuracy; a marked function in this folder adds one."""

from torch import Tensor

from ablab.catalogue import catalogue


def metrics(logits: Tensor, labels: Tensor) -> dict[str, float]:
    """Every metric by name, from what a network says, f32[N,K], and the classes, i64[N]; None is left out."""
    found = {name: entry.load()(logits.float(), labels) for name, entry in catalogue("train.metrics", "metric").items()}
    return {name: value for name, value in found.items() if value is not None}
