"""Known answers of layer arithmetic, and formulas that come to the number beside them."""

import ast
import operator
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ablab.arithmetic import formulas
from ablab.arithmetic.terms import Term
from ablab.errors import InputError

_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv}


def worked_out(formula: str) -> int:
    """What a formula comes to, by the rules of arithmetic alone."""
    plain = re.sub(r"⌈(.*?)/(\d+)⌉", r"(0 - (0 - (\1))//\2)", formula)
    plain = plain.translate(str.maketrans({"⌊": "(", "⌋": ")", "·": "*", ",": ""}))
    plain = re.sub(r"(?<!/)/(?!/)", "//", plain)

    def walk(node: ast.expr) -> int:
        if isinstance(node, ast.BinOp):
            return _OPERATORS[type(node.op)](walk(node.left), walk(node.right))
        assert isinstance(node, ast.Constant)
        return node.value

    return walk(ast.parse(plain, mode="eval").body)


def test_a_convolution_of_64_filters_on_32_channels_is_written_as_on_the_board():
    layer = formulas.conv((32, 16, 16), 64, 3, padding=1)
    assert str(layer.parameters) == "(3·3·32 + 1)·64 = 18,496"
    assert str(layer.macs) == "3·3·32·64·16·16 = 4,718,592"


@given(
    height=st.integers(5, 20),
    width=st.integers(5, 20),
    depth=st.integers(1, 4),
    filters=st.integers(1, 4),
    groups=st.integers(1, 3),
    k=st.integers(1, 3),
    s=st.integers(1, 3),
    p=st.integers(0, 1),
    d=st.integers(1, 2),
    bias=st.booleans(),
    is_transposed=st.booleans(),
)
def test_letters_with_the_numbers_put_in_are_the_formula(
    height, width, depth, filters, groups, k, s, p, d, bias, is_transposed
):
    make = formulas.transposed_conv if is_transposed else formulas.conv
    channels, filters = depth * groups, filters * groups
    shape = channels, height, width
    layer = make(shape, filters, k, stride=s, padding=p, dilation=d, groups=groups, bias=bias)
    _, down, across = layer.out_shape
    numbers = {"C": channels, "F": filters, "g": groups, "k": k, "s": s, "p": p, "d": d, "o": 0}
    numbers |= {"H": height, "W": width, "H'": down, "W'": across}
    for term in (layer.parameters, layer.macs, *layer.sides):
        assert re.sub("[A-Za-z]'?", lambda name: str(numbers[name[0]]), term.letters) == term.formula
        assert worked_out(term.formula) == term.value


def test_known_answers_of_homework():
    assert formulas.linear((3, 100, 100), 100).parameters.value == 3_000_100
    assert formulas.conv((3, 100, 100), 100, 3).parameters.value == 2_800
    assert formulas.conv((3, 100, 100), 100, 3).out_shape == (100, 98, 98)
    assert formulas.conv((16, 32, 32), 1, 1).parameters.value == 17
    layer = formulas.conv((16, 100, 100), 32, 5)
    assert (layer.out_shape, layer.parameters.value) == ((32, 96, 96), 12_832)
    assert formulas.batch_norm((64, 8, 8)).parameters == Term(128, "2·64")


@pytest.mark.parametrize(("filters", "ratio"), [(16, 5.76), (32, 7.02), (64, 7.89), (128, 8.41), (256, 8.69)])
def test_a_depthwise_separable_convolution_saves_nine_n_over_nine_plus_n(filters, ratio):
    full = formulas.conv((24, 8, 8), filters, 3, padding=1).macs.value
    apart = sum(layer.macs.value for layer in formulas.depthwise_separable((24, 8, 8), filters, 3, padding=1))
    assert full / apart == pytest.approx(9 * filters / (9 + filters)) == pytest.approx(ratio, abs=0.005)


@given(
    size=st.integers(1, 20),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 4),
    padding=st.integers(0, 3),
    dilation=st.integers(1, 3),
    groups=st.sampled_from([1, 2, 4]),
    transposed=st.booleans(),
    bias=st.booleans(),
)
def test_convolutions_come_out_as_torch_makes_them(size, kernel, stride, padding, dilation, groups, transposed, bias):
    numbers = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups, "bias": bias}
    kind, formula = (nn.ConvTranspose2d, formulas.transposed_conv) if transposed else (nn.Conv2d, formulas.conv)
    with torch.device("meta"):
        module = kind(4, 8, kernel, **numbers)
    try:
        out = module(torch.empty(1, 4, size, size, device="meta"))
    except RuntimeError:
        with pytest.raises(InputError):
            formula((4, size, size), 8, kernel, **numbers)
        return
    layer = formula((4, size, size), 8, kernel, **numbers)
    assert layer.out_shape == tuple(out.shape[1:])
    assert layer.parameters.value == sum(one.numel() for one in module.parameters())
    for term in (layer.parameters, layer.macs, *layer.sides):
        assert worked_out(term.formula) == term.value


@given(
    size=st.integers(1, 30),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 4),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    ceil=st.booleans(),
)
def test_pools_come_out_as_torch_makes_them(size, kernel, stride, padding, dilation, ceil):
    numbers = {"stride": stride, "padding": padding, "dilation": dilation}
    image = torch.empty(1, 3, size, size, device="meta")
    try:
        out = nn.MaxPool2d(kernel, ceil_mode=ceil, **numbers)(image)
    except RuntimeError:
        with pytest.raises(InputError):
            formulas.pool((3, size, size), kernel, ceil=ceil, **numbers)
        return
    layer = formulas.pool((3, size, size), kernel, ceil=ceil, **numbers)
    assert layer.out_shape == tuple(out.shape[1:])
    assert all(worked_out(one.formula) == one.value for one in layer.sides)


def test_what_cannot_be_is_an_error_that_says_why():
    for wrong, why in [
        (lambda: formulas.conv((3, 4, 4), 8, 5), "a window of 5 does not fit into 4"),
        (lambda: formulas.conv((3, 8, 8), 8, 3, groups=2), "3 channels cannot be divided into 2 groups"),
        (lambda: formulas.conv((4, 8, 8), 0, 3), "filters = 0"),
        (lambda: formulas.conv((4, 8, 8), 4, (3, 3, 3)), "3x3x3 has 3 sides; give 2"),
        (lambda: formulas.conv((4,), 4, 3), "is not an image size"),
    ]:
        with pytest.raises(InputError, match=why):
            wrong()
