"""The story of a run: what it reports, what it is fed, what it repeats, and what it leaves alone."""

import contextlib
import math
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.modules.module import register_module_forward_pre_hook

from ablab.errors import Diverged, ModelError
from ablab.events import EpochDone, Finished, Noticed, Started
from ablab.models import Io, build
from ablab.recipe import Recipe
from ablab.statistics.confusion import unpacked_confusion
from ablab.train.device import choose_hardware
from ablab.train.loop import batch_sizes, train
from ablab.train.measure import measure
from ablab.train.pixels import pixels_of

pytestmark = pytest.mark.slow

SMALL = Recipe.of({"epochs": 3, "batch": 32, "lr": 0.05, "precision": "fp32"})

LOOKS = 3  # passes before training: one for what looks wrong, two that are timed

OWN = """
import torch
from torch import nn

class Net(nn.Sequential):
    def __init__(self, classes, gain=1.0):
        super().__init__(nn.Flatten(), nn.Dropout(0.5), nn.Linear(768, 16), nn.ReLU(), nn.Linear(16, classes))
        self.gain = gain
        self.tilt = nn.Parameter(torch.randn(classes))

    def forward(self, x):
        return super().forward(x) * self.gain + 0.1 * self.tilt
"""


def weights(state):
    return {name: tensor.clone() for name, tensor in state.net.state_dict().items()}


def run(recipe, splits, seed=0):
    """The events of a run, each with the weights that it had at the time."""
    return [
        (event, weights(event.state) if isinstance(event, EpochDone) else {}) for event in train(recipe, splits, seed)
    ]


def events(recipe, splits, seed=0):
    return [event for event, _ in run(recipe, splits, seed)]


def rows(history):
    return [replace(event.row, seconds=0.0) for event in history if isinstance(event, EpochDone)]


@contextlib.contextmanager
def watched():
    """What networks are fed while it is open: (in training, images)."""
    fed = []

    def remember(module, inputs):
        if isinstance(module, torch.nn.Conv2d) and inputs[0].shape[1] == 3 and not inputs[0].is_meta:
            fed.append((module.training, inputs[0].clone()))

    hook = register_module_forward_pre_hook(remember)
    try:
        yield fed
    finally:
        hook.remove()


@pytest.fixture(scope="module")
def history(splits):
    return run(SMALL, splits)


def test_a_run_starts_goes_through_its_epochs_and_finishes(history):
    assert [type(event) for event, _ in history] == [Started, EpochDone, EpochDone, EpochDone, Finished]
    assert [event.row.epoch for event, _ in history[1:-1]] == [1, 2, 3]


def test_it_says_what_it_starts_with(history, splits):
    started = history[0][0]
    net = build("simple-nn", Io(3, 16, 16, 4))
    assert started.parameters == sum(parameter.numel() for parameter in net.parameters())
    assert (started.train_images, started.val_images) == (150, 40)
    assert (started.device, started.precision, started.threads) == ("cpu", "fp32", torch.get_num_threads())


def test_an_untrained_network_knows_no_more_than_even_guessing(history):
    assert history[0][0].untrained_loss == pytest.approx(math.log(4), abs=0.1)


def test_it_learns_what_can_be_learned(splits):
    last = events(SMALL.with_("epochs=8"), splits)[-1]
    assert last.test.accuracy > 0.9


