"""Directions, roughness and sharpness against known answers: bowls, convex losses and Hessians written out."""

import hashlib
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from ablab.errors import DataError
from ablab.models import Io, build
from ablab.models.initial import initialise
from ablab.probe.landscape import (
    along,
    descent,
    direction,
    drawn_batches,
    filter_norms,
    hessian_product,
    in_use,
    landscape,
    moved,
    non_convexity,
    places,
    power,
    read_weights,
    second_differences,
    sharpness,
    surface,
)
from ablab.train.device import choose_hardware
from ablab.train.pixels import pixels_of
from ablab.train.trained import Trained, keep

TINY = Io(3, 16, 16, 4)


def bowl():
    """A linear network whose mean squared error is a bowl, its batches in fp64, and the bowl's Hessian."""
    generator = torch.Generator().manual_seed(3)
    net = nn.Linear(4, 2).double()
    inputs = torch.randn(10, 4, generator=generator, dtype=torch.float64)
    wanted = torch.randn(10, 2, generator=generator, dtype=torch.float64)
    batches = [(inputs[:6], wanted[:6]), (inputs[6:], wanted[6:])]
    # The mean of (xw - y)^2 over 10 images and 2 outputs: the Hessian of each output's weights is X'X / 10.
    return net, batches, inputs.T @ inputs / 10


def network(name="simple-nn", seed=0, **options):
    return initialise(build(name, TINY, **options), seed).eval()


def batches_of(splits, images=60, size=25):
    pixels = pixels_of(splits.examples, splits.train, choose_hardware("fp32"))
    return drawn_batches(splits, pixels, seed=0, purpose="test", images=images, size=size)


def test_second_differences_of_a_bowl_are_those_of_its_hessian():
    net, batches, hessian = bowl()
    way = direction(net, 0, 0)
    losses = along(net, surface(net, batches, F.mse_loss), way, places(9, 1.0))
    step = way["weight"] * 0.25  # between two of nine places
    expected = sum(float(row @ hessian @ row) for row in step)
    assert second_differences(losses) == pytest.approx([expected] * 7, rel=1e-9)
    assert non_convexity(losses) == 0.0


