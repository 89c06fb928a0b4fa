"""phantom: generated pictures of ten shapes, for real questions on a machine without any data.

The form of a picture's largest shape is its class; place, size, turn, colour and stripes of that shape tell nothing,
nor do the uneven ground, smaller shapes of other classes, strokes and noise. All of it is keyed by the picture's
number: the first 5,000 of 10,000 pictures are the pictures of `train = 5000`. The same on every machine, because hashes
are whole numbers and the rest is + - * / and square roots of 32-bit floats, which IEEE 754 rounds in one way only: no
sine, no power, no sum whose order is somebody else's choice.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import numpy as np
import torch

from ablab.catalogue import mark
from ablab.data.dataset import Dataset, Examples

SIDE = 32
CHUNK = 500  # pictures at a time: 2 MB a layer stays in the cache
Images = Annotated[int, "[10, 1000000]"]  # at least one of every class
Array = Any  # f32[N,32,32] below, unless said otherwise

_ROWS, _COLUMNS = np.meshgrid(np.arange(SIDE) + 0.5, np.arange(SIDE) + 0.5, indexing="ij")
ROWS, COLUMNS = _ROWS.astype(np.float32), _COLUMNS.astype(np.float32)


@mark("generator", "phantom")
def phantom(
    *,
    difficulty: Annotated[float, "[0, 1]"] = 0.5,
    train: Images = 10000,
    test: Images = 2000,
    label_noise: Annotated[float, "[0, 1)"] = 0.02,
    seed: Annotated[int, "[0, 4294967295]"] = 0,
) -> Dataset:
    """10 classes of shapes in generated 32x32 pictures; 10,000 + 2,000 unless train and test say otherwise."""
    made = [_examples(part, number, difficulty, label_noise, seed) for part, number in enumerate((train, test))]
    return Dataset("phantom", tuple(SHAPES), made[0], made[1])


def _examples(part: int, number: int, difficulty: float, label_noise: float, seed: int) -> Examples:
    images = np.empty((number, 3, SIDE, SIDE), dtype=np.uint8)
    labels = np.empty(number, dtype=np.int64)

    def make(start: int) -> None:
        rows = np.arange(start, min(start + CHUNK, number), dtype=np.uint64)
        draw = Draw(rows, (seed << 1 | part) + 1)
        kinds = _kinds(rows, draw.key)
        images[start : start + CHUNK] = _pictures(kinds, draw, difficulty)
        wrong = (kinds + 1 + (draw("wrong label") * np.float32(9)).astype(np.int64)) % len(SHAPES)
        labels[start : start + CHUNK] = np.where(draw("is mislabelled") < np.float32(label_noise), wrong, kinds)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(make, range(0, number, CHUNK)))
    return Examples(torch.from_numpy(images), torch.from_numpy(labels))


class Draw:
    """Numbers for each of some pictures, by purpose: those of one picture depend on no other."""

    def __init__(self, rows: Any, key: int) -> None:
        self.rows, self.key = rows, key

    def __call__(self, purpose: str, low: float = 0.0, high: float = 1.0) -> Array:
        """f32[N] from low to high."""
        share = (self.bits(purpose) >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)
        return np.float32(low) + share * np.float32(high - low)

    def bits(self, purpose: str) -> Any:
        """u64[N]."""
        return scrambled(self.rows ^ scrambled(np.uint64(_number(purpose)) ^ scrambled(np.uint64(self.key))))


def scrambled(x: Any) -> Any:
    """Every bit of the result hangs on every bit of x: the finalizer of splitmix64 (Steele et al. 2014)."""
    with np.errstate(over="ignore"):  # 64-bit numbers that wrap around are what is wanted
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def _number(text: str) -> int:
    """A text as a number below 2^61."""
    number = 0
    for byte in text.encode():
        number = (number * 257 + byte) % (2**61 - 1)
    return number


def _kinds(rows: Any, key: int) -> Any:
    """The class of each picture, i64[N]: every ten pictures in a row have all ten classes, in an order of their own."""
    tens = rows // np.uint64(len(SHAPES))
    ranks = np.stack([Draw(tens, key).bits(f"rank of {name}") for name in SHAPES], axis=1)
    order = np.argsort(ranks, axis=1, kind="stable")
    return order[np.arange(len(rows)), (rows % np.uint64(len(SHAPES))).astype(np.int64)]


def _pictures(kinds: Any, draw: Draw, difficulty: float) -> Any:
    """u8[N,3,32,32]: background, clutter, smaller shapes of other classes behind and before the shape, noise."""
    ground = [draw(f"ground {c}", 60, 196) for c in range(3)]
    canvas = np.stack([_uneven(draw, f"ground {c}", 14 + 24 * difficulty) + _wide(ground[c]) for c in range(3)], axis=1)
    for piece in range(2):
        alpha = _clutter(draw, f"clutter {piece}") * _present(draw, f"clutter {piece}", 0.3 + 0.6 * difficulty)
        _paint(canvas, alpha, [draw(f"clutter {piece} {c}", 30, 226) for c in range(3)])
    size = draw("shape size", 8.5 - 2.4 * difficulty, 10 - 2.4 * difficulty)
    for layer in ("behind", "shape", "before"):
        own, extent = kinds, size
        if layer != "shape":
            own = (kinds + 1 + (draw(f"{layer} kind") * np.float32(9)).astype(np.int64)) % len(SHAPES)
            extent = size * draw(f"{layer} extent", 0.4, 0.5 + 0.35 * difficulty)
        alpha = _shape(draw, layer, own, extent, 4.0 if layer == "shape" else 10.0, difficulty)
        if layer != "shape":
            alpha *= _present(draw, layer, 0.1 + 0.8 * difficulty)
        _paint(canvas, alpha, _contrasting(draw, layer, ground, difficulty))
    canvas += _noise(draw, 6 + 12 * difficulty)
    return np.clip(canvas + np.float32(0.5), 0, 255).astype(np.uint8)


def _present(draw: Draw, what: str, share: float) -> Array:
    """1 for that share of the pictures and 0 for the others, f32[N,1,1]."""
    return _wide((draw(f"{what} is there") < np.float32(share)).astype(np.float32))


def _shape(draw: Draw, what: str, kinds: Any, size: Array, free: float, difficulty: float) -> Array:
    """How far each pixel is covered by a shape of the class in `kinds`, 0 to 1."""
    x, y = _place(draw, what, size, free, 0.15 + 0.3 * difficulty)
    inside = np.empty_like(x)
    for kind, shape in enumerate(SHAPES.values()):
        own = np.flatnonzero(kinds == kind)
        inside[own] = shape(x[own], y[own])
    inside *= _wide(size)
    inside += np.float32(0.5)
    return np.clip(inside, 0, 1, out=inside) * _filling(draw, what, x, y, difficulty)


def _wide(numbers: Array) -> Array:
    """One number for each picture, f32[N], as f32[N,1,1]."""
    return numbers[:, None, None]


def _paint(canvas: Array, alpha: Array, colour: list[Array]) -> None:
    """Lay a colour over f32[N,3,32,32], as far as alpha says."""
    for channel, value in enumerate(colour):
        canvas[:, channel] += alpha * (_wide(value) - canvas[:, channel])


def _contrasting(draw: Draw, what: str, ground: list[Array], difficulty: float) -> list[Array]:
    """A colour for a shape: lighter or darker than the ground, by an amount of its own in each channel."""
    away = np.where(draw(f"{what} is lighter") < np.float32(0.5), np.float32(1), np.float32(-1))
    least, most = 55 - 33 * difficulty, 110 - 33 * difficulty
    return [np.clip(one + away * draw(f"{what} contrast {c}", least, most), 0, 255) for c, one in enumerate(ground)]


def _place(draw: Draw, what: str, size: Array, free: float, turn: float) -> tuple[Array, Array]:
    """Coordinates of every pixel from a centre of its own, turned and in units of the size, f32[N].

    A turn is (1 - t^2, 2t) / (1 + t^2), which is a point of the circle for any t: no sine is needed.
    """
    x = COLUMNS - _wide(draw(f"{what} column", SIDE / 2 - free, SIDE / 2 + free))
    y = ROWS - _wide(draw(f"{what} row", SIDE / 2 - free, SIDE / 2 + free))
    t = draw(f"{what} turn", -turn, turn)
    whole = 1 + t * t
    cosine, sine = _wide((1 - t * t) / whole / size), _wide(2 * t / whole / size)
    return cosine * x + sine * y, cosine * y - sine * x


def _clutter(draw: Draw, what: str) -> Array:
    """A small blot or stroke that could be a part of any shape."""
    size = draw(f"{what} size", 2.0, 4.5)
    x, y = _place(draw, what, size, 13.0, 0.6)
    thin = _wide(draw(f"{what} width", 0.25, 1.0))
    return np.clip((1 - np.maximum(np.abs(x), np.abs(y) / thin)) * _wide(size) + np.float32(0.5), 0, 1)


def _filling(draw: Draw, what: str, x: Array, y: Array, difficulty: float) -> Array:
    """How much of a shape's colour is there: stripes across it, faint to strong."""
    along = (x + _wide(draw(f"{what} stripe slant", -1, 1)) * y) * _wide(draw(f"{what} stripes", 1, 4))
    wave = np.abs(along - np.floor(along) - np.float32(0.5)) * np.float32(2)  # 0 to 1 and back
    return 1 - _wide(draw(f"{what} stripe depth", 0, 0.2 + 0.4 * difficulty)) * wave


