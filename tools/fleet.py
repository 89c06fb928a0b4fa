"""Fleets: many studies carried out by the project's own conductor on runs that are drawn instead of trained.

A clock that nobody waits for says when a run ends, so a day of a cluster passes in seconds. The planted effects, the
spread of accuracies and the lengths of runs are the same whichever way a fleet is carried out.
"""

import heapq
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ablab.conduct import conduct
from ablab.course import verdicts
from ablab.records import Cost, Machine, Measurement, Observer, Run, RunSpec
from ablab.store import Store
from ablab.study import Decision, Plan, Study, plan

IMAGES = 10_000
MACHINE = Machine("node", "cpu", 1, "fp32", "2", "3", "AVX")
TEXT = """question = "Do learning rates matter in study {number}?"
data = "phantom"
epochs = 3
weight_decay = {number}e-6
[variants]
{variants}
[decide]
margin = 0.5
seeds = "3..{most}"
"""


@dataclass
class Clocked:
    """An executor of so many slots by a clock of its own: a run takes as long as `seconds` says."""

    slots: int
    train: Callable[[RunSpec], Run]
    seconds: Callable[[RunSpec], float]
    now: float = 0.0
    started: list[RunSpec] = field(default_factory=list)

    def __call__(self, wanted: Callable[[], Sequence[RunSpec]], observe: Observer) -> Iterator[Run]:  # noqa: ARG002
        flying: dict[str, RunSpec] = {}
        ends: list[tuple[float, str]] = []
        while specs := wanted():
            useful = {spec.id for spec in specs}
            flying = {id_: spec for id_, spec in flying.items() if id_ in useful}
            for spec in specs:
                if len(flying) == self.slots:
                    break
                if spec.id not in flying:
                    flying[spec.id] = spec
                    self.started.append(spec)
                    heapq.heappush(ends, (self.now + self.seconds(spec), spec.id))
            while (end := heapq.heappop(ends))[1] not in flying:
                pass  # it was stopped
            self.now = end[0]
            yield self.train(flying.pop(end[1]))


@dataclass(frozen=True)
class Fleet:
    """Studies with effects and spreads that are drawn once."""

    plans: tuple[Plan, ...]
    accuracies: dict[str, float]  # by the id of a run, as are the next
    lengths: dict[str, float]  # 1 is the mean of the base

    def run(self, spec: RunSpec) -> Run:
        """The run as it would have been trained."""
        test = Measurement(0.1, self.accuracies[spec.id], IMAGES)
        return Run(spec, "finished", MACHINE, Cost(1.0, 1.0, 3, 1, 1), test=test)

    def clocked(self, slots: int) -> Clocked:
        """An executor for it."""
        return Clocked(slots, self.run, lambda spec: self.lengths[spec.id])


def fleet(
    studies: int,
    *,
    variants: int = 2,
    most: int = 10,
    effects: Sequence[float] = (0, 0, 0.5, 1, 2),
    spreads: Sequence[float] = (0.28, 0.71, 1.41),
    seed: int = 1,
) -> Fleet:
    """Studies whose effects, and whose sds of differences, are drawn from these, in points."""
    rng = np.random.default_rng(seed)
    made = tuple(plan(_study(number, variants, most), "f" * 64) for number in range(studies))
    accuracies: dict[str, float] = {}
    lengths: dict[str, float] = {}
    for planned in made:
        sd = float(rng.choice(spreads))
        gains = [0.0, *(float(rng.choice(effects)) for _ in range(variants))]
        order = {recipe.hash: at for at, recipe in enumerate(planned.study.recipes)}
        for spec in planned.most:
            at = order[spec.recipe.hash]
            accuracies[spec.id] = round(90 + gains[at] + rng.normal(0, sd / 2**0.5), 2) / 100
            lengths[spec.id] = (1 + 0.2 * at) * float(rng.lognormal(0, 0.15))
    return Fleet(made, accuracies, lengths)


def _study(number: int, variants: int, most: int) -> Study:
    changes = "\n".join(f'"v{at}" = "lr=0.{at + 1}"' for at in range(variants))
    return Study.from_toml(TEXT.format(number=number, variants=changes, most=most), f"study-{number}.toml")


@dataclass(frozen=True)
class Passed:
    """How a fleet was carried out."""

    time: float  # in lengths of runs
    started: int
    finished: int
    decisions: dict[int, Decision]


def fixed_seeds(many: Fleet, slots: int) -> Passed:
    """All runs of all studies, with no look before the last."""
    left = {spec.id: spec for planned in many.plans for spec in planned.most}
    execute = many.clocked(slots)
    for run in execute(lambda: tuple(left.values()), lambda *_: None):
        del left[run.id]
    return Passed(execute.now, len(execute.started), len(execute.started), {})


def pooled(many: Fleet, slots: int) -> Passed:
    """All studies with the same slots."""
    return _conducted([many.plans], many, slots)


def one_after_another(many: Fleet, slots: int) -> Passed:
    """Each study with all slots to itself."""
    return _conducted([(planned,) for planned in many.plans], many, slots)


def _conducted(groups: Sequence[tuple[Plan, ...]], many: Fleet, slots: int) -> Passed:
    execute = many.clocked(slots)
    decisions: dict[int, Decision] = {}
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        for plans in groups:
            courses = [verdicts(planned, store, lambda: slots, lambda *_: None, None) for planned in plans]
            for place, outcome in conduct(courses, store, execute):
                assert isinstance(outcome, Decision)
                decisions[many.plans.index(plans[place])] = outcome
        finished = len(store.ids())
    return Passed(execute.now, len(execute.started), finished, decisions)
