"""A published report's figures beside ours: what it measured, what we measured, and what each says about the change."""

from collections.abc import Iterator
from typing import Any

from ablab.catalogue import mark
from ablab.replication.evidence import alone
from ablab.replication.published_report import published_reports
from ablab.report.means import DASH, ends, plain_interval
from ablab.report.replication.tables import figures_table
from ablab.report.section import Paragraph, Part, Terms
from ablab.report.table import Head, table
from ablab.report.words import WORDS
from ablab.result import Arm, Result
from ablab.statistics.paired import mean
from ablab.study import Verdict
from ablab.study.question.published import Published
from ablab.study.verdict import points, signed


@mark("section", "published", title="The report beside ours", place=60, tables=("published",), absent=("terminal",))
def versus_report(result: Result) -> Iterator[Part]:
    """A row for each recipe that the report gives a figure for or that we have runs of."""
    published = result.study.published
    if published is None:
        return
    yield Paragraph(f"{published.report}. It concludes: “{published.conclusion}”")
    if (figures := figures_table(published_reports(), (alone(result),))).rows:
        yield figures
    rows = [_row(arm, result, published) for arm in result.arms]
    shown = [row for row in rows if row["report"] is not None or row["n"]]
    yield table(
        "published",
        (
            "recipe",
            "report, % >",
            "ours, % >",
            Head("95 % interval of our mean", True),
            Head("n", True, WORDS["n"]),
            Head("effect in the report", True),
            Head("our effect", True, "from seed pairs, with the interval of the verdict."),
            "our verdict",
        ),
        [_cells(row) for row in shown],
        shown,
        title="The report beside ours",
        caption="Compare the effects, not the accuracies: images, epochs and selection differ. The report "
        "gives one number for all its runs. Effects are in percentage points.",
    )
    about = [("what it measured", published.source), ("faults of its method", " ".join(published.faults))]
    if result.study.scale != "full":
        about.append(("what is shortened here", published.shortened))
    about.append(("why ours differ", published.differs))
    yield Terms(tuple((term, text) for term, text in about if text))


def _row(arm: Arm, result: Result, published: Published) -> dict[str, Any]:
    ours = points(arm.measured)
    plain = plain_interval(ours)
    theirs, base = published.figures.get(arm.name), published.figures.get("base")
    verdict = result.verdict(arm.name)
    is_known = theirs is not None and base is not None and arm is not result.arms[0]
    return {
        "recipe": arm.name,
        "report": theirs,
        "ours": mean(ours) if ours else None,
        "low": plain.low if plain else None,
        "high": plain.high if plain else None,
        "n": len(ours),
        "report_effect": theirs - base if is_known and theirs is not None and base is not None else None,
        **_of_verdict(verdict),
    }


def _of_verdict(verdict: Verdict | None) -> dict[str, Any]:
    if verdict is None:
        return {"effect": None, "effect_low": None, "effect_high": None, "verdict": ""}
    return {
        "effect": verdict.effect,
        "effect_low": verdict.low,
        "effect_high": verdict.high,
        "verdict": verdict.label,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    effect = DASH
    if row["effect"] is not None:
        effect = f"{signed(row['effect'])} ({ends(row['effect_low'], row['effect_high'], 'no interval yet')})"
    return (
        row["recipe"],
        DASH if row["report"] is None else f"{row['report']:.2f}",
        DASH if row["ours"] is None else f"{row['ours']:.2f}",
        DASH if row["low"] is None else f"{row['low']:.2f} to {row['high']:.2f}",
        str(row["n"]),
        DASH if row["report_effect"] is None else signed(row["report_effect"]),
        effect,
        row["verdict"],
    )
