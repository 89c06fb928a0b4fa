"""Are verdicts right on real trainings? Hundreds of small ones, resampled into studies of which the truth is known.

    python benchmarks/real_trainings.py                    # about an hour on one core; goes on where it was stopped
    python benchmarks/real_trainings.py --runs 40 --data phantom

Trains one small recipe with 200 seeds; the same with its weight decay changed by 1 %, which must not matter; and with
half of its training images, which must hurt. Runs are kept in a store of their own. Prints a table, and with --write
puts the figures where `make calibrate` finds them.
"""

import argparse
import itertools
import json
import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ablab.conduct import train_one
from ablab.recipe import Recipe
from ablab.records import Run, RunSpec
from ablab.statistics.paired import correct, correlation, noise_floor
from ablab.statistics.sequential import looks, multipliers
from ablab.store import Store
from ablab.study import Rule, Study, Variant, Verdict, decide, plan
from ablab.study.verdict import points, word_for

MOST, MARGIN, RESAMPLED = 10, 0.5, 10_000
SMALLEST = "model=simple-nn epochs=3 train_images=2000 lr=0.1 batch=64"
FIGURES = Path(__file__).parent.parent / "src" / "ablab" / "study" / "real_trainings.json"


def trained(recipe: Recipe, seeds: Sequence[int], store: Store) -> list[Run]:
    """The runs of a recipe, trained where they are not there yet."""
    return [train_one(recipe, seed, store, show=lambda _wanted, _event: None)[0] for seed in seeds]


def false_share(accuracies: Sequence[float], draw: random.Random) -> float:
    """Of studies that compare runs of one recipe under two names, the share that calls them different."""
    factors = multipliers(3, MOST, 0.05)
    wrong = 0
    for _ in range(RESAMPLED):
        picked = draw.sample(accuracies, 2 * MOST)
        gaps = [b - a for a, b in zip(picked[:MOST], picked[MOST:], strict=True)]
        seen = looks(gaps, factors, margin=MARGIN, grid=0.01)[-1].interval
        wrong += word_for(seen.low, seen.high, MARGIN)[0] in ("helps", "hurts")
    return wrong / RESAMPLED


def verdict_of(base: Sequence[Run], variant: Sequence[Run], labels: Sequence[int]) -> Verdict:
    """What a study of these pairs says; their seeds are counted from 0, as those of any study."""
    recipe, other = base[0].spec.recipe, variant[0].spec.recipe
    study = Study("?", recipe, (Variant("variant", other, "planted"),), Rule(margin=MARGIN, seeds=(3, len(base))))
    runs = [
        replace(run, spec=RunSpec(run.spec.recipe, seed, run.spec.fingerprint))
        for side in (base, variant)
        for seed, run in enumerate(side)
    ]
    return decide(plan(study, base[0].spec.fingerprint), runs, labels=labels).verdicts[0]


def figures(data: str, runs: int, store: Store) -> dict[str, object]:
    """All that one data set gives."""
    recipe = Recipe.of({}).with_(f"{SMALLEST} data={data}")
    seeds = range(runs)
    base = trained(recipe, seeds, store)
    same = trained(recipe.with_(f"weight_decay={recipe.weight_decay * 1.01:.6g}"), seeds, store)
    half = trained(recipe.with_("train_images=1000"), range(min(runs, 5 * 5)), store)
    facts = store.data(base[0].spec.fingerprint)
    assert facts is not None
    labels, accuracies = facts.labels, points(base)
    spread, middle = statistics.stdev(accuracies), statistics.mean(accuracies)
    flags = [correct(run.predictions, labels) for run in base[:20]]
    floor = math.sqrt(statistics.mean(noise_floor(a, b) ** 2 for a, b in itertools.pairwise(flags)))
    studies = [verdict_of(base[at : at + MOST], same[at : at + MOST], labels) for at in range(0, runs, MOST)]
    hurt = [verdict_of(base[at : at + 5], half[at : at + 5], labels) for at in range(0, len(half), 5)]
    return {
        "data": data,
        "recipe": SMALLEST,
        "runs": runs,
        "mean": middle,
        "sd": spread,
        "skew": statistics.mean(((one - middle) / spread) ** 3 for one in accuracies),
        "rho": correlation(accuracies, points(same)),
        "floor": floor,
        "instability": (spread / floor) ** 2,
        "false": false_share(accuracies, random.Random(17)),
        "same_studies": len(studies),
        "same_false": sum(one.word in ("helps", "hurts") for one in studies),
        "half_studies": len(hurt),
        "half_hurts": sum(one.word == "hurts" for one in hurt),
        "half_effect": statistics.mean(one.effect for one in hurt if one.effect is not None),
        "machine": f"{base[0].machine.capability}, {base[0].machine.precision}, torch {base[0].machine.torch}",
    }


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--data", nargs="+", default=["phantom", "cifar10"])
    words.add_argument("--runs", type=int, default=200, help="seeds; a multiple of 10, 20 at least")
    words.add_argument("--store", type=Path, default=Path(".real-trainings"))
    words.add_argument("--write", action="store_true", help=f"keep the figures in {FIGURES.name}")
    given = words.parse_args()
    found = [figures(data, given.runs, Store(given.store)) for data in given.data]
    print(json.dumps(found, indent=1))
    if given.write:
        FIGURES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
