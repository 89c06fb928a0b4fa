"""The page of runs side by side: their curves, and the keys in which they differ."""

from collections.abc import Sequence
from typing import Any

from ablab import grammar
from ablab.errors import InputError
from ablab.records import RunSpec
from ablab.report.chart import Axis
from ablab.report.sections.curves import QUANTITIES
from ablab.report.style import COLOURS
from ablab.serve.charts import curves
from ablab.serve.entry import entry
from ablab.serve.snapshot import Snapshot

MOST_COMPARED = 12


def compare_page(seen: Snapshot, ids: Sequence[str]) -> dict[str, Any]:
    """Any runs side by side: their curves in one picture, what they gave, and what their recipes differ in."""
    found = {id_: entry(seen, id_) for id_ in dict.fromkeys(ids)}
    ones = [one for one in found.values() if one]
    if len(ones) > MOST_COMPARED:
        raise InputError(f"{len(ones)} runs are too many to compare side by side: choose at most {MOST_COMPARED}")
    styled = [(one, at % len(COLOURS)) for at, one in enumerate(ones)]
    epochs = max((one.recipe.epochs for one in ones), default=1)
    charts = [
        curves(
            Axis(name, unit),
            [one.line(f"{one.id[:6]} seed {one.spec.seed}", style, of) for one, style in styled],
            epochs,
        )
        for name, unit, of in QUANTITIES
    ]
    return {
        "ones": styled,
        "missing": [id_ for id_, one in found.items() if one is None],
        "charts": charts if any(one.curve for one in ones) else [],
        "differing": differing([one.spec for one in ones]),
    }


def differing(wanted: Sequence[RunSpec]) -> list[tuple[str, list[str]]]:
    """The keys in which some of these runs differ, each with its value in every run."""
    full = [{**one.recipe.full(), "seed": one.seed, "data's fingerprint": one.fingerprint[:12]} for one in wanted]
    keys = sorted({key for one in full for key in one}, key=lambda key: (key in ("seed", "data's fingerprint"), key))
    rows = [(key, [_shown(one.get(key)) for one in full]) for key in keys]
    return [(key, values) for key, values in rows if len(set(values)) > 1]


def _shown(value: Any) -> str:
    return "–" if value is None else grammar.show(value)
