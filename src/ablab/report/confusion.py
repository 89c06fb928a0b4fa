"""Class by class: confusion matrices of base and variant with their difference, each class, the mistaken pairs."""

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup, escape

from ablab.records import DataFacts, Run
from ablab.report.embedded import Sheet, short
from ablab.report.wording import visible
from ablab.result import Arm, answered_pairs, pairs_of
from ablab.statistics.confusion import MANY, ClassReport, Confused, class_report, confusion, mistakes, unpacked
from ablab.study import Verdict
from ablab.study.secondary import confusion_changes, groups_note

MOST_BYTES = 250_000  # of all matrices
CELL, LEFT, BELOW = 30, 74, 62  # of a heat map, in user units
WRITTEN = 12  # classes up to which there is room for numbers in the cells
DARK = 0.62  # colour from which the numbers in it are drawn in the colour of the paper
LONGEST = 12  # letters of a class's name beside a map


def confusions(arms: Sequence[Arm], verdicts: Sequence[Verdict], data: DataFacts) -> Iterator[dict[str, Any]]:
    """For each variant with pairs whose answers are known: both matrices, what changed, and the tables."""
    room = MOST_BYTES
    for at, (arm, verdict) in enumerate(zip(arms[1:], verdicts, strict=False), 1):
        pairs = answered_pairs(pairs_of(arms[0], arm, verdict), data)
        if not pairs or room <= 0:
            continue
        matrices = [summed([pair[side] for pair in pairs], data) for side in (0, 1)]
        sides = [shares(matrix) for matrix in matrices]
        maps = _maps(arm.name, sides, data) if len(data.classes) <= MANY else ()
        room -= sum(len(one["svg"]) for one in maps)
        reports = [class_report(matrix) for matrix in matrices]
        yield {
            "id": f"confusion-{at}",
            "name": arm.name,
            "pairs": len(pairs),
            "maps": maps,
            "sheet": _sheet(sides, data) if maps else None,
            "classes": _class_rows(reports, data) if maps else (),
            "mistakes": [_mistakes(mistakes(matrix), data) for matrix in matrices],
            "changes": confusion_changes(pairs, data),
            "note": groups_note(data),
        }


def summed(runs: Sequence[Run], data: DataFacts) -> Any:
    """The confusion matrix of all runs together, i64[K,K]."""
    k = len(data.classes)
    return sum(confusion(data.labels, unpacked(run.predictions, k), k) for run in runs)


def shares(matrix: Any) -> Any:
    """Percent of each true class, in a row; 0 for a class without images."""
    import numpy as np

    return 100 * matrix / np.maximum(matrix.sum(1, keepdims=True), 1)


def heat_map(values: Any, names: Sequence[str], *, title: str, largest: float, is_difference: bool) -> Markup:
    """Cells with the true class in a row and the answer in a column; colour says size, and the sign of a difference."""
    k = len(names)
    width, height = LEFT + k * CELL + 4, k * CELL + BELOW
    parts = []
    for i in range(k):
        middle = i * CELL + CELL / 2
        name = escape(_short(names[i]))
        parts.append(f'<text x="{LEFT - 6}" y="{middle:g}" dy="4" text-anchor="end">{name}</text>')
        turned = f'transform="rotate(-50 {LEFT + middle:g} {k * CELL + 12})"'
        parts.append(f'<text x="{LEFT + middle:g}" y="{k * CELL + 12}" dy="4" text-anchor="end" {turned}>{name}</text>')
        for j in range(k):
            parts += _cell(float(values[i][j]), i, j, names, largest, is_difference, is_written=k <= WRITTEN)
    label = escape(title)
    return Markup(  # noqa: S704 (numbers, and names that are escaped)
        f'<svg class="map" viewBox="0 0 {width} {height}" role="img" aria-label="{label}"><title>{label}</title>'
        f"{''.join(parts)}</svg>"
    )


def _cell(
    value: float, i: int, j: int, names: Sequence[str], largest: float, is_difference: bool, *, is_written: bool
) -> Iterator[str]:
    x, y = LEFT + j * CELL, i * CELL
    # most errors are small beside the diagonal: their root can be seen
    depth = min(1.0, abs(value) / largest) ** (1.0 if is_difference else 0.5) if largest else 0.0
    kind = "more" if value > 0 or not is_difference else "less"
    written = f"{value:+.1f} points" if is_difference else f"{value:.1f} %"
    said = escape(f"{visible(names[i])} taken for {visible(names[j])}: {written}")
    if i == j:
        said = escape(f"{visible(names[i])} right: {written}")
    fill = f'fill-opacity="{0.9 * depth:.2f}"'
    yield f'<rect class="cell {kind}" x="{x}" y="{y}" width="{CELL - 1}" height="{CELL - 1}" {fill}>'
    yield f"<title>{said}</title></rect>"
    text = (f"{value:+.1f}" if is_difference else f"{value:.0f}") if is_written else ""
    if text and float(text) != 0:
        tone = "on" if 0.9 * depth > DARK else "off"
        place = f'x="{x + (CELL - 1) / 2:g}" y="{y + CELL / 2:g}" dy="3"'
        yield f'<text class="in {tone}" {place} text-anchor="middle">{text}</text>'


def _maps(name: str, sides: Sequence[Any], data: DataFacts) -> tuple[dict[str, Any], ...]:
    change = sides[1] - sides[0]
    largest = float(abs(change).max()) or 1.0
    wanted = (("base", sides[0], 100.0, False), (name, sides[1], 100.0, False), ("difference", change, largest, True))
    return tuple(
        {
            "name": said,
            "is_difference": is_difference,
            "largest": largest,
            "svg": heat_map(
                values,
                data.classes,
                title=f"confusion matrix: {visible(said)}",
                largest=most,
                is_difference=is_difference,
            ),
        }
        for said, values, most, is_difference in wanted
    )


def _short(name: str) -> str:
    text = str(visible(name))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _sheet(sides: Sequence[Any], data: DataFacts) -> Sheet:
    k = range(len(data.classes))
    names = [str(visible(name)) for name in data.classes]
    rows = tuple(
        (names[i], names[j], *(short(float(side[i][j])) for side in (*sides, sides[1] - sides[0])))
        for i in k
        for j in k
    )
    return Sheet(("true class", "given class", "base, %", "variant, %", "difference, points"), rows)


def _class_rows(reports: Sequence[ClassReport], data: DataFacts) -> list[tuple[str, int, list[str]]]:
    """Each class with its images in one run, and precision, recall and F1 of base and variant; the means below."""
    base, variant = reports
    means = [
        ("mean of the classes", base.macro, variant.macro),
        ("weighted by images", base.weighted, variant.weighted),
    ]
    lines = [*zip(data.classes, base.each, variant.each, strict=True), *means]
    images = [data.labels.count(at) for at in range(len(data.classes))] + [len(data.labels)] * 2
    return [
        (
            name,
            count,
            [f"{100 * share:.1f}" for key in ("precision", "recall", "f1") for share in _both(one, other, key)],
        )
        for (name, one, other), count in zip(lines, images, strict=True)
    ]


def _both(one: Any, other: Any, key: str) -> tuple[float, float]:
    return getattr(one, key), getattr(other, key)


def _mistakes(found: Sequence[Confused], data: DataFacts) -> list[tuple[str, str, str]]:
    return [(data.classes[one.true], data.classes[one.given], f"{100 * one.share:.1f} %") for one in found]