def test_the_same_recipe_and_seed_give_the_same_weights_and_curve_to_the_last_bit(splits):
    recipe = SMALL.with_("dropout=0.3 norm=batch augment=crop(2)+flip")
    first, second = run(recipe, splits, 7), run(recipe, splits, 7)
    assert rows([event for event, _ in first]) == rows([event for event, _ in second])
    assert first[-1][0].predictions == second[-1][0].predictions
    for (_, one), (_, other) in zip(first, second, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_another_seed_gives_other_weights(history, splits):
    other = run(SMALL, splits, seed=1)
    assert not torch.equal(history[1][1]["conv1.weight"], other[1][1]["conv1.weight"])


def test_how_many_epochs_are_planned_changes_no_draw(history, splits):
    longer = run(SMALL.with_("epochs=5 schedule=constant"), splits)
    shorter = run(SMALL.with_("epochs=2 schedule=constant"), splits)
    assert torch.equal(shorter[2][1]["head.weight"], longer[2][1]["head.weight"])


def test_two_variants_with_the_same_seed_are_fed_the_same_images_in_the_same_order(splits):
    seen = []
    for change in ("norm=none", "norm=batch dropout=0.5 optimizer=adam lr=0.001"):
        with watched() as fed:
            events(SMALL.with_(change + " augment=crop(2)+flip"), splits)
        seen.append([images for training, images in fed if training][LOOKS:])
    assert len(seen[0]) == 3 * 5
    assert all(torch.equal(one, other) for one, other in zip(*seen, strict=True))


def test_an_epoch_shows_every_training_image_once_and_the_last_batch_is_what_is_left(splits):
    with watched() as fed:
        events(SMALL.with_("epochs=2"), splits)
    batches = [images for training, images in fed if training][LOOKS:]
    assert [len(batch) for batch in batches] == [32, 32, 32, 32, 22] * 2
    pixels = pixels_of(splits.examples, splits.train, choose_hardware("fp32"))
    wanted = pixels(splits.examples.images[splits.train]).flatten(1).sum(1).sort().values
    for epoch in (batches[:5], batches[5:]):
        assert torch.equal(torch.cat(epoch).flatten(1).sum(1).sort().values, wanted)
    assert not torch.equal(batches[0], batches[5])


def test_the_curve_has_means_over_examples_whatever_the_size_of_the_last_batch(splits):
    event = next(event for event, _ in run(SMALL.with_("lr=1e-12 weight_decay=0"), splits)[1:])
    hardware = choose_hardware("fp32")
    pixels = pixels_of(splits.examples, splits.train, hardware)
    measured, _ = measure(event.state.net, splits.examples, splits.train, pixels=pixels, hardware=hardware)
    assert event.row.train_loss == pytest.approx(measured.loss, rel=1e-5)
    assert event.row.train_accuracy == measured.accuracy


def test_the_learning_rate_of_a_row_is_that_of_its_last_step(history):
    expected = [0.05 * (1 + math.cos(math.pi * step / 15)) / 2 for step in (4, 9, 14)]
    assert [event.row.lr for event, _ in history[1:-1]] == pytest.approx(expected)


def measured_with(kept, splits):
    """A network with these weights on the test images."""
    hardware = choose_hardware("fp32", channels_last=True)
    net = build("simple-nn", Io(3, 16, 16, 4))
    net.load_state_dict(kept)
    net = net.to(memory_format=torch.channels_last)  # as it was measured: other kernels round in other places
    return measure(
        net,
        splits.test,
        None,
        pixels=pixels_of(splits.examples, splits.train, hardware),
        hardware=hardware,
        in_full=True,
    )


NOISY = SMALL.with_("epochs=6 optimizer=adam lr=0.02 schedule=constant")  # so high that the last epoch is not the best


def test_best_takes_the_epoch_with_most_validation_images_right_then_the_lower_loss(splits):
    history = run(NOISY, splits, seed=2)
    done = [(event.row, kept) for event, kept in history if isinstance(event, EpochDone)]
    best, kept = max(done, key=lambda pair: (pair[0].val_accuracy, -pair[0].val_loss, -pair[0].epoch))
    finished = history[-1][0]
    assert finished.selected_epoch == best.epoch < 6
    test, answers = measured_with(kept, splits)
    assert finished.test == test
    assert finished.predictions == bytes(answers.given.tolist())
    assert not finished.is_biased
    flags = [event.is_best for event, _ in history if isinstance(event, EpochDone)]
    assert max(i for i, flag in enumerate(flags, start=1) if flag) == best.epoch


def test_last_takes_the_last_epoch(splits):
    history = run(NOISY.with_("select=last"), splits, seed=2)
    assert history[-1][0].selected_epoch == 6
    assert history[-1][0].test == measured_with(history[-2][1], splits)[0]


def test_test_takes_the_epoch_that_is_best_on_the_test_images_and_says_that_it_is_biased(splits):
    history = run(NOISY.with_("select=test"), splits, seed=2)
    on_test = [measured_with(kept, splits)[0] for event, kept in history if isinstance(event, EpochDone)]
    best = max(on_test, key=lambda measured: (measured.accuracy, -measured.loss))
    assert history[-1][0].test == best
    assert history[-1][0].is_biased


@pytest.mark.parametrize(("select", "times"), [("best", 1), ("last", 1), ("test", 4)])
def test_test_images_are_looked_at_once_unless_they_select(select, times, splits):
    with watched() as fed:
        events(SMALL.with_(f"select={select}"), splits)
    assert [len(images) for training, images in fed if not training].count(37) == times


def test_test_images_have_no_part_in_anything_but_the_last_measurement(history, splits):
    other = replace(splits, test=replace(splits.test, images=255 - splits.test.images))
    again = events(SMALL, other)
    assert rows(again) == rows([event for event, _ in history])
    assert again[-1].test != history[-1][0].test


def test_a_run_leaves_every_global_generator_as_it_was(splits):
    before = torch.random.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    events(SMALL.with_("epochs=2 dropout=0.5 augment=crop(2)+flip+cutmix"), splits)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]
    assert random.getstate() == before[2]


