"""Study files: read, written, and those that repeat published reports."""

import contextlib
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from ablab.atomic import atomic_write
from ablab.errors import InputError, StudyError
from ablab.recipe import Recipe
from ablab.study.question.study import Study
from ablab.study.question.write import study_name, study_toml


def read_studies(path: Path, scale: str = "default") -> tuple[Study, ...]:
    """The study in a TOML file: one for each data set that it asks its question on."""
    return read_study(path, scale).parts


def read_study(path: Path, scale: str = "default") -> Study:
    """The study in a TOML file, named after it and its size."""
    try:
        content = path.read_bytes()
    except IsADirectoryError:
        raise StudyError(f"{path}: this is a folder; a study is a TOML file") from None
    except OSError as error:
        raise StudyError(f"{path}: cannot be read ({error.strerror})") from None
    study = Study.from_toml(content, path, scale)
    return study if scale == "default" else dataclasses.replace(study, name=f"{study.name}-{scale}")


def write_study(
    path: Path | None,
    base: Recipe,
    changes: Sequence[str],
    *,
    seeds: str = "3..10",
    margin: float = 0.5,
    question: str | None = None,
) -> Path:
    """Write the study of a base and changes to it; a file that says something else already is left alone."""
    text = study_toml(base, changes, seeds=seeds, margin=margin, question=question)
    place = path or Path("studies") / f"{study_name(base, changes)}.toml"
    Study.from_toml(text, place)
    if place.exists():
        if place.read_bytes() == text.encode():
            return place
        raise StudyError(f"{place}: there is another study in this file; name another one with --study FILE")
    place.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(place, text)
    return place


def published_studies() -> tuple[Path, ...]:
    """The study files that repeat published reports, those of single faults last."""
    folder = published_folder()
    paths = (*folder.glob("*.toml"), *(folder / "faults").glob("*.toml"))
    return tuple(sorted(paths, key=lambda path: (len(path.parts), path.name)))


def published_folder() -> Path:
    """Where the studies of published reports lie, and what the reports say."""
    package = Path(__file__).parents[2]
    places = (package / "published", package.parents[1] / "studies" / "published")
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None:
        raise InputError(
            "the studies of published reports are not installed; they are in the project's studies/published"
        )
    with contextlib.suppress(ValueError):
        folder = folder.relative_to(Path.cwd())
    return folder
