"""One step, against the loop that anyone would write in plain PyTorch."""

import pytest
import torch
import torch.nn.functional as F

from ablab.models import Io
from ablab.recipe import Recipe
from ablab.train.device import choose_hardware
from ablab.train.losses import correct, cross_entropy
from ablab.train.pixels import pixels_of
from ablab.train.state import initial_state
from ablab.train.step import make_step

IO = Io(3, 16, 16, 4)
HARDWARE = choose_hardware("fp32")


def batches(splits, steps=10, size=16):
    for step in range(steps):
        rows = splits.train[(torch.arange(size) + step * size) % len(splits.train)]
        yield splits.examples.images[rows], splits.examples.labels[rows]


def in_plain_pytorch(recipe, splits, make, smoothing=0.0):
    """Ten steps with nothing of ours but the initial weights and the two groups of the design."""
    net = initial_state(recipe, IO, 0, HARDWARE).net
    matrices = [parameter for name, parameter in net.named_parameters() if parameter.ndim > 1]
    vectors = [parameter for name, parameter in net.named_parameters() if parameter.ndim == 1]
    optimizer = make([{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}])
    pictures = splits.examples.images[splits.train].double()
    mean, sd = pictures.mean((0, 2, 3), keepdim=True), pictures.std((0, 2, 3), correction=0, keepdim=True)
    # The same arithmetic as ours, to the last bit: a bias before a batch norm has no gradient but rounding, and Adam
    # turns a rounding error of either sign into a whole step.
    shift, scale = (-mean / sd).float(), (1 / sd).float()
    for images, labels in batches(splits):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(torch.addcmul(shift, images.float(), scale)), labels, label_smoothing=smoothing)
        loss.backward()
        optimizer.step()
    return net.state_dict()


def with_ours(recipe, splits):
    state = initial_state(recipe, IO, 0, HARDWARE)
    step = make_step(
        state, pixels_of(splits.examples, splits.train, HARDWARE), HARDWARE, smoothing=recipe.label_smoothing
    )
    for images, labels in batches(splits):
        step(images, labels, recipe.lr)
    return state.net.state_dict()


@pytest.mark.parametrize(
    ("text", "make"),
    [
        ("sgd(momentum=0.9, nesterov=true)", lambda g: torch.optim.SGD(g, lr=0.01, momentum=0.9, nesterov=True)),
        ("adam", lambda g: torch.optim.Adam(g, lr=0.01)),
        ("adamw(beta2=0.99)", lambda g: torch.optim.AdamW(g, lr=0.01, betas=(0.9, 0.99))),
    ],
)
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_ten_steps_end_with_the_weights_of_a_plain_loop(text, make, norm, splits):
    recipe = Recipe.of({"optimizer": text, "norm": norm, "lr": 0.01, "weight_decay": 0.01, "label_smoothing": 0.1})
    ours, plain = with_ours(recipe, splits), in_plain_pytorch(recipe, splits, make, smoothing=0.1)
    assert set(ours) == set(plain)
    for name in plain:
        torch.testing.assert_close(ours[name], plain[name], atol=1e-6, rtol=1e-6, msg=lambda m, name=name: name + m)


def test_it_gives_the_sum_of_the_losses_and_how_many_were_right(splits):
    state = initial_state(Recipe.of({"lr": 0.01}), IO, 0, HARDWARE)
    pixels = pixels_of(splits.examples, splits.train, HARDWARE)
    images, labels = next(batches(splits))
    with torch.no_grad():
        logits = state.net(pixels(images))
    loss, right = make_step(state, pixels, HARDWARE)(images, labels, 0.01)
    assert loss.item() == pytest.approx(F.cross_entropy(logits, labels, reduction="sum").item(), rel=1e-5)
    assert right.item() == (logits.argmax(1) == labels).sum()
    assert not loss.requires_grad


def test_the_learning_rate_of_the_step_is_the_one_that_is_given(splits):
    state = initial_state(Recipe.of({"lr": 0.7}), IO, 0, HARDWARE)
    before = {name: tensor.clone() for name, tensor in state.net.state_dict().items()}
    step = make_step(state, pixels_of(splits.examples, splits.train, HARDWARE), HARDWARE)
    images, labels = next(batches(splits))
    step(images, labels, 0.0)
    assert all(torch.equal(tensor, before[name]) for name, tensor in state.net.state_dict().items())
    step(images, labels, 0.1)
    assert not torch.equal(state.net.conv1.weight, before["conv1.weight"])


def test_bf16_is_near_and_leaves_the_weights_in_fp32(splits):
    recipe = Recipe.of({"lr": 0.01})
    exact = with_ours(recipe, splits)
    hardware = choose_hardware("bf16")
    state = initial_state(recipe, IO, 0, hardware)
    step = make_step(state, pixels_of(splits.examples, splits.train, hardware), hardware)
    for images, labels in batches(splits):
        step(images, labels, recipe.lr)
    for name, tensor in state.net.state_dict().items():
        assert tensor.dtype == torch.float32
        torch.testing.assert_close(tensor, exact[name], atol=5e-3, rtol=0)
    assert not torch.equal(state.net.conv1.weight, exact["conv1.weight"])


LOGITS = torch.tensor([[2.0, 0.5, -1.0], [0.0, 1.0, 3.0]])


def test_a_share_of_every_class_costs_the_same_as_the_label():
    labels = torch.tensor([0, 1])
    shares = F.one_hot(labels, 3).float()
    torch.testing.assert_close(cross_entropy(LOGITS, shares, 0.1), cross_entropy(LOGITS, labels, 0.1))


def test_mixed_targets_cost_the_mixture_of_the_losses():
    mixed = torch.tensor([[0.7, 0.3, 0.0], [0.7, 0.3, 0.0]])
    first, second = torch.zeros(2, dtype=torch.int64), torch.ones(2, dtype=torch.int64)
    expected = 0.7 * F.cross_entropy(LOGITS, first) + 0.3 * F.cross_entropy(LOGITS, second)
    torch.testing.assert_close(cross_entropy(LOGITS, mixed), expected)


def test_smoothing_gives_its_share_to_all_classes_alike():
    logs = LOGITS.log_softmax(1)
    expected = -(0.9 * (logs[0, 0] + logs[1, 2]) / 2 + 0.1 * logs.mean())
    torch.testing.assert_close(cross_entropy(LOGITS, torch.tensor([0, 2]), 0.1), expected)


def test_the_larger_share_is_the_class_of_a_mixed_image():
    assert correct(LOGITS, torch.tensor([[0.6, 0.4, 0.0], [0.6, 0.0, 0.4]])).item() == 1
    assert correct(LOGITS, torch.tensor([0, 2])).item() == 2
