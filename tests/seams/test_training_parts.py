"""A model, an optimizer, an augmentation and a data source are each one new file: the command line then knows it."""

import json

DATA = "data=phantom(train=200,test=60)"
SMALL = (DATA, "train_images=60", "epochs=1", "batch=20")

MODEL = '''"""averages: a linear classifier of the mean colour."""

from torch import nn

from ablab.catalogue import mark
from ablab.models import Io


@mark("model", "averages")
def averages(io: Io, *, norm: str = "none") -> nn.Module:
    """One linear layer on the mean of each channel."""
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(pool, *[nn.BatchNorm1d(io.channels)] * (norm == "batch"), nn.Linear(io.channels, io.classes))
'''

OPTIMIZER = '''"""Steps of one size along the sign of the gradient."""

import torch

from ablab.catalogue import mark
from ablab.train.optimizers import Groups


class Signs(torch.optim.SGD):
    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad.sign_()
        return super().step(closure)


@mark("optimizer", "signs")
def signs(groups: Groups, lr: float, *, momentum: float = 0.0) -> torch.optim.Optimizer:
    """Steps of one size, whatever the gradient is."""
    return Signs(groups, lr=lr, momentum=momentum)
'''

AUGMENTATION = '''"""Images as their negatives."""

from torch import Tensor

from ablab.catalogue import mark
from ablab.data.augment.draw import Draw
from ablab.data.augment.pixels import choose


@mark("augmentation", "negative")
def negative(images: Tensor, draw: Draw) -> Tensor:
    """Light and dark changed for half of the images."""
    return choose(draw.coin("side"), 255 - images, images)
'''

SOURCE = '''"""stripes: lying or standing stripes."""

import numpy as np

from ablab.catalogue import mark
from ablab.data.dataset import Dataset
from ablab.data.sources.memory import from_arrays


@mark("generator", "stripes")
def stripes(*, images: int = 100, period: int = 4) -> Dataset:
    """Grey 16x16 pictures of two classes."""
    labels = np.arange(images) % 2
    line = np.repeat((np.arange(16) % period < period // 2) * 200, 16).reshape(16, 16)
    noise = np.random.default_rng(0).integers(0, 50, (images, 16, 16))
    pictures = (np.where(labels[:, None, None] == 0, line, line.T) + noise).astype(np.uint8)
    return from_arrays((pictures, labels), classes=["lying", "standing"], name="stripes")
'''


def trained(package, *words):
    """The run that `ablab train words…` ends with, as JSON."""
    done = package.run("train", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_model_is_one_new_file(package_copy):
    package_copy.drop("models/averages.py", MODEL)
    run = trained(package_copy, "averages", "norm=batch", *SMALL)
    assert run["status"] == "finished"
    assert run["cost"]["parameters"] == 3 * 10 + 10 + 2 * 3
    assert "averages" in package_copy.run("models").stdout
    refused = package_copy.run("train", "averages", "norms=batch", *SMALL)
    assert refused.returncode == 2
    assert "norm" in refused.stderr


def test_an_optimizer_is_one_new_file(package_copy):
    package_copy.drop("train/optimizers/signs.py", OPTIMIZER)
    run = trained(package_copy, "mlp", "optimizer=signs(momentum=0.5)", "lr=0.001", *SMALL)
    assert run["status"] == "finished"
    refused = package_copy.run("train", "mlp", "optimizer=sings", *SMALL)
    assert refused.returncode == 2
    assert 'did you mean "signs"?' in refused.stderr


def test_an_augmentation_is_one_new_file(package_copy):
    package_copy.drop("data/augment/negative.py", AUGMENTATION)
    run = trained(package_copy, "mlp", "augment=flip+negative", *SMALL)
    assert run["status"] == "finished"
    plain = trained(package_copy, "mlp", "augment=flip", *SMALL)
    assert run["curve"][0]["train_loss"] != plain["curve"][0]["train_loss"]


def test_a_data_source_is_one_new_file(package_copy):
    package_copy.drop("data/sources/stripes.py", SOURCE)
    run = trained(package_copy, "mlp", "data=stripes(period=8)", "epochs=3", "batch=10", "norm=batch")
    assert run["test"] == {**run["test"], "images": 20, "accuracy": 1.0}
    assert "stripes" in package_copy.run("data", "list").stdout
