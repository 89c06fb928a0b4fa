"""A model, an optimizer, an augmentation and a data source are each one new file: the command line then knows it."""

import json

import pytest

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

STYLED = '''"""patches: one convolution with the options that networks share."""

from torch import nn

from ablab.catalogue import mark
from ablab.models import Io
from ablab.models.blocks import stack
from ablab.models.style import ConvStyle


@mark("model", "patches", defaults={"norm": "layer"})
def patches(io: Io, *, channels: int = 4, style: ConvStyle = ConvStyle(activation="tanh")) -> nn.Module:
    """One convolution and a linear layer on its mean."""
    made = style.scaled(channels)
    ends = {"pool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), "head": nn.Linear(made, io.classes)}
    return stack(conv=style.conv3x3(io.channels, made), norm=style.normed(made), act=style.act(), **ends)
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

GENERATOR = '''"""stripes: lying or standing stripes."""

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

SOURCE = '''"""Pictures as lines of text: the name of a class, then 64 grey values."""

from pathlib import Path

import numpy as np

from ablab.data.dataset import Dataset
from ablab.data.sources.memory import from_arrays


def recognise(path: Path) -> bool:
    return path.suffix == ".lines"


def read(path: Path, *, size: int | None = None, labels: str | None = None, skip_unreadable: bool = False) -> Dataset:
    rows = [line.split() for line in path.read_text("utf-8").splitlines()]
    classes = sorted({name for name, *_ in rows})
    pictures = np.array([values for _, *values in rows], np.uint8).reshape(-1, 8, 8)
    return from_arrays((pictures, [classes.index(name) for name, *_ in rows]), classes=classes, name=path.stem)
'''

SCHEDULE = '''"""A learning rate in zigzags."""

from typing import Annotated

from ablab.catalogue import mark


@mark("schedule", "zigzag")
def zigzag(progress: float, *, teeth: Annotated[int, "[1, 100]"] = 4) -> float:
    """Falls from 1 to 0 again and again."""
    return 1 - (progress * teeth) % 1
'''

LOSS = '''"""The Brier score as a loss."""

from torch import Tensor
from torch.nn.functional import one_hot

from ablab.catalogue import mark


@mark("loss", "brier")
def brier(logits: Tensor, targets: Tensor, smoothing: float = 0.0, class_weights: Tensor | None = None) -> Tensor:
    """Squared distance between shares and targets."""
    return (logits.softmax(1) - one_hot(targets, logits.shape[1])).square().sum(1).mean()
'''

INIT = '''"""All weights alike."""

from typing import Annotated

import torch
from torch import Tensor

from ablab.catalogue import mark


@mark("init", "equal")
def equal(weight: Tensor, generator: torch.Generator, *, value: Annotated[float, "[-1, 1]"] = 0.1) -> Tensor:
    """One value for every weight."""
    return weight.fill_(value)
'''

ACTIVATION = '''"""The sine as an activation."""

import torch
from torch import Tensor, nn

from ablab.catalogue import mark


class Sine(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(x)


@mark("activation", "sine")
def sine() -> nn.Module:
    """sin(x)."""
    return Sine()
'''


