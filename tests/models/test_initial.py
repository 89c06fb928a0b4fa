"""Initial weights: by name, PyTorch's distributions, no other generator touched."""

import pytest
import torch
from scipy import stats
from torch import nn

from ablab.errors import ModelError
from ablab.models import Io, build
from ablab.models.initial import borrowed_generator, initialise, initialise_own

CIFAR10 = Io(3, 32, 32, 10)


def weights(net):
    return {name: tensor.detach().clone() for name, tensor in net.named_parameters()}


def simple(seed=0, **options):
    return weights(initialise(build("simple-nn", CIFAR10, **options), seed))


def test_layers_that_two_variants_share_start_from_the_same_weights():
    plain, rich = simple(), simple(norm="batch", dropout=0.5, activation="gelu")
    assert set(rich) - set(plain) == {"norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"}
    assert all(torch.equal(rich[name], plain[name]) for name in plain)


def test_an_unused_layer_in_front_moves_no_other():
    first = nn.Sequential()
    first.add_module("a", nn.Linear(4, 4))
    second = nn.Sequential()
    second.add_module("unused", nn.Conv2d(3, 8, 3))
    second.add_module("a", nn.Linear(4, 4))
    assert torch.equal(weights(initialise(first, 0))["a.weight"], weights(initialise(second, 0))["a.weight"])


def test_the_same_seed_gives_the_same_weights_whatever_was_there_before():
    net = build("simple-nn", CIFAR10)
    once = weights(initialise(net, 3))
    again = weights(initialise(net, 3))
    assert all(torch.equal(once[name], again[name]) for name in once)


def test_another_seed_and_another_layer_give_other_weights():
    zero, one = simple(0), simple(1)
    assert not any(torch.equal(zero[name], one[name]) for name in zero)
    twins = weights(initialise(nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 9)), 0))
    assert not torch.equal(twins["0.weight"], twins["1.weight"])


@pytest.mark.parametrize(
    "make", [lambda: nn.Linear(48, 201), lambda: nn.Conv2d(12, 201, 3, groups=3), lambda: nn.Conv1d(12, 201, 4)]
)
def test_weights_and_biases_are_distributed_as_pytorch_draws_them(make):
    with borrowed_generator(1):
        theirs = weights(make())
        ours = weights(initialise(make(), 0))
    for name in ours:
        assert stats.ks_2samp(ours[name].flatten().numpy(), theirs[name].flatten().numpy()).pvalue > 0.01
        assert float(ours[name].abs().max()) == pytest.approx(float(theirs[name].abs().max()), rel=0.05)


def test_norms_start_as_ones_and_zeros_with_fresh_statistics():
    layer = nn.BatchNorm2d(4)
    layer(torch.randn(8, 4, 3, 3, generator=torch.Generator().manual_seed(0)))
    nn.init.constant_(layer.weight, 7.0)
    initialise(layer, 0)
    assert layer.weight.tolist() == [1.0] * 4
    assert layer.bias.tolist() == layer.running_mean.tolist() == [0.0] * 4
    assert layer.running_var.tolist() == [1.0] * 4


def test_a_layer_of_another_kind_draws_its_own_keyed_by_its_name():
    def drawn(seed, *names):
        net = nn.ModuleDict({name: nn.Embedding(5, 3) for name in names})
        return weights(initialise(net, seed))["b.weight"]

    assert torch.equal(drawn(0, "b"), drawn(0, "a", "b"))
    assert not torch.equal(drawn(0, "b"), drawn(1, "b"))


def test_weights_that_nobody_would_start_are_refused():
    class Forgotten(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3))

    with pytest.raises(TypeError, match=r'"0" \(Forgotten\) has \[\'scale\'\] but no reset_parameters'):
        initialise(nn.Sequential(Forgotten()), 0)


