"""The arithmetic of networks against what they are: their tensors, a real forward pass, torch's own counter."""

import copy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import ablab
from ablab.arithmetic import inspect
from ablab.arithmetic.table import Network
from ablab.errors import ModelError


def torch_macs(net: nn.Module, in_shape: tuple[int, ...]) -> int:
    """Half of what torch counts for one image, on the meta device: on a CPU it leaves fused attention out."""
    bare = copy.deepcopy(net).to("meta").eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        bare(torch.empty(1, *in_shape, device="meta"))
    return counter.get_total_flops() // 2


def real_shapes(net: nn.Module, in_shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """What every leaf gave in a real forward pass, in order."""
    shapes: list[tuple[int, ...]] = []
    leaves = [module for module in net.modules() if not any(module.children())]
    hooks = [leaf.register_forward_hook(lambda m, i, out: shapes.append(tuple(out.shape[1:]))) for leaf in leaves]
    was = net.training
    with torch.no_grad():
        net.eval()(torch.zeros(1, *in_shape))
    net.train(was)
    for hook in hooks:
        hook.remove()
    return shapes


def agrees(net: nn.Module, in_shape: tuple[int, int, int]) -> Network:
    table = inspect(net, in_shape, batch=2)
    assert table.parameters == sum(one.numel() for one in net.parameters())
    assert table.buffers == sum(one.numel() for one in net.buffers())
    assert table.macs == torch_macs(net, in_shape)
    return table


def by_path(table: Network) -> dict[str, object]:
    return {row.path: row for row in table.rows}


def fields(table: Network) -> dict[str, object]:
    return {row.path: row.receptive_field for row in table.rows}


class Block(nn.Module):
    """A residual block with a shortcut of every other pixel and zero channels, all functional."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(4, 8, 3, stride=2, padding=1, bias=False)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1, bias=False)

    def forward(self, x):
        shortcut = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 2, 2))
        return F.relu(self.conv2(F.relu(self.conv1(x))) + shortcut)


class Attention(nn.Module):
    """Patches, a class token, positions, one head by hand and one of torch's."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, stride=4)
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.positions = nn.Parameter(torch.zeros(1, 17, 8))
        self.qkv = nn.Linear(8, 24)
        self.heads = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.positions
        q, k, v = self.qkv(x).chunk(3, -1)
        x = x + (q @ k.transpose(1, 2)).softmax(-1) @ v
        x = x + self.heads(self.norm(x), self.norm(x), self.norm(x), need_weights=False)[0]
        return self.head(x[:, 0])


EVERYTHING = nn.Sequential(
    nn.Conv2d(3, 8, (3, 5), padding=(1, 2), bias=False),
    nn.BatchNorm2d(8),
    nn.PReLU(8),
    nn.Conv2d(8, 8, 3, padding="same", groups=4),
    nn.GroupNorm(2, 8),
    nn.ConvTranspose2d(8, 12, 4, stride=2, padding=1, groups=2),
    nn.InstanceNorm2d(12, affine=True),
    nn.AvgPool2d(3, 2, 1),
    nn.LPPool2d(2, 2),
    nn.Upsample(scale_factor=2),
    nn.PixelShuffle(2),
    nn.Dropout2d(0.1),
    nn.ReflectionPad2d(1),
    nn.MaxPool2d(3, 2),
    nn.AdaptiveAvgPool2d(4),
    nn.Identity(),
    nn.Flatten(2),
    nn.Conv1d(3, 4, 3),
    nn.RMSNorm(14),
    nn.Unflatten(1, (2, 2)),
    nn.Unflatten(3, (7, 2)),
    nn.Conv3d(2, 2, (1, 3, 1)),
    nn.Flatten(),
    nn.LayerNorm(40),
    nn.Linear(40, 6),
    nn.Softmax(1),
)


def test_every_kind_of_layer_agrees_with_its_tensors_its_shapes_and_torchs_counter():
    table = agrees(EVERYTHING, (3, 16, 16))
    assert [row.out_shape for row in table.rows] == real_shapes(EVERYTHING, (3, 16, 16))
    assert [row.note for row in table.rows] == [""] * len(EVERYTHING)
    assert table.is_complete


def test_a_real_network_is_left_as_it_was():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4).eval(), nn.Flatten(), nn.Linear(144, 10))
    before = {name: one.clone() for name, one in net.state_dict().items()}
    inspect(net, (3, 8, 8), batch=4)
    assert all(torch.equal(before[name], one) for name, one in net.state_dict().items())
    assert [module.training for module in net] == [True, False, True, True]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


def test_a_network_without_weights_gives_the_same_table():
    def net():
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 10))

    with torch.device("meta"):
        bare = net()
    assert inspect(bare, (3, 8, 8), batch=8) == inspect(net(), (3, 8, 8), batch=8)


