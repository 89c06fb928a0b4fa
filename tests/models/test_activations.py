"""An activation is the function of its name, with its number if it has one."""

import pytest
import torch
import torch.nn.functional as F

from ablab.catalogue import catalogue
from ablab.errors import ModelError
from ablab.models.activations import activation

X = torch.linspace(-4, 4, 81)


KNOWN = [
    ("relu", F.relu(X)),
    ("leaky_relu", F.leaky_relu(X, 0.01)),
    ("leaky_relu(0.2)", F.leaky_relu(X, 0.2)),
    ("elu(alpha=2)", F.elu(X, 2.0)),
    ("silu", F.silu(X)),
    ("swish", F.silu(X)),
    ("swish(beta=2.5)", X / (1 + torch.exp(-2.5 * X))),
    ("gelu", F.gelu(X)),
    ("mish", F.mish(X)),
    ("tanh", torch.tanh(X)),
    ("sigmoid", torch.sigmoid(X)),
]


@pytest.mark.parametrize(("text", "expected"), KNOWN)
def test_an_activation_is_the_function_of_its_name(text, expected):
    torch.testing.assert_close(activation(text)(X), expected)


def test_every_activation_of_the_folder_is_compared_with_its_formula():
    assert {text.partition("(")[0] for text, _ in KNOWN} == set(catalogue("models", "activation"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("swich", 'did you mean "swish"'),
        ("relu(3)", "relu takes no arguments"),
        ("swish(gamma=2)", 'no option is called "gamma": known: beta'),
        ("elu(yes)", "alpha = yes must be a number"),
    ],
)
def test_a_wrong_activation_is_refused_with_what_to_write(text, message):
    with pytest.raises(ModelError, match=message):
        activation(text)
