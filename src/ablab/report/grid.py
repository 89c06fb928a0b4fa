"""grid: some pictures of every class, original and as the training loop would feed them."""

from typing import Any, Literal

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ablab import randomness
from ablab.data.augment import augmenter
from ablab.data.dataset import Dataset, Examples
from ablab.errors import DataError

SIDE = 96  # pixels: larger pictures are brought down to it
GAP = 2  # between pictures
EDGE = 12  # around everything, and between blocks
LETTERS = 22  # of a class's name
TEXT_SIZE = 13
PAPER, INK, FAINT = (255, 255, 255), (32, 32, 32), (110, 110, 110)


def grid(dataset: Dataset, *, augment: str, seed: int, per_class: int, scale: int | None = None) -> Image.Image:
    """One row a class, `per_class` pictures in it; beside them, the same pictures as epoch 1 of `seed` changes them.

    Each pixel becomes `scale` by `scale`; by default as many as bring a small picture to about 64.
    """
    rows = _chosen(dataset.train.labels, len(dataset.classes), seed, per_class)
    blocks = [("original", _images(dataset, rows, "none", seed))]
    if augment.strip() not in ("", "none"):
        blocks.append((f"{augment}, in epoch 1 of seed {seed}", _images(dataset, rows, augment, seed)))
    size = _shown_size(dataset.in_shape, scale)
    return _laid_out(dataset.classes, rows, [(title, _pictures(images, size)) for title, images in blocks], size)


def _chosen(labels: Tensor, classes: int, seed: int, per_class: int) -> list[list[int]]:
    """The rows shown of each class, drawn from the seed; fewer where a class has fewer."""
    if per_class < 1:
        raise DataError(f"{per_class} pictures of each class: give 1 or more")
    order = torch.randperm(len(labels), generator=randomness.stream(seed, "grid"))
    return [order[labels[order] == kind][:per_class].tolist() for kind in range(classes)]


def _images(dataset: Dataset, rows: list[list[int]], augment: str, seed: int) -> list[list[Tensor]]:
    """u8[C,H,W] for every row, changed as the loop would: numbers are keyed by the row in the training set."""
    examples = _with_val(dataset)
    change = augmenter(
        augment,
        seed=seed,
        epoch=0,
        examples=examples,
        rows=torch.arange(len(dataset.train)),
        classes=len(dataset.classes),
    )
    images, _ = change(torch.tensor([row for some in rows for row in some], dtype=torch.int64))
    return [list(some) for some in torch.split(images, [len(some) for some in rows])]


def _with_val(dataset: Dataset) -> Examples:
    """What the loop draws its numbers for: training images and, behind them, validation images of the source's own."""
    if dataset.val is None:
        return dataset.train
    parts = (dataset.train, dataset.val)
    return Examples(torch.cat([part.images for part in parts]), torch.cat([part.labels for part in parts]))


def _shown_size(in_shape: tuple[int, int, int], scale: int | None) -> tuple[int, int]:
    """Width and height of a picture on the page."""
    _, height, width = in_shape
    longer = max(height, width)
    if scale is not None and scale < 1:
        raise DataError(f"scale = {scale}: give a whole number of at least 1")
    times = scale if scale is not None else max(1, 64 // longer)
    if longer * times <= SIDE or scale is not None:
        return width * times, height * times
    return max(1, width * SIDE // longer), max(1, height * SIDE // longer)


def _pictures(images: list[list[Tensor]], size: tuple[int, int]) -> list[list[Image.Image]]:
    return [[_picture(image, size) for image in some] for some in images]


def _picture(image: Tensor, size: tuple[int, int]) -> Image.Image:
    channels, height, width = image.shape
    if channels not in (1, 3):
        raise DataError(f"pictures of {channels} channels cannot be shown: only 1 (gray) or 3 (RGB) can be")
    array = image.permute(1, 2, 0).contiguous().numpy()
    made = Image.fromarray(array[:, :, 0] if channels == 1 else array).convert("RGB")
    # Enlarged pixels stay squares, so that one sees what the network sees; smaller ones are averaged.
    way = Image.Resampling.NEAREST if size >= (width, height) else Image.Resampling.BOX
    return made if size == (width, height) else made.resize(size, way)


def _laid_out(
    classes: tuple[str, ...],
    rows: list[list[int]],
    blocks: list[tuple[str, list[list[Image.Image]]]],
    size: tuple[int, int],
) -> Image.Image:
    """Names at the left, then the blocks side by side, each under its title."""
    font = ImageFont.load_default(TEXT_SIZE)
    names = [shortened(name, LETTERS) for name in classes]
    margin = EDGE + max(int(font.getlength(name)) for name in names) + EDGE
    across = max(1, *(len(some) for some in rows))
    titles = [_folded(title, font, across * (size[0] + GAP) - GAP) for title, _ in blocks]
    head = EDGE + max(len(lines) for lines in titles) * (TEXT_SIZE + 3) + GAP + 2
    step_y = max(size[1], TEXT_SIZE + 3) + GAP
    widths = [
        max(across * (size[0] + GAP) - GAP, *(int(font.getlength(line)) + 1 for line in lines)) for lines in titles
    ]
    page = Image.new(
        "RGB", (margin + sum(widths) + EDGE * len(widths), head + step_y * len(classes) - GAP + EDGE), PAPER
    )
    pen = ImageDraw.Draw(page)
    for number, name in enumerate(names):
        middle = head + number * step_y + size[1] // 2
        _write(pen, (margin - EDGE // 2 - 2, middle), name, font, INK, "rm")
    left = margin
    for lines, width, (_, pictures) in zip(titles, widths, blocks, strict=True):
        for at, line in enumerate(lines):
            _write(pen, (left, EDGE + at * (TEXT_SIZE + 3)), line, font, FAINT, "la")
        for number, some in enumerate(pictures):
            for place, picture in enumerate(some):
                page.paste(picture, (left + place * (size[0] + GAP), head + number * step_y))
        left += width + EDGE
    return page


def shortened(text: str, most: int) -> str:
    """`text` in at most that many letters, its middle left out; signs that cannot be printed become ?.

    >>> shortened("aquatic_mammals_of_the_north", 16)
    'aquatic_...north'
    """
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    if len(text) <= most:
        return text
    front = (most - 3 + 1) // 2 + 1
    return text[:front] + "..." + text[len(text) - (most - 3 - front) :]


def _folded(text: str, font: Any, width: int) -> list[str]:
    """Lines no wider than the block, broken at blanks; a single long word stays whole."""
    lines: list[str] = []
    for word in shortened(text, 400).split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _write(
    pen: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    font: Any,
    colour: tuple[int, int, int],
    anchor: Literal["rm", "la"],
) -> None:
    """Text with its anchor at a point."""
    pen.text(at, text, fill=colour, font=font, anchor=anchor)
