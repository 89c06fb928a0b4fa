"""Facts that travel inside the page: the runs with their recipes, and what each chart was drawn from."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ablab import wire
from ablab.records import Run
from ablab.report.chart import Chart, Multiples
from ablab.report.means import short
from ablab.report.wording import visible
from ablab.study import Study
from ablab.study.question.pins import with_digests

MOST_BYTES = 300_000  # of the embedded runs: about 500


def json_text(value: Any) -> Markup:
    r"""JSON for a script element that no text can leave: ASCII, with <, > and & spelled out.

    >>> print(json_text({"name": "</script>"}))
    {"name":"\u003c/script\u003e"}
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 (ASCII without a sign that markup knows)


def runs_json(study: Study, runs: Sequence[Run], plan_hash: str) -> tuple[Markup, int]:
    """What it takes to train any run of the page again and to compare the two, and how many runs are in it.

    Those that explore are not: they are no evidence, and nothing of them needs to be checked.
    """
    kept = list(_first(run_facts(run) for run in runs if not run.spec.explores))
    text = with_digests(study.text, study.recipes)
    value: dict[str, Any] = {"study": text, "plan": plan_hash, "scale": study.scale, "runs": kept}
    if len(kept) < len(runs):
        value["left_out"] = len(runs) - len(kept)
    return json_text(value), len(kept)


def run_facts(run: Run) -> dict[str, Any]:
    """One run: recipe, seed and data that make it, and what came out."""
    return {
        "id": run.id,
        **wire.spec_value(run.spec),
        "accuracy": number(run.test.accuracy) if run.test else None,
        "predictions_sha256": hashlib.sha256(run.predictions).hexdigest(),
        "machine": dataclasses.asdict(run.machine),
    }


def figures_json(name: str, charts: Mapping[str, Chart]) -> Markup:
    """The charts' data by the names of their figures, for the script of the page."""
    return json_text({"name": name, "figures": {key: _sheet(chart) for key, chart in charts.items()}})


def _sheet(chart: Chart) -> Mapping[str, Any]:
    """What a chart was drawn from: what a script may do with it, or a table for a spreadsheet."""
    if isinstance(chart, Multiples) and chart.facts:
        return chart.facts
    sheet = chart.sheet()
    rows = [[short(cell) if isinstance(cell, float) else visible(cell) for cell in row] for row in sheet.rows]
    return {"columns": [visible(column) for column in sheet.columns], "rows": rows}


def number(value: float | None) -> float | None:
    """A number for JSON, which has no word for one that is not finite."""
    return value if value is not None and math.isfinite(value) else None


def _first(facts: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """As many as the page has room for."""
    room = MOST_BYTES
    for one in facts:
        room -= len(json.dumps(one))
        if room < 0:
            return
        yield one
