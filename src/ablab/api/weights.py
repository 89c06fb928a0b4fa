"""The weights of runs: written for other programs, measured on other images, asked for the classes of pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablab.errors import DataError, InputError
from ablab.recipe import Recipe
from ablab.records import Run
from ablab.store import Store, opened
from ablab.study.question.write import base_keys

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset
    from ablab.evaluation import Evaluation
    from ablab.predict import Prediction
    from ablab.train.trained import Trained


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

    kept = opened(store, create=False)
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
                "weights from a file need a network and a data set, and no run: add both, such as --model net.py:Net "
                "--data cifar10"
            )
        trained, dataset = _of_file(Path(weights), model, data, root, mean, sd)
    else:
        if run is None or model is not None or mean is not None or sd is not None:
            raise InputError(
                "name a run (all runs: ablab runs ls) or the weights of a file; model, mean and sd go with weights"
            )
        trained, dataset = _of_run(run, data, opened(store, create=False), root)
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

    kept = opened(store, create=False)
    wanted = [runs] if isinstance(runs, Run | str) else list(runs)
    places = [str(one) for one in ([pictures] if isinstance(pictures, Path | str) else pictures)]
    chosen = [one if isinstance(one, Run) else kept.run(one) for one in wanted]
    if not chosen or len({one.id for one in chosen}) < len(chosen):
        raise InputError("a run is named twice; name each run once" if chosen else "name at least one run")
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
            f"{own.data}: these are not the images that run {chosen.id} was trained on; give them with data"
        )
    return trained, dataset
