"""Which epoch counts."""

from ablab.records import Measurement


def is_better(new: Measurement, best: Measurement | None) -> bool:
    """More images right; among equals the lower loss; among those the earlier epoch."""
    if best is None:
        return True
    return (new.accuracy, -new.loss) > (best.accuracy, -best.loss)
