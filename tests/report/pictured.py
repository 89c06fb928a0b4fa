"""A simulated study whose runs have predictions, and what its pictures look like once they are drawn."""

import dataclasses
import io

import numpy as np
from PIL import Image
from simulated import TEXT, simulate, study

from ablab.records import DataFacts, Run
from ablab.report.picture import Picture
from ablab.result import Result
from ablab.study import decide

CLASSES = ("disc", "ring", "square $x^2$", "a_b & 50%", "cross", "🧪 <b>")
IMAGES = 300
LABELS = np.random.default_rng(0).integers(0, len(CLASSES), IMAGES)
HOSTILE = TEXT.replace('"batch norm"', '"[x] & 50% of $a_b$ \\\\input{/etc/passwd} ^~#{}"').replace(
    '"dropout"', "'=1+1 | <b>`🧪`'"
)
DATA = DataFacts("0123456789ab", "phantom", CLASSES, tuple(LABELS.tolist()))


def answering(run: Run) -> Run:
    """The run with an answer to every test image: as many right as its accuracy says, the rest the class behind."""
    if run.test is None:
        return run
    draw = np.random.default_rng(int(run.id[:8], 16))
    is_right = draw.random(IMAGES) < run.test.accuracy
    given = np.where(is_right, LABELS, (LABELS + 1) % len(CLASSES)).astype("u1")
    certainty = draw.integers(60, 256, IMAGES).astype("u1")
    return dataclasses.replace(run, predictions=given.tobytes(), certainty=certainty.tobytes())


def result(*, breaks: tuple[tuple[str, int], ...] = (), text: str | None = None, **changes: object) -> Result:
    it = study(text=text) if text else study()
    planned, runs, _ = simulate(it, breaks=breaks)
    runs = tuple(answering(run) for run in runs)
    made = Result(it, planned, runs, decide(planned, runs), None, DATA)
    return dataclasses.replace(made, **changes)


def drawn(picture: Picture) -> Image.Image:
    image = Image.open(io.BytesIO(picture.as_bytes("png")))
    image.load()
    return image


def has_colour(image: Image.Image, colour: str, least: int = 20) -> bool:
    """Whether so many pixels have this colour, to within what smoothing does."""
    wanted = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
    return int((abs(np.asarray(image.convert("RGB")).astype(int) - wanted).max(-1) <= 6).sum()) >= least


def share_of_paper(image: Image.Image) -> float:
    return float((np.asarray(image.convert("L")) > 250).mean())