def _uneven(draw: Draw, what: str, amount: float) -> Array:
    """Light and dark patches: 5x5 heights, with straight lines between them."""
    heights = np.stack([draw(f"{what} {at}", -1, 1) for at in range(25)], axis=1).reshape(-1, 5, 5)
    at = (np.arange(SIDE, dtype=np.float32) + np.float32(0.5)) / np.float32(SIDE / 4)
    low = at.astype(np.int64)
    part = at - low.astype(np.float32)
    rows = heights[:, low] + part[:, None] * (heights[:, low + 1] - heights[:, low])
    return np.float32(amount) * (rows[:, :, low] + part * (rows[:, :, low + 1] - rows[:, :, low]))


def _noise(draw: Draw, sd: float) -> Array:
    """f32[N,3,32,32]: sums of two bytes for each channel, from one hash for each pixel."""
    pixel = np.arange(SIDE * SIDE, dtype=np.uint64).reshape(SIDE, SIDE)
    bits = scrambled(draw.bits("noise")[:, None, None] ^ pixel)
    parts = bits.astype("<u8", copy=False).view(np.uint8).reshape(*bits.shape, 8)
    made = np.empty((len(bits), 3, SIDE, SIDE), dtype=np.float32)
    for channel in range(3):
        np.add(parts[..., channel], parts[..., channel + 3], out=made[:, channel], dtype=np.float32)
    made -= np.float32(255)
    made *= np.float32(sd / 104.5)  # the sd of such a sum
    return made


