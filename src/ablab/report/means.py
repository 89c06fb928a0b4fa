"""Means of a recipe's runs with their plain intervals, and ends of intervals, as tables print them."""

from collections.abc import Iterable, Sequence

from ablab.metric import Metric
from ablab.records import Run
from ablab.statistics.paired import Interval, interval, t_multiplier
from ablab.study.verdict import Verdict, signed

ALPHA = 0.05  # of the plain intervals around the mean of a recipe's runs
DASH = "–"
SHARE = Metric("share", "share", "%", "higher")


def centre(values: Sequence[float], step: float, metric: Metric = SHARE) -> tuple[float, float, float] | None:
    """The mean of a recipe's values with its plain 95 % interval; that of shares in percent is cut off at 0 and 100.

    None where one run does not show how they vary. `step` is the smallest by which two can differ: one image.
    """
    if len(values) < 2:
        return None
    plain = interval(values, t_multiplier(len(values), ALPHA), grid=step)
    if metric.unit == "%":
        return plain.mean, max(0.0, plain.low), min(100.0, plain.high)
    return plain.mean, plain.low, plain.high


def step(runs: Iterable[Run], metric: Metric = SHARE) -> float:
    """The smallest difference between values of these runs: of shares, that of one test image."""
    return max((metric.step(run) for run in runs if run.test and run.test.images), default=metric.grid)


def parts_of_mean(
    values: Sequence[float], step: float, metric: Metric = SHARE
) -> tuple[float | None, float | None, float | None]:
    """Mean and ends of its interval, as far as there are any."""
    if not values:
        return None, None, None
    return centre(values, step, metric) or (values[0], None, None)


def mean_text(values: Sequence[float], step: float, metric: Metric = SHARE) -> str:
    """A mean with the ends of its interval; the one value there is, without.

    >>> mean_text([70.0], 0.01), mean_text([], 0.01)
    ('70.00', '–')
    """
    mean, low, high = parts_of_mean(values, step, metric)
    if mean is None:
        return DASH
    digits = metric.digits
    return f"{mean:.{digits}f}" if low is None else f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def effect_text(verdict: Verdict) -> str:
    """An effect with its sign, or a dash before the first pair."""
    return DASH if verdict.effect is None else signed(verdict.effect, verdict.digits)


def plain_interval(values: Sequence[float]) -> Interval | None:
    """The plain 95 % interval of a mean; two runs or one cannot give one."""
    return interval(values, t_multiplier(len(values), ALPHA), grid=0.01) if len(values) >= 3 else None


def plain_ends(values: Sequence[float]) -> str:
    """The same as it is printed."""
    plain = plain_interval(values)
    return DASH if plain is None else f"{plain.low:.2f} to {plain.high:.2f}"


def ends(low: float | None, high: float | None, none: str = DASH, digits: int = 2) -> str:
    """The ends of an interval of an effect.

    >>> ends(-0.5, 1.25), ends(None, None)
    ('-0.50 to +1.25', '–')
    """
    return none if low is None or high is None else f"{signed(low, digits)} to {signed(high, digits)}"


def ratio_text(ratio: float | None) -> str:
    """How many times one figure another is.

    >>> ratio_text(1.234), ratio_text(None)
    ('1.23×', '–')
    """
    return DASH if ratio is None else f"{ratio:.2f}×"


def short(value: float | None, digits: int = 5) -> float | None:
    """A number with few digits, for what is drawn or listed and not calculated with; None where it is not finite.

    >>> short(67.123456), short(float("nan"))
    (67.123, None)
    """
    if value is None or value != value or abs(value) == float("inf"):
        return None
    return float(f"{value:.{digits}g}")


def ids(runs: Iterable[Run]) -> tuple[str, ...]:
    """The ids of the runs behind a chart, each once."""
    return tuple(dict.fromkeys(run.id for run in runs))


def spoilt(runs: Sequence[Run]) -> str:
    """What nobody may overlook who sees a chart alone."""
    biased = any(run.spec.recipe.select == "test" for run in runs)
    explores = any(run.spec.explores for run in runs)
    return " Biased: epochs were chosen on the test images." * biased + (
        " Exploratory: measured on validation images instead of test images; this decides nothing." * explores
    )
