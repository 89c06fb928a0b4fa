"""Published studies at full size on one GPU, as far as some minutes go: `python tools/gpu_published.py OUT`

What docs/published.md lacks most comes first. A short training of each recipe tells how long a run takes; none is begun
that would not end in time. After every run, all that are done are written to OUT/published-gpu.ablab, which
`ablab runs import` takes in. The same command goes on where it stopped, with the same --store.
"""

import argparse
import dataclasses
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import torch

from ablab.conduct import checkpoints, keep
from ablab.errors import AblabError
from ablab.events import EpochDone
from ablab.execute import Executor, Job, Loader
from ablab.execute.workers import Workers
from ablab.prepare import facts_of, planned_on_data
from ablab.recipe import Recipe
from ablab.records import Run, RunSpec
from ablab.store import Store
from ablab.store.exchange import export
from ablab.study import Plan, Study
from ablab.study.question.files import published_studies, read_studies

# Report C's large networks, which no two cores train: first those of which the page has nothing, the quickest first.
ORDER = (
    ("dropout-vgg6", "cifar100"),
    ("dropout-alexnet", "cifar100"),
    ("alexnet-vs-vgg6", "cifar100"),
    ("dropout-resnet11", "cifar100"),
    ("dropout-vgg6", "cifar10"),
    ("dropout-alexnet", "cifar10"),
    ("alexnet-vs-vgg6", "cifar10"),
    ("dropout-resnet11", "cifar10"),
    ("deep-vgg-cifar100", "cifar100"),
    ("dropout-resnet18-wide", "cifar100"),
    ("dropout-resnet18-wide", "cifar10"),
)
TIMED = 3_200  # training images of the runs that tell how long an epoch takes
IMAGES = 45_000  # of CIFAR to train on, where a recipe does not say
SPARE = 1.1  # times that: validation takes about 4 % of an epoch, checkpoints at most 2
NAME = "published-gpu.ablab"


@dataclasses.dataclass(frozen=True)
class Pace:
    """How long runs take: seconds of a whole run by recipe, when so many are on their way."""

    seconds: dict[Recipe, float]
    processes: int


def ordered(scale: str) -> tuple[Study, ...]:
    """The studies of the order."""
    there = [(path.stem, study) for path in published_studies() for study in read_studies(path, scale)]
    named = {(stem, study.base.data): study for stem, study in there}
    return tuple(named[name] for name in ORDER)


def plans(studies: Sequence[Study], load: Loader) -> Iterator[Plan]:
    """The plans of these studies; those whose data are not here are told of."""
    for study in studies:
        try:
            yield planned_on_data(study, load)[0]
        except AblabError as error:
            print(f"{study.name}: left out: {str(error).partition(chr(10))[0]}", flush=True)


def in_order(plans: Sequence[Plan]) -> tuple[RunSpec, ...]:
    """Each run once: the first seeds of all studies, study by study, then those that they may want later."""
    first = [spec for plan in plans for spec in plan.wanted]
    later = [spec for plan in plans for spec in plan.most]
    return tuple({spec.id: spec for spec in [*first, *later]}.values())


def beginning(specs: Sequence[RunSpec], begun: Collection[str], pace: Pace, left: float) -> list[RunSpec]:
    """Runs that were begun and go on, and those that would end in the seconds that are left."""
    if left <= 0:
        return []
    return [spec for spec in specs if spec.id in begun or pace.seconds.get(spec.recipe, left) * SPARE < left]


def seconds_of(recipe: Recipe, run: Run) -> float:
    """What a whole run of a recipe takes, from a short one: all its epochs, and what comes before and after them."""
    around = run.cost.wall_seconds - run.cost.seconds
    epoch = run.curve[-1].seconds * (recipe.train_images or IMAGES) / run.curve[-1].examples
    return around + recipe.epochs * epoch


