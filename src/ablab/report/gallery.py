"""Test images that networks get wrong, as small pictures inside the page: which ones, what they were taken for."""

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ablab.records import DataFacts, Run
from ablab.report.embedded import Sheet
from ablab.result import Arm, answered, answered_pairs, pairs_of
from ablab.statistics.confusion import unpacked
from ablab.study import Verdict

Pictures = Callable[[Sequence[int]], Any] | Any  # rows -> u8[n,C,H,W], or all test images as one such array

MOST = 24  # pictures of a group
MOST_BYTES = 450_000  # of all pictures together
LARGEST = 64  # pixels a side


@dataclass(frozen=True)
class Shot:
    """One test image with what was said of it."""

    row: int
    true: str
    given: str
    chance: float | None  # in percent: the probability that the networks gave to their answer; None if not kept
    data: str  # of its picture, as a URI


@dataclass(frozen=True)
class Wall:
    """Images that have something in common; `found` counts those that are not shown, too."""

    id: str
    title: str
    found: int
    shots: tuple[Shot, ...]
    how: str

    @property
    def sheet(self) -> Sheet:
        rows = tuple((float(one.row), one.true, one.given, one.chance) for one in self.shots)
        return Sheet(("test image", "true class", "given class", "probability, %"), rows)


@dataclass(frozen=True)
class Answers:
    """What some runs say of every test image: wrong or not, bool[n,N]; classes and how sure, [n,N]."""

    given: Any
    wrong: Any
    sure: Any | None  # shares; None unless every run kept them

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


def answers_of(runs: Sequence[Run], data: DataFacts) -> Answers:
    """The answers of runs to the test images."""
    import numpy as np

    given = np.stack([unpacked(run.predictions, len(data.classes)) for run in runs])
    is_known = all(len(run.certainty) == given.shape[1] for run in runs)
    sure = np.stack([np.frombuffer(run.certainty, "u1") for run in runs]) / 255 if is_known else None
    return Answers(given, given != np.asarray(data.labels), sure)


def gallery(arms: Sequence[Arm], verdicts: Sequence[Verdict], data: DataFacts, pictures: Pictures) -> Iterator[Wall]:
    """The walls that there is room for, the most telling first; one without an image is left out."""
    room = MOST_BYTES
    for at, (title, rows, answers, how) in enumerate(_chosen(arms, verdicts, data), 1):
        shots = []
        for shot in _shots(rows[:MOST], answers, data, pictures) if room > 0 else ():
            room -= len(shot.data) + 200
            if room < 0:
                break
            shots.append(shot)
        if shots:
            yield Wall(f"images-{at}", title, len(rows), tuple(shots), how)


def _chosen(
    arms: Sequence[Arm], verdicts: Sequence[Verdict], data: DataFacts
) -> Iterator[tuple[str, list[int], Answers, str]]:
    """Rows of test images, with the answers that are shown beside them."""
    import numpy as np

    everything = [run for arm in arms for run in answered(arm.runs, data)]
    if not everything:
        return
    if base := answered(arms[0].runs, data):
        answers = answers_of(base, data)
        yield (
            "Wrong and most sure: base",
            _ranked(answers.wrong.any(0), answers.doubt),
            answers,
            "images that runs of the base get wrong, those first that they are most sure of, on average over its runs",
        )
    if len(everything) > 1:
        answers = answers_of(everything, data)
        yield (
            "Wrong in every run",
            _ranked(answers.wrong.all(0), answers.doubt),
            answers,
            f"images that all {len(everything)} runs of all recipes get wrong: look here for labels that are wrong, or "
            "pictures that nobody could name",
        )
    for arm, verdict in zip(arms[1:], verdicts, strict=False):
        pairs = answered_pairs(pairs_of(arms[0], arm, verdict), data)
        if not pairs:
            continue
        before, after = (answers_of([pair[side] for pair in pairs], data) for side in (0, 1))
        for title, lost, won in (
            (f"Won by {arm.name}", before, after),
            (f"Lost by {arm.name}", after, before),
        ):
            side, other = ("the base", "the variant") if lost is before else ("the variant", "the base")
            yield (
                title,
                _ranked(np.asarray(lost.wrong.all(0) & ~won.wrong.any(0)), lost.doubt),
                lost,
                f"images that {other} gets right with each of {len(pairs)} seeds and {side} with none; the answers are "
                f"those of {side}. With few seeds, chance alone makes some of these",
            )


def _ranked(kept: Any, score: Any) -> list[int]:
    """The rows that are kept, by falling score; equal ones in their order."""
    import numpy as np

    order = np.argsort(-score, kind="stable")
    return [int(row) for row in order[kept[order]]]


def _shots(rows: Sequence[int], answers: Answers, data: DataFacts, pictures: Pictures) -> Iterator[Shot]:
    import numpy as np

    if not rows:
        return
    found = np.asarray(pictures(rows) if callable(pictures) else pictures[list(rows)])
    for row, picture in zip(rows, found, strict=True):
        given, chance = answers.answer(row)
        percent = None if chance is None else round(100 * chance, 1)
        yield Shot(row, data.classes[data.labels[row]], data.classes[given], percent, png(picture))


def png(picture: Any) -> str:
    """One picture u8[C,H,W] as the URI of a PNG, not larger than it need be."""
    import numpy as np
    from PIL import Image

    pixels = np.ascontiguousarray(np.moveaxis(np.asarray(picture, np.uint8), 0, -1))
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    if max(image.size) > LARGEST:
        image.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