def test_simple_nn_has_its_published_counts_and_formulas():
    table = ablab.inspect(ablab.build("simple-nn", _io()), (3, 32, 32))
    assert (table.parameters, table.macs, table.weighted_layers) == (82_030, 716_328, 5)
    assert str(by_path(table)["linear1"].parameters) == "(576 + 1)·120 = 69,240"
    assert ablab.inspect(ablab.build("simple-nn", _io(), norm="batch"), (3, 32, 32)).parameters == 82_078


def _io():
    from ablab.models import Io

    return Io(3, 32, 32, 10)


def test_a_layer_used_twice_computes_twice_and_is_learned_once():
    shared = nn.Conv2d(4, 4, 3, padding=1)
    table = agrees(nn.Sequential(shared, nn.ReLU(), shared), (4, 8, 8))
    assert [row.parameters.value for row in table.rows] == [148, 0, 0]
    assert [row.macs.value for row in table.rows] == [9216, 0, 9216]
    assert table.weighted_layers == 1


def test_weights_that_two_layers_share_are_counted_once_and_the_second_says_so():
    one, two = nn.Linear(8, 8), nn.Linear(8, 8)
    two.weight = one.weight
    table = agrees(nn.Sequential(nn.Flatten(), one, two), (1, 2, 4))
    assert [row.parameters.value for row in table.rows] == [0, 72, 8]
    assert "with 1, and" in table.rows[2].note


def test_parameters_without_a_layer_have_a_row_of_their_own():
    rows = by_path(agrees(Attention(), (3, 16, 16)))
    assert str(rows["token"].parameters) == "8"
    assert str(rows["positions"].parameters) == "17·8 = 136"
    assert rows["heads"].operation == "attention, 2 heads"
    assert str(rows["heads"].macs) == "4·17·8·8 + 2·17·17·8 = 8,976"
    assert str(rows[""].macs) == "17·8·17 + 17·17·8 = 4,624"


def test_layers_that_no_image_goes_through_are_counted_and_marked():
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
    net[1].spare = nn.Linear(3, 2)
    net[1].forward = lambda x: F.linear(x, net[1].weight, net[1].bias)
    table = inspect(net, (3, 2, 2))
    assert table.parameters == sum(one.numel() for one in net.parameters())
    assert {row.note for row in table.rows if row.path.startswith("1.spare")} == {"not reached"}


class Strange(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3, 16, 9))

    def forward(self, x):
        return torch.fft.irfft2(torch.fft.rfft2(x) * self.weight)


def test_a_layer_without_a_formula_is_counted_and_marked_and_its_work_is_not_guessed():
    net = nn.Sequential(Strange(), nn.Flatten(), nn.Linear(768, 10))
    table = inspect(net, (3, 16, 16))
    assert table.rows[0].parameters.value == 3 * 16 * 9
    assert table.rows[0].macs is None
    assert table.rows[0].receptive_field is None
    assert "fft" in table.rows[0].note
    assert not table.is_complete
    assert table.macs == 7680


class Custom(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(12, 5))

    def forward(self, x):
        return torch.tanh(x.flatten(1) @ self.weight)


def test_a_matrix_product_in_a_layer_of_ones_own_is_counted_by_its_shapes():
    (row,) = agrees(Custom(), (3, 2, 2)).rows
    assert (str(row.macs), str(row.parameters)) == ("12·5 = 60", "12·5 = 60")
    assert "no formula" in row.note


def test_receptive_fields_of_a_plain_stack_are_those_worked_out_by_hand():
    net = nn.Sequential(
        nn.Conv2d(1, 1, 3, padding=1),  # 3
        nn.MaxPool2d(2),  # 3 + 1 = 4, then every second pixel
        nn.Conv2d(1, 1, 3, padding=1),  # 4 + 2·2 = 8
        nn.Conv2d(1, 1, 3, padding=2, dilation=2),  # 8 + 4·2 = 16
        nn.AvgPool2d(2),  # 16 + 2 = 18, then every fourth
        nn.Conv2d(1, 1, (1, 3)),  # 18 x 26
        nn.AdaptiveAvgPool2d(1),  # everything
    )
    assert [row.receptive_field for row in inspect(net, (1, 32, 32)).rows] == [
        (3, 3),
        (4, 4),
        (8, 8),
        (16, 16),
        (18, 18),
        (18, 26),
        (32, 32),
    ]


def test_the_receptive_field_behind_a_shortcut_is_that_of_the_longer_path():
    net = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), Block(), nn.Conv2d(8, 8, 3, padding=1))
    found = fields(agrees(net, (4, 32, 32)))
    assert found["1.conv1"] == (5, 5)
    assert found["1.conv2"] == (9, 9)
    assert found["1"] == (9, 9)
    assert found["2"] == (13, 13)


