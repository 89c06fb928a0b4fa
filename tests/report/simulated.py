"""Studies whose runs are simulated: plausible curves, real plans, real verdicts."""

import math
import random
from collections.abc import Iterable, Mapping, Sequence

from ablab.records import Cost, DataFacts, EpochRow, Ledger, Machine, Measurement, Run, RunSpec
from ablab.result import Result
from ablab.study import Decision, Plan, Study, Verdict, decide, plan
from ablab.study.tuning import Tuned

MACHINE = Machine("ada", "cpu", 2, "fp32", "2.13.0", "3.11.7", "AVX2")
TEXT = """question = "Does batch norm, or random cropping and flipping, help a small CNN?"
data = "phantom"
model = "simple-nn"
epochs = {epochs}
[variants]
"batch norm" = "norm=batch"
"crop + flip" = "augment=crop(4)+flip"
"dropout" = "dropout=0.5"
"wide" = "width=2.0"
[decide]
margin = 1.0
seeds = "3..5"
"""
GAINS = {"batch norm": 6.0, "crop + flip": -3.0, "dropout": 0.1, "wide": 1.0}
NOISE = {"wide": 0.8}


def study(*, epochs: int = 12, text: str = TEXT, path: str = "studies/quickstart.toml") -> Study:
    return Study.from_toml(text.replace("{epochs}", str(epochs)), path)


def run(wanted: RunSpec, *, gain: float, noise: float, machine: Machine = MACHINE, breaks: bool = False) -> Run:
    """One run with learning curves that rise and level out; the same for the same recipe and seed."""
    draw = random.Random(f"{wanted.recipe.hash}/{wanted.seed}")
    shared = random.Random(wanted.seed).gauss(0, 0.6)
    final = 68 + gain + shared + draw.gauss(0, noise)
    epochs = wanted.recipe.epochs
    rows = []
    for epoch in range(1, epochs + 1):
        learnt = 1 - math.exp(-3.2 * epoch / max(epochs, 3))
        val = (12 + (final - 12) * learnt + draw.gauss(0, 0.8)) / 100
        train = (12 + (final + 6 - 12) * learnt) / 100
        rows.append(
            EpochRow(
                epoch, 0.05, 2.3 - 2.5 * train, train, 2.3 - 2.1 * final / 100 * learnt + draw.gauss(0, 0.03), val, 3.1
            )
        )
    if breaks:
        rows = [*rows[: epochs // 2], EpochRow(epochs // 2 + 1, 0.05, math.inf, 0.1, math.nan, 0.1, 3.0)]
    best = max(rows, key=lambda row: row.val_accuracy)
    seconds = 3.1 * len(rows) + draw.random()
    return Run(
        wanted,
        "diverged" if breaks else "finished",
        machine,
        Cost(seconds, seconds * 1.1, len(rows), 9000 * len(rows), 82_030),
        2.303,
        tuple(rows),
        best.epoch,
        None if breaks else Measurement(1.0, round(final * 100) / 10_000, 10_000),
        note="loss became inf at step 211, learning rate 0.05" if breaks else "",
    )


def simulate(
    it: Study, *, gains: Mapping[str, float] = GAINS, breaks: tuple[tuple[str, int], ...] = ()
) -> tuple[Plan, tuple[Run, ...], tuple[Verdict, ...]]:
    """The plan, all its runs and the verdicts on them; `breaks` names runs that diverge by variant and seed."""
    planned = plan(it, "0123456789ab")
    names = {it.base.hash: "base", **{variant.recipe.hash: variant.name for variant in it.variants}}
    runs = tuple(
        run(
            wanted,
            gain=gains.get(name, 0.0),
            noise=NOISE.get(name, 0.2),
            breaks=(name, wanted.seed) in breaks,
        )
        for wanted in planned.most
        for name in [names[wanted.recipe.hash]]
    )
    return planned, runs, decide(planned, runs).verdicts


def result(
    it: Study,
    runs: Iterable[Run],
    verdicts: Sequence[Verdict],
    *,
    data: DataFacts | None = None,
    ledger: Ledger | None = None,
    tuned: Tuned | None = None,
    after: Sequence[Verdict] = (),
) -> Result:
    """These runs and verdicts as a presentation takes them; `after` are the verdicts at tuned rates."""
    runs = tuple(runs)
    fingerprint = runs[0].spec.fingerprint if runs else "0123456789ab"
    planned = plan(it, fingerprint, explores=any(run.spec.explores for run in runs))
    at_tuned = Result(it, planned, (), Decision(tuple(after), ())) if after else None
    return Result(it, planned, runs, Decision(tuple(verdicts), ()), ledger, data, tuned, at_tuned)
