"""What Python users can do with studies, results and runs: plan, run, draw.

>>> study = Study("Does batch norm help?", base="simple-nn epochs=1", variants={"batch norm": "norm=batch"})
>>> study.plan().runs
(6, 20)

Then `study.run().verdicts` trains until every verdict stands.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablab.errors import DataError, InputError
from ablab.recipe import Recipe
from ablab.records import Run, RunSpec
from ablab.result import Result
from ablab.store import Store, place
from ablab.study import Study, plan
from ablab.study.forecast import Foresight
from ablab.study.question.files import read_study
from ablab.study.question.write import base_keys, data_text, study_name
from ablab.trials.result import TrialResult

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset
    from ablab.evaluation import Evaluation
    from ablab.predict import Prediction
    from ablab.report.picture import Picture
    from ablab.study.search import Outcome, Trial
    from ablab.train.trained import Trained
    from ablab.trial import Outcome as TrialOutcome
    from ablab.trials.decide import Decision
    from ablab.trials.function import Called
    from ablab.trials.plan import Plan as TrialPlan

    TrialObserver = Callable[[TrialPlan, TrialOutcome, Decision], None]


@dataclass(frozen=True)
class Preview:
    """What a study will cost and what it can see, before anything is spent."""

    hash: str
    runs: tuple[int, int]  # at first, and at most
    foresight: Foresight | None  # None unless a few steps of each recipe were timed

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))


def compare(
    base: Recipe | str,
    *,
    question: str = "",
    data: Any = None,
    seeds: str | int | None = None,
    margin: float | None = None,
    store: Any = None,
    workers: int | None = None,
    show: Any = None,
    **variants: str,
) -> Result:
    """Compare a base with named changes to it, such as `compare("simple-nn epochs=5", batch_norm="norm=batch")`.

    It trains until every verdict stands. The name of the study says what is compared, as with `ablab compare`, so that
    a store keeps several comparisons, and one that comes again goes on. `Study` takes more than seeds and a margin.
    """
    asked = question or f"What does {' or '.join(variants)} change?"
    rule: dict[str, Any] = {key: value for key, value in (("seeds", seeds), ("margin", margin)) if value is not None}
    study = Study(asked, base, variants, data=data, **rule)
    named = dataclasses.replace(study, name=study_name(study.base, list(variants.values())))
    return _run(named, store=store, workers=workers, show=show)


def search(
    study: Study,
    space: Mapping[str, Any] | None = None,
    *,
    store: Any = None,
    data_root: str | None = None,
    executor: str | None = None,
    workers: int | None = None,
    track: Sequence[str] = (),
    show: Callable[[str, Trial], None] | None = None,
    **words: Any,
) -> Outcome:
    """Try settings on validation images: `search(study, {"lr": {"low": 1e-3, "high": 1.0, "log": True}}, trials=20)`.

    Without a space it is the one of the study's file. The words are those of [search]: `trials`, `epochs`, `seed`,
    `over`, `metric`, `prune`, `at_once`. `result.winners` is the study that compares what won with fresh runs.
    """
    from ablab import searching

    part = _only_part(study)
    asked = searching.search_in(part) if space is None else searching.checked({**space, **words}, part)
    return searching.run_search(
        part,
        asked,
        _store(store),
        show=show or (lambda _name, _trial: None),
        root=data_root,
        executor=executor,
        workers=workers,
        track=track,
    )


def train_one(
    recipe: Recipe | str,
    seed: int = 0,
    store: Any = None,
    *,
    data: Any = None,
    root: str | None = None,
    show: Any = None,
    skip_unreadable: bool = False,
    track: Sequence[str] = (),
) -> tuple[Run, bool]:
    """One recipe with one seed, and whether it was trained now: a run that is in the store is not trained again.

    A recipe may be in the words of the command line, `"simple-nn epochs=5"`, and a store may be the path of its folder.
    """
    from ablab import conduct

    made = recipe if isinstance(recipe, Recipe) else Recipe.of(base_keys(recipe))
    if data is not None:
        made = Recipe.of({"data": data_text(data)}, base=made)
    return conduct.train_one(
        made, seed, _store(store), root=root, show=show or _quiet, skip_unreadable=skip_unreadable, track=track
    )


def compare_function(
    function: Called,
    variants: Mapping[str, Any],
    *,
    base: Any = None,
    store: Any = None,
    show: TrialObserver | bool = False,
    is_new: bool = False,
    reuses: bool = False,
    track: Sequence[str] = (),
    **words: Any,
) -> TrialResult:
    """Call `function(arguments, seed)` with the arguments of the base and of each variant until every verdict stands.

    It gives a number, or a mapping of names to numbers of which `metric` decides. A variant that is a mapping changes
    the base. `margin` is wanted, in the unit of the figure. The other words are those of a study file: `question`,
    `files`, `repeat`, the keys of [result], such as `unit` and `better`, and those of [decide], such as `seeds`.
    What is in the store is not called again. With `show=True` it prints a line for each call.
    """
    from ablab.conduct import run_program
    from ablab.trials.values import study_of_function

    study = study_of_function(function, variants, base=base, **words)
    return run_program(study, _store(store), show=_trial_observer(show), is_new=is_new, reuses=reuses, track=track)


def compare_command(
    command: str,
    variants: Mapping[str, str],
    *,
    base: str = "",
    store: Any = None,
    workers: int = 1,
    show: TrialObserver | bool = False,
    is_new: bool = False,
    reuses: bool = False,
    track: Sequence[str] = (),
    **words: Any,
) -> TrialResult:
    """The same for any program: `compare_command("python train.py --seed {seed} {args}", {"wide": "--width 2"})`.

    The words are those of a study file: `files`, `limit`, and all that `compare_function` takes.
    """
    from ablab.conduct import run_program
    from ablab.trials.values import study_of_command

    study = study_of_command(command, variants, base=base, **words)
    options = {"is_new": is_new, "reuses": reuses, "track": track}
    return run_program(study, _store(store), workers=workers, show=_trial_observer(show), **options)


def export_run(
    run: Run | str,
    to: str,
    out: Path | str,
    *,
    store: Any = None,
    root: str | None = None,
    replace: bool = False,
) -> Path:
    """Write the weights of a run, given by itself or by the beginning of its id, in the format called `to`.

    Programs, `"onnx"` and `"torch-export"`, are compared with the network before they are written.
    """
    from ablab.outgoing import export_weights

    kept = _store(store, create=False)
    chosen = run if isinstance(run, Run) else kept.run(run)
    export_weights(chosen, kept, to, Path(out), root=root, replace=replace)
    return Path(out)


def evaluate(
    run: Run | str | None = None,
    *,
    data: Any = None,
    corrupt: Sequence[str] = (),
    is_whole: bool = False,
    weights: Path | str | None = None,
    model: Recipe | str | None = None,
    mean: Sequence[float] | None = None,
    sd: Sequence[float] | None = None,
    store: Any = None,
    root: str | None = None,
    show: Callable[[Evaluation], None] | None = None,
) -> list[Evaluation]:
    """Measure a run on the test images of a data set, its own where none is named, then corrupted: `["fog@3", "all"]`.

    With `weights`, a safetensors file, and the `model` that they belong to, no run is needed. `mean` and `sd` of each
    channel, from 0 to 255, are then those of the training images of the data unless given. `show` gets each result.
    """
    from ablab.data.corruptions import read_corruptions
    from ablab.evaluation import evaluations, examples_for, is_by_number

    corruptions = read_corruptions(corrupt)
    if weights is not None:
        if run is not None or model is None or data is None:
            raise InputError(
                "weights of a file are measured with their network on a data set: name both, and no run, such as "
                "--model net.py:Net --data cifar10"
            )
        trained, dataset = _of_file(Path(weights), model, data, root, mean, sd)
    else:
        if run is None or model is not None or mean is not None or sd is not None:
            raise InputError(
                "name a run (all runs: ablab runs ls) or the weights of a file; model, mean and sd go with weights"
            )
        trained, dataset = _of_run(run, data, _store(store, create=False), root)
    found = []
    examples = examples_for(trained, dataset, is_whole=is_whole)
    by_number = is_by_number(trained, dataset)
    for one in evaluations(trained, dataset.name, examples, corruptions, by_number=by_number):
        found.append(one)
        if show:
            show(one)
    return found


def predict_pictures(
    runs: Run | str | Sequence[Run | str],
    pictures: Path | str | Sequence[Path | str],
    *,
    top: int = 5,
    skip_unreadable: bool = False,
    given: bytes = b"",
    store: Any = None,
) -> list[Prediction]:
    """The most probable classes of pictures, in files and folders, by a run or by several as an ensemble.

    Runs are given by themselves or by the beginnings of their ids. `given` is the picture that is called `-`.
    """
    from ablab.outgoing import weights_of
    from ablab.predict import pictures_at, predict

    kept = _store(store, create=False)
    wanted = [runs] if isinstance(runs, Run | str) else list(runs)
    places = [str(one) for one in ([pictures] if isinstance(pictures, Path | str) else pictures)]
    chosen = [one if isinstance(one, Run) else kept.run(one) for one in wanted]
    if not chosen or len({one.id for one in chosen}) < len(chosen):
        raise InputError("a run is named twice; each counts once" if chosen else "name at least one run")
    first, *others = (one.id for one in chosen)
    words = ["predict", first, *(word for other in others for word in ("--with", other)), *places]
    networks = [weights_of(one, kept, *words) for one in chosen]
    return predict(networks, pictures_at(places, given), top=top, skip_unreadable=skip_unreadable)


def _of_file(
    path: Path,
    model: Recipe | str,
    data: Any,
    root: str | None,
    mean: Sequence[float] | None,
    sd: Sequence[float] | None,
) -> tuple[Trained, Dataset]:
    """Weights in a file with the network that they are said to belong to, and the data."""
    from ablab.data import load_dataset
    from ablab.evaluation import foreign

    made = model if isinstance(model, Recipe) else Recipe.of(base_keys(model))
    dataset = load_dataset(data, root) if isinstance(data, str) else data
    return foreign(path, made, dataset, mean=mean, sd=sd), dataset


def _of_run(run: Run | str, data: Any, store: Store, root: str | None) -> tuple[Trained, Dataset]:
    """The weights of a run, and the data, its own where none is named."""
    from ablab.data import load_dataset
    from ablab.outgoing import weights_of

    chosen = run if isinstance(run, Run) else store.run(run)
    own, trained = chosen.spec.recipe, weights_of(chosen, store, "evaluate", chosen.id)
    asked = own.data if data is None else data
    dataset = load_dataset(asked, root, size=own.size) if isinstance(asked, str) else asked
    if data is None and dataset.fingerprint != chosen.spec.fingerprint:
        raise DataError(
            f"{own.data}: these are not the images that run {chosen.id} was trained on; name them with data"
        )
    return trained, dataset


def _quiet(_spec: RunSpec, _event: object) -> None:
    """Show nothing of a run."""


def _trial_observer(show: TrialObserver | bool) -> Callable[[Any], Callable[[Any, Any], None]]:
    """Who sees every outcome: an observer that was given, one that prints lines, or nobody."""
    from ablab.report.terminal.trials import line_of
    from ablab.trials.decide import Tried

    told = show if not isinstance(show, bool) else (lambda *of_trial: print(line_of(*of_trial)) if show else None)

    def of_plan(plan: Any) -> Callable[[Any, Any], None]:
        return lambda _, event: told(plan, event.outcome, event.decision) if isinstance(event, Tried) else None

    return of_plan


def _to_html(result: TrialResult) -> str:
    """The report: one self-contained page."""
    from ablab.report.page.trials import trials_page

    return trials_page(result)


def _from_file(path: Path | str, scale: str = "default") -> Study:
    """The study in a TOML file; `study.parts` has one for each of its data sets."""
    return read_study(Path(path), scale)


def _plan(study: Study, *, store: Any = None, data_root: str | None = None, timed: bool = False) -> Preview:
    """The plan; with `timed`, a few steps of every recipe say what it will take."""
    from ablab.prepare import foresee_study

    part = _only_part(study)
    if timed:
        planned, foresight = foresee_study(part, _store(store) if store else None, root=data_root)
    else:
        planned, foresight = plan(part, "not loaded"), None
    return Preview(planned.hash, (len(planned.wanted), len(planned.most)), foresight)


def _run(
    study: Study,
    *,
    store: Any = None,
    data_root: str | None = None,
    executor: str | None = None,
    workers: int | None = None,
    track: Sequence[str] = (),
    show: Any = None,
    is_new: bool = False,
    reuses: bool = False,
    replicates: bool = False,
) -> Result:
    """Train until every verdict stands; what is in the store is not trained again. `show` gets every event.

    A new study takes seeds whose runs nobody has seen; with `reuses` it takes those that are there, and its verdicts
    say so. With `replicates` it asks the same question again with other seeds: `result.again` has the answers.
    """
    from ablab.conduct import run_study
    from ablab.outgoing import pages

    return run_study(
        _only_part(study),
        _store(store),
        root=data_root,
        show=lambda _planned: show or _quiet,
        executor=executor,
        workers=workers,
        track=track,
        is_new=is_new,
        reuses=reuses,
        replicates=replicates,
        page=pages(data_root),
    )


def _only_part(study: Study) -> Study:
    """The study on its data set; an error where there are several, since each has a plan and a result of its own."""
    if len(study.parts) > 1:
        raise InputError(f"this study asks on {len(study.parts)} data sets: use each of study.parts by itself")
    return study.parts[0]


def _store(given: Any, *, create: bool = True) -> Store:
    return given if isinstance(given, Store) else Store(place(str(given) if given else None), create=create)


def _plot(run: Run) -> Picture:
    """Its curves as a picture; needs matplotlib."""
    from ablab.report.notebook import plot

    return plot(run)


def _plot_effects(result: Result) -> Picture:
    """The effects with their intervals and the margin, as a picture; needs matplotlib."""
    from ablab.report.notebook import plot_effects

    return plot_effects(result)


# What objects of rooms below can do only with the help of rooms above them.
Study.from_file = staticmethod(_from_file)
Study.plan = _plan
Study.run = _run
Run.plot = _plot
Result.plot_effects = _plot_effects
TrialResult.to_html = _to_html