def test_pixels_that_no_window_reaches_are_not_in_the_field_of_a_linear_layer():
    net = nn.Sequential(nn.MaxPool2d(4), nn.Flatten(), nn.Linear(4, 2))  # 10 pixels: two windows of 4, two left over
    assert inspect(net, (1, 10, 10)).rows[-1].receptive_field == (8, 8)


def test_one_position_of_a_sequence_of_patches_sees_its_patch_until_attention_mixes_them():
    found = fields(inspect(Attention(), (3, 16, 16)))
    assert found["patch"] == (4, 4)
    assert found["qkv"] == (4, 4)
    assert found["heads"] == found["head"] == (16, 16)


sides = st.fixed_dictionaries(
    {
        "kernel_size": st.integers(1, 4),
        "stride": st.integers(1, 3),
        "padding": st.integers(0, 2),
        "dilation": st.integers(1, 2),
        "groups": st.sampled_from([1, 2]),
        "bias": st.booleans(),
    }
)


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(st.tuples(sides, st.booleans()), min_size=1, max_size=4))
def test_random_stacks_agree_and_see_what_gradients_reach(stack):
    layers = [(nn.ConvTranspose2d if transposed else nn.Conv2d)(2, 2, **given) for given, transposed in stack]
    net = nn.Sequential(*layers)
    for one in net.parameters():
        nn.init.ones_(one)  # so that no gradient cancels
    image = torch.ones(1, 2, 24, 24, requires_grad=True)
    try:
        out = net(image)
    except RuntimeError:
        with pytest.raises(ModelError, match='layer "'):
            inspect(net, (2, 24, 24))
        return
    assume(0 < out.shape[-1] < 200)  # a CPU passes on nothing, the meta device refuses to
    table = agrees(net, (2, 24, 24))
    assert [row.out_shape for row in table.rows] == real_shapes(net, (2, 24, 24))
    reached = 0
    for place in range(out.shape[-1]):
        (gradient,) = torch.autograd.grad(out[0, :, place, place].sum(), image, retain_graph=True)
        columns = gradient[0].abs().sum(0).sum(0).nonzero().flatten()
        if len(columns):
            reached = max(reached, int(columns[-1] - columns[0]) + 1)
    said = table.rows[-1].receptive_field
    if said is None:  # strides of transposed convolutions can leave positions that no filter reaches
        assert not reached
        return
    if not any(given["padding"] and not transposed for given, transposed in stack):
        assert reached == said[1]
    assert reached <= said[1]  # a window may hang over the edge everywhere, so what is reached can be less


@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(4, 2, 1), (3, 2, 1), (3, 1, 2), (5, 3, 2), (2, 3, 1)])
def test_the_field_of_a_transposed_convolution_is_the_span_that_meets_in_one_pixel(kernel, stride, dilation):
    net = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ConvTranspose2d(1, 1, kernel, stride, dilation=dilation))
    for one in net.parameters():
        nn.init.ones_(one)
    image = torch.ones(1, 1, 20, 20, requires_grad=True)
    out = net(image)
    middle = out.shape[-1] // 2
    reached = []
    for place in range(middle, middle + stride):
        (gradient,) = torch.autograd.grad(out[0, 0, :, place].sum(), image, retain_graph=True)
        columns = gradient[0, 0].sum(0).nonzero().flatten()
        reached.append(int(columns[-1] - columns[0]) + 1 if len(columns) else 0)
    assert inspect(net, (1, 20, 20)).rows[-1].receptive_field[1] == max(reached)


def test_what_is_kept_for_the_backward_pass_is_counted_once_a_storage_and_grows_with_the_batch():
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1))
    rows = inspect(net, (3, 8, 8), batch=10).rows
    # the first keeps the pictures; ReLU its result, which is the second's input
    assert [row.kept_bytes for row in rows] == [10 * 3 * 64 * 4, 10 * 4 * 64 * 4, 0]


def test_memory_is_weights_gradients_state_and_what_is_kept():
    table = inspect(nn.Sequential(nn.Flatten(), nn.Linear(12, 10)), (3, 2, 2), batch=4)
    assert table.training_bytes("sgd") == 4 * 130 * 3 + 4 * 12 * 4
    assert table.training_bytes("adam") == 4 * 130 * 4 + 4 * 12 * 4


def test_a_picture_too_small_names_the_layer_and_the_shape_that_reached_it():
    net = nn.Sequential(nn.MaxPool2d(2), nn.MaxPool2d(2), nn.MaxPool2d(2))
    with pytest.raises(ModelError, match=r'layer "2" \(MaxPool2d\) receives 3x1x1'):
        inspect(net, (3, 4, 4))
