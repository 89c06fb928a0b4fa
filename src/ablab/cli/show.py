"""Draw a picture of a study or a run: curves, confusion matrix, effects, cost, or the worst mistakes"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablab.cli.shared import StudyWords, json_option, say, study_words
from ablab.cli.trials import study_of_command
from ablab.errors import DataError, InputError, did_you_mean

if TYPE_CHECKING:
    from ablab.records import DataFacts, Run
    from ablab.report.chart import Chart
    from ablab.result import Arm
    from ablab.study import Verdict
    from ablab.trials.question import TrialStudy

GROUP = "Look"
EXAMPLES = (
    "ablab show effects quickstart",
    "ablab show curves 3fa2b1",
)

KINDS = ("effects", "curves", "confusion", "cost", "worst")


@dataclass(frozen=True)
class Subject:
    """What a picture is drawn of: a study with its base and variants, or a single run."""

    name: str
    arms: tuple[Arm, ...]
    data: DataFacts | None
    verdicts: tuple[Verdict, ...] = ()

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(run for arm in self.arms for run in arm.runs)


@click.command(help=__doc__)
@click.argument("kind", type=click.Choice(KINDS))
@study_words(metavar="STUDY_OR_RUN")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the picture to this .png, .svg or .pdf file."
)
@click.option("--variant", "variants", multiple=True, metavar="NAME", help="Show only this variant (may be repeated).")
@click.option(
    "--images", type=click.IntRange(1, 120), default=24, show_default=True, help="Set how many images `worst` shows."
)
@click.option(
    "--part",
    type=click.Choice(("test", "validation", "training")),
    default="test",
    show_default=True,
    help="Set which images `confusion` counts; it uses 5,000 of the training images.",
)
@json_option
def command(
    kind: str,
    study: StudyWords,
    out: Path | None,
    variants: tuple[str, ...],
    images: int,
    part: str,
    as_json: bool,
) -> None:
    from ablab.atomic import atomic_write, check_writable
    from ablab.report.draw.matplotlib import figure
    from ablab.report.picture import check_installed, picture_format

    if part != "test" and kind != "confusion":
        raise InputError(f"--part {part} belongs to confusion matrices: ablab show confusion")
    check_installed()
    form = picture_format(out.name) if out else "png"
    if not _names_a_run(study) and (asked := study_of_command(study)):
        _show_program(kind, asked, study, out, form, variants, as_json)
        return
    subjects = _subjects(study)
    if out and len(subjects) > 1:
        raise InputError(f"--out {out}: this study has {len(subjects)} pictures, one for each data set")
    done = []
    for subject in subjects:
        what = kind if part == "test" else f"{kind}-{part}"
        path = out or Path("figures") / f"{subject.name}-{what}.png"
        check_writable(path)
        picture = figure(_chart(kind, _chosen(subject, variants), images, part, study.data_root))
        atomic_write(path, picture.as_bytes(form))
        done.append({"study_or_run": subject.name, "path": str(path), "caption": picture.caption, "runs": picture.runs})
    text = "\n".join(f"{one['caption']}\npicture: {one['path']}" for one in done)
    say(as_json, {"kind": kind, "pictures": done}, text, _next(kind, study, subjects[0]))


def _show_program(
    kind: str,
    asked: TrialStudy,
    words: StudyWords,
    out: Path | None,
    form: Any,
    variants: tuple[str, ...],
    as_json: bool,
) -> None:
    """The picture of a study of a program: its effects."""
    from ablab.atomic import atomic_write, check_writable
    from ablab.report.draw.matplotlib import figure
    from ablab.report.sections.trial_effects import intervals
    from ablab.trials.result import look_up

    if kind != "effects":
        raise InputError(f"{kind}: a study of a program has no such picture; its picture is effects")
    known = [arm.name for arm in asked.variants]
    if unknown := [name for name in variants if name not in known]:
        raise InputError(f'--variant "{unknown[0]}": {did_you_mean(unknown[0], known)}')
    path = out or Path("figures") / f"{asked.name}-effects.png"
    check_writable(path)
    picture = figure(intervals(look_up(asked, words.open_store()), variants))
    atomic_write(path, picture.as_bytes(form))
    done = {"study_or_run": asked.name, "path": str(path), "caption": picture.caption, "runs": []}
    text = f"{picture.caption}\npicture: {path}"
    say(as_json, {"kind": kind, "pictures": [done]}, text, words.command("write"))


def _subjects(words: StudyWords) -> list[Subject]:
    """The study in a file, once for each of its data sets, or the run whose id begins so."""
    from ablab.result import Arm, look_up

    kept = words.open_store()
    if _names_a_run(words):
        run = kept.run(str(words.path))
        arm = Arm(f"run {run.id}", run.spec.recipe, (run,), 0)
        return [Subject(run.id, (arm,), kept.data(run.spec.fingerprint))]
    results = [look_up(part, kept) for part in words.parts()]
    return [Subject(each.study.name, each.arms, each.data, each.verdicts) for each in results]


def _names_a_run(words: StudyWords) -> bool:
    """Whether the word is the beginning of a run's id, and no study of that name is here."""
    from ablab.study.question.files import shipped_studies

    is_name = words.path is not None and not words.path.suffix and not words.path.exists()
    return is_name and str(words.path) not in shipped_studies()


