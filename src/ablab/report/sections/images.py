"""Test images that networks get wrong: which ones, and what they were taken for."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ablab.catalogue import mark
from ablab.errors import InputError
from ablab.nouns import counted
from ablab.records import DataFacts, Run
from ablab.report.chart import Images, Shot
from ablab.report.means import ids, spoilt
from ablab.report.section import Part
from ablab.result import Result, answered, answered_pairs
from ablab.statistics.confusion import unpacked

Pictures = Callable[[Sequence[int]], Any] | Any  # rows -> u8[n,C,H,W], or all test images as one such array

MOST = 24  # pictures of a group
MOST_BYTES = 330_000  # of all pictures together, a third less than they take in a page
LARGEST = 64  # pixels a side


@mark("section", "images", title="Misclassified images", place=120, absent=("notebook", "dashboard", "terminal"))
def images(result: Result, *, pictures: Pictures | None = None) -> Iterator[Part]:
    """The walls that there is room for, the most telling first; one without an image is left out."""
    if result.data is None or pictures is None:
        return
    room = MOST_BYTES
    for at, group in enumerate(_groups(result, result.data), 1):
        shots: list[Shot] = []
        for shot in _shots(group.rows[:MOST], group.answers, result.data, pictures) if room > 0 else ():
            room -= len(shot.png) + 150
            if room < 0:
                break
            shots.append(shot)
        if shots:
            yield _wall(f"images-{at}", group, tuple(shots))


def _wall(name: str, group: "Group", shots: tuple[Shot, ...]) -> Images:
    images = counted(len(group.rows), "image")
    return Images(
        name=name,
        title=group.title,
        heading=group.title,
        note=images + (f", the first {len(shots)} shown" if len(shots) < len(group.rows) else ""),
        caption=f"These are {group.about} ({images}). Bold: the true class. After the arrow: the most "
        "common wrong prediction, with its mean probability.",
        runs=ids(group.runs),
        shots=shots,
    )


def worst(runs: Sequence[Run], data: DataFacts, pictures: Pictures, most: int = MOST) -> Images:
    """The test images that these runs most confidently take for something else, the worst first."""
    known, answers, rows = most_wrong(runs, data)
    n = len(known)
    of_runs = f"mean over n = {n} runs, a correct answer counts as 0" if n > 1 else "n = 1 run"
    doubt = answers.doubt
    shots = []
    for shot in _shots(rows[:most], answers, data, pictures):
        share = 100 * float(doubt[shot.number])
        times = f", {int(answers.wrong[:, shot.number].sum())} of {n}" if n > 1 else ""
        shots.append(replace(shot, detail=f"{share:.0f} %{times}", share=share))
    return Images(
        name="worst",
        title="Most confidently wrong",
        caption=f"Of {len(data.labels):,} test images, the most confident mistakes: the true class above, the "
        f"prediction below with its probability ({of_runs}). Images that every run gets wrong may have a wrong label."
        + spoilt(known),
        runs=ids(known),
        shots=tuple(shots),
    )


def most_wrong(runs: Sequence[Run], data: DataFacts) -> tuple[tuple[Run, ...], "Given", list[int]]:
    """The runs whose certainty is known, what they say, and the rows that they have wrong, by falling certainty."""
    known = tuple(run for run in answered(runs, data) if len(run.certainty) == len(data.labels))
    if not known:
        raise InputError("none of these runs has probabilities: only measured runs do")
    answers = given_by(known, data)
    rows = _ranked(answers.wrong.any(0), answers.doubt)
    if not rows:
        raise InputError("these runs made no mistake on the test images")
    return known, answers, rows


@dataclass(frozen=True)
class Given:
    """What some runs say of every test image: classes and whether they are wrong, [n,N]; how sure, if all kept it."""

    given: Any
    wrong: Any
    sure: Any | None  # shares

    @property
    def doubt(self) -> Any:
        """For each image, how sure the runs were of wrong answers, on average; their number where that is not known."""
        return (self.wrong * (self.sure if self.sure is not None else 1.0)).mean(0)

    def answer(self, row: int) -> tuple[int, float | None]:
        """The wrong answer that most runs gave, and how sure those were of it."""
        import numpy as np

        wrong = self.wrong[:, row]
        given = int(np.bincount(self.given[wrong, row]).argmax())
        if self.sure is None:
            return given, None
        return given, float(self.sure[wrong & (self.given[:, row] == given), row].mean())


@dataclass(frozen=True)
class Group:
    """Test images that have something in common, with the answers that are shown beside them."""

    title: str
    about: str
    rows: list[int]
    answers: Given
    runs: tuple[Run, ...]


def given_by(runs: Sequence[Run], data: DataFacts) -> Given:
    """The answers of runs to the test images."""
    import numpy as np

    given = np.stack([unpacked(run.predictions, len(data.classes)) for run in runs])
    is_known = all(len(run.certainty) == given.shape[1] for run in runs)
    sure = np.stack([np.frombuffer(run.certainty, "u1") for run in runs]) / 255 if is_known else None
    return Given(given, given != np.asarray(data.labels), sure)


def _groups(result: Result, data: DataFacts) -> Iterator[Group]:
    everything = tuple(run for arm in result.arms for run in answered(arm.runs, data))
    if base := answered(result.arms[0].runs, data):
        answers = given_by(base, data)
        yield Group(
            "Most confident mistakes: base",
            "images that runs of the base get wrong, in order of their mean confidence",
            _ranked(answers.wrong.any(0), answers.doubt),
            answers,
            base,
        )
    if len(everything) > 1:
        answers = given_by(everything, data)
        yield Group(
            "Wrong in every run",
            f"images that all {len(everything)} runs of all recipes get wrong: look here for wrong labels and "
            "for pictures that nobody could name",
            _ranked(answers.wrong.all(0), answers.doubt),
            answers,
            everything,
        )
    for verdict in result.verdicts:
        if pairs := answered_pairs(result.pairs(verdict), data):
            yield from _won_and_lost(verdict.variant, pairs, data)


def _won_and_lost(variant: str, pairs: Sequence[tuple[Run, Run]], data: DataFacts) -> Iterator[Group]:
    import numpy as np

    sides = tuple(tuple(pair[side] for pair in pairs) for side in (0, 1))
    before, after = (given_by(side, data) for side in sides)
    for title, lost, won, losers, (loser, winner) in (
        (f"Won by {variant}", before, after, sides[0], ("the base", "the variant")),
        (f"Lost by {variant}", after, before, sides[1], ("the variant", "the base")),
    ):
        yield Group(
            title,
            f"images that {winner} gets right with each of {len(pairs)} seeds and {loser} with none; the answers are "
            f"those of {loser}. With few seeds, some of these are chance",
            _ranked(np.asarray(lost.wrong.all(0) & ~won.wrong.any(0)), lost.doubt),
            lost,
            losers,
        )


def _ranked(kept: Any, score: Any) -> list[int]:
    """The rows that are kept, by falling score; equal ones in their order."""
    import numpy as np

    order = np.argsort(-score, kind="stable")
    return [int(row) for row in order[kept[order]]]


def _shots(rows: Sequence[int], answers: Given, data: DataFacts, pictures: Pictures) -> Iterator[Shot]:
    import numpy as np

    if not rows:
        return
    pixels = np.asarray(pictures(rows) if callable(pictures) else pictures[list(rows)])
    for row, picture in zip(rows, pixels, strict=True):
        given, chance = answers.answer(row)
        percent = None if chance is None else round(100 * chance, 1)
        detail = "" if percent is None else f"{percent:.0f} %"
        yield Shot(row, png(picture), data.classes[data.labels[row]], data.classes[given], detail, percent)


def png(picture: Any) -> bytes:
    """One picture u8[C,H,W] as a PNG, not larger than it need be."""
    import numpy as np
    from PIL import Image

    pixels = np.ascontiguousarray(np.moveaxis(np.asarray(picture, np.uint8), 0, -1))
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    if max(image.size) > LARGEST:
        image.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()
