"""Update rules against their formulas, the two groups, and what is refused."""

import math

import pytest
import torch
from torch import nn

from ablab.catalogue import catalogue
from ablab.errors import ModelError, RecipeError
from ablab.models import Io, build
from ablab.recipe import Recipe
from ablab.train.optimizers import groups, kernels, make_optimizer
from ablab.train.optimizers.muon import by_shape, orthogonalised

GRADIENTS = [0.5, -0.2, 0.1, 0.4]


def walk(text, weight_decay=0.0, lr=0.1):
    """Where a single weight, a matrix of one, goes from 1 under fixed gradients."""
    layer = nn.Linear(1, 1, bias=False)
    nn.init.ones_(layer.weight)
    optimizer = make_optimizer(text, layer, lr=lr, weight_decay=weight_decay)
    path = []
    for gradient in GRADIENTS:
        layer.weight.grad = torch.full((1, 1), gradient)
        optimizer.step()
        path.append(layer.weight.item())
    return path


def sgd(momentum=0.0, nesterov=False, weight_decay=0.0, lr=0.1):
    weight, speed, path = 1.0, 0.0, []
    for gradient in GRADIENTS:
        gradient += weight_decay * weight
        speed = momentum * speed + gradient
        weight -= lr * (gradient + momentum * speed if nesterov else speed)
        path.append(weight)
    return path


def adam(beta1=0.9, beta2=0.999, coupled=0.0, decoupled=0.0, lr=0.1):
    weight, m, v, path = 1.0, 0.0, 0.0, []
    for t, gradient in enumerate(GRADIENTS, start=1):
        weight -= lr * decoupled * weight
        gradient += coupled * weight
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
        weight -= lr * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + 1e-8)
        path.append(weight)
    return path


def adagrad(weight_decay=0.0, lr=0.1):
    weight, total, path = 1.0, 0.0, []
    for gradient in GRADIENTS:
        gradient += weight_decay * weight
        total += gradient**2
        weight -= lr * gradient / (math.sqrt(total) + 1e-10)
        path.append(weight)
    return path


def rmsprop(alpha=0.99, momentum=0.0, lr=0.1):
    weight, mean, speed, path = 1.0, 0.0, 0.0, []
    for gradient in GRADIENTS:
        mean = alpha * mean + (1 - alpha) * gradient**2
        speed = momentum * speed + gradient / (math.sqrt(mean) + 1e-8)
        weight -= lr * speed
        path.append(weight)
    return path


@pytest.mark.parametrize(
    ("text", "weight_decay", "by_hand"),
    [
        ("sgd", 0.0, sgd()),
        ("sgd", 0.3, sgd(weight_decay=0.3)),
        ("sgd(momentum=0.9)", 0.3, sgd(momentum=0.9, weight_decay=0.3)),
        ("sgd(momentum=0.9, nesterov=true)", 0.3, sgd(momentum=0.9, nesterov=True, weight_decay=0.3)),
        ("adam", 0.3, adam(coupled=0.3)),
        ("adam(beta1=0.5, beta2=0.9)", 0.0, adam(0.5, 0.9)),
        ("adamw", 0.3, adam(decoupled=0.3)),
        ("adagrad", 0.3, adagrad(weight_decay=0.3)),
        ("rmsprop", 0.0, rmsprop()),
        ("rmsprop(alpha=0.9, momentum=0.5)", 0.0, rmsprop(0.9, 0.5)),
    ],
)
def test_a_weight_goes_where_the_formula_says(text, weight_decay, by_hand):
    assert walk(text, weight_decay) == pytest.approx(by_hand, rel=1e-5, abs=1e-6)


def test_every_optimizer_is_compared_with_its_formula():
    assert set(catalogue("train.optimizers", "optimizer")) == {"sgd", "adam", "adamw", "adagrad", "rmsprop", "muon"}


def test_weight_decay_leaves_biases_and_norms_alone():
    net = build("simple-nn", Io(3, 32, 32, 10), norm="batch")
    decayed, free = groups(net, 0.01)
    names = {id(parameter): name for name, parameter in net.named_parameters()}
    assert {names[id(one)] for one in decayed["params"]} == {
        f"{layer}.weight" for layer in ("conv1", "conv2", "linear1", "linear2", "head")
    }
    assert len(decayed["params"]) + len(free["params"]) == len(names)
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.01, 0.0)


