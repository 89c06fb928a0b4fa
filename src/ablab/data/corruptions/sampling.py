"""How corruptions read images at other places: moved, enlarged, between pixels; and the clouds that fog is made of."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablab.data.corruptions import Draws, Images

Field = NDArray[np.floating[Any]]


def streaked(images: Images, radius: int, sd: float, degrees: NDArray[np.float64]) -> Images:
    """Each image smeared in its direction: a mean over 2 radius + 1 steps with the weights of half a bell curve."""
    count, height, width, _ = images.shape
    weights = np.exp(-(np.arange(2 * radius + 1) ** 2) / (2 * sd**2))
    angles = np.deg2rad(degrees)
    each, total = np.arange(count)[:, None, None], np.zeros_like(images)
    for step, weight in enumerate(weights / weights.sum()):
        rows = (np.arange(height) + np.rint(step * np.sin(angles))[:, None]).clip(0, height - 1).astype(int)
        columns = (np.arange(width) + np.rint(step * np.cos(angles))[:, None]).clip(0, width - 1).astype(int)
        total += np.float32(weight) * images[each, rows[:, :, None], columns[:, None, :]]
    return total


def enlarged(images: Images, factor: float) -> Images:
    """The centre of each image, enlarged to the whole with linear interpolation."""
    by_row, by_column = (_enlarging(side, factor) for side in images.shape[1:3])
    across = by_column @ images  # acts on W of [N,H,W,C]
    flat = across.reshape(len(images), images.shape[1], -1)  # [N,H,W,C] -> [N,H,W*C]
    return (by_row @ flat).reshape(images.shape)


def _enlarging(side: int, factor: float) -> Field:
    """What each of `side` places takes from each of them, f32[side, side].

    The middle of ceil(side / factor) pixels is spread over factor times as many, ends on ends, and cut to `side`.
    """
    taken = int(np.ceil(side / factor))
    spread = round(taken * factor)
    cut = (spread - side) // 2
    places = (side - taken) // 2 + np.linspace(0, taken - 1, spread)[cut : cut + side]
    shares: Field = np.clip(1 - np.abs(places[:, None] - np.arange(side)), 0, None).astype(np.float32)
    return shares


def read_at(images: Images, rows: Field, columns: Field) -> Images:
    """Each image read at places between pixels, [N,H,W], with linear interpolation; beyond the edge is its mirror."""
    height, width = images.shape[1:3]
    up, left = np.floor(rows), np.floor(columns)
    down_share, right_share = (rows - up)[..., None], (columns - left)[..., None]
    each = np.arange(len(images))[:, None, None]

    def at(down: int, right: int) -> Images:
        return images[each, _mirrored(up + down, height), _mirrored(left + right, width)]

    above = at(0, 0) * (1 - right_share) + at(0, 1) * right_share
    below = at(1, 0) * (1 - right_share) + at(1, 1) * right_share
    return (above * (1 - down_share) + below * down_share).astype(np.float32)


def _mirrored(places: Field, side: int) -> NDArray[np.int64]:
    """Places beyond the edge as those inside that mirror them, the edge itself not repeated."""
    period = max(2 * (side - 1), 1)
    inside = np.abs(places.astype(np.int64)) % period
    return np.minimum(inside, period - inside) if side > 1 else np.zeros_like(inside)


def clouds(size: tuple[int, int], decay: float, draws: Draws) -> Field:
    """A random landscape for each image, f32[N,H,W] from 0 to 1, by the diamond-square method (Fournier et al. 1982).

    Halfway between known heights lies their mean and a random step, which shrinks with the square of `decay` each time
    the distance is halved. Left and right edge continue each other, and so do the upper and the lower one.
    """
    side = 1 << max(1, (max(size) - 1).bit_length())
    land = np.zeros((len(draws), side, side), np.float32)
    reach, distance = 1.0, side
    while distance >= 2:
        half = distance // 2
        corners = land[:, ::distance, ::distance]
        middles = _mean_of_four(corners, (0, 0), (-1, 0), (0, -1), (-1, -1)) + _steps(corners, reach, draws)
        land[:, half::distance, half::distance] = middles
        # each edge lies between two corners and the middles on its two sides
        land[:, ::distance, half::distance] = (
            corners + np.roll(corners, -1, 2) + middles + np.roll(middles, 1, 1)
        ) / 4 + _steps(corners, reach, draws)
        land[:, half::distance, ::distance] = (
            corners + np.roll(corners, -1, 1) + middles + np.roll(middles, 1, 2)
        ) / 4 + _steps(corners, reach, draws)
        reach, distance = reach / decay**2, half
    low, high = (end(land, axis=(1, 2), keepdims=True) for end in (np.min, np.max))
    even: Field = ((land - low) / (high - low))[:, : size[0], : size[1]]
    return even


def _mean_of_four(heights: Field, *moves: tuple[int, int]) -> Field:
    moved = [np.roll(heights, move, (1, 2)) for move in moves]
    return (sum(moved[1:], moved[0]) / len(moved)).astype(np.float32)


def _steps(heights: Field, reach: float, draws: Draws) -> Field:
    return np.stack([draw.uniform(-reach, reach, heights.shape[1:]) for draw in draws]).astype(np.float32)