def _chosen(subject: Subject, names: Sequence[str]) -> Subject:
    """The base with those variants that were asked for; all of them if none was."""
    from dataclasses import replace

    if not names:
        return subject
    base, *others = subject.arms
    for name in names:
        if name not in (variants := [arm.name for arm in others]):
            known = did_you_mean(name, variants) if variants else "a single run has no variants"
            raise InputError(f'--variant "{name}": {known}')
    return replace(
        subject,
        arms=(base, *(arm for arm in others if arm.name in names)),
        verdicts=tuple(verdict for verdict in subject.verdicts if verdict.variant in names),
    )


def _chart(kind: str, subject: Subject, images: int, part: str, root: str | None) -> Chart:
    from ablab.metric import ACCURACY, metric_of
    from ablab.report.sections import classes, cost, curves, effects
    from ablab.report.sections.images import most_wrong, worst

    if not subject.runs:
        raise InputError(f"{subject.name}: no run has finished yet")
    if kind == "effects":
        if not subject.verdicts:
            raise InputError(
                f"run {subject.name} cannot show an effect by itself: an effect needs a study; "
                f"try: ablab show curves {subject.name}"
            )
        return effects.intervals(subject.verdicts, subject.runs)
    if kind == "curves":
        return curves.panels_of(subject.arms)
    if kind == "cost":
        decides = metric_of(next((each.metric for each in subject.verdicts), ACCURACY))
        return cost.scatters(subject.arms, decides.on(subject.data))
    if subject.data is None:
        raise InputError(f"{subject.name}: the store does not have the labels of its test images")
    if kind == "confusion":
        return classes.maps_of(subject.arms, subject.data, part)
    most_wrong(subject.runs, subject.data)  # found out before data are read
    return worst(subject.runs, subject.data, _test_images(subject.runs[0], root), images)


def _test_images(run: Run, root: str | None) -> object:
    """The test images of a run's data as an array, if they are still those that it was measured on."""
    from ablab.execute import Loader

    dataset = Loader(root)(run.spec.recipe)
    if dataset.fingerprint != run.spec.fingerprint:
        raise DataError(f"{run.spec.recipe.data}: these are not the images that run {run.id} was measured on")
    return dataset.test.images.numpy()


def _next(kind: str, words: StudyWords, subject: Subject) -> str:
    """The next kind of picture that there is of the same."""
    kinds = KINDS if subject.verdicts else tuple(one for one in KINDS if one not in ("effects", "cost"))
    at = (kinds.index(kind) + 1) % len(kinds) if kind in kinds else 0
    return words.command(f"show {kinds[at]}")