def test_frozen_weights_are_in_no_group():
    net = nn.Linear(3, 2)
    net.bias.requires_grad_(False)
    assert [group["params"] for group in groups(net, 0.1)] == [[net.weight]]


def test_a_network_without_weights_is_refused():
    with pytest.raises(ModelError, match="Flatten has no weights to train"):
        make_optimizer("sgd", nn.Flatten(), lr=0.1, weight_decay=0.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sdg", 'no optimizer is called "sdg": did you mean "sgd"'),
        ("sgd(0.9, true, 3)", "sgd takes at most 2 arguments .momentum, nesterov.; 3 given"),
        ("sgd(momentun=0.9)", 'no option is called "momentun": did you mean "momentum"'),
        ("sgd(momentum=true)", "momentum = true must be a number"),
        ("sgd(nesterov=1)", "nesterov = 1 must be true or false"),
        ("adam(lr=0.1)", "lr is a key of the recipe itself: write lr=... beside optimizer"),
        ("adamw(weight_decay=0.1)", "weight_decay is a key of the recipe itself"),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_write(text, message):
    with pytest.raises(RecipeError, match=message):
        Recipe.of({"optimizer": text})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sgd(momentum=1.5)", "momentum = 1.5 must be at least 0 and below 1"),
        ("sgd(nesterov=true)", r"nesterov needs momentum: sgd\(momentum=0.9, nesterov=true\)"),
        ("adam(beta2=1)", "beta2 = 1 must be at least 0 and below 1"),
        ("adamw(eps=0)", "eps = 0 must be above 0"),
        ("adagrad(eps=-1)", "eps = -1 must be above 0"),
        ("rmsprop(alpha=1)", "alpha = 1 must be at least 0 and below 1"),
        ("rmsprop(momentum=2)", "momentum = 2 must be at least 0 and below 1"),
    ],
)
def test_a_number_that_no_step_can_be_made_with_is_refused(text, message):
    with pytest.raises(RecipeError, match=message):
        make_optimizer(text, nn.Linear(1, 1), lr=0.1, weight_decay=0.0)


def test_biases_and_norms_are_pulled_as_well_where_the_recipe_says_so():
    (everything,) = groups(build("simple-nn", Io(3, 32, 32, 10), norm="batch"), 0.01, "all")
    assert everything["weight_decay"] == 0.01
    assert {parameter.ndim for parameter in everything["params"]} == {1, 2, 4}


def test_parts_have_shares_of_the_rate_by_kind_or_by_name():
    net = build("simple-nn", Io(3, 32, 32, 10), norm="batch")
    made = groups(net, 0.0, lr_scale="norms(0.1) + biases(2) + conv1(0.5)")
    names = {id(parameter): name for name, parameter in net.named_parameters()}
    scale = {names[id(one)]: group["scale"] for group in made for one in group["params"]}
    assert scale["norm1.weight"] == scale["norm1.bias"] == 0.1
    assert scale["head.bias"] == 2
    assert scale["conv1.weight"] == 0.5
    assert scale["head.weight"] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("heat(0.1)", 'the network has no "heat": did you mean "head"'),
        ("head", r"factor is missing: write head\(factor=...\)"),
        ("head(-1)", "factor = -1 must be from 0 to 1,000,000"),
    ],
)
def test_a_share_of_the_rate_that_nothing_can_have_is_refused(text, message):
    with pytest.raises(RecipeError, match=message):
        groups(build("simple-nn", Io(3, 32, 32, 10)), 0.0, lr_scale=text)


