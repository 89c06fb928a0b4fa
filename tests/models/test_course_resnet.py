"""resnet11 and resnet18-wide: a report's own residual networks."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ablab.errors import ModelError
from ablab.models import Io, build
from ablab.models.blocks import Dropout, Dropout2d
from ablab.models.course_resnet import CourseStyle, block, residual_block
from ablab.models.initial import initialise
from networks import CIFAR10, CIFAR100, children, megamacs, outline, parameters, pictures, shapes, starting

PLAIN = CourseStyle()
THIN = {"resnet11": [4, 4, 8, 8, 12], "resnet18-wide": [4, 4, 8, 8, 8, 12, 16, 12]}


@pytest.mark.parametrize(
    ("name", "io", "count", "gigamacs"),
    [
        ("resnet11", CIFAR10, 30_343_594, 0.531),
        ("resnet11", CIFAR100, 30_436_204, 0.531),
        ("resnet18-wide", CIFAR10, 165_877_202, 3.493),
        ("resnet18-wide", CIFAR100, 165_969_812, 3.493),
    ],
)
def test_they_have_their_published_parameters_and_macs(name, io, count, gigamacs):
    net = outline(name, io)
    assert parameters(net) == count
    assert round(megamacs(net) / 1000, 3) == gigamacs


@pytest.mark.parametrize(
    ("inputs", "outputs", "count"),
    [
        (3, 64, 1_856),
        (64, 128, 73_984),
        (128, 256, 295_424),
        (256, 512, 1_180_672),
        (512, 512, 2_360_320),
        (512, 1028, 4_739_080),
        (1028, 2056, 19_026_224),
        (2056, 1028, 19_024_168),
    ],
)
def test_a_block_costs_what_the_report_says(inputs, outputs, count):
    with torch.device("meta"):
        assert parameters(block(inputs, outputs, PLAIN)) == count


@pytest.mark.parametrize(
    ("channels", "count"), [(128, 295_424), (512, 4_720_640), (1028, 19_026_224), (2056, 76_096_672)]
)
def test_a_residual_block_costs_what_the_report_says(channels, count):
    with torch.device("meta"):
        assert parameters(residual_block(channels, PLAIN)) == count


def test_the_reports_resnet14_is_the_count_of_a_list_of_blocks_that_cannot_run():
    with torch.device("meta"):
        before = [block(3, 64, PLAIN), block(64, 128, PLAIN), residual_block(128, PLAIN), block(128, 256, PLAIN)]
        before += [block(256, 512, PLAIN), residual_block(512, PLAIN), block(512, 512, PLAIN)]
        behind = [block(2056, 1028, PLAIN), residual_block(1028, PLAIN), nn.Linear(1028, 100)]
        assert sum(parameters(one) for one in before + behind) == 47_081_612
        with pytest.raises(RuntimeError, match="channel"):
            nn.Sequential(*before, *behind)(torch.empty(2, 3, 32, 32))


def test_layers_come_in_the_published_order():
    assert children(outline("resnet11")) == (
        "block1 block2 residual2 block3 block4 residual4 block5 residual5 pool flatten head"
    )
    assert children(outline("resnet18-wide")) == (
        "block1 block2 residual2 block3 block4 residual4 block5 block6 residual6 block7 residual7 block8 residual8 "
        "pool flatten head"
    )


@pytest.mark.parametrize(
    ("name", "pooled"), [("resnet11", {2, 3, 4, 5}), ("resnet18-wide", {2, 4, 6, 8})]
)  # the fifth is the last pool
def test_these_blocks_end_with_a_pool(name, pooled):
    blocks = {key: one for key, one in outline(name).named_children() if key.startswith("block")}
    assert {int(key[5:]) for key, one in blocks.items() if hasattr(one, "pool")} == pooled


@pytest.mark.parametrize("shortcut", [True, False])
def test_nothing_follows_the_sum_of_a_residual_block(shortcut):
    made = residual_block(4, CourseStyle(shortcut=shortcut)).eval()
    initialise(made, 0)
    x = torch.randn(2, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    scale = (1 + 1e-5) ** -0.5  # batch norm as it starts: mean 0, variance 1
    inner = F.relu(F.conv2d(x, made.conv1.weight, padding=1) * scale)
    inner = F.relu(F.conv2d(inner, made.conv2.weight, padding=1) * scale)
    torch.testing.assert_close(made(x), inner + x if shortcut else inner)


@pytest.mark.parametrize(("where", "blocks", "residuals"), [("all", 5, 6), ("conv", 5, 0), ("residual", 0, 6)])
def test_dropout_is_of_channels_behind_blocks_and_before_sums(where, blocks, residuals):
    net = outline("resnet11", dropout=0.2, dropout_at=where)
    drops = {name: module for name, module in net.named_modules() if isinstance(module, Dropout)}
    assert all(isinstance(module, Dropout2d) and module.rate == 0.2 for module in drops.values())
    assert sum(name.startswith("block") for name in drops) == blocks
    assert sum(name.startswith("residual") for name in drops) == residuals
    assert parameters(net) == 30_343_594


@pytest.mark.parametrize("name", THIN)
def test_without_shortcuts_norms_or_with_dropout_shared_weights_start_the_same(name):
    plain = starting(name, channels=THIN[name])
    for options in ({"shortcut": False}, {"norm": "none"}, {"dropout": 0.5}, {"activation": "silu"}):
        other = starting(name, channels=THIN[name], **options)
        shared = set(plain) & set(other)
        assert {key for key in plain if "conv" in key} <= shared
        assert all(torch.equal(plain[key], other[key]) for key in shared)


def test_a_convolution_has_a_bias_only_without_a_norm():
    assert not any("conv" in name and "bias" in name for name in shapes(outline("resnet11")))
    assert "residual2.conv2.bias" in shapes(outline("resnet11", norm="none"))


@pytest.mark.parametrize("name", THIN)
def test_training_with_dropout_runs_and_gives_finite_numbers(name):
    net = build(name, CIFAR10, channels=THIN[name], dropout=0.2)
    assert torch.isfinite(net(pictures())).all()


@pytest.mark.parametrize(
    ("name", "io", "options", "message"),
    [
        ("resnet11", Io(3, 16, 16, 10), {}, r'images of 3x16x16: layer "pool" \(MaxPool2d\) receives 1028x1x1'),
        ("resnet18-wide", Io(3, 8, 8, 10), {}, r'layer "block8.pool" \(MaxPool2d\) receives 1028x1x1'),
        ("resnet11", CIFAR10, {"channels": [8] * 4}, "length 4, but there are 5 blocks"),
        ("resnet18-wide", CIFAR10, {"channels": [8] * 9}, "length 9, but there are 8 blocks"),
        (
            "resnet11",
            CIFAR10,
            {"dropout_at": "dense"},
            'dropout_at = "dense" is not one of its values: known: all, conv, residual',
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(name, io, options, message):
    with pytest.raises(ModelError, match=message):
        outline(name, io, **options)


def test_a_convolution_in_the_shortcuts_adds_its_weights_and_leaves_all_other_names_and_values_alone():
    plain, other = (
        build("resnet11", CIFAR10, channels=THIN["resnet11"], projection=chosen) for chosen in ("identity", "conv")
    )
    for net in (plain, other):
        initialise(net, seed=0)
    added = set(other.state_dict()) - set(plain.state_dict())
    assert added
    assert all(".shortcut." in name for name in added)
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in plain.state_dict().items())
    assert parameters(other) - parameters(plain) == sum(c * c + 2 * c for c in (4, 8, 12))
    x, block_ = pictures(CIFAR10)[:2], other.residual2.eval()
    inside = torch.randn(2, 4, 8, 8)
    main = inside
    for name, layer in block_.named_children():
        main = main if name == "shortcut" else layer(main)
    assert torch.equal(block_(inside), main + block_.shortcut(inside))
    assert other(x).shape == (2, 10)


def test_depth_repeats_the_residual_blocks_and_parameters_grow_by_equal_steps():
    counts = [parameters(outline("resnet11", CIFAR10, depth=depth)) for depth in (1, 2, 3)]
    blocks = sum(2 * (9 * c * c + 2 * c) for c in (128, 512, 1028))
    assert counts == [30_343_594, 30_343_594 + blocks, 30_343_594 + 2 * blocks]
