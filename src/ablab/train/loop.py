"""train(): the story of a run."""

import dataclasses
import math
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from ablab import randomness
from ablab.catalogue import is_own
from ablab.data.augment import augmenter, disturbed
from ablab.data.augment.views import views
from ablab.data.dataset import Examples, Splits
from ablab.errors import Diverged, ModelError
from ablab.events import EpochDone, Event, Finished, Noticed, Started
from ablab.kernels import kernels_of
from ablab.models import Io
from ablab.models.blocks import key_dropout
from ablab.models.checks import suspicions
from ablab.models.initial import borrowed_generator
from ablab.models.part import Part
from ablab.operations import is_start
from ablab.recipe import Recipe
from ablab.records import EpochRow, Measurement
from ablab.train.checkpoint import unpack
from ablab.train.device import choose_hardware, forget_peak, memory
from ablab.train.feed import fed, resident
from ablab.train.frozen import keep_statistics
from ablab.train.joint_norm import joined
from ablab.train.losses import balanced, make_loss, share_of_loss
from ablab.train.measure import Predictions, measure, packed, packed_certainty, packed_confusion, time_step
from ablab.train.pixels import pixels_of
from ablab.train.resolution import side_at
from ablab.train.running import looks, running_form, suited
from ablab.train.schedule import lr_at
from ablab.train.select import is_better, reason_to_stop
from ablab.train.state import begin, initial_state
from ablab.train.step import LOSS, NORM, RIGHT, make_step
from ablab.train.together import ALONE, Team
from ablab.train.weights import weight_facts
from ablab.train.whiten import whiten

FAR = 0.5  # an untrained loss this far from ln(classes) is worth a remark; default weights come within 0.05
SAMPLE = 64  # images that a network is looked at with before it is trained
GAP = 5000  # training images, drawn for each run, that the selected weights are measured on
TIMED = 128  # images at most that it is timed with
EXPLODED = 20.0  # times the loss of guessing: a network that is so wrong in most steps of an epoch does not come back