def timed(execute: Executor, specs: Sequence[RunSpec]) -> list[Run]:
    """Short runs of these, in their order."""
    short = {
        spec.id: dataclasses.replace(
            spec, recipe=spec.recipe.with_(f"train_images={TIMED} epochs=3"), seed=9_000 + place
        )
        for place, spec in enumerate(specs)
    }
    done: dict[str, Run] = {}
    for run in execute(lambda: [one for one in short.values() if one.id not in done], lambda *_: None):
        done[run.id] = run
    return [done[one.id] for one in short.values()]


def paced(specs: Sequence[RunSpec], alone: Executor, together: Executor) -> Pace:
    """How long each recipe takes, and whether several at a time are faster."""
    recipes = {spec.recipe: spec for spec in reversed(specs)}
    chosen = list(reversed(recipes.values()))
    runs = timed(alone, chosen)
    seconds = {spec.recipe: seconds_of(spec.recipe, run) for spec, run in zip(chosen, runs, strict=True)}
    quickest = min(chosen, key=lambda spec: seconds[spec.recipe])
    many = timed(together, [dataclasses.replace(quickest, seed=seed) for seed in range(together.slots)])
    shared = max(seconds_of(quickest.recipe, run) for run in many)
    gain = together.slots * seconds[quickest.recipe] / shared
    print(f"{together.slots} runs at a time give {gain:.2f} times the images a second of one", flush=True)
    if gain < 1.1:
        return Pace(seconds, 1)
    return Pace({recipe: took * together.slots / gain for recipe, took in seconds.items()}, together.slots)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, help=f"the folder for {NAME}")
    parser.add_argument("--minutes", type=float, default=8.5, help="from the start of the command to its end")
    parser.add_argument("--store", type=Path, default=Path(".ablab-gpu"), help="where runs and checkpoints are kept")
    parser.add_argument("--processes", type=int, default=3, help="runs at a time, if that is faster")
    parser.add_argument("--scale", choices=("full", "default"), default="full", help="default: to try the command")
    given = parser.parse_args()
    ends = time.monotonic() + 60 * given.minutes - 10  # seconds for the last export
    if given.scale == "full" and not torch.cuda.is_available():
        raise SystemExit("torch sees no CUDA GPU here, and two cores take days for these")

    load, store = Loader(), Store(given.store)
    wanted = list(plans(ordered(given.scale), load))
    for plan in wanted:
        store.keep_data(facts_of(load(plan.study.base)))
        store.keep_study(plan.kept)
    specs, plan_of = in_order(wanted), {spec.id: plan.hash for plan in reversed(wanted) for spec in plan.most}
    done = {run.id for run in store.runs([spec.id for spec in specs])}
    job = Job(load, checkpoints(store), len(specs))
    print(f"{len(specs)} runs of {len(wanted)} studies, {len(done)} of them done", flush=True)

    with Workers(Job(load), number=1) as alone, Workers(job, number=given.processes) as together:
        pace = paced([spec for spec in specs if spec.id not in done], alone, together)
        for recipe, took in pace.seconds.items():
            print(f"{took:6.0f} s  {recipe.data} {recipe.model} {recipe.hash}", flush=True)
        together.slots = pace.processes
        begun: set[str] = set()

        def in_time() -> list[RunSpec]:
            left = [spec for spec in specs if spec.id not in done]
            return beginning(left, begun, pace, ends - time.monotonic())

        def observe(spec: RunSpec, event: object) -> None:
            begun.add(spec.id)
            if isinstance(event, EpochDone) and event.row.epoch % 10 == 0:
                row = event.row
                print(f"{spec.id} epoch {row.epoch}: {row.seconds:.1f} s, {row.val_points:.2f} %", flush=True)

        for run in together(in_time, observe):
            keep(dataclasses.replace(run, plan=plan_of[run.id]), store)
            done.add(run.id)
            size = export(store, sorted(done), given.out / NAME, [plan.kept for plan in wanted])
            recipe, shown = run.spec.recipe, f"{run.test.points:.2f} %" if run.test else run.status
            told = f"{recipe.data} {recipe.model} dropout={recipe.options.get('dropout', 0)} seed {run.spec.seed}"
            print(f"{told}: {shown}, {run.cost.wall_seconds:.0f} s; {len(done)} runs, {size:,} bytes", flush=True)


if __name__ == "__main__":
    main()
