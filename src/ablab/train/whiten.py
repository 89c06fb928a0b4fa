"""Whitening: a first convolution whose outputs, over the patches of training images, start uncorrelated.

Natural images vary far more in brightness than in detail. A first layer of filters along the principal directions of
small patches, each scaled to variance 1, gives all directions to the next layer alike (Jordan 2024, as in Coates, Ng
and Lee 2011). Each direction is there twice, with both signs, because an activation would cut off one of them.
"""

import torch
from torch import Tensor, nn

from ablab.data.dataset import Examples
from ablab.errors import ModelError
from ablab.train.pixels import Pixels

EPSILON = 5e-4  # added to each variance, so that directions in which patches hardly vary are not blown up
CHUNK = 500  # images whose patches are taken at a time


def whiten(net: nn.Module, examples: Examples, rows: Tensor, pixels: Pixels) -> None:
    """Start the first convolution of a network from the patches of these images; filters beyond all directions stay."""
    layer = first_convolution(net)
    with torch.no_grad():
        filters = directions(patch_covariance(layer, examples, rows, pixels))
        filters = filters.repeat_interleave(2, 0)[: layer.out_channels].to(layer.weight)
        filters[1::2] *= -1
        layer.weight[: len(filters)] = filters.view(len(filters), *layer.weight.shape[1:])
        if layer.bias is not None:
            layer.bias[: len(filters)] = 0


def first_convolution(net: nn.Module) -> nn.Conv2d:
    """The layer that can be started so."""
    layer = next((module for module in net.modules() if isinstance(module, nn.Conv2d)), None)
    if layer is None:
        raise ModelError("whiten: the network has no convolution on the images")
    return layer


def patch_covariance(layer: nn.Conv2d, examples: Examples, rows: Tensor, pixels: Pixels) -> Tensor:
    """The mean product of any two numbers of a patch as large as the layer's filters, f64[D,D]."""
    size = layer.weight[0].numel()
    total, count = torch.zeros(size, size, dtype=torch.float64), 0
    for some in torch.split(rows, CHUNK):
        images = pixels(examples.images[some]).contiguous().cpu()
        patches = nn.functional.unfold(images, layer.kernel_size).transpose(0, 1).reshape(size, -1).double()
        total += patches @ patches.mT
        count += patches.shape[1]
    return total / count


def directions(covariance: Tensor) -> Tensor:
    """The eigenvectors as rows, largest variance first, each scaled so that patches have variance 1 along it.

    The largest number of each is positive, which makes the result one and the same on every machine.
    """
    variances, vectors = torch.linalg.eigh(covariance)
    rows: Tensor = (vectors / (variances.clamp(min=0) + EPSILON).sqrt()).mT.flip(0)
    signs: Tensor = rows.gather(1, rows.abs().argmax(1, keepdim=True)).sign()
    turned: Tensor = rows * signs
    return turned
