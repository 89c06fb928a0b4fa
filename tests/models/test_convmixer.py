"""ConvMixer: its count by hand and by the paper, and what it computes."""

import pytest
import torch
import torch.nn.functional as F

from ablab.errors import ModelError
from ablab.models import build
from ablab.models.initial import initialise
from networks import CIFAR10, outline, parameters, pictures


def test_it_has_the_number_of_parameters_that_its_layers_add_up_to():
    patches, norm = (2 * 2 * 3 + 1) * 256, 2 * 256
    block = (5 * 5 + 1) * 256 + norm + (256 + 1) * 256 + norm
    assert parameters(outline("convmixer")) == patches + norm + 8 * block + (256 + 1) * 10 == 594_186


def test_the_papers_best_small_one_has_its_0_7_million():
    # Trockman & Kolter 2022 name 0.7 million for ConvMixer-256/8 on CIFAR-10 with patches of 1 and kernels of 9
    assert parameters(outline("convmixer", patch=1, kernel=9)) == 706_570


def test_it_computes_what_its_description_says():
    net = initialise(build("convmixer", CIFAR10, dim=8, depth=1, norm="none"), 0)
    w = dict(net.named_parameters())
    images = pictures()
    x = F.gelu(F.conv2d(images, w["conv.weight"], w["conv.bias"], 2))
    around = F.conv2d(x, w["block1.depthwise.conv.weight"], w["block1.depthwise.conv.bias"], padding=2, groups=8)
    x = F.gelu(around) + x
    x = F.gelu(F.conv2d(x, w["block1.pointwise.conv.weight"], w["block1.pointwise.conv.bias"]))
    torch.testing.assert_close(net(images), x.mean((2, 3)) @ w["head.weight"].T + w["head.bias"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": 4}, "kernel = 4: write an odd number"),
        ({"depth": 0}, "depth = 0: write a whole number of at least 1"),
        ({"patch": 64}, "cannot take images of 3x32x32"),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_write(options, message):
    with pytest.raises(ModelError, match=message):
        outline("convmixer", **options)


def test_patches_of_another_size_change_no_name():
    small, large = outline("convmixer"), outline("convmixer", patch=4)
    assert dict(small.named_parameters()).keys() == dict(large.named_parameters()).keys()
    assert large.conv.kernel_size == (4, 4)
