"""One step, against the loop that anyone would write in plain PyTorch."""

import pytest
import torch
import torch.nn.functional as F

from ablab.errors import OutOfMemory, RecipeError
from ablab.models import Io
from ablab.recipe import Recipe
from ablab.train.device import choose_hardware
from ablab.train.losses import balanced, correct, cross_entropy, focal, make_loss
from ablab.train.pixels import pixels_of
from ablab.train.schedule import lr_at
from ablab.train.state import initial_network, initial_state
from ablab.train.step import LOSS, NORM, RIGHT, make_step

IO = Io(3, 16, 16, 4)
HARDWARE = choose_hardware("fp32")
STEPS = 10


def fresh(recipe, hardware=HARDWARE):
    return initial_state(recipe, initial_network(recipe, IO, 0), hardware)


def stepper(state, splits, hardware=HARDWARE, loss="cross-entropy", smoothing=0.0, **options):
    pixels = pixels_of(splits.examples, splits.train, hardware)
    return make_step(state, pixels, hardware, make_loss(loss, smoothing=smoothing), **options)


def batches(splits, steps=10, size=16):
    for step in range(steps):
        rows = splits.train[(torch.arange(size) + step * size) % len(splits.train)]
        yield splits.examples.images[rows], splits.examples.labels[rows]


def in_plain_pytorch(recipe, splits, make, schedule=None, smoothing=0.0, clip=None, l1=0.0):
    """Ten steps with nothing of ours but the initial weights and the two groups of the design."""
    net = initial_network(recipe, IO, 0)
    matrices = [parameter for parameter in net.parameters() if parameter.ndim > 1]
    vectors = [parameter for parameter in net.parameters() if parameter.ndim == 1]
    optimizer = make([{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}])
    scheduler = schedule(optimizer) if schedule else None
    pictures = splits.examples.images[splits.train].double()
    mean, sd = pictures.mean((0, 2, 3), keepdim=True), pictures.std((0, 2, 3), correction=0, keepdim=True)
    # The same arithmetic as ours, to the last bit: a bias before a batch norm has no gradient but rounding, and Adam
    # turns a rounding error of either sign into a whole step.
    shift, scale = (-mean / sd).float(), (1 / sd).float()
    for images, labels in batches(splits):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images.float() * scale + shift), labels, label_smoothing=smoothing)
        loss.backward()
        for parameter in matrices if l1 else ():
            parameter.grad += l1 * parameter.detach().sign()
        if clip:
            torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
        optimizer.step()
        if scheduler:
            scheduler.step()
    return net.state_dict()


def with_ours(recipe, splits, hardware=HARDWARE):
    state = fresh(recipe, hardware)
    step = stepper(
        state, splits, hardware, recipe.loss, recipe.label_smoothing,
        l1=recipe.l1, clip=recipe.clip, split=recipe.batch_split,
    )  # fmt: skip
    for at, (images, labels) in enumerate(batches(splits)):
        step(images, labels, lr_at(recipe.schedule, recipe.lr, at, STEPS))
    return state.net.state_dict()


def assert_same(ours, plain, atol=1e-6):
    assert set(ours) == set(plain)
    for name in plain:
        torch.testing.assert_close(ours[name], plain[name], atol=atol, rtol=1e-6, msg=lambda m, name=name: name + m)


@pytest.mark.parametrize(
    ("text", "make"),
    [
        ("sgd", lambda g: torch.optim.SGD(g, lr=0.01)),
        ("sgd(momentum=0.9, nesterov=true)", lambda g: torch.optim.SGD(g, lr=0.01, momentum=0.9, nesterov=True)),
        ("adam", lambda g: torch.optim.Adam(g, lr=0.01)),
        ("adamw(beta2=0.99)", lambda g: torch.optim.AdamW(g, lr=0.01, betas=(0.9, 0.99))),
        ("rmsprop", lambda g: torch.optim.RMSprop(g, lr=0.01)),
        ("adagrad", lambda g: torch.optim.Adagrad(g, lr=0.01)),
    ],
)
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_ten_steps_end_with_the_weights_of_a_plain_loop(text, make, norm, splits):
    recipe = Recipe.of({"optimizer": text, "norm": norm, "lr": 0.01, "weight_decay": 0.01, "label_smoothing": 0.1})
    recipe = recipe.with_("schedule=constant")
    assert_same(with_ours(recipe, splits), in_plain_pytorch(recipe, splits, make, smoothing=0.1))


