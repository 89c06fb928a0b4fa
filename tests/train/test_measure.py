"""A network on a set of images: known answers, views, and that measuring changes nothing."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ablab.data.augment.views import View
from ablab.data.dataset import Examples
from ablab.train import measure as measuring
from ablab.train.device import choose_hardware
from ablab.train.measure import measure, packed
from ablab.train.pixels import mean_and_sd, pixels_of, value_counts

HARDWARE = choose_hardware("fp32")


def random_examples(images=30, seed=0):
    generator = torch.Generator().manual_seed(seed)
    pictures = torch.randint(0, 256, (images, 3, 6, 5), generator=generator, dtype=torch.uint8)
    return Examples(pictures, torch.randint(0, 3, (images,), generator=generator))


class Corners(nn.Module):
    """Says the first three numbers of the top row of the first channel, as they reach it."""

    def forward(self, x):
        return x[:, 0, 0, :3]


def on(examples, rows=None, net=None, views=()):
    everything = torch.arange(len(examples))
    pixels = pixels_of(examples, everything, HARDWARE)
    return measure(net or Corners(), examples, rows, pixels=pixels, hardware=HARDWARE, views=views)


def by_hand(examples, rows=None):
    rows = torch.arange(len(examples)) if rows is None else rows
    red = examples.images[:, 0].double()
    normal = (red - red.mean()) / red.std(correction=0)
    return normal[rows, 0, :3], examples.labels[rows]


def test_loss_accuracy_and_classes_are_those_of_the_definition():
    examples = random_examples()
    logits, labels = by_hand(examples)
    measurement, answers = on(examples)
    assert measurement.loss == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-6)
    assert answers.given.tolist() == logits.argmax(1).tolist()
    assert measurement.accuracy == (logits.argmax(1) == labels).double().mean()
    assert measurement.images == 30


def test_only_the_rows_that_are_asked_for_count():
    examples, rows = random_examples(), torch.tensor([3, 3, 17, 8])
    logits, labels = by_hand(examples, rows)
    measurement, answers = on(examples, rows)
    assert measurement.loss == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-6)
    assert answers.given.tolist() == logits.argmax(1).tolist()


@pytest.mark.parametrize("size", [1, 7, 29, 1000])
def test_how_many_images_are_taken_at_a_time_changes_nothing(size, monkeypatch):
    examples = random_examples()
    whole, answers = on(examples)
    monkeypatch.setattr(measuring, "BATCH", size)
    again, answers_again = on(examples)
    assert again.loss == pytest.approx(whole.loss, rel=1e-6)
    assert again.accuracy == whole.accuracy
    assert torch.equal(answers_again.given, answers.given)


def test_views_are_averaged_before_the_softmax():
    examples = random_examples()
    mirrored = Examples(examples.images.flip(-1), examples.labels)
    mean = (by_hand(examples)[0] + by_hand(mirrored)[0]) / 2
    measurement, answers = on(examples, views=(View(lambda images: images), View(lambda images: images.flip(-1))))
    assert measurement.loss == pytest.approx(F.cross_entropy(mean, examples.labels).item(), rel=1e-6)
    assert answers.given.tolist() == mean.argmax(1).tolist()


@pytest.mark.parametrize("training", [True, False])
def test_measuring_changes_neither_the_network_nor_its_mode_nor_any_generator(training):
    net = nn.Sequential(nn.BatchNorm2d(3), nn.Dropout(0.5), nn.Flatten(), nn.Linear(90, 3)).train(training)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    generator = torch.random.get_rng_state()
    on(random_examples(), net=net)
    assert net.training is training
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())
    assert torch.equal(torch.random.get_rng_state(), generator)


def test_predictions_take_one_byte_and_two_above_256_classes():
    given = torch.tensor([0, 255, 7])
    assert packed(given, 256) == b"\x00\xff\x07"
    assert packed(torch.tensor([0, 256, 7]), 300) == b"\x00\x00\x00\x01\x07\x00"


def test_normalisation_is_that_of_the_training_rows_alone():
    examples, rows = random_examples(), torch.arange(0, 30, 2)
    pixels = pixels_of(examples, rows, HARDWARE)
    seen = pixels(examples.images[rows])
    torch.testing.assert_close(seen.mean((0, 2, 3)), torch.zeros(3), atol=1e-6, rtol=0)
    torch.testing.assert_close(seen.std((0, 2, 3), correction=0), torch.ones(3))
    numbers = examples.images[rows].double()
    assert pixels.mean == pytest.approx(numbers.mean((0, 2, 3)).tolist(), rel=1e-12)
    assert pixels.sd == pytest.approx(numbers.std((0, 2, 3), correction=0).tolist(), rel=1e-12)


def test_the_order_of_rows_does_not_change_the_normalisation_by_a_bit():
    examples, rows = random_examples(), torch.arange(30)
    assert mean_and_sd(value_counts(examples, rows)) == mean_and_sd(value_counts(examples, rows.flip(0)))


def test_a_channel_of_one_colour_becomes_zero():
    examples = Examples(torch.full((4, 1, 3, 3), 200, dtype=torch.uint8), torch.zeros(4, dtype=torch.int64))
    pixels = pixels_of(examples, torch.arange(4), HARDWARE)
    assert (pixels.mean, pixels.sd) == ((200.0,), (1.0,))
    assert pixels(examples.images).abs().max() == 0


def test_views_count_by_their_weights():
    examples = random_examples()
    mirrored = Examples(examples.images.flip(-1), examples.labels)
    mean = (3 * by_hand(examples)[0] + by_hand(mirrored)[0]) / 4
    shown = (View(lambda images: images, 1.5), View(lambda images: images.flip(-1), 0.5))
    measurement, answers = on(examples, views=shown)
    assert measurement.loss == pytest.approx(F.cross_entropy(mean, examples.labels).item(), rel=1e-6)
    assert answers.given.tolist() == mean.argmax(1).tolist()