@pytest.fixture
def own(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    return f"{tmp_path}/own.py:Net"


def test_a_users_network_with_draws_of_its_own_repeats_too_and_touches_no_generator(own, splits):
    recipe = Recipe.of({"model": own, "epochs": 2, "batch": 32})
    before = torch.random.get_rng_state()
    first, second, other = run(recipe, splits), run(recipe, splits), run(recipe, splits, seed=1)
    assert torch.equal(torch.random.get_rng_state(), before)
    for name in ("tilt", "2.weight"):
        assert torch.equal(first[-2][1][name], second[-2][1][name])
        assert not torch.equal(first[-2][1][name], other[-2][1][name])


def test_a_loss_that_is_no_number_ends_the_run_with_what_to_try(splits):
    story = train(SMALL.with_("lr=1e30"), splits, 0)
    assert isinstance(next(story), Started)
    with pytest.raises(
        Diverged, match=r"not a finite number: epoch 1, step [12] of the run, at lr = 9\.\d+e\+29 .* lr=1e\+29"
    ):
        next(story)


def test_first_outputs_that_are_far_too_large_are_noticed(own, splits):
    found = events(Recipe.of({"model": own, "gain": 300.0, "epochs": 1, "lr": 1e-6}), splits)
    assert isinstance(found[1], Noticed)
    assert "even guessing among 4 classes gives 1.39" in found[1].text


def test_a_network_that_gives_no_numbers_at_all_is_refused_before_the_run(own, splits):
    recipe = Recipe.of({"model": own, "gain": float("nan")})
    with pytest.raises(ModelError, match="gives a loss of nan before any training"):
        next(train(recipe, splits, 0))


@pytest.mark.parametrize(
    "change", ["augment=cutmix label_smoothing=0.1", "precision=bf16", "warmup=1 optimizer=adamw lr=0.003"]
)
def test_it_also_learns_with(change, splits):
    assert events(SMALL.with_(f"epochs=8 {change}"), splits)[-1].test.accuracy > 0.6


def test_test_time_views_are_averaged_in_validation_and_test(history, splits):
    plain, viewed = history[1:], run(SMALL.with_("tta=flip"), splits)[1:]
    for (_, one), (_, other) in zip(plain[:3], viewed[:3], strict=True):
        assert torch.equal(one["conv1.weight"], other["conv1.weight"])
    assert plain[2][0].row.val_loss != viewed[2][0].row.val_loss
    assert plain[3][0].test.loss != viewed[3][0].test.loss


@pytest.mark.parametrize(
    ("images", "batch", "expected"),
    [(10, 5, [5, 5]), (11, 4, [4, 4, 3]), (9, 4, [4, 5]), (3, 8, [3]), (1, 8, [1]), (3, 1, [1, 1, 1])],
)
def test_every_image_is_in_a_step_and_no_step_has_a_single_one_left_over(images, batch, expected):
    assert batch_sizes(images, batch) == expected


def test_bf16_and_fp32_differ_by_less_than_seeds_do(splits):
    def losses(precision):
        recipe = SMALL.with_(f"epochs=6 precision={precision}")
        return torch.tensor([events(recipe, splits, seed)[-1].test.loss for seed in range(6)])

    exact, short = losses("fp32"), losses("bf16")
    assert not torch.equal(exact, short)
    assert (short - exact).mean().abs() < exact.std()


def test_finished_tells_of_training_images_as_they_are_of_certainty_and_of_weights(splits):
    finished = run(SMALL.with_("epochs=1 augment=flip dropout=0.5"), splits)[-1][0]
    assert len(finished.certainty) == len(finished.predictions) == len(splits.test)
    assert min(finished.certainty) >= 255 // 4  # the likeliest of four classes
    assert finished.train.images == len(splits.train)
    assert finished.weights.number > 10_000
    assert 0 <= finished.weights.near_zero < 0.5


def test_measured_images_that_are_augmented_are_spoken_of_and_give_other_figures(splits):
    plain, faulty = (run(SMALL.with_(f"epochs=1 augment=crop(4) tta={tta}"), splits) for tta in ("none", "augment"))
    assert any(isinstance(event, Noticed) and "augmented like training images" in event.text for event, _ in faulty)
    assert faulty[-1][0].test.loss != plain[-1][0].test.loss
    assert faulty[-2][0].row.train_loss == plain[-2][0].row.train_loss


def test_the_selected_weights_are_asked_about_validation_and_training_images_class_by_class(splits):
    finished = run(NOISY, splits, seed=2)[-1][0]
    best = max(
        (event.row for event, _ in run(NOISY, splits, seed=2) if isinstance(event, EpochDone)),
        key=lambda row: row.val_accuracy,
    )
    matrices = {part: unpacked_confusion(packed, 4) for part, packed in finished.confusions.items()}
    assert matrices["validation"].sum() == len(splits.val)
    assert matrices["validation"].trace() / len(splits.val) == pytest.approx(best.val_accuracy)
    assert matrices["training"].trace() / len(splits.train) == pytest.approx(finished.train.accuracy)
    counts = splits.examples.labels[splits.train].bincount(minlength=4)
    assert matrices["training"].sum(1).tolist() == counts.tolist()
