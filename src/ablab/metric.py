"""Metrics by name, with unit and direction, read from the text of `train/metrics/`: nothing here loads torch."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ablab.catalogue import catalogue

if TYPE_CHECKING:
    from ablab.records import Measurement

Direction = Literal["higher", "lower"]
APART = ("loss", "accuracy")  # added up batch by batch in every measurement, so they have fields of their own


@dataclass(frozen=True)
class Metric:
    """What one figure of a measurement is called, what it is counted in, and which way is better."""

    name: str
    title: str  # as a sentence has it: "calibration error"
    unit: str  # "%" for a share, which is recorded as 0 to 1; empty where it has none
    direction: Direction  # which values are better

    def of(self, measurement: Measurement | None) -> float | None:
        """Its value as it is recorded; None where it is absent or not finite."""
        if measurement is None:
            return None
        value = getattr(measurement, self.name) if self.name in APART else measurement.metrics.get(self.name)
        return value if value is not None and math.isfinite(value) else None

    def points(self, measurement: Measurement | None) -> float | None:
        """Its value in its unit: shares in percent."""
        value = self.of(measurement)
        return None if value is None else self.factor * value

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
        return 2 if self.unit == "%" else 4

    @property
    def grid(self) -> float:
        """The smallest difference that is told: no interval is taken to be narrower than rounding allows."""
        return 10.0**-self.digits

    def step(self, images: int) -> float:
        """The smallest step that it is taken to have on so many images: shares count them."""
        return 100 / images if self.unit == "%" else self.grid

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


ACCURACY = "accuracy"  # what studies decide by unless they say otherwise


@functools.cache
def known_metrics() -> dict[str, Metric]:
    """Every metric of the folder, by name."""
    entries = catalogue("train.metrics", "metric").values()
    return {entry.name: Metric(entry.name, **entry.facts) for entry in entries}
