"""What the figures of a table are counted in, and which of them are better: from the options, the names, the values."""

from dataclasses import dataclass
from typing import Literal

from ablab.elsewhere.columns import Score, Table
from ablab.elsewhere.words import ACCURACIES, ERRORS, LOSSES, TIMES, words_of
from ablab.errors import InputError
from ablab.metric import Direction, Metric

Unit = Literal["share", "percent", "other"]  # from 0 to 1, from 0 to 100, and all else

USUAL_MARGIN = 0.5  # percentage points, of accuracies and error rates


@dataclass(frozen=True)
class Scale:
    """The metric, what a figure is multiplied by to be in its unit, and what the reader must know of both."""

    metric: Metric
    factor: int = 1
    has_usual_margin: bool = False
    remarks: tuple[str, ...] = ()

    def margin(self, given: float | None) -> float:
        """The smallest effect worth having; only accuracies and error rates have a usual one."""
        if given is not None:
            return given
        if self.has_usual_margin:
            return USUAL_MARGIN
        raise InputError(
            f'--margin is missing: there is no usual margin for "{self.metric.name}". Give the smallest effect worth '
            "having in the unit of the figures, such as --margin 0.05; if the figures are accuracies or error rates, "
            "say --unit share (from 0 to 1) or --unit percent"
        )


def scale_of(table: Table, direction: Direction | None = None, unit: Unit | None = None) -> Scale:
    """Options decide first, then the words in the name of the column; values decide between share and percent."""
    scores = [score for score in table.scores if score.value is not None]
    words = words_of(table.metric)
    is_plain = bool(words & (LOSSES | TIMES))
    falls = is_plain or bool(words & ERRORS)
    is_proportion = not is_plain and bool(words & (ERRORS | ACCURACIES))
    better: Direction = direction or ("lower" if falls else "higher")
    remarks = []
    if direction is None and falls:
        remarks.append(f'lower is better, as the name "{table.metric}" says; --higher turns this around')
    elif direction is None and not is_proportion:
        remarks.append(f'a higher "{table.metric}" counts as better; add --lower if lower is better')
    elif is_proportion and direction is not None and (direction == "lower") != falls:
        remarks.append(f'a {direction} "{table.metric}" counts as better, as --{direction} says')
    found = unit or _unit(table.metric, scores, is_plain=is_plain, is_proportion=is_proportion)
    if found == "other":
        if unit is None and not is_plain:
            remarks += _apart(table.metric, scores)
        return Scale(Metric(table.metric, table.metric, "", better), remarks=tuple(remarks))
    _check(table.metric, scores, found)
    if unit is None and not is_proportion and not any(score.is_marked for score in scores):
        remarks.append(
            f'all figures of "{table.metric}" are between 0 and 1, so ablab reads them as shares, with the margin in '
            "percentage points; add --unit other if they are not shares"
        )
        return Scale(Metric(table.metric, table.metric, "%", better), 100, remarks=tuple(remarks))
    metric = Metric(table.metric, table.metric, "%", better)
    return Scale(metric, 100 if found == "share" else 1, True, tuple(remarks))


def _unit(name: str, scores: list[Score], *, is_plain: bool, is_proportion: bool) -> Unit:
    """The unit that names and values speak for; an error where some figures look like shares and some like percents."""
    marked = [score for score in scores if score.is_marked]
    if marked:
        if unmarked := next((score for score in scores if not score.is_marked), None):
            raise InputError(
                f'{unmarked.where}: {name} is {unmarked.value:g} without "%", and {marked[0].where} has '
                f'{marked[0].value:g} %: write all figures with "%" or none, or add --unit percent'
            )
        return "percent"
    values = [score.value or 0.0 for score in scores]
    if is_proportion:
        _check_outliers(name, scores)
    if is_plain or not values or min(values) < 0 or max(values) > 100:
        return "other"
    if max(values) <= 1:
        return "share"
    if not is_proportion:
        return "other"
    if small := next((score for score in scores if 0 < (score.value or 0) <= 1), None):
        large = max(scores, key=lambda score: score.value or 0)
        raise InputError(
            f"{small.where}: {name} is {small.value:g}, and {large.where} has {large.value:g}: some figures look like "
            "shares and some like percentages. Write all of them the same way, or add --unit percent if all are "
            "percentages"
        )
    return "percent"


def _check_outliers(name: str, scores: list[Score]) -> None:
    """Raise where a few figures are no accuracies or error rates and most are."""
    outside = [score for score in scores if not 0 <= (score.value or 0) <= 100]
    if outside and 2 * len(outside) < len(scores):
        kind = "an error rate" if words_of(name) & ERRORS else "an accuracy"
        raise InputError(
            f"{outside[0].where}: {name} is {outside[0].value:g}, which is not {kind}: correct this value, or add "
            "--unit other if the figures have another unit"
        )


def _check(name: str, scores: list[Score], unit: Unit) -> None:
    """Raise where a figure cannot be a share or a percentage."""
    most = 1 if unit == "share" else 100
    if outside := next((score for score in scores if not 0 <= (score.value or 0) <= most), None):
        raise InputError(
            f"{outside.where}: {name} is {outside.value:g}, and a {unit} is between 0 and {most}: add --unit other "
            "if the figures have another unit"
        )


def _apart(name: str, scores: list[Score]) -> list[str]:
    """A remark where all figures of one variant could be shares and all of another percentages."""
    sides: dict[str, list[float]] = {}
    for score in scores:
        sides.setdefault(score.variant, []).append(score.value or 0.0)
    shares = [each for each, values in sides.items() if min(values) >= 0 and max(values) <= 1]
    percents = [each for each, values in sides.items() if min(values) > 1 and max(values) <= 100]
    if not (shares and percents):
        return []
    return [
        f'caution: "{name}" is between 0 and 1 for {shares[0]} and above 1 for {percents[0]}. If some figures are '
        "shares and some percentages, the effect means nothing: write all of them the same way"
    ]