def test_a_convex_loss_has_no_roughness_in_fp32(splits):
    """The cross-entropy of a linear network is convex in its weights."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 4))
    found = landscape(net, batches_of(splits), 0, span=3.0, directions=4, products=0)
    assert found.non_convexity == (0.0, 0.0, 0.0, 0.0)
    assert min(found.rise) > 0


@given(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=31))
def test_shares_lie_between_0_and_1_and_have_no_unit(losses):
    for share in (non_convexity, descent):
        assert 0.0 <= share(losses) <= 1.0
        assert share([4.0 * loss for loss in losses]) == share(losses)


def test_a_hill_is_not_convex_at_all_and_goes_down_all_the_way():
    hill = [-(x**2) for x in places(11, 1.0)]
    assert non_convexity(hill) == 1.0
    assert descent(hill) == 1.0


def test_bends_no_larger_than_rounding_are_none():
    assert non_convexity([2.0, 2.0 + 1e-8, 2.0, 2.0 + 1e-8, 2.0]) == 0.0


def test_losses_that_are_not_finite_are_left_out():
    assert non_convexity([math.inf, 4.0, 1.0, 0.0, 1.0, 4.0, math.nan]) == 0.0
    assert math.isnan(non_convexity([math.nan] * 5))
    assert math.isnan(descent([math.inf] * 5))


@pytest.mark.parametrize("name", ["preact10", "vit-small"])
def test_filters_of_a_direction_are_as_long_as_the_networks(name):
    net = initialise(build(name, Io(3, 32, 32, 4)), 0)
    named = dict(net.named_parameters())
    way = direction(net, 0, 0)
    assert set(way) == {name for name, weight in named.items() if weight.dim() > 1}
    for name, step in way.items():
        assert torch.allclose(filter_norms(step), filter_norms(named[name].detach()), rtol=1e-4, atol=1e-7)


def test_a_filter_of_zeros_stays_where_it_is():
    net = nn.Linear(3, 2)
    nn.init.zeros_(net.weight)
    assert not direction(net, 0, 0)["weight"].any()


def test_layers_that_two_networks_share_are_given_the_same_draw():
    one, other = direction(network("preact10"), 0, 0), direction(network("preact10", shortcut=False), 0, 0)
    assert set(one) == set(other)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not torch.equal(one["conv1.weight"], direction(network("preact10"), 0, 1)["conv1.weight"])
    assert not torch.equal(one["conv1.weight"], direction(network("preact10"), 1, 0)["conv1.weight"])


def test_frozen_weights_are_in_no_direction():
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    net[0].requires_grad_(False)
    assert set(direction(net, 0, 0)) == {"1.weight"}


@pytest.mark.slow
def test_looking_changes_neither_the_network_nor_torchs_generator(splits):
    net = network("preact10").train()
    net.norm.eval()  # somebody's own choice
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    modes = [module.training for module in net.modules()]
    state = torch.get_rng_state()
    landscape(net, batches_of(splits), 0, size=2, steps=5, directions=1, products=2)
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert [module.training for module in net.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in net.parameters())


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers_and_the_middle_is_the_networks_own_loss(splits):
    net, batches = network("simple-nn", norm="batch", dropout=0.5), batches_of(splits)
    found = landscape(net.train(), batches, 4, size=2, steps=5, directions=3, products=3)
    assert found == landscape(net, batches, 4, size=2, steps=5, directions=3, products=3)
    with torch.no_grad():
        whole = [torch.cat(part) for part in zip(*batches, strict=True)]
        own = float(F.cross_entropy(net.eval()(whole[0]), whole[1]))
    assert found.centre == pytest.approx(own, rel=1e-6)
    assert {line[2] for line in found.lines} | {found.plane[2][2]} == {found.centre}


def test_the_plane_holds_the_first_two_lines(splits):
    found = landscape(network(), batches_of(splits), 0, size=2, steps=5, directions=2, products=0)
    assert found.plane[2] == found.lines[0]
    assert tuple(row[2] for row in found.plane) == pytest.approx(found.lines[1], rel=1e-6)


def test_batches_are_training_images_and_none_has_a_single_image(splits):
    batches = batches_of(splits, images=51, size=25)
    assert [len(labels) for _, labels in batches] == [25, 26]
    assert sum(len(labels) for _, labels in batches_of(splits, images=1000)) == len(splits.train)
    pixels = pixels_of(splits.examples, splits.train, choose_hardware("fp32"))
    known = {image.numpy().tobytes() for image in pixels(splits.examples.images[splits.train])}
    assert all(image.numpy().tobytes() in known for images, _ in batches for image in images)


def exact_hessian(net, images, labels, loss):
    """The Hessian over all parameters, as torch.autograd.functional writes it out."""
    names = [name for name, _ in net.named_parameters()]
    shapes = [parameter.shape for parameter in net.parameters()]
    sizes = [shape.numel() for shape in shapes]

    def value(flat):
        parts = (part.view(shape) for part, shape in zip(flat.split(sizes), shapes, strict=True))
        return loss(torch.func.functional_call(net, dict(zip(names, parts, strict=True)), images), labels)

    start = torch.cat([parameter.detach().flatten() for parameter in net.parameters()])
    return torch.autograd.functional.hessian(value, start)


def tiny():
    generator = torch.Generator().manual_seed(1)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    for parameter in net.parameters():
        nn.init.normal_(parameter, generator=generator)
    images = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    return net, images, torch.arange(20) % 3


def test_the_sharpness_is_the_largest_eigenvalue_of_the_exact_hessian():
    net, images, labels = tiny()
    exact = torch.linalg.eigvalsh(exact_hessian(net, images, labels, F.cross_entropy))
    found = sharpness(
        net, [(images[:12], labels[:12]), (images[12:], labels[12:])], 0, products=300, loss=F.cross_entropy
    )
    assert found.value == pytest.approx(float(exact[-1]), rel=2e-3)
    assert float((exact - found.value).abs().min()) <= found.within + 1e-12
    assert found.images == 20


def test_the_product_is_that_of_the_exact_hessian():
    net, images, labels = tiny()
    vector = torch.randn(31, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    found = hessian_product(net, list(net.parameters()), [(images, labels)], vector, F.cross_entropy)
    assert torch.allclose(found, exact_hessian(net, images, labels, F.cross_entropy) @ vector, atol=1e-12)


def test_where_the_loss_bends_down_most_the_sharpness_is_still_the_largest_upwards():
    net, images, labels = tiny()

    def upside_down(logits, targets):
        return -F.cross_entropy(logits, targets)

    exact = torch.linalg.eigvalsh(exact_hessian(net, images, labels, upside_down))
    assert -exact[0] > exact[-1] > 0
    found = sharpness(net, [(images, labels)], 0, products=2000, loss=upside_down)
    assert abs(found.value - float(exact[-1])) <= found.within


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=8))
def test_an_eigenvalue_lies_within_what_the_power_iteration_says(eigenvalues):
    generator = torch.Generator().manual_seed(0)
    number = len(eigenvalues)
    turned, _ = torch.linalg.qr(torch.randn(number, number, generator=generator, dtype=torch.float64))
    matrix = turned @ torch.diag(torch.tensor(eigenvalues, dtype=torch.float64)) @ turned.T
    start = torch.randn(number, generator=generator, dtype=torch.float64)
    value, within, used = power(lambda vector: matrix @ vector, start, 7)
    assert 1 <= used <= 7
    assert min(abs(value - one) for one in eigenvalues) <= within + 1e-9


@pytest.mark.parametrize("name", ["vit-small", "resnet20"])
def test_attention_and_batch_norm_have_second_derivatives(name):
    net = initialise(build(name, Io(3, 16, 16, 4), width=0.25), 0)
    images = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    with in_use(net, images.device):
        assert math.isfinite(sharpness(net, [(images, torch.arange(4))], 0, products=2).value)


def test_weights_are_read_back_and_damage_is_told(tmp_path):
    net, path = network(), tmp_path / "run.safetensors"
    keep(Trained(net.state_dict(), 'model = "simple-nn"', 0, ("a", "b"), 1), path)
    content = path.read_bytes()
    other = network(seed=1)
    read_weights(path, other)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), other.parameters(), strict=True))
    with pytest.raises(DataError, match="not weights of this network"):
        read_weights(path, network("preact10"))
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(DataError, match="bytes have changed"):
        read_weights(path, other)
    path.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        read_weights(path, other)


def test_a_file_with_a_right_digest_that_holds_no_tensors_is_told(tmp_path):
    path = tmp_path / "run.safetensors"
    path.write_bytes(b"not tensors")
    path.with_name(path.name + ".sha256").write_text(hashlib.sha256(b"not tensors").hexdigest() + "  x\n")
    with pytest.raises(DataError, match="not weights of this network"):
        read_weights(path, network())


def test_moving_starts_from_the_weights_given():
    net = nn.Linear(2, 2)
    way = {"weight": torch.ones(2, 2)}
    twice = moved(net, way, 1.0, moved(net, way, 2.0))
    assert torch.allclose(twice["weight"], net.weight.detach() + 3)
