"""A run on its way out of the store: its weights, test images to check what is made of them, and its model card."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ablab.errors import AblabError, InputError
from ablab.execute import Loader
from ablab.export import Subject, Written, export
from ablab.prepare import pictures_of
from ablab.records import Run
from ablab.report.card import model_card
from ablab.report.page import page
from ablab.report.page.trials import trials_page
from ablab.report.terminal.live import again
from ablab.result import Result, plan_of, result_of
from ablab.store import Store
from ablab.train.trained import Trained, read
from ablab.trials.result import TrialResult

if TYPE_CHECKING:
    from torch import Tensor


def export_weights(
    run: Run, store: Store, form: str, path: Path, *, root: str | None = None, replace: bool = False
) -> tuple[Trained, Written]:
    """Write the weights of a run in the format called `form`, checked on its test images where these are at hand."""
    trained = weights_of(run, store, "export", run.id, "--to", form)
    data = store.data(run.spec.fingerprint)
    card = model_card(run, trained.recipe, trained.classes, data, _studies(run, store))
    return trained, export(Subject(trained, _images(run, root), card), form, path, replace=replace)


def pages(root: str | None) -> Callable[[Result | TrialResult], str]:
    """A function that writes the report of a study, with test images from the data root."""

    def written(result: Result | TrialResult) -> str:
        return trials_page(result) if isinstance(result, TrialResult) else page(result, pictures_of(result.plan, root))

    return written


def weights_of(run: Run, store: Store, *words: str) -> Trained:
    """The weights that a store keeps of a run, or an error that says how to get them for the command in `words`."""
    path = store.weights_of(run.id)
    if path.exists():
        return read(path)
    if run.status != "finished":
        raise InputError(f"run {run.id} {run.status}, so it has no weights to {words[0]}")
    if run.spec.explores:
        raise InputError(f"run {run.id} has no weights: runs of ablab explore keep none")
    place = ["--store", str(store.folder)]
    raise InputError(
        f'run {run.id} has no weights in this store: ablab train keeps them, a study only with keep = "weights" in '
        f"its file. Train the run again, which adds its weights to the store, and use them:\n"
        f"    {again(run.spec)} {shlex.join(place)}\n"
        f"    {shlex.join(['ablab', *words, *place])}"
    )


def _images(run: Run, root: str | None) -> Tensor | None:
    """The test images that the run was measured on; None where they are not at hand."""
    try:
        dataset = Loader(root)(run.spec.recipe)
    except AblabError:
        return None
    return dataset.test.images if dataset.fingerprint == run.spec.fingerprint else None


def _studies(run: Run, store: Store) -> list[Result]:
    """What the studies in a store came to that have this run, without those that this version cannot read."""
    found = []
    for kept in store.studies():
        try:
            planned = plan_of(kept)
        except AblabError:
            continue
        if run.id in {spec.id for spec in planned.most}:
            found.append(result_of(planned, store))
    return found
