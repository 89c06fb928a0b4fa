"""What the weights of a run are like."""

from ablab.catalogue import mark
from ablab.records import Run


@mark("figure", "sparsity", title="share of weights near zero", unit="%", direction="higher")
def sparsity(run: Run) -> float | None:
    """The share of the weights of linear and convolution layers whose size is below 0.001."""
    return run.weights.near_zero if run.weights else None
