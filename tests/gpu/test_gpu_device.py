"""A card as such: no TF32, images as on a CPU, a step that nobody waits for, and several runs at a time."""

import dataclasses
from contextlib import closing

import pytest
import torch

from ablab.data.augment import augmenter
from ablab.data.dataset import Examples
from ablab.data.split import split
from ablab.events import EpochDone
from ablab.execute import Job, Loader
from ablab.execute.checkpoints import carry_out, resumed
from ablab.execute.workers import Workers
from ablab.models import Io
from ablab.recipe import Recipe
from ablab.records import RunSpec
from ablab.train.device import capability, choose_hardware
from ablab.train.feed import fed, resident
from ablab.train.losses import make_loss
from ablab.train.pixels import pixels_of
from ablab.train.state import initial_network, initial_state
from ablab.train.step import make_step

RECIPE = Recipe.of({"model": "simple-nn", "epochs": 4, "batch": 64, "norm": "batch", "dropout": 0.2, "device": "cuda"})


def test_fp32_is_not_tf32():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(64, 64, 16, 16, generator=generator)
    filters = torch.randn(64, 64, 3, 3, generator=generator)
    exact = torch.conv2d(images.double(), filters.double())
    with choose_hardware("fp32", device="cuda").repeatable():
        ours = torch.conv2d(images.cuda(), filters.cuda()).cpu()
    assert float((ours - exact).norm() / exact.norm()) < 1e-5


def test_what_was_set_before_is_set_again():
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.deterministic
    with choose_hardware("fp32", device="cuda").repeatable():
        assert torch.are_deterministic_algorithms_enabled()
    assert (torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.deterministic) == before


def test_the_card_and_its_libraries_are_part_of_the_machine():
    assert all(word in capability() for word in ("compute capability", "CUDA", "cuDNN", "driver"))


def augmented(text, part):
    rows = torch.arange(len(part), device=part.images.device)
    return augmenter(text, seed=1, epoch=2, examples=part, rows=rows, classes=10)(rows)[0].cpu()


@pytest.mark.parametrize(
    ("text", "levels"),
    [("crop(4) + flip", 0), ("translate + cutout + vflip", 0), ("rotate", 1), ("jitter", 1), ("mixup", 1)],
)
def test_images_are_changed_as_on_a_cpu(text, levels, dataset):
    part = dataset.train
    on_card = Examples(part.images.cuda(), part.labels.cuda())
    apart = (augmented(text, part).short() - augmented(text, on_card).short()).abs()
    assert int((apart > levels).sum()) <= apart.numel() // 10_000


def test_nobody_waits_for_the_card_in_an_epoch(dataset):
    hardware = choose_hardware("bf16", device="cuda")
    splits = split(dataset, 0)
    state = initial_state(RECIPE, initial_network(RECIPE, Io(3, 32, 32, 10), 0), hardware)
    part = resident(splits.examples, hardware)
    rows = splits.train.cuda()
    augment = augmenter("crop(4) + flip", seed=0, epoch=0, examples=part, rows=rows, classes=10)
    step = make_step(
        state, pixels_of(splits.examples, splits.train, hardware), hardware, make_loss("cross-entropy"), recorded=True
    )
    batches = fed(augment, torch.split(rows, 64), 3 * 32 * 32)
    images, targets = next(batches)
    step(images, targets, 0.01)
    state.net.train()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for images, targets in batches:
            step(images, targets, 0.01)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def timeless(run):
    """A run without what differs between two of the same: times and memory."""
    curve = tuple(dataclasses.replace(row, seconds=0.0) for row in run.curve)
    cost = dataclasses.replace(run.cost, seconds=0.0, wall_seconds=0.0, memory=0)
    return dataclasses.replace(run, curve=curve, origin=None, cost=cost)


def nothing(spec, event):
    pass


def test_a_run_that_is_stopped_ends_as_one_that_was_not(dataset, tmp_path):
    spec = RunSpec(RECIPE, 0, dataset.fingerprint)
    whole = carry_out(spec, dataset, nothing)
    with closing(resumed(spec, dataset, tmp_path)) as events:
        while not (isinstance(event := next(events), EpochDone) and event.row.epoch == 2):
            pass
    assert list(tmp_path.iterdir())
    assert timeless(carry_out(spec, dataset, nothing, tmp_path)) == timeless(whole)


def test_runs_that_share_a_card_end_as_they_do_alone():
    recipe = RECIPE.with_("data=phantom train_images=1000 epochs=2")
    job = Job(Loader())
    data = job.load(recipe)
    specs = {seed: RunSpec(recipe, seed, data.fingerprint) for seed in range(4)}
    runs = {}
    with Workers(job, number=4) as execute:
        for run in execute(lambda: [spec for seed, spec in specs.items() if seed not in runs], nothing):
            runs[run.spec.seed] = run
    assert sorted(runs) == [0, 1, 2, 3]
    alone = carry_out(specs[0], data, nothing)
    assert runs[0].predictions == alone.predictions
