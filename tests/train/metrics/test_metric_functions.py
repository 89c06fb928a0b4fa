"""Metrics of the test images, by hand and against their limits."""

import numpy as np
import pytest
import torch

from ablab.catalogue import catalogue
from ablab.train.metrics import metrics
from ablab.train.metrics.basic import accuracy, loss
from ablab.train.metrics.by_class import macro_f1, worst_class
from ablab.train.metrics.calibration import ece
from ablab.train.metrics.top5 import top5


def random_outputs(images=500, classes=10, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(images, classes, generator=generator)
    return logits, torch.randint(0, classes, (images,), generator=generator)


def test_every_metric_of_the_folder_is_measured():
    measured, known = set(metrics(*random_outputs())), set(catalogue("train.metrics", "metric"))
    assert known == {"accuracy", "loss", "top5", "ece", "macro_f1", "worst_class"}
    assert known - measured == {"accuracy", "loss"}  # these are added up batch by batch


def test_accuracy_and_loss_are_those_of_a_measurement():
    logits, labels = random_outputs()
    assert accuracy(logits, labels) == np.mean(logits.numpy().argmax(1) == labels.numpy())
    logs = logits.double().log_softmax(1)[torch.arange(len(labels)), labels]
    assert loss(logits, labels) == pytest.approx(-logs.mean().item(), rel=1e-6)


def test_top5_counts_a_class_among_the_five_highest():
    logits, labels = random_outputs()
    places = (-logits.numpy()).argsort(1)
    expected = np.mean([label in place[:5] for label, place in zip(labels.tolist(), places, strict=True)])
    assert top5(logits, labels) == pytest.approx(expected)


def test_top5_means_nothing_among_five_classes():
    assert top5(*random_outputs(classes=5)) is None
    assert "top5" not in metrics(*random_outputs(classes=5))


def test_ece_is_the_mean_distance_of_confidence_from_accuracy_over_fifteen_bins():
    logits, labels = random_outputs()
    shares = np.exp(logits.double().numpy())
    shares /= shares.sum(1, keepdims=True)
    sure, right = shares.max(1), shares.argmax(1) == labels.numpy()
    total = 0.0
    for low, high in zip(np.linspace(0, 1, 16)[:-1], np.linspace(0, 1, 16)[1:], strict=True):
        inside = (sure > low) & (sure <= high)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - sure[inside].mean())
    assert ece(logits, labels) == pytest.approx(total)


def test_who_is_as_sure_as_right_has_no_calibration_error():
    logits = torch.log(torch.tensor([[0.75, 0.25]] * 4))
    assert ece(logits, torch.tensor([0, 0, 0, 1])) == pytest.approx(0, abs=1e-7)
    assert ece(torch.tensor([[100.0, 0.0]] * 4), torch.tensor([0, 0, 1, 1])) == pytest.approx(0.5)


def test_macro_f1_and_the_worst_class_are_those_of_counting_by_hand():
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 1, 2])
    given = torch.tensor([0, 0, 0, 1, 1, 1, 0, 1])
    logits = torch.nn.functional.one_hot(given, 4).float()  # the fourth class is neither there nor given
    # class 0: precision 3/4, recall 3/4; class 1: precision 2/4, recall 2/3; class 2: never given
    f1 = [2 * 3 / (4 + 4), 2 * 2 / (4 + 3), 0.0]
    assert macro_f1(logits, labels) == pytest.approx(sum(f1) / 3)
    assert worst_class(logits, labels) == 0.0
    assert worst_class(logits[:7], labels[:7]) == pytest.approx(2 / 3)


def test_macro_f1_is_the_mean_of_f1_by_class():
    logits, labels = random_outputs()
    given, truth = logits.argmax(1).numpy(), labels.numpy()
    each = []
    for k in range(10):
        right = np.sum((given == k) & (truth == k))
        precision, recall = right / max(np.sum(given == k), 1), right / max(np.sum(truth == k), 1)
        each.append(0.0 if right == 0 else 2 * precision * recall / (precision + recall))
    assert macro_f1(logits, labels) == pytest.approx(np.mean(each))
