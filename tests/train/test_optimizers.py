"""Update rules against their formulas, the two groups, and what is refused."""

import math

import pytest
import torch
from torch import nn

from ablab.errors import ModelError, RecipeError
from ablab.find import catalogue
from ablab.models import Io, build
from ablab.train.optimizers import check_optimizer, groups, make_optimizer

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
    assert set(catalogue("train.optimizers", "optimizer")) == {"sgd", "adam", "adamw", "adagrad", "rmsprop"}


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
        ("sgd(0.9)", r"options are given by name, such as sgd\(momentum=0.9\)"),
        ("sgd(momentun=0.9)", 'no option is called "momentun": did you mean "momentum"'),
        ("sgd(momentum=true)", "momentum must be a number"),
        ("sgd(nesterov=1)", "nesterov must be true or false"),
        ("adam(lr=0.1)", "lr is a key of the recipe itself: write lr=0.1"),
        ("adamw(weight_decay=0.1)", "weight_decay is a key of the recipe itself: write weight_decay=0.1"),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_write(text, message):
    with pytest.raises(RecipeError, match=message):
        check_optimizer(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sgd(momentum=1.5)", "momentum must be from 0 to below 1"),
        ("sgd(nesterov=true)", r"nesterov needs momentum: sgd\(momentum=0.9, nesterov=true\)"),
        ("adam(beta2=1)", "beta2 = 1 must be from 0 to below 1"),
        ("adamw(eps=0)", "eps = 0 must be above 0"),
        ("adagrad(eps=-1)", "eps = -1 must be above 0"),
        ("rmsprop(alpha=1)", "alpha = 1 must be from 0 to below 1"),
        ("rmsprop(momentum=2)", "momentum = 2 must be from 0 to below 1"),
    ],
)
def test_a_number_that_no_step_can_be_made_with_is_refused(text, message):
    with pytest.raises(RecipeError, match=message):
        make_optimizer(text, nn.Linear(1, 1), lr=0.1, weight_decay=0.0)
