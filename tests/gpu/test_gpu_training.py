"""Trainings on a card: everything trains, twice the same, and as on a CPU."""

import math

import pytest
import torch

from ablab.data.split import split
from ablab.events import EpochDone, Finished, Started
from ablab.recipe import Recipe
from ablab.train.loop import train

BASE = {"model": "simple-nn", "epochs": 2, "batch": 64, "device": "cuda", "lr": 0.02}


def trained(dataset, **keys):
    """The curve, the selected weights and the largest memory of a run."""
    recipe = Recipe.of({**BASE, **keys})
    rows, memory = [], 0
    for event in train(recipe, split(dataset, 0), 0):
        if isinstance(event, EpochDone):
            rows.append(event.row)
            memory = max(memory, event.memory)
        elif isinstance(event, Finished):
            weights = {name: one.cpu().clone() for name, one in event.state.net.state_dict().items()}
    return rows, weights, memory


def differing(first, second):
    return [name for name in first if not torch.equal(first[name], second[name])]


RECIPES = {
    "sgd": {"optimizer": "sgd(momentum=0.9)"},
    "adam": {"optimizer": "adam", "lr": 0.002},
    "adamw": {"optimizer": "adamw", "lr": 0.002},
    "rmsprop": {"optimizer": "rmsprop", "lr": 0.001},
    "adagrad": {"optimizer": "adagrad"},
    "muon": {"optimizer": "muon"},
    "muon with adam": {"optimizer": "muon(adam=true)", "lr": 0.005},
    "batch norm": {"norm": "batch"},
    "dropout": {"dropout": 0.3},
    "fp32": {"precision": "fp32"},
    "bf16": {"precision": "bf16"},
    "fp16": {"precision": "fp16"},
    "ema": {"average": "ema"},
    "lookahead": {"average": "lookahead"},
    "clip and l1": {"clip": 0.5, "l1": 1e-5},
    "in parts": {"batch_split": 2},
    "resnet": {"model": "resnet20"},
    "alexnet": {"model": "alexnet", "width": 0.25, "dropout": 0.2, "norm": "batch"},
    "views": {"tta": "flip + shift"},
    "crop and flip": {"augment": "crop(2) + flip"},
    "jitter": {"augment": "jitter"},
    "geometry": {"augment": "translate + rotate + cutout"},
    "trivialaugment": {"augment": "trivialaugment"},
    "randaugment": {"augment": "randaugment"},
    "mixed": {"augment": "flip + mixup + cutmix"},
}


@pytest.mark.parametrize("keys", RECIPES.values(), ids=RECIPES.keys())
def test_a_run_trains_and_the_same_seed_gives_the_same_bits(keys, dataset):
    rows, weights, _ = trained(dataset, **keys)
    again, same, _ = trained(dataset, **keys)
    assert all(math.isfinite(row.train_loss) and math.isfinite(row.val_loss) for row in rows)
    assert rows[-1].train_loss < rows[0].train_loss
    assert differing(weights, same) == []
    assert [row.val_loss for row in rows] == [row.val_loss for row in again]


@pytest.mark.parametrize("keys", [{}, {"norm": "batch"}, {"dropout": 0.3, "norm": "batch"}, {"model": "resnet20"}])
def test_a_recorded_step_is_the_step_that_it_was_recorded_from(keys, dataset):
    recorded, plain = (trained(dataset, precision="fp32", compile=how, **keys)[1] for how in ("auto", False))
    for name, tensor in recorded.items():
        torch.testing.assert_close(tensor, plain[name], rtol=1e-3, atol=1e-4, msg=lambda m, name=name: f"{name}: {m}")


@pytest.mark.parametrize("keys", [{}, {"model": "cnn3-dense"}, {"norm": "batch"}, {"augment": "crop(2) + flip"}])
def test_losses_are_those_of_a_cpu(keys, dataset):
    here, there = (trained(dataset, precision="fp32", device=device, **keys)[0] for device in ("cuda", "cpu"))
    for one, other in zip(here, there, strict=True):
        assert one.train_loss == pytest.approx(other.train_loss, rel=5e-3)
        assert one.val_loss == pytest.approx(other.val_loss, rel=2e-2)


def test_the_memory_of_a_run_is_its_own(dataset):
    _, _, before = trained(dataset)
    _, weights, large = trained(dataset, model="alexnet")
    _, _, after = trained(dataset)
    bytes_ = sum(tensor.numel() * tensor.element_size() for tensor in weights.values())
    assert 2 * bytes_ < large < 30 * bytes_
    assert after < large
    assert after < before + bytes_


def test_the_machine_is_named(dataset):
    started = next(iter(train(Recipe.of(BASE), split(dataset, 0), 0)))
    assert isinstance(started, Started)
    assert started.device == torch.cuda.get_device_name()
