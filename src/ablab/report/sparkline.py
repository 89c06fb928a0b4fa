"""Values as a picture in a line of text."""

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int = 24) -> str:
    """Values as a row of blocks, the lowest and the highest block being the lowest and the highest value.

    >>> sparkline([0.1, 0.5, 0.9])
    '▁▅█'
    """
    if not values:
        return ""
    step = max(1, -(-len(values) // width))
    picked = [values[min(i + step, len(values)) - 1] for i in range(0, len(values), step)]
    low, high = min(picked), max(picked)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(BLOCKS[round((value - low) * scale)] for value in picked)
