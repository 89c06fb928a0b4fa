"""Metrics by name, with unit and direction: nothing here loads torch.

There are two kinds. Those of `train/metrics/` are measured on the test images at the end of every run. Those of
`figures/`, and those in a file of one's own, are computed from a whole run: its curve, its cost, its answers.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from ablab.catalogue import Entry, catalogue, is_own, read_operations
from ablab.errors import Fault, InputError, StudyError, did_you_mean
from ablab.installed import full_name
from ablab.own_code import loaded, own_entry

if TYPE_CHECKING:
    from ablab.records import DataFacts, Run

Direction = Literal["higher", "lower"]
Answers = Callable[["Run"], Any]  # which of some images a run got right, bool[N]; None where it kept no answers
APART = ("loss", "accuracy")  # added up batch by batch in every measurement, so they have fields of their own


class AtLeast(float):
    """A value that is only known to be so large or larger: the epochs that a target takes which was never reached."""


@dataclass(frozen=True)
class Metric:
    """What one figure of a run is called, what it is counted in, and which way is better."""

    name: str
    title: str  # as a sentence has it: "calibration error"
    unit: str  # "%" for a share, which is recorded as 0 to 1; empty where it has none
    direction: Direction  # which values are better
    decimals: int | None = None  # that are worth reading, where the unit does not tell
    is_time: bool = False  # comparable on one machine only
    reads: Callable[..., Any] | None = field(default=None, compare=False, repr=False)  # None: measured
    of_images: bool = False  # a share of some of the test images, which `reads` finds in the data
    answers: Answers | None = field(default=None, compare=False, repr=False)  # once the data are known

    def of(self, run: Run) -> float | None:
        """Its value as it is recorded; None where it is absent or not finite."""
        if self.of_images:
            right = self.answers(run) if self.answers else None
            value = None if right is None else float(right.mean())
        else:
            value = self._measured(run) if self.reads is None else self.reads(run)
        return value if value is not None and math.isfinite(value) else None

    def on(self, data: DataFacts | None) -> Metric:
        """The same where it is measured on these data; a share of images cannot be read without them."""
        return replace(self, answers=self.reads(data)) if self.of_images and self.reads and data else self

    def _measured(self, run: Run) -> float | None:
        if run.test is None:
            return None
        return getattr(run.test, self.name) if self.name in APART else run.test.metrics.get(self.name)

    def points(self, run: Run) -> float | None:
        """Its value in its unit: shares in percent."""
        value = self.of(run)
        return None if value is None else self.factor * value

    @property
    def full_title(self) -> str:
        """Its title with what it is measured on: "test accuracy", "training time"."""
        return self.title if self.reads and not self.of_images else f"test {self.title}"

    def show(self, value: float) -> str:
        """A recorded value with its unit.

        >>> Metric("accuracy", "accuracy", "%", "higher").show(0.5), Metric("loss", "loss", "nats", "lower").show(0.5)
        ('50.00 %', '0.5000 nats')
        """
        return f"{self.factor * value:.{self.digits}f} {self.unit}".rstrip()

    def size(self, points: float) -> str:
        """A margin, or another difference without a sign, as short as it is, with its unit.

        >>> Metric("accuracy", "accuracy", "%", "higher").size(0.5)
        '0.5 pp'
        """
        return f"{points:g} {self.gap_unit}".rstrip()

    def gain(self, low: float, high: float) -> tuple[float, float]:
        """The ends of an interval of differences, turned so that what is above 0 is better.

        >>> Metric("loss", "loss", "nats", "lower").gain(-0.3, -0.1)
        (0.1, 0.3)
        """
        return (low, high) if self.direction == "higher" else (-high, -low)

    @property
    def factor(self) -> int:
        return 100 if self.unit == "%" else 1

    @property
    def digits(self) -> int:
        """Decimals that are worth reading."""
        if self.decimals is not None:
            return self.decimals
        return 2 if self.unit == "%" else 4

    @property
    def grid(self) -> float:
        """The smallest difference that is told: no interval is taken to be narrower than rounding allows."""
        return 10.0**-self.digits

    def step(self, run: Run) -> float:
        """The smallest step that it is taken to have on the test images of a run: shares count them."""
        right = self.answers(run) if self.answers else None
        images = len(right) if right is not None else run.test.images if run.test else 0
        return 100 / images if self.unit == "%" and images else self.grid

    @property
    def head(self) -> str:
        """What stands above a column of it.

        >>> Metric("accuracy", "accuracy", "%", "higher").head, Metric("loss", "loss", "", "lower").head
        ('accuracy (%)', 'loss')
        """
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def gap_head(self) -> str:
        """What stands above a column of effects."""
        return f"effect ({self.gap_unit})" if self.gap_unit else "effect"

    @property
    def unit_words(self) -> str:
        """What values are counted in, spelled out for a caption."""
        return "percent" if self.unit == "%" else self.gap_words

    @property
    def gap_words(self) -> str:
        """What differences are counted in, spelled out for a caption."""
        return "percentage points" if self.unit == "%" else self.unit or "its own units"

    @property
    def gap_unit(self) -> str:
        """What differences are counted in: percents differ by percentage points."""
        return "pp" if self.unit == "%" else self.unit


FIGURES, FIGURE = "figures", "figure"  # the folder, and how its functions are marked
ACCURACY = "accuracy"  # what studies decide by unless they say otherwise


@functools.cache
def known_metrics() -> dict[str, Metric]:
    """Every metric that is measured on the test images, by name."""
    entries = catalogue("train.metrics", "metric").values()
    return {entry.name: Metric(entry.name, **entry.facts) for entry in entries}


def full_metric(text: str) -> str:
    """The name of a metric, with its distribution where an installed one offers it and ablab has none of that name."""
    is_ours = text in known_metrics() or text.partition("(")[0].strip() in catalogue(FIGURES, FIGURE)
    return text if is_ours or is_own(text) else full_name(FIGURE, text)


@functools.cache
def metric_of(text: str) -> Metric:
    """The metric that a text names: `accuracy`, `epochs_to(70)`, `path/to/file.py:function`."""
    if text in known_metrics():
        return known_metrics()[text]
    if fault := metric_fault(text):
        raise StudyError([fault])
    if is_own(text):
        entry = own_entry(text, FIGURE, StudyError)
        return _figure(text, entry, _checked(text))
    (operation,), _ = read_operations("metric", text, catalogue(FIGURES, FIGURE))
    return _figure(text, operation.entry, functools.partial(operation.entry.load(), **operation.arguments))


def metric_fault(text: str) -> Fault | None:
    """What is wrong with a text that ought to name a metric; a file of one's own is read and not yet run."""
    if text in known_metrics():
        return None
    if is_own(text):
        try:
            said = own_entry(text, FIGURE, StudyError).facts
        except InputError as error:
            return Fault("metric", f"metric = {text}: {error}", text)
        lacking = [key for key in ("title", "unit", "direction") if not isinstance(said.get(key), str)]
        if lacking or said["direction"] not in get_args(Direction):
            wanted = 'its mark must set title="...", unit="..." and direction="higher" or "lower"'
            return Fault("metric", f"metric = {text}: {wanted}", text)
        return None
    figures = catalogue(FIGURES, FIGURE)
    if text.partition("(")[0].strip() in figures:
        return next(iter(read_operations("metric", text, figures)[1]), None)
    message = f'metric = {text[:100]}: write the name of a metric, such as "accuracy"'
    return Fault("metric", message, text[:100], did_you_mean(text[:100], [*known_metrics(), *figures]))


def _figure(text: str, entry: Entry, reads: Callable[[Run], float | None]) -> Metric:
    said = {key: value for key, value in entry.facts.items() if key != "title"}
    arguments = getattr(reads, "keywords", {})
    return Metric(text, entry.facts["title"].format(**arguments), reads=reads, **said)


def _checked(text: str) -> Callable[[Run], float | None]:
    """A function of one's own, imported when it is first asked. Its errors and values other than numbers name it."""
    function = functools.cache(lambda: loaded(text, StudyError))

    def value(run: Run) -> float | None:
        try:
            found = function()(run)
        except Exception as error:
            raise StudyError(f"metric = {text}: run {run.id}: {type(error).__name__}: {error}") from error
        if found is not None and (isinstance(found, bool) or not isinstance(found, int | float)):
            raise StudyError(
                f"metric = {text}: it returned {found!r} for run {run.id}; it must return a number or None"
            )
        return found

    return value