def test_the_global_generator_stays_as_it_was():
    net = nn.Sequential(nn.Linear(3, 3), nn.Embedding(5, 3))
    before = torch.random.get_rng_state()
    initialise(net, 0)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_borrowed_generator_starts_from_the_number_and_is_given_back_even_after_an_error():
    before = torch.random.get_rng_state()
    drawn = []

    def fail():
        with borrowed_generator(7):
            drawn.append(torch.rand(3))
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            fail()
    assert torch.equal(drawn[0], drawn[1])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_defaults_in_a_users_network_are_drawn_by_name_like_ours():
    layers = {"conv1": nn.Conv2d(3, 8, 5), "linear1": nn.Linear(576, 120)}
    own = weights(initialise_own(nn.ModuleDict(layers), 0))
    ours = simple()
    assert all(torch.equal(own[name], ours[name]) for name in own)


@pytest.mark.parametrize(
    "theirs",
    [
        lambda layer: nn.init.kaiming_normal_(layer.weight),
        lambda layer: layer.weight.data.normal_(0, 0.5),
        lambda layer: nn.init.zeros_(layer.weight),
        lambda layer: layer.load_state_dict({"weight": layer.weight * 0.7, "bias": layer.bias}),
    ],
    ids=["nn.init", "data", "zeros", "loaded"],
)
def test_what_a_user_set_in_the_constructor_stays(theirs):
    with borrowed_generator(0):
        layer = nn.Linear(100, 10)
        theirs(layer)
    before = layer.weight.detach().clone()
    initialise_own(nn.Sequential(layer), 0)
    assert torch.equal(layer.weight, before)


LAYER = nn.Sequential(nn.Conv2d(16, 64, 3), nn.Flatten(), nn.Linear(256, 128))


@pytest.mark.parametrize(
    ("init", "sd"),
    [
        ("he", (2 / 144) ** 0.5),
        ("lecun", (1 / 144) ** 0.5),
        ("glorot", (2 / (144 + 64 * 9)) ** 0.5),
        ("normal(0.01)", 0.01),
        ("torch", 1 / (3 * 144) ** 0.5),
    ],
)
def test_a_scheme_gives_the_spread_that_it_is_known_for(init, sd):
    weight = weights(initialise(LAYER, 0, init))["0.weight"]
    assert float(weight.std()) == pytest.approx(sd, rel=0.03)
    assert abs(float(weight.mean())) < 0.05 * sd


@pytest.mark.parametrize("init", ["he", "lecun", "glorot", "orthogonal", "normal(0.01)"])
def test_schemes_other_than_pytorchs_start_biases_at_zero_and_draw_weights_by_name(init):
    once, again = weights(initialise(LAYER, 3, init)), weights(initialise(LAYER, 3, init))
    assert not once["0.bias"].any()
    assert all(torch.equal(once[name], again[name]) for name in once)
    assert not torch.equal(once["0.weight"], weights(initialise(LAYER, 4, init))["0.weight"])


def test_orthogonal_rows_are_orthogonal_and_keep_the_variance_behind_a_relu():
    weight = weights(initialise(LAYER, 0, "orthogonal"))["2.weight"]
    torch.testing.assert_close(weight @ weight.T, 2 * torch.eye(128))


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ("hee", 'no init is called "hee": did you mean "he"'),
        ("normal", r"sd is missing: write normal\(sd=...\)"),
        ("normal(-1)", "sd = -1 must be above 0"),
        ("he(2)", "takes no arguments"),
    ],
)
def test_an_unknown_scheme_is_refused_with_what_to_write(init, message):
    with pytest.raises(ModelError, match=message):
        initialise(LAYER, 0, init)


def test_dirac_passes_the_input_on_through_the_first_filters_of_a_convolution():
    net = nn.Sequential(nn.Conv2d(3, 5, 3, padding=1), nn.Linear(2, 2))
    plain = weights(initialise(nn.Sequential(nn.Conv2d(3, 5, 3, padding=1), nn.Linear(2, 2)), 0))
    started = weights(initialise(net, 0, "dirac"))
    images = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    assert torch.equal(net[0](images)[:, :3], images)
    assert torch.equal(started["0.weight"][3:], plain["0.weight"][3:])
    assert torch.equal(started["1.weight"], plain["1.weight"])
    assert not started["0.bias"].any()
