"""What the other processes of a run do: they train along with process 0, which alone reads and writes the store."""

import contextlib
from pathlib import Path

from ablab.data.dataset import Dataset
from ablab.errors import DataError, Diverged
from ablab.execute import Loader
from ablab.execute.run_one import own_faults_told, splits_for
from ablab.recipe import Recipe
from ablab.records import RunSpec
from ablab.train.check import check
from ablab.train.loop import train
from ablab.train.together import Team


def agreed(recipe: Recipe, seed: int, load: Loader, team: Team, runs: Path | None = None) -> tuple[Dataset, RunSpec]:
    """The data and the run that all processes of a team are about to train; an error if some have other images."""
    dataset = load(recipe)
    check(recipe, dataset, team, runs)
    spec = RunSpec(recipe, seed, dataset.fingerprint)
    theirs = team.of_first(dataset.fingerprint.encode())
    if theirs != dataset.fingerprint.encode():
        raise DataError(
            f'process {team.rank} of the run has different images in "{recipe.data}" than process 0: '
            "check the data on each machine with: ablab data check"
        )
    return dataset, spec


def goes_ahead(team: Team, *, trains: bool = False) -> bool:
    """Whether the run is trained now: process 0 knows, and all others hear it from here."""
    return team.of_first(b"yes" if trains else None) is not None


def train_alongside(recipe: Recipe, seed: int, load: Loader, team: Team, runs: Path | None = None) -> None:
    """Take this process's part in a run, and keep nothing of it; `runs` has the weights that a run may start from."""
    dataset, spec = agreed(recipe, seed, load, team, runs)
    if not goes_ahead(team):
        return
    with contextlib.suppress(Diverged):  # in all processes alike; process 0 keeps the run
        for _ in own_faults_told(train(recipe, splits_for(spec, dataset), seed, team=team, runs=runs), recipe):
            pass
