"""PictureNetwork: a trained network with what comes before it inside, so that it takes pictures as files hold them.

Programs that are made of it take u8[B,C,H,W] of any size. They cut the centre out, resize it, normalise it, show it to
the network in the views of the recipe, and give the mean of the logits, f32[B,K].
"""

import tomllib
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from ablab.data.augment.views import averaged, views
from ablab.errors import InputError
from ablab.export import Subject
from ablab.recipe import Recipe
from ablab.train.trained import Trained

LOBES = 3  # of the Lanczos filter
MOST_IMAGES = 65536  # at a time
MOST_SIDE = 16384
COMPARED = 200  # test images that a program is compared on
CLOSE = 1e-3  # how far logits may differ, beside their size: another order of additions
INPUT = "uint8 pictures [batch, channels, height, width] of any size; the center square is cropped and resized"


class PictureNetwork(nn.Module):
    """Logits for pictures of any size, as `ablab predict` has them for pictures that are not transparent."""

    mean: Tensor  # f32[1,C,1,1]
    sd: Tensor

    def __init__(self, trained: Trained) -> None:
        super().__init__()
        self.net = trained.network()
        _, self.height, self.width = trained.shape
        self.views = views(Recipe.of(tomllib.loads(trained.recipe)).tta)
        for name, values in zip(("mean", "sd"), trained.scaling, strict=True):
            self.register_buffer(name, torch.tensor(values).view(1, -1, 1, 1))
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        resized = fitted(images, self.height, self.width)
        return averaged([self.net((view.change(resized) - self.mean) / self.sd) for view in self.views], self.views)


def fitted(images: Tensor, height: int, width: int) -> Tensor:
    """Pictures u8[B,C,H,W], cut to the largest centred box of the shape asked for and resized: f32, whole numbers.

    This is Pillow's Lanczos filter as two products of matrices, columns first and rounded in between as Pillow does it.
    Pictures that have the size already come out as they are. Pillow takes the rows of some high pictures first; where
    values are cut off at 0 or 255 in between, those of the two orders differ.
    """
    rows, columns = (torch.arange(side, device=images.device).float() for side in images.shape[2:])
    high, wide = rows[-1] + 1, columns[-1] + 1
    scale = torch.minimum(high / height, wide / width)
    across = images.float() @ _lanczos(columns, wide, scale, width).T
    down = _lanczos(rows, high, scale, height) @ across.round().clamp(0, 255)
    return down.round().clamp(0, 255)


def _lanczos(places: Tensor, length: Tensor, scale: Tensor, size: int) -> Tensor:
    """What each of the pixels at `places` adds to each of `size` pixels from the middle, f32[size, places]."""
    centres = (length - scale * size) / 2 + (torch.arange(size, device=places.device).float() + 0.5) * scale
    distances = (places + 0.5 - centres.unsqueeze(1)) / scale.clamp(min=1)
    weights = torch.where(distances.abs() < LOBES, torch.sinc(distances) * torch.sinc(distances / LOBES), 0.0)
    return weights / weights.sum(1, keepdim=True)


def program(net: PictureNetwork, example: Tensor) -> ExportedProgram:
    """The network as one program, for any number of pictures of any size; it names no file of this machine."""
    axes = {0: Dim("batch", min=1, max=MOST_IMAGES), 2: Dim("height", max=MOST_SIDE), 3: Dim("width", max=MOST_SIDE)}
    try:
        made = torch.export.export(net, (example,), dynamic_shapes=(axes,))
    except Exception as error:  # whatever the code of a user's own network leads to
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"torch.export cannot make one program of this network: {reason}") from error
    for module in made.graph_module.modules():
        for node in module.graph.nodes if isinstance(module, torch.fx.GraphModule) else ():
            node.meta.pop("stack_trace", None)
    return made


def trials(subject: Subject) -> Iterator[Tensor]:
    """Pictures to compare a program on: test images, one of them alone, and some of another size."""
    images = subject.images
    if images is None:
        shape = subject.trained.in_shape or (3, 32, 32)
        images = torch.randint(
            0, 256, (COMPARED, *shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
        )
    yield images[:COMPARED]
    yield images[:1]
    yield F.interpolate(images[:7].float(), scale_factor=(1.5, 2.25), mode="nearest").to(torch.uint8)


def compared(net: PictureNetwork, run: Callable[[Tensor], Tensor], subject: Subject) -> tuple[str, float]:
    """Which pictures a program gave the network's predictions for, and the largest difference of logits.

    An error if a prediction differs, unless the two classes are level to `CLOSE`.
    """
    largest, sizes = 0.0, []
    for images in trials(subject):
        with torch.inference_mode():
            wanted, given = net(images), run(images)
        level = wanted.amax(1) - wanted.gather(1, given.argmax(1, keepdim=True)).squeeze(1)
        room = CLOSE * (1 + float(wanted.abs().max()))
        if given.shape != wanted.shape or not bool((level <= room).all()) or not bool(given.isfinite().all()):
            wrong = int((given.argmax(1) != wanted.argmax(1)).sum())
            raise InputError(
                f"the program predicts other classes than the network on {wrong} of {len(images)} pictures of "
                f"{'x'.join(map(str, images.shape[2:]))}: nothing was written"
            )
        largest = max(largest, float((given - wanted).abs().max()))
        sizes.append(f"{len(images)} of {'x'.join(map(str, images.shape[2:]))}")
    kind = "test images" if subject.images is not None else "pictures of noise, because the test images are not here"
    return f"{', '.join(sizes)} ({kind})", largest
