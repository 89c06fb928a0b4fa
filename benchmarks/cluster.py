"""What a Ray cluster adds to short runs, beside processes of this machine.

    ray start --head --num-cpus=2 --disable-usage-stats
    python benchmarks/cluster.py ray [RUNS]
    python benchmarks/cluster.py "workers(2)" [RUNS]

A run's overhead is the time of its slot that the run itself did not take, from the end of the run before. The first
runs of each slot are left out: they start Python and load torch.
"""

import contextlib
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ablab.data.dataset import Dataset
from ablab.data.sources.phantom import phantom
from ablab.execute import Job, choose
from ablab.recipe import Recipe
from ablab.records import RunSpec

WARM = 3  # runs of each slot


@dataclass(frozen=True)
class Small:
    """Gives the same images in every process."""

    def __call__(self, recipe: Recipe) -> Dataset:  # noqa: ARG002
        return phantom(train=2000, test=500)


def main(executor: str, number: int) -> None:
    recipe = Recipe.of({"model": "simple-nn", "epochs": 2, "batch": 100, "threads": 1})
    fingerprint = Small()(recipe).fingerprint
    left = {spec.id: spec for spec in (RunSpec(recipe, seed, fingerprint) for seed in range(number))}
    begun = time.monotonic()
    ended, inside = [], []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        execute = stack.enter_context(choose(executor, None, Job(Small(), folder, number)))
        entered = time.monotonic()
        for run in execute(lambda: tuple(left.values()), lambda *_: None):
            del left[run.id]
            ended.append(time.monotonic())
            inside.append(run.cost.wall_seconds)
        slots = execute.slots
    warm = WARM * slots
    whole, runs = ended[-1] - ended[warm - 1], len(ended) - warm
    mean = sum(inside[warm:]) / runs
    print(f"{executor}: {slots} slots; ready after {entered - begun:.1f} s, first run after {ended[0] - entered:.1f} s")
    print(f"{runs} runs in {whole:.1f} s, {mean:.3f} s in each; overhead {whole * slots / runs - mean:.3f} s a run")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "ray", int(sys.argv[2]) if len(sys.argv) > 2 else 200)