def train(
    recipe: Recipe,
    splits: Splits,
    seed: int,
    checkpoint: bytes | None = None,
    team: Team = ALONE,
    runs: Path | None = None,
) -> Iterator[Event]:
    """Trains `recipe` with `seed`; yields an event at the start, after each epoch and at the end.

    With a checkpoint of the same recipe, seed and data it goes on from there, and ends as if it had never stopped.

    A recipe that starts from the weights of another run finds them in the folder `runs`.

    Between two events the run stands still: the caller may read `event.state` without copying it. A loss that is not
    finite, or explodes, ends it with Diverged, and memory that runs out with OutOfMemory. The processes of a team all
    call it with the same recipe, data and seed; the checkpoint of process 0 is everyone's.
    """
    begun = time.monotonic()
    examples, classes = splits.examples, len(splits.classes)
    channels, height, width = examples.images.shape[1:]
    is_user_code = is_own(recipe.model)
    runs_user_code = is_user_code or is_own(recipe.loss)
    beginning = begin(recipe, Io(channels, height, width, classes), seed, runs)
    net = beginning.net
    hardware = choose_hardware(
        recipe.precision,
        device=recipe.device,
        threads=recipe.threads,
        channels_last=recipe.channels_last,
        net=net,
        own_network=is_user_code,
        card=team.card,
    )
    hardware = suited(recipe, net, hardware)
    if recipe.sync_norm and team.size > 1:
        net = joined(net, team)
    pixels = pixels_of(examples, splits.train, hardware)
    if recipe.whiten:
        whiten(net, examples, splits.train[: recipe.whiten], pixels)
    sizes = batch_sizes(len(splits.train), recipe.batch, drops_last=recipe.drop_last)
    steps = recipe.steps or recipe.epochs * len(sizes)
    state = initial_state(recipe, net, hardware, steps)
    running = running_form(recipe, net, hardware)
    forget_peak(hardware)
    rare = balanced(examples.labels[splits.train], classes).to(hardware.device)
    step = make_step(
        state,
        pixels,
        hardware,
        make_loss(
            recipe.loss,
            smoothing=recipe.label_smoothing,
            class_weights=rare if recipe.class_weights == "balanced" else None,
        ),
        running=running,
        l1=recipe.l1,
        clip=recipe.clip,
        split=recipe.batch_split,
        compiled=recipe.compile is True,
        # A user's own code may look at its numbers; half precision decides at each step whether to take it.
        recorded=recipe.compile == "auto"
        and hardware.is_gpu
        and not runs_user_code
        and state.scaler is None
        and team.size == 1,
        team=team,
    )
    examples, test_images = resident(examples, hardware), resident(splits.test, hardware)
    home = examples.images.device
    labels, trained_rows = examples.labels, splits.train.to(home)
    seconds = 0.0

    def look_at(part: Examples, rows: Tensor | None, *, in_full: bool = False) -> tuple[Measurement, Predictions]:
        if recipe.tta == "augment":
            part, rows = disturbed(recipe.augment, part, rows, seed=seed, epoch=state.epoch), None
        return measure(
            running, part, rows, pixels=pixels, hardware=hardware, views=views(recipe.tta), in_full=in_full, team=team
        )

    def on_validation() -> Measurement:
        with state.measured():
            return look_at(examples, splits.val)[0]

    def on_test(epoch: int) -> tuple[Measurement, Predictions]:
        test, answers = look_at(test_images, None, in_full=True)
        if not math.isfinite(test.loss):
            raise Diverged(f"the loss on the test images is not a finite number, with the weights of epoch {epoch}")
        return test, answers

    untrained_loss = on_validation().loss
    if not math.isfinite(untrained_loss):
        raise ModelError(f'"{recipe.model}" gives a loss of {untrained_loss} before any training')
    some = splits.train[:: max(1, len(splits.train) // SAMPLE)][:SAMPLE]
    noticed = suspicions(net, pixels(examples.images[some]), examples.labels[some].to(hardware.device))
    first = splits.train[: min(recipe.batch, TIMED)]
    one_step = time_step(running, pixels(examples.images[first]), examples.labels[first].to(hardware.device), hardware)
    yield Started(
        parameters=sum(parameter.numel() for parameter in net.parameters()),
        device=hardware.name,
        precision=hardware.precision,
        threads=hardware.threads,
        train_images=len(splits.train),
        val_images=len(splits.val),
        untrained_loss=untrained_loss,
        epoch_seconds=one_step * len(splits.train) / len(first) / team.size,
        kernels=kernels_of(running),
        processes=team.size,
    )
    for text in beginning.remarks:
        yield Noticed(text)
    if abs(untrained_loss - math.log(classes)) > FAR and not is_start(recipe.init):
        yield Noticed(
            f"the untrained network's loss is {untrained_loss:.2f}; even guessing among {classes} classes gives "
            f"{math.log(classes):.2f}, so its initial outputs are too large"
        )
    for text in noticed:
        yield Noticed(text)
    if recipe.tta == "augment":
        yield Noticed("the measured images are augmented like training images, so the figures are too low")
    if team.size > 1 and not recipe.sync_norm and any(isinstance(layer, _BatchNorm) for layer in net.modules()):
        yield Noticed(
            f"batch norm sees the images of one process, about {recipe.batch // team.size} of {recipe.batch}: results "
            "depend on the number of processes, unless sync_norm=true lets it see the whole batch"
        )
    if (checkpoint := team.of_first(checkpoint)) is not None:
        unpack(checkpoint, state)

    stopped = ""
    for epoch in range(state.epoch, math.ceil(steps / len(sizes))):
        if stopped := reason_to_stop(recipe, state.curve, state.best):
            break
        clock = time.monotonic()
        augment = augmenter(
            recipe.augment, seed=seed, epoch=epoch, examples=examples, rows=trained_rows, classes=classes
        )
        order = torch.randperm(len(splits.train), generator=randomness.stream(seed, "order", epoch))
        batches = torch.split(splits.train[order[: sum(sizes)]].to(home), sizes)[: steps - epoch * len(sizes)]
        look = looks(augment, running, side_at(recipe.resolution, epoch))
        parts = [team.part(len(rows)) for rows in batches]
        if recipe.class_weights == "balanced" and team.size > 1 and not augment.mixes:
            parts = [
                _weighed(part, labels[rows].to(rare.device), rare) for part, rows in zip(parts, batches, strict=True)
            ]
        own = [rows[part.start : part.stop] for part, rows in zip(parts, batches, strict=True)]
        rates = [
            lr_at(
                recipe.schedule, recipe.lr, i, steps, recipe.warmup * len(sizes), [row.val_loss for row in state.curve]
            )
            for i in range(epoch * len(sizes), epoch * len(sizes) + len(batches))
        ]
        seen = torch.zeros(len(batches), 3, device=hardware.device)
        key_dropout(net, seed, epoch)
        running.train()
        keep_statistics(net)
        with (
            borrowed_generator(randomness.number(seed, team.purpose("step"), epoch), hardware.device),
            hardware.repeatable(),
        ):
            # u8[B,C,H,W], i64[B] or f32[B,K]
            for i, (images, targets) in enumerate(fed(look, own, channels * height * width)):
                seen[i] = step(images, targets, rates[i], parts[i])
        seen[:, :NORM] = team.sum(seen[:, :NORM] * seen.new_tensor([[part.counts] for part in parts]))
        team.agree(net, f"after epoch {epoch + 1}")
        # The only numbers that leave the device in an epoch: reading the loss at every step would empty the queue.
        seen = seen.cpu().double()
        shown = sum(map(len, batches))
        train_loss, train_accuracy = float(seen[:, LOSS].sum()) / shown, float(seen[:, RIGHT].sum()) / shown
        took = team.longest(time.monotonic() - clock)
        seconds += took

        val = on_validation()
        each = seen[:, LOSS] / torch.tensor([len(rows) for rows in batches])
        if fault := explosion(each, val.loss, max(untrained_loss, math.log(classes))):
            raise diverged(fault, epoch, each.tolist(), seen[:, NORM].tolist(), rates, recipe)
        state.curve.append(
            EpochRow(epoch + 1, rates[-1], train_loss, train_accuracy, val.loss, val.accuracy, took, shown)
        )
        with state.measured():
            judged = on_test(epoch + 1)[0] if recipe.select == "test" else val
        is_best = recipe.select == "last" or is_better(judged, state.best)
        if is_best:
            state.select(judged)
        yield EpochDone(state.curve[-1], is_best, state, memory(hardware))

    state.restore_selected()
    test, answers = on_test(state.best_epoch)  # the only look at the test images, unless the recipe selects on them
    chosen = torch.randperm(len(splits.train), generator=randomness.stream(seed, "gap"))[:GAP]
    train_again, of_training = measure(
        running, examples, splits.train[chosen], pixels=pixels, hardware=hardware, team=team
    )
    _, of_validation = look_at(examples, splits.val)
    yield Finished(
        selected_epoch=state.best_epoch,
        test=test,
        predictions=packed(answers.given, classes),
        is_biased=recipe.select == "test",
        seconds=seconds,
        wall_seconds=time.monotonic() - begun,
        state=state,
        stopped=stopped,
        certainty=packed_certainty(answers.certainty),
        train=train_again if math.isfinite(train_again.loss) else None,
        weights=weight_facts(net),
        confusions={
            "validation": packed_confusion(splits.examples.labels[splits.val], of_validation.given, classes),
            "training": packed_confusion(splits.examples.labels[splits.train[chosen]], of_training.given, classes),
        },
    )


def _weighed(part: Part, labels: Tensor, class_weights: Tensor) -> Part:
    """A part of a batch with these labels: where classes have weights, its share of the loss is that of weights."""
    share = share_of_loss(labels[part.start : part.stop], labels, class_weights)
    return dataclasses.replace(part, share=share * part.counts)


def batch_sizes(images: int, batch: int, *, drops_last: bool = False) -> list[int]:
    """How many images each step of an epoch takes; the last step takes what is left, or is dropped.

    A single image left over joins the step before: a batch norm has no variance over one value.

    >>> batch_sizes(10, 4), batch_sizes(9, 4), batch_sizes(10, 4, drops_last=True)
    ([4, 4, 2], [4, 5], [4, 4])
    """
    if drops_last:
        return [batch] * (images // batch)
    sizes = [batch] * (images // batch) + [images % batch] * (images % batch > 0)
    if len(sizes) > 1 and batch > 1 and sizes[-1] == 1:
        return [*sizes[:-2], batch + 1]
    return sizes


def explosion(each: Tensor, val_loss: float, guessing: float) -> str:
    """What is wrong with the losses of an epoch's steps; nothing in most cases."""
    if not bool(each.isfinite().all()):
        return "the training loss is not a finite number"
    if not math.isfinite(val_loss):
        return "the validation loss is not a finite number"
    if float(each.median()) > EXPLODED * guessing:
        return f"the training loss exploded: {float(each.median()):.3g} in most steps; guessing has {guessing:.3g}"
    return ""


def diverged(
    fault: str, epoch: int, losses: list[float], norms: list[float], rates: list[float], recipe: Recipe
) -> Diverged:
    """The error of a run whose loss went wrong: what, when, what came before, and what to try."""
    at = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), len(losses) - 1)
    steps = epoch * len(losses)
    before = max(at - 1, 0)
    advice = f"lr={recipe.lr / 10:g}, or a warmup, warmup=1" + ("" if recipe.clip else ", or clip=1")
    return Diverged(
        f"{fault}: epoch {epoch + 1}, step {steps + at + 1} of the run, at lr = {rates[at]:.3g} with "
        f"{recipe.optimizer}; the step before had loss {losses[before]:.3g} and gradient norm {norms[before]:.3g}. "
        f"Try a smaller learning rate, {advice}"
    )