RATES = torch.optim.lr_scheduler


@pytest.mark.parametrize(
    ("text", "make"),
    [
        ("constant", lambda o: RATES.ConstantLR(o, 1.0)),
        ("linear", lambda o: RATES.LinearLR(o, 1.0, 0.0, total_iters=STEPS)),
        ("cosine", lambda o: RATES.CosineAnnealingLR(o, T_max=STEPS)),
        ("step(every=0.3)", lambda o: RATES.StepLR(o, 3, gamma=0.1)),
        ("multistep(first=0.4, second=0.7)", lambda o: RATES.MultiStepLR(o, [4, 7], gamma=0.1)),
    ],
)
def test_ten_steps_of_every_schedule_end_with_the_weights_of_a_plain_loop(text, make, splits):
    recipe = Recipe.of({"optimizer": "sgd(momentum=0.9)", "lr": 0.05, "weight_decay": 0.01, "schedule": text})
    plain = in_plain_pytorch(recipe, splits, lambda g: torch.optim.SGD(g, lr=0.05, momentum=0.9), make)
    assert_same(with_ours(recipe, splits), plain)


@pytest.mark.parametrize("change", [{"clip": 0.05}, {"l1": 0.003}])
def test_clipped_and_with_an_l1_pull_it_is_a_plain_loop_too(change, splits):
    recipe = Recipe.of({"optimizer": "sgd", "lr": 0.05, "weight_decay": 0.01, "schedule": "constant", **change})
    plain = in_plain_pytorch(recipe, splits, lambda g: torch.optim.SGD(g, lr=0.05), **change)
    assert_same(with_ours(recipe, splits), plain)
    assert not torch.equal(plain["conv1.weight"], with_ours(recipe.with_("l1=0 clip=1e9"), splits)["conv1.weight"])


def test_a_batch_in_parts_takes_the_step_of_the_whole(splits):
    recipe = Recipe.of({"optimizer": "sgd", "lr": 0.05, "schedule": "constant"})
    assert_same(with_ours(recipe.with_("batch_split=3"), splits), with_ours(recipe, splits))


def test_a_batch_is_split_for_as_long_as_memory_runs_out(splits):
    recipe = Recipe.of({"optimizer": "sgd", "lr": 0.05, "schedule": "constant"})

    class Small(torch.nn.Module):
        """A network that has memory for five images."""

        def __init__(self, net):
            super().__init__()
            self.net = net

        def forward(self, x):
            if len(x) > 5:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB")
            return self.net(x)

    def walk(split):
        state = fresh(recipe)
        state.net = Small(state.net)
        step = stepper(state, splits, split=split)
        for images, labels in batches(splits):
            step(images, labels, recipe.lr)
        return state.net.net.state_dict()

    assert_same(walk("auto"), with_ours(recipe, splits))
    with pytest.raises(OutOfMemory, match=r"16 images a step in 2 parts; .* batch_split=4 \(parts of 4 images\)"):
        walk(2)


