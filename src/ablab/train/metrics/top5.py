"""Top-5 accuracy."""

from torch import Tensor

from ablab.catalogue import mark


@mark("metric", "top5", title="top-5 accuracy", unit="%", direction="higher")
def top5(logits: Tensor, labels: Tensor) -> float | None:
    """Share of images whose class is among the five with the highest outputs; None where there are at most five."""
    if logits.shape[1] <= 5:
        return None
    return float((logits.topk(5, 1).indices == labels[:, None]).any(1).double().mean())