def trained(package, *words):
    """The run that `ablab train words…` ends with, as JSON."""
    done = package.run("train", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_a_model_is_one_new_file(package_copy):
    package_copy.drop("models/averages.py", MODEL)
    run = trained(package_copy, "averages", "norm=batch", *SMALL)
    assert run["status"] == "finished"
    assert run["cost"]["parameters"] == 3 * 10 + 10 + 2 * 3
    assert "next: ablab inspect averages" in package_copy.run("models", "averages").stdout
    refused = package_copy.run("train", "averages", "norms=batch", *SMALL)
    assert refused.returncode == 2
    assert "norm" in refused.stderr


@pytest.mark.slow
def test_a_model_has_the_shared_options_with_the_defaults_that_it_says(package_copy):
    package_copy.drop("models/patches.py", STYLED)
    listed = json.loads(package_copy.run("models", "patches", "--json").stdout)
    assert list(listed["options"].items()) == [
        ("channels", 4),
        ("norm", "layer"),
        ("norm_momentum", 0.1),
        ("norm_eps", 1e-5),
        ("activation", "tanh"),
        ("dropout", 0.0),
        ("width", 1.0),
        ("conv", "full"),
    ]
    run = trained(package_copy, "patches", "norm=none", "width=2", *SMALL)
    assert run["cost"]["parameters"] == 8 * 3 * 9 + 8 + 8 * 10 + 10
    refused = package_copy.run("train", "patches", "norm=btach", "shortcut=false", *SMALL)
    assert refused.returncode == 2
    assert 'did you mean "batch"?' in refused.stderr
    assert 'unknown recipe key "shortcut"' in refused.stderr


@pytest.mark.slow
def test_an_optimizer_is_one_new_file(package_copy):
    package_copy.drop("train/optimizers/signs.py", OPTIMIZER)
    run = trained(package_copy, "mlp", "optimizer=signs(momentum=0.5)", "lr=0.001", *SMALL)
    assert run["status"] == "finished"
    refused = package_copy.run("train", "mlp", "optimizer=sings", *SMALL)
    assert refused.returncode == 2
    assert 'did you mean "signs"?' in refused.stderr


@pytest.mark.slow
def test_an_augmentation_is_one_new_file(package_copy):
    package_copy.drop("data/augment/negative.py", AUGMENTATION)
    run = trained(package_copy, "mlp", "augment=flip+negative", *SMALL)
    assert run["status"] == "finished"
    plain = trained(package_copy, "mlp", "augment=flip", *SMALL)
    assert run["curve"][0]["train_loss"] != plain["curve"][0]["train_loss"]


@pytest.mark.slow
def test_data_that_are_made_are_one_new_file(package_copy):
    package_copy.drop("data/sources/stripes.py", GENERATOR)
    run = trained(package_copy, "mlp", "data=stripes(period=8)", "epochs=3", "batch=10", "norm=batch")
    assert run["test"] == {**run["test"], "images": 20, "accuracy": 1.0}
    assert "stripes" in package_copy.run("data", "list").stdout


@pytest.mark.slow
def test_a_form_of_files_is_one_new_file(package_copy):
    package_copy.drop("data/sources/lines.py", SOURCE)
    rows = [("dark", 0) if number % 2 else ("light", 150) for number in range(100)]
    greys = [(name, [grey + number * place % 101 for place in range(64)]) for number, (name, grey) in enumerate(rows)]
    lines = [" ".join([name, *map(str, values)]) for name, values in greys]
    (package_copy.work / "greys.lines").write_text("\n".join(lines))
    run = trained(package_copy, "mlp", "data=greys.lines", "epochs=3", "batch=10", "norm=batch")
    assert run["test"] == {**run["test"], "images": 20, "accuracy": 1.0}


@pytest.mark.slow
def test_a_schedule_a_loss_initial_weights_and_an_activation_are_one_new_file_each(package_copy):
    package_copy.drop("train/zigzag.py", SCHEDULE)
    package_copy.drop("train/brier.py", LOSS)
    package_copy.drop("models/equal.py", INIT)
    package_copy.drop("models/sine.py", ACTIVATION)
    run = trained(package_copy, "mlp", "schedule=zigzag(2)", "loss=brier", "init=equal", "activation=sine", *SMALL)
    assert run["status"] == "finished"
    refused = package_copy.run("train", "mlp", "schedule=zigzg", "loss=brir", "init=equal(2)", "activation=sin", *SMALL)
    assert refused.returncode == 2
    for said in ('"zigzag"?', '"brier"?', "value = 2 must be from -1 to 1", '"sine"?'):
        assert said in refused.stderr