def test_it_gives_the_sum_of_the_losses_how_many_were_right_and_the_norm_of_the_gradient(splits):
    state = fresh(Recipe.of({"lr": 0.01}))
    pixels = pixels_of(splits.examples, splits.train, HARDWARE)
    images, labels = next(batches(splits))
    logits = state.net(pixels(images))
    F.cross_entropy(logits, labels).backward()
    norm = torch.nn.utils.get_total_norm([parameter.grad for parameter in state.net.parameters()])
    seen = stepper(state, splits)(images, labels, 0.01)
    assert seen[LOSS].item() == pytest.approx(F.cross_entropy(logits, labels, reduction="sum").item(), rel=1e-5)
    assert seen[RIGHT].item() == (logits.argmax(1) == labels).sum()
    assert seen[NORM].item() == pytest.approx(norm.item(), rel=1e-5)
    assert not seen.requires_grad


def test_the_learning_rate_of_the_step_is_the_one_that_is_given(splits):
    state = fresh(Recipe.of({"lr": 0.7}))
    before = {name: tensor.clone() for name, tensor in state.net.state_dict().items()}
    step = stepper(state, splits)
    images, labels = next(batches(splits))
    step(images, labels, 0.0)
    assert all(torch.equal(tensor, before[name]) for name, tensor in state.net.state_dict().items())
    step(images, labels, 0.1)
    assert not torch.equal(state.net.conv1.weight, before["conv1.weight"])


def test_a_part_can_have_a_rate_of_its_own(splits):
    images, labels = next(batches(splits))

    def moved(**keys):
        state = fresh(Recipe.of({"optimizer": "sgd", "weight_decay": 0.0, **keys}))
        before = {name: tensor.clone() for name, tensor in state.net.state_dict().items()}
        stepper(state, splits)(images, labels, 0.1)
        return {name: tensor - before[name] for name, tensor in state.net.state_dict().items()}

    plain, scaled = moved(), moved(lr_scale="head(0.5) + biases(0)")
    torch.testing.assert_close(scaled["head.weight"], 0.5 * plain["head.weight"])
    torch.testing.assert_close(scaled["conv1.weight"], plain["conv1.weight"])
    assert not scaled["conv1.bias"].any()


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_short_numbers_are_near_and_leave_the_weights_in_fp32(precision, splits):
    recipe = Recipe.of({"lr": 0.01})
    exact = with_ours(recipe, splits)
    short = with_ours(recipe, splits, choose_hardware(precision))
    for name, tensor in short.items():
        assert tensor.dtype == torch.float32
        torch.testing.assert_close(tensor, exact[name], atol=5e-3, rtol=0)
    assert not torch.equal(short["conv1.weight"], exact["conv1.weight"])


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


def test_focal_without_focus_is_the_cross_entropy_and_with_it_counts_the_sure_less():
    labels = torch.tensor([0, 2])
    torch.testing.assert_close(focal(LOGITS, labels, gamma=0.0), cross_entropy(LOGITS, labels))
    torch.testing.assert_close(focal(LOGITS, labels, 0.1, gamma=0.0), cross_entropy(LOGITS, labels, 0.1))
    shares = LOGITS.softmax(1)[[0, 1], labels]
    torch.testing.assert_close(focal(LOGITS, labels, gamma=2.0), -((1 - shares) ** 2 * shares.log()).mean())


def test_balanced_weights_make_all_classes_count_alike():
    labels = torch.tensor([0] * 6 + [1] * 2 + [3] * 4)
    weights = balanced(labels, 4)
    counts = torch.bincount(labels, minlength=4)
    torch.testing.assert_close(weights * counts, torch.tensor([4.0, 4.0, 0.0, 4.0]))


def test_weighted_losses_are_those_of_pytorch():
    labels, weights = torch.tensor([0, 2]), torch.tensor([0.5, 1.0, 3.0])
    expected = F.cross_entropy(LOGITS, labels, weight=weights)
    torch.testing.assert_close(make_loss("cross-entropy", class_weights=weights)(LOGITS, labels), expected)
    torch.testing.assert_close(make_loss("focal(gamma=0)", class_weights=weights)(LOGITS, labels), expected)


def test_more_threads_than_a_machine_can_have_are_refused():
    with pytest.raises(RecipeError, match="threads = 100000: at most"):
        choose_hardware(threads=100_000)
