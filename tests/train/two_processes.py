"""What two processes do together, beside what one does alone; torchrun starts it, and process 0 prints it."""

import json
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from ablab.errors import AblabError
from ablab.models import Io, build
from ablab.models.blocks import key_dropout
from ablab.models.initial import initialise
from ablab.train.device import Hardware
from ablab.train.joint_norm import JointNorm, joined
from ablab.train.losses import balanced, share_of_loss
from ablab.train.optimizers import make_optimizer
from ablab.train.state import State
from ablab.train.step import NORM, make_step
from ablab.train.together import ALONE
from ablab.train.torchrun import join, leave

HARDWARE = Hardware(torch.device("cpu"), "fp32", 1)
STEPS = 3


@dataclass(frozen=True)
class Case:
    """Some steps of a network in double precision."""

    model: str = "simple-nn"
    options: dict | None = None
    images: int = 20
    weights: bool = False  # whether classes have weights
    split: int = 1
    clip: float | None = None
    l1: float = 0.0
    optimizer: str = "sgd(momentum=0.9)"


CASES = {
    "plain": Case(),
    "a batch that does not come out even": Case(images=21),
    "a batch with images for one process only": Case(images=3),
    "a clipped gradient with an L1 pull": Case(clip=0.1, l1=1e-3),
    "dropout": Case(options={"dropout": 0.3}),
    "dropout in the words of a transformer": Case("vit-small", {"dropout": 0.2, "depth": 1}),
    "weights of classes": Case(weights=True),
    "group norm in parts": Case(options={"norm": "group"}, split=2),
    "batch norm of the whole batch": Case(options={"norm": "batch"}),
    "batch norm of a batch for one process": Case(options={"norm": "batch"}, images=3),
    "batch norm behind linear layers": Case("mlp", {"norm": "batch"}),
    "muon": Case(optimizer="muon"),
}


def moved(case, team):
    """Every weight and statistic, less what it was, after some steps; the norm of the last gradient."""
    net = build(case.model, Io(3, 16, 16, 4), **(case.options or {}))
    net = initialise(net, 0).double()
    before = {name: one.clone() for name, one in net.state_dict().items()}
    if team.size > 1:
        net = joined(net, team)
    optimizer = make_optimizer(case.optimizer, net, lr=0.1, weight_decay=1e-3, decay="weights", lr_scale="none")
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(STEPS, case.images, 3, 16, 16, generator=generator, dtype=torch.float64) + 1
    labels = torch.randint(0, 4, (STEPS, case.images), generator=generator)
    weights = balanced(labels.flatten(), 4).double() if case.weights else None
    step = make_step(
        State(net, optimizer), lambda pictures: pictures, HARDWARE,
        lambda logits, wanted: F.cross_entropy(logits, wanted, weight=weights),
        l1=case.l1, clip=case.clip, split=case.split, team=team,
    )  # fmt: skip
    net.train()
    key_dropout(net, 0, 0)
    for batch, wanted in zip(images, labels, strict=True):
        part = team.part(case.images)
        own = slice(part.start, part.stop)
        if weights is not None and team.size > 1:
            part = type(part)(part.start, part.stop, part.whole, share_of_loss(wanted[own], wanted, weights))
        seen = step(batch[own], wanted[own], 0.1, part if team.size > 1 else None)
    return {name: one - before[name] for name, one in net.state_dict().items()}, float(seen[NORM])


def farthest(case, team):
    """The largest difference between both ways, as a share of how far the tensor has moved."""
    (alone, norm), (together, other) = moved(case, ALONE), moved(case, team)
    assert alone.keys() == together.keys()
    least = 1e-6 * max(float(one.abs().max()) for one in alone.values())  # a bias before a batch norm moves by rounding
    gaps = [float((alone[n] - together[n]).abs().max() / alone[n].abs().max().clamp(min=least)) for n in alone]
    return max(*gaps, abs(norm - other) / norm)


def far_from_zero(team):
    """How wrong the joint norm is in single precision where the mean is ten thousand standard deviations from 0."""
    generator = torch.Generator().manual_seed(2)
    values = 1e4 + torch.randn(40, 2, generator=generator, dtype=torch.float64)
    right = F.batch_norm(values.float().double(), None, None, training=True)
    norm = JointNorm(nn.BatchNorm1d(2), team)
    norm.part = team.part(40)
    own = slice(norm.part.start, norm.part.stop)
    return float((norm(values[own].float()).detach() - right[own]).abs().max())


def told(team):
    """What every process says of weights that are the same, and of weights that one of them has changed."""
    net = nn.Linear(3, 2)
    with torch.no_grad():
        for one in net.parameters():
            one.fill_(0.5)
    team.agree(net, "at first")
    with torch.no_grad():
        net.bias[1] += 1e-6 * team.rank
    try:
        team.agree(net, "after epoch 1")
    except AblabError as error:
        return str(error)
    return ""


def carried(team):
    """What process 0 knows and the others do not, nothing, and rows that were looked at in parts."""
    known, nothing = team.of_first(b"all of it" if team.rank == 0 else None), team.of_first(None)
    rows = torch.arange(7)
    return [known == b"all of it", nothing is None, team.whole(rows[team.of(7)], 7).equal(rows)]


if __name__ == "__main__":
    team = join()
    found = {"cases": {name: farthest(case, team) for name, case in CASES.items()}}
    found |= {"far from zero": far_from_zero(team), "told": told(team)}
    everyone = team.sum(torch.tensor(carried(team)).long()).tolist()
    found |= {"carried": everyone, "longest": team.longest(float(team.rank))}
    if team.rank == 0:
        print(json.dumps(found))
    leave(0)
