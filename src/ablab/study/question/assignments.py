"""The assignments of the course: each is a study, a worksheet and a solution, copied under a name of one's own."""

from pathlib import Path

from ablab.atomic import atomic_write
from ablab.errors import InputError, did_you_mean
from ablab.study.question.files import course_folder
from ablab.study.question.study import Study

WORKSHEET, SOLUTION = ".md", ".ipynb"


def assignments() -> tuple[str, ...]:
    """The names of all assignments, in the order in which the course has them."""
    return tuple(sorted((path.stem for path in course_folder().glob("*.toml")), key=_number))


def _number(name: str) -> int:
    """An assignment's number, from the head of its worksheet: # 3 · Augmentation."""
    head = (course_folder() / f"{name}{WORKSHEET}").read_text(encoding="utf-8").splitlines()[0]
    return int(head.split()[1])


def begin_assignment(path: Path, name: str, *, with_solution: bool = False) -> tuple[Path, ...]:
    """Write the study and the worksheet of an assignment; a file that says something else is left alone.

    Worksheet and solution name the study file, so they name the copy.
    """
    if name not in assignments():
        raise InputError(f'there is no assignment "{name}": {did_you_mean(name, assignments())}')
    study = path if path.suffix == ".toml" else path.with_name(f"{path.name}.toml")
    suffixes = (".toml", WORKSHEET, *([SOLUTION] if with_solution else []))
    texts = {suffix: (course_folder() / f"{name}{suffix}").read_text(encoding="utf-8") for suffix in suffixes}
    Study.from_toml(texts[".toml"], study)
    places = {study.with_suffix(suffix): text.replace(f"{name}.toml", study.name) for suffix, text in texts.items()}
    for place, text in places.items():
        if place.exists() and place.read_bytes() != text.encode():
            raise InputError(f"{place}: this file already has other content; choose another name")
    study.parent.mkdir(parents=True, exist_ok=True)
    for place, text in places.items():
        atomic_write(place, text)
    return tuple(places)
