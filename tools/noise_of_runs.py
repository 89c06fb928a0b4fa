"""How far runs of one recipe spread, from the shipped runs: `python tools/noise_of_runs.py` (half a minute).

Writes the file that `ablab audit` takes its range of noise from, by the size of the network and by the images that were
seen in training. A spread of three runs is itself mostly chance: chance adds trigamma(f / 2) / 4 to the variance of its
logarithm at f degrees of freedom. That part is taken out; what is left is a lognormal distribution of true spreads.
"""

import json
import math
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ablab.auditing.noise import SPREADS, Spread
from ablab.records import Run
from ablab.statistics.paired import mean, sd
from ablab.store import Store
from ablab.store.exchange import take

RUNS = Path(__file__).parents[1] / "docs" / "published.ablab"
FEWEST = 3  # runs of a recipe
IMAGES = 45_000  # to train on, where a recipe does not say
NETWORKS = (0, 300_000)  # parameters: small ones, and larger ones
TRAININGS = (0, 2, 5)  # passes over 45,000 images: a shortened training, a short one, a longer one
TEN = 1.2815515655446004  # the normal quantile of 90 %


@dataclass(frozen=True)
class Seen:
    """The spread of one recipe's test accuracies, in points."""

    parameters: int
    passes: float
    sd: float
    freedom: int


def seen(runs: Iterable[Run]) -> Iterator[Seen]:
    """Each recipe with enough finished runs, those that learned nothing left out: they are failures, not noise."""
    by_recipe: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in runs:
        if run.status == "finished" and run.test and not run.spec.explores:
            by_recipe[run.spec.recipe.hash, run.spec.fingerprint].append(run)
    for each in by_recipe.values():
        recipe, points = each[0].spec.recipe, [run.test.points for run in each if run.test]
        if len(points) >= FEWEST and recipe.data.startswith("cifar10") and mean(points) > 20 and sd(points) > 0:
            images = recipe.train_images or IMAGES
            yield Seen(each[0].cost.parameters, images * recipe.epochs / IMAGES, sd(points), len(points) - 1)


def spread(parameters: int, passes: float, group: list[Seen]) -> Spread:
    """The 10, 50 and 90 % points of the true spreads in a group."""
    from scipy.special import digamma, polygamma

    logs = [math.log(one.sd) - (float(digamma(one.freedom / 2)) - math.log(one.freedom / 2)) / 2 for one in group]
    chance = mean([float(polygamma(1, one.freedom / 2)) / 4 for one in group])
    wide = math.sqrt(max(sd(logs) ** 2 - chance, 0.0))
    ends = [round(math.exp(mean(logs) + z * wide), 2) for z in (-TEN, 0.0, TEN)]
    return Spread(parameters, passes, len(group), ends[0], ends[1], ends[2])


def spreads(every: list[Seen]) -> list[Spread]:
    """All recipes, then each size of training, then each size of network within it, where ten recipes are there."""
    rows = []
    for passes, below in zip(TRAININGS, (*TRAININGS[1:], math.inf), strict=True):
        trained = [one for one in every if passes <= one.passes < below]
        for parameters, top in zip(NETWORKS, (*NETWORKS[1:], math.inf), strict=True):
            group = [one for one in trained if parameters <= one.parameters < top]
            rows.append(spread(parameters, passes, group if len(group) >= 8 else trained))
    return rows


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store")
        take(store, RUNS)
        rows = spreads(list(seen(store.runs())))
    SPREADS.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
