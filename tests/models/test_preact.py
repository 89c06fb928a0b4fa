"""Pre-activation ResNet-18: its count, its order, its shortcuts."""

import torch
import torch.nn.functional as F

from ablab.models import build
from ablab.models.initial import initialise
from networks import CIFAR10, CIFAR100, outline, parameters, pictures, starting


def test_it_has_the_published_number_of_parameters():
    # kuangliu/pytorch-cifar, PreActResNet18
    assert parameters(outline("preactresnet18")) == 11_171_146
    assert parameters(outline("preactresnet18", CIFAR100)) == 11_171_146 + 90 * 513


def test_it_computes_what_its_description_says():
    net = initialise(build("preactresnet18", CIFAR10, width=0.125, norm="none", blocks=[1, 1, 1, 1]), 0)
    w = dict(net.named_parameters())
    images = pictures()

    def conv(x, name, stride=1):
        return F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], stride, w[f"{name}.weight"].shape[-1] // 2)

    x = conv(images, "conv")
    for stage in range(1, 5):
        block, stride = f"stage{stage}.block1", 2 if stage > 1 else 1
        ready = F.relu(x)
        out = conv(F.relu(conv(ready, f"{block}.main.conv1", stride)), f"{block}.main.conv2")
        x = out + (conv(ready, f"{block}.shortcut", stride) if stage > 1 else x)
    torch.testing.assert_close(net(images), x.mean((2, 3)) @ w["head.weight"].T + w["head.bias"])


def test_without_shortcuts_what_is_left_starts_the_same():
    with_, without = starting("preactresnet18", width=0.1), starting("preactresnet18", width=0.1, shortcut=False)
    assert {name for name in with_ if ".shortcut" not in name} == set(without)
    assert all(torch.equal(with_[name], without[name]) for name in without)
