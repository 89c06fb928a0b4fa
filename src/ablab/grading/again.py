"""Some runs of a hand-in, trained again. The draw is random, so an author cannot keep invented figures out of it."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ablab.errors import AblabError
from ablab.grading.checks import Finding
from ablab.grading.opened import Opened
from ablab.metric import ACCURACY, Metric
from ablab.operations import own_code
from ablab.recipe import Recipe
from ablab.records import Observer, Run
from ablab.verify import Check, ReportedRun, check

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset

NEAR = 1e-3  # relative: equal predictions from two machines may have a loss that differs by rounding


def drawn(opened: Opened, many: int) -> list[tuple[Run, Metric]]:
    """So many of the runs that the verdicts rest on, each with the metric that decides; nobody can foresee which."""
    own = [(run, result.plan.metric) for result in opened.results for run in result.runs if not run.spec.explores]
    finished = [each for each in own if each[0].status == "finished"] or own
    return random.SystemRandom().sample(finished, min(many, len(finished)))


def again(run: Run, metric: Metric, load: Callable[[Recipe], Dataset], show: Observer, *, allows: bool) -> Finding:
    """What comes of training a run again; a run that executes its author's Python files needs to be allowed."""
    name = f"run {run.id}, seed {run.spec.seed}"
    if (own := own_code(run.spec.recipe.changes())) and not allows:
        text = f"{name}: not trained again: it runs {', '.join(own)}; read the file, and allow it with --own-code"
        return Finding("re-run", "look", text)
    reported = ReportedRun(
        run.spec, run.test.accuracy if run.test else None, hashlib.sha256(run.predictions).hexdigest(), run.machine
    )
    try:
        done = check(reported, load, show)
    except AblabError as error:
        return Finding("re-run", "look", f"{name}: {error}")
    told = list(_otherwise(run, done, metric))
    if done.word == "different" or told:
        return Finding("re-run", "wrong", f"{name}: different: {'; '.join([done.why, *told])}")
    return Finding("re-run", "ok", f"{name}: {done.word}: {done.why}")


def _otherwise(run: Run, done: Check, metric: Metric) -> Iterator[str]:
    """Where all predictions are equal, another value of what decides was invented; times alone may differ."""
    if done.word != "same" or metric.name == ACCURACY or metric.is_time:
        return
    there, here = metric.of(run), metric.of(done.run)
    if there is not None and here is not None and not math.isclose(there, here, rel_tol=NEAR, abs_tol=NEAR):
        yield f"{metric.title} {metric.show(there)} there, {metric.show(here)} here"
