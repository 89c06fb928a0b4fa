"""The learning rates that a recipe may try: a grid around its own, which widens where the best one stands at an end."""

import functools

from ablab.recipe import Recipe

FACTOR, SIDES = 3.0, 2  # from one rate to the next; rates at first on each side of the recipe's own
WIDER = 2  # more on each side at most
FIRST, WIDEST = (-SIDES, SIDES), (-SIDES - WIDER, SIDES + WIDER)


def rates(own: float, steps: tuple[int, int]) -> list[float]:
    """The grid around a recipe's own rate.

    >>> rates(0.09, (-2, 1))
    [0.01, 0.03, 0.09, 0.27]
    """
    return [float(f"{own * FACTOR**step:.4g}") for step in range(steps[0], steps[1] + 1)]


def at_rate(recipe: Recipe, rate: float) -> Recipe:
    """The recipe with this learning rate."""
    return recipe.with_(f"lr={rate!r}")


@functools.lru_cache(maxsize=4096)
def at_rates(recipe: Recipe, steps: tuple[int, int]) -> tuple[Recipe, ...]:
    """The recipe with every rate of its grid."""
    return tuple(at_rate(recipe, rate) for rate in rates(recipe.lr, steps))


def widened(steps: tuple[int, int], best: int) -> tuple[int, int]:
    """The grid that is needed next, if the best rate has this place in it.

    >>> widened((-2, 2), 4), widened((-2, 2), 2), widened((-2, 4), 6)
    ((-2, 3), (-2, 2), (-2, 4))
    """
    low, high = steps
    return low - (best == 0 and low > WIDEST[0]), high + (best == high - low and high < WIDEST[1])