def _disc(x: Array, y: Array) -> Array:
    return np.float32(0.9) - np.sqrt(x * x + y * y)


def _ring(x: Array, y: Array) -> Array:
    return np.float32(0.22) - np.abs(np.sqrt(x * x + y * y) - np.float32(0.72))


def _square(x: Array, y: Array) -> Array:
    return np.float32(0.8) - np.maximum(np.abs(x), np.abs(y))


def _frame(x: Array, y: Array) -> Array:
    return np.float32(0.2) - np.abs(np.maximum(np.abs(x), np.abs(y)) - np.float32(0.66))


def _triangle(x: Array, y: Array) -> Array:
    slope = np.float32(0.8660254) * np.abs(x) - np.float32(0.5) * y
    return np.float32(0.5) - np.maximum(y, slope)


def _cross(x: Array, y: Array) -> Array:
    across, along = np.minimum(np.abs(x), np.abs(y)), np.maximum(np.abs(x), np.abs(y))
    return np.minimum(np.float32(0.25) - across, np.float32(0.95) - along)


def _bars(x: Array, y: Array) -> Array:
    return np.minimum(np.float32(0.22) - np.abs(np.abs(y) - np.float32(0.55)), np.float32(0.9) - np.abs(x))


def _crescent(x: Array, y: Array) -> Array:
    bite = y + np.float32(0.5)
    return np.minimum(_disc(x, y), np.sqrt(x * x + bite * bite) - np.float32(0.75))


def _dumbbell(x: Array, y: Array) -> Array:
    end = np.abs(x) - np.float32(0.6)
    bar = np.minimum(np.float32(0.16) - np.abs(y), np.float32(0.6) - np.abs(x))
    return np.maximum(np.float32(0.4) - np.sqrt(end * end + y * y), bar)


def _star(x: Array, y: Array) -> Array:
    arms = np.sqrt(np.abs(x)) + np.sqrt(np.abs(y))
    return (np.float32(1.05) - arms * arms * np.float32(0.75)) * np.float32(0.5)


# Each is above 0 inside, in units of the shape's size, and is the same from the left and from the right.
SHAPES: dict[str, Callable[[Array, Array], Array]] = {
    "disc": _disc,
    "ring": _ring,
    "square": _square,
    "frame": _frame,
    "triangle": _triangle,
    "cross": _cross,
    "bars": _bars,
    "crescent": _crescent,
    "dumbbell": _dumbbell,
    "star": _star,
}
