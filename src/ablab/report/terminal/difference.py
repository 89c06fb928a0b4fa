"""Two runs side by side on the screen."""

from typing import Any

from ablab import grammar
from ablab.metric import known_metrics, metric_of
from ablab.report.runs import Difference
from ablab.report.table import table
from ablab.report.terminal.screen import on_screen


def difference_text(found: Difference) -> str:
    """Two runs side by side, and what a person should know before making something of it."""
    rows: list[tuple[str, ...]] = [("seed", *map(str, found.seeds))]
    if found.fingerprints[0] != found.fingerprints[1]:
        rows.append(("images", *(fingerprint[:12] for fingerprint in found.fingerprints)))
    for part in (found.recipe, found.machine, found.results):
        rows += [(key, *(_figure(key, value) for value in pair)) for key, pair in part.items()]
    lines = [on_screen(table("difference", ("", *found.runs), rows), folds=False)]
    if found.disagree is not None:
        lines.append(f"they predict different classes for {100 * found.disagree:.2f} % of the test images")
    if found.fingerprints[0] != found.fingerprints[1]:
        lines.append("they were measured on different images, so their figures cannot be compared")
    elif not found.recipe:
        lines.append("the recipe is the same: the differences come from the seed and the machine")
    else:
        lines.append("two runs are not evidence: seeds alone cause such differences")
    return "\n".join(lines)


def _figure(key: str, value: Any) -> str:
    if value is None:
        return "-"
    if key in known_metrics():
        return metric_of(key).show(value)
    if key == "seconds":
        return f"{value:.4g}"
    return f"{value:,}" if key in ("parameters", "MACs") else grammar.show(value)
