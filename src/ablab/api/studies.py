"""Studies of recipes: compared, searched, planned and run; and one recipe trained once."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablab.errors import InputError
from ablab.recipe import Recipe
from ablab.records import Run, RunSpec
from ablab.result import Result
from ablab.store import opened
from ablab.study import Study, plan
from ablab.study.forecast import Foresight
from ablab.study.question.files import read_study
from ablab.study.question.write import base_keys, data_text, study_name

if TYPE_CHECKING:
    from ablab.study.search import Outcome, Trial


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
    return run(named, store=store, workers=workers, show=show)


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
        opened(store),
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
        made, seed, opened(store), root=root, show=show or _quiet, skip_unreadable=skip_unreadable, track=track
    )


def from_file(path: Path | str, scale: str = "default") -> Study:
    """The study in a TOML file; `study.parts` has one for each of its data sets."""
    return read_study(Path(path), scale)


def preview(study: Study, *, store: Any = None, data_root: str | None = None, timed: bool = False) -> Preview:
    """The plan; with `timed`, a few steps of every recipe say what it will take."""
    from ablab.prepare import foresee_study

    part = _only_part(study)
    if timed:
        planned, foresight = foresee_study(part, opened(store) if store else None, root=data_root)
    else:
        planned, foresight = plan(part, "not loaded"), None
    return Preview(planned.hash, (len(planned.wanted), len(planned.most)), foresight)


def run(
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
        opened(store),
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
        raise InputError(f"this study uses {len(study.parts)} data sets: use each of study.parts by itself")
    return study.parts[0]


def _quiet(_spec: RunSpec, _event: object) -> None:
    """Show nothing of a run."""
