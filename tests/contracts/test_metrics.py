"""What every metric keeps to; the subjects are whatever the folder holds."""

import math
import re

import pytest
import torch

from ablab.catalogue import catalogue
from ablab.metric import metric_of

NAMES = sorted(catalogue("train.metrics", "metric"))


def value(name, logits, labels):
    return catalogue("train.metrics", "metric")[name].load()(logits, labels)


def random_outputs(images=400, classes=10, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(images, classes, generator=generator)
    return logits, torch.randint(0, classes, (images,), generator=generator)


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_says_its_title_unit_and_direction(name):
    metric = metric_of(name)
    assert metric.title
    assert metric.direction in ("higher", "lower")
    assert isinstance(metric.unit, str)
    assert re.fullmatch(r"[a-z][a-z0-9_-]{0,30}", name)  # a column of the list of runs, and part of study files


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("classes", [2, 10, 100])
def test_a_metric_is_one_finite_number_or_none(name, classes):
    found = value(name, *random_outputs(classes=classes))
    assert found is None or (type(found) is float and math.isfinite(found))


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_images_changes_nothing(name):
    logits, labels = random_outputs()
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(1))
    assert value(name, logits[order], labels[order]) == pytest.approx(value(name, logits, labels), rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_perfect_answers_are_at_least_as_good_as_random_ones(name):
    logits, labels = random_outputs()
    perfect = value(name, 100.0 * torch.nn.functional.one_hot(labels, 10), labels)
    random = value(name, logits, labels)
    is_better = perfect >= random if metric_of(name).direction == "higher" else perfect <= random
    assert is_better


@pytest.mark.parametrize("name", NAMES)
def test_a_share_lies_between_0_and_1(name):
    if metric_of(name).unit != "%":
        pytest.skip("it is no share")
    assert 0 <= value(name, *random_outputs()) <= 1