def test_muon_steps_have_all_singular_values_near_one_and_leave_the_rest_to_sgd():
    layer = nn.Linear(6, 4)
    before = layer.weight.detach().clone(), layer.bias.detach().clone()
    optimizer = make_optimizer("muon(momentum=0, nesterov=false, rest=0.5)", layer, lr=0.1, weight_decay=0.0)
    for group in optimizer.param_groups:
        group["lr"] = 0.1 * group["scale"]
    generator = torch.Generator().manual_seed(0)
    layer.weight.grad = torch.randn(4, 6, generator=generator)
    layer.bias.grad = torch.randn(4, generator=generator)
    optimizer.step()
    moved = (before[0] - layer.weight.detach()) / 0.1
    assert ((torch.linalg.svdvals(moved) - 1).abs() < 0.35).all()
    left, _, right = torch.linalg.svd(layer.weight.grad, full_matrices=False)
    assert torch.nn.functional.cosine_similarity(moved.flatten(), (left @ right).flatten(), dim=0) > 0.95
    torch.testing.assert_close(layer.bias.detach(), before[1] - 0.05 * layer.bias.grad)


def take_same_steps(layer, optimizer, plain, reference):
    """Steps of both optimizers with the same gradients of the bias."""
    for gradient in GRADIENTS:
        layer.weight.grad, layer.bias.grad = torch.full((2, 3), gradient), torch.tensor([gradient, -gradient])
        plain.bias.grad = layer.bias.grad.clone()
        optimizer.step()
        reference.step()


@pytest.mark.parametrize(("text", "momentum"), [("rest=1", 0.95), ("rest=1, rest_momentum=0.8", 0.8)])
def test_the_rest_of_muon_is_sgd_with_the_same_momentum_or_its_own(text, momentum):
    layer, plain = nn.Linear(3, 2), nn.Linear(3, 2)
    plain.load_state_dict(layer.state_dict())
    optimizer = make_optimizer(f"muon({text})", layer, lr=0.1, weight_decay=0.0)
    reference = torch.optim.SGD([plain.bias], lr=0.1, momentum=momentum, nesterov=True)
    take_same_steps(layer, optimizer, plain, reference)
    torch.testing.assert_close(layer.bias, plain.bias)


def test_the_rest_of_muon_can_be_adamw():
    layer, plain = nn.Linear(3, 2), nn.Linear(3, 2)
    plain.load_state_dict(layer.state_dict())
    optimizer = make_optimizer("muon(adam=true, rest=1)", layer, lr=0.1, weight_decay=0.02, decay="all")
    reference = torch.optim.AdamW([plain.bias], lr=0.1, weight_decay=0.02)
    take_same_steps(layer, optimizer, plain, reference)
    torch.testing.assert_close(layer.bias, plain.bias)


def test_matrices_of_one_shape_are_made_orthogonal_together_as_each_alone():
    generator = torch.Generator().manual_seed(0)
    matrices = [torch.randn(shape, generator=generator) for shape in [(4, 9), (9, 4), (4, 9), (5, 5), (9, 4)]]
    for one, other in zip(by_shape(matrices, 5, torch.float32), matrices, strict=True):
        torch.testing.assert_close(one, orthogonalised(other, 5), rtol=1e-4, atol=1e-5)


def test_in_short_numbers_singular_values_are_still_near_1():
    generator = torch.Generator().manual_seed(0)
    (step,) = by_shape([torch.randn(8, 20, generator=generator)], 5, torch.bfloat16)
    assert step.dtype == torch.float32
    values = torch.linalg.svdvals(step)
    assert 0.6 < float(values.min()) <= float(values.max()) < 1.3


def test_on_a_cpu_no_optimizer_is_fused():
    assert kernels([{"params": [nn.Parameter(torch.zeros(2))]}]) == {"foreach": True}


def test_muon_can_leave_matrices_to_the_rest_and_keep_filters_at_length_1():
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8, 4))
    for parameter in net.parameters():
        parameter.grad = torch.zeros_like(parameter)
    before = net[2].weight.detach().clone()
    optimizer = make_optimizer("muon(layers=conv, unit=true, momentum=0)", net, lr=0.1, weight_decay=0.0)
    optimizer.step()
    assert float(net[0].weight.detach().norm()) == pytest.approx(8**0.5)
    assert torch.equal(net[2].weight, before)
    assert [group["is_matrix"] for group in optimizer.param_groups].count(True) == 1
    net[2].weight.grad = torch.ones_like(before)
    optimizer.step()
    torch.testing.assert_close(net[2].weight.detach(), before - optimizer.param_groups[-1]["lr"])
