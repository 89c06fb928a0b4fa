"""Digital: what happens to images in files and on screens, and to what they show when it is bent."""

import io

import numpy as np
from PIL import Image
from scipy import ndimage

from ablab.catalogue import mark
from ablab.data.corruptions import Draws, Images
from ablab.data.corruptions.sampling import read_at


@mark("corruption", "contrast", group="digital")
def contrast(images: Images, strength: int, draws: Draws) -> Images:  # noqa: ARG001
    """All values move towards the mean of their channel in their image."""
    kept = (0.75, 0.5, 0.4, 0.3, 0.15)[strength - 1]
    means = images.mean((1, 2), keepdims=True)
    paler: Images = (images - means) * np.float32(kept) + means
    return paler


@mark("corruption", "elastic_transform", group="digital")
def elastic_transform(images: Images, strength: int, draws: Draws) -> Images:
    """Three points are moved, and the image with them as a whole; then every pixel, together with its neighbours."""
    push, smooth, move = ((0, 0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03))[
        strength - 1
    ]
    height, width = images.shape[1:3]
    side = min(height, width)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    moved = read_at(images, *_affine(rows, columns, move * side, draws))
    fields = np.stack([draw.uniform(-1, 1, (2, height, width)) for draw in draws])
    sd = smooth * side
    bent = push * side * ndimage.gaussian_filter(fields, (0, 0, sd, sd), mode="reflect", truncate=3)
    return read_at(moved, (rows + bent[:, 0]).astype(np.float32), (columns + bent[:, 1]).astype(np.float32))


@mark("corruption", "pixelate", group="digital")
def pixelate(images: Images, strength: int, draws: Draws) -> Images:  # noqa: ARG001
    """The image is made smaller and large again, with Pillow's box filter both times."""
    share = (0.95, 0.9, 0.85, 0.75, 0.65)[strength - 1]
    height, width = images.shape[1:3]
    small = (max(int(width * share), 1), max(int(height * share), 1))

    def coarse(picture: Image.Image) -> Image.Image:
        return picture.resize(small, Image.Resampling.BOX).resize((width, height), Image.Resampling.BOX)

    return np.stack([_values(coarse(_picture(image))) for image in images])


@mark("corruption", "jpeg_compression", group="digital")
def jpeg_compression(images: Images, strength: int, draws: Draws) -> Images:  # noqa: ARG001
    """The image as a JPEG file has it, with Pillow's quality 80 to 40."""
    quality = (80, 65, 58, 50, 40)[strength - 1]

    def packed(picture: Image.Image) -> Image.Image:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        return Image.open(file)

    return np.stack([_values(packed(_picture(image))) for image in images])


def _affine(rows: Images, columns: Images, reach: float, draws: Draws) -> tuple[Images, Images]:
    """Where each pixel comes from when three points around the middle go astray by up to `reach`, [N,H,W] each."""
    height, width = rows.shape
    middle, arm = np.array((height // 2, width // 2)), min(height, width) // 3
    points = middle + arm * np.array(((1, 1), (1, -1), (-1, -1)))
    gone = np.stack([points + draw.uniform(-reach, reach, (3, 2)) for draw in draws])  # [N,3,2]
    ones = np.ones((len(draws), 3, 1))
    back = np.linalg.solve(np.concatenate([gone, ones], 2), np.broadcast_to(points, gone.shape))  # [N,3,2]
    grid = np.stack([rows, columns, np.ones_like(rows)], -1).reshape(-1, 3)
    found = (grid @ back).reshape(len(draws), height, width, 2).astype(np.float32)
    return found[..., 0], found[..., 1]


def _picture(image: Images) -> Image.Image:
    pixels = np.rint(image * 255).astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def _values(picture: Image.Image) -> Images:
    values = np.asarray(picture, np.float32) / 255
    return values[..., None] if values.ndim == 2 else values
