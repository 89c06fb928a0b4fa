"""Study files: read, written, and those that repeat published reports."""

import contextlib
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from ablab.atomic import atomic_write
from ablab.errors import InputError, StudyError, did_you_mean, unopened
from ablab.operations import is_there
from ablab.recipe import Recipe
from ablab.study.question.begin import begun_text
from ablab.study.question.study import Study
from ablab.study.question.write import study_name, study_toml


def read_studies(path: Path, scale: str = "default") -> tuple[Study, ...]:
    """The study in a TOML file: one for each data set that it asks its question on."""
    return read_study(path, scale).parts


def read_study(path: Path, scale: str = "default") -> Study:
    """The study in a TOML file, or one that comes with ablab by its name; it is named after the file and its size."""
    content = content_of(path)
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
    return _written(
        path or Path("studies") / f"{study_name(base, changes)}.toml", text, "name another one with --study FILE"
    )


def write_searched(path: Path, text: str) -> Path:
    """Write the study that a search leads to; a file that says something else is left alone."""
    return _written(path, text, "name another one with --out FILE")


def begin_study(path: Path, *, model: str, data: str) -> Path:
    """Write a study to begin with, with every line explained; a file that says something else is left alone."""
    place = path if path.suffix == ".toml" else path.with_name(f"{path.name}.toml")
    return _written(place, begun_text(model=model, data=data), "choose another name")


def _written(place: Path, text: str, otherwise: str) -> Path:
    Study.from_toml(text, place)
    if place.exists():
        if place.read_bytes() == text.encode():
            return place
        raise StudyError(f"{place}: this file already has another study; {otherwise}")
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
    return _folder() / "published"


def course_folder() -> Path:
    """Where the assignments of the course lie."""
    return _folder() / "course"


def shipped_studies() -> dict[str, Path]:
    """The studies that come with ablab, by the names that `ablab run` knows them by."""
    own = sorted((*_folder().glob("*.toml"), *(_folder() / "fast").glob("*.toml")))
    return {path.stem: path for path in (*own, *published_studies())}


def _folder() -> Path:
    """The studies that come with ablab: in an installed package, or beside the source."""
    package = Path(__file__).parents[2]
    places = (package / "studies", package.parents[1] / "studies")
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None:
        raise InputError(
            "the studies of the published reports are not installed; find them in the project's folder studies"
        )
    with contextlib.suppress(ValueError):
        folder = folder.relative_to(Path.cwd())
    return folder


def content_of(path: Path) -> bytes:
    """The text of a study: that of its file, or of one that comes with ablab where a bare name is given."""
    is_name = not path.suffix and len(path.parts) == 1 and not is_there(path)
    if is_name and path.name in (shipped := shipped_studies()):
        path = shipped[path.name]
    elif is_name:
        near = did_you_mean(path.name, shipped)
        raise StudyError(f"{path}: there is no such file, and ablab has no built-in study of that name: {near}")
    try:
        if is_there(path) and not path.is_file() and not path.is_dir():
            raise StudyError(f"{path}: this is a device or a pipe; a study is a TOML file")
        return path.read_bytes()
    except IsADirectoryError:
        raise StudyError(f"{path}: this is a folder; a study is a TOML file") from None
    except OSError as error:
        raise StudyError(unopened(path, error)) from None
