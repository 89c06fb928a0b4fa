"""Published studies at full size on one GPU, as far as some minutes go: `python tools/gpu_published.py OUT`

The studies that take least come first, so that most claims get an answer, unless --studies says which and in what
order; no run is begun that would not end in time.
After every few runs, all that are done are written to OUT/published-gpu.ablab, which `ablab runs import` takes in. The
same command goes on where it stopped, with the same --store; runs of --have are not trained again.
"""

import argparse
import dataclasses
import math
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import torch

from ablab.conduct import keep
from ablab.errors import AblabError
from ablab.execute import Job, Loader
from ablab.execute.run_one import macs
from ablab.execute.workers import Workers
from ablab.models import Io
from ablab.prepare import facts_of, planned_on_data
from ablab.recipe import Recipe
from ablab.records import RunSpec
from ablab.replication.facts import CIFAR
from ablab.replication.work import IMAGES, PASSES
from ablab.store import Store
from ablab.store.exchange import export, take
from ablab.study import Plan, Study
from ablab.study.question.files import published_studies, read_studies

START = 6.0  # seconds around a run: its data, its network, the recording of its first step
STEP = 0.0006  # seconds of a step at least, however small the network
SPEED = 5e13  # multiply-adds a second that large networks reach
SPARE = 1.3  # times the estimate: several runs share the card
EVERY = 20.0  # seconds between two exports
NAME = "published-gpu.ablab"
PUBLISHED = sorted((Path(__file__).parents[1] / "docs").glob("published*.ablab"))


@dataclasses.dataclass
class Pace:
    """How long runs take: as runs of the same recipe did here, else by their steps and operations.

    All that is left is estimated again after every epoch of every run, so an estimate is kept.
    """

    took: dict[Recipe, float] = dataclasses.field(default_factory=dict)
    estimates: dict[str, float] = dataclasses.field(default_factory=dict, repr=False)

    def seconds(self, recipe: Recipe) -> float:
        if recipe in self.took:
            return self.took[recipe]
        if recipe.hash not in self.estimates:
            self.estimates[recipe.hash] = self._estimate(recipe)
        return self.estimates[recipe.hash]

    def _estimate(self, recipe: Recipe) -> float:
        images = recipe.train_images or IMAGES
        steps = math.ceil(images / recipe.batch)
        count = macs(recipe, Io(*CIFAR, classes=10)) or 0
        return START + recipe.epochs * (steps * STEP + PASSES * count * images / SPEED)


def studies(scale: str, names: Sequence[str] = ()) -> tuple[Study, ...]:
    """Every published study, or those named (others by their paths), once a data set; NAME@SCALE has another size."""
    files = {path.stem: path for path in published_studies()}
    files |= {name: Path(name) for name in (name.partition("@")[0] for name in names) if Path(name).is_file()}
    sizes = [(name.partition("@")[0], name.partition("@")[2] or scale) for name in names or files]
    if unknown := sorted({name for name, _ in sizes} - files.keys()):
        raise SystemExit(f"{unknown[0]} is no published study; they are {', '.join(files)}")
    return tuple(study for name, size in sizes for study in read_studies(files[name], size))


def plans(studies: Sequence[Study], load: Loader) -> Iterator[Plan]:
    """The plans of these studies; those whose data are not here are told of."""
    for study in studies:
        try:
            yield planned_on_data(study, load)[0]
        except AblabError as error:
            print(f"{study.name}: left out: {str(error).partition(chr(10))[0]}", flush=True)


def cheapest_first(plans: Sequence[Plan], pace: Pace, done: Collection[str] = ()) -> list[Plan]:
    """The plan whose first verdicts take least from here comes first."""
    return sorted(plans, key=lambda plan: sum(pace.seconds(run.recipe) for run in plan.wanted if run.id not in done))


def in_order(plans: Sequence[Plan]) -> tuple[RunSpec, ...]:
    """Each run once: the first seeds of all studies, study by study; then those for later looks."""
    first = [spec for plan in plans for spec in plan.wanted]
    later = [spec for plan in plans for spec in plan.most]
    return tuple({spec.id: spec for spec in [*first, *later]}.values())


def beginning(specs: Sequence[RunSpec], begun: Collection[str], pace: Pace, left: float) -> list[RunSpec]:
    """Runs that were begun and go on, and those that would end in the seconds that are left."""
    if left <= 0:
        return []
    return [spec for spec in specs if spec.id in begun or pace.seconds(spec.recipe) * SPARE < left]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, help=f"the folder for {NAME}")
    parser.add_argument("--minutes", type=float, default=8.5, help="from the start of the command to its end")
    parser.add_argument("--store", type=Path, default=Path(".ablab-gpu"), help="where runs and checkpoints are kept")
    parser.add_argument(
        "--have", type=Path, nargs="*", default=PUBLISHED, help="runs that are there  [default: those of the docs]"
    )
    parser.add_argument("--processes", type=int, default=6, help="runs at a time")
    parser.add_argument(
        "--studies", nargs="*", default=[], metavar="NAME[@SCALE]", help="these, in this order  [default: all]"
    )
    parser.add_argument("--scale", choices=("full", "default"), default="full", help="default: to try the command")
    given = parser.parse_args()
    ends = time.monotonic() + 60 * given.minutes - 10  # seconds for the last export
    if given.scale == "full" and not torch.cuda.is_available():
        raise SystemExit("torch sees no CUDA GPU here, and two cores take days for these")

    load, store, pace = Loader(), Store(given.store), Pace()
    for exported in given.have:
        take(store, exported, {})
    wanted = list(plans(studies(given.scale, given.studies), load))
    for plan in wanted:
        store.keep_data(facts_of(load(plan.study.base)))
        store.keep_study(plan.kept)
    done = set(store.ids())
    specs = in_order(wanted if given.studies else cheapest_first(wanted, pace, done))
    plan_of = {spec.id: plan.hash for plan in reversed(wanted) for spec in plan.most}
    print(f"{len(specs)} runs of {len(wanted)} studies, {len(done & set(plan_of))} of them done", flush=True)
    begun: set[str] = set()
    new: list[str] = []
    exported = time.monotonic()

    def in_time() -> list[RunSpec]:
        left = [spec for spec in specs if spec.id not in done]
        return beginning(left, begun, pace, ends - time.monotonic())

    def write() -> None:
        export(store, new, given.out / NAME, [plan.kept for plan in wanted])

    with Workers(Job(load, store.checkpoints, len(specs)), number=given.processes) as together:
        for run in together(in_time, lambda spec, _: begun.add(spec.id)):
            keep(dataclasses.replace(run, plan=plan_of[run.id]), store)
            done.add(run.id)
            new.append(run.id)
            pace.took[run.spec.recipe] = run.cost.wall_seconds
            recipe, shown = run.spec.recipe, f"{run.test.points:.2f} %" if run.test else run.status
            print(
                f"{recipe.data} {recipe.model} {recipe.hash} seed {run.spec.seed}: {shown}, "
                f"{run.cost.wall_seconds:.0f} s; {len(new)} runs",
                flush=True,
            )
            if time.monotonic() - exported > EVERY:
                write()
                exported = time.monotonic()
    write()


if __name__ == "__main__":
    main()
