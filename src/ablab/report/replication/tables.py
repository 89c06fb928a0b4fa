"""The three tables of published reports: claims with their answers, figures by what they measure, and parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ablab.replication.answer import Answer
from ablab.replication.evidence import Repeated, comparable, of_study, size_of
from ablab.replication.facts import network
from ablab.replication.measures import MEASURES, Measure
from ablab.replication.published_report import IMAGES, Figures, PublishedReport
from ablab.report.means import ALPHA, DASH
from ablab.report.table import Cell, Head, Kind, Table, table
from ablab.result import Result
from ablab.statistics.paired import mean, sd, t_multiplier

ONE_RUN = (
    "A figure in a report comes from one run. Ours is the mean of several runs, beside the range in which one more run "
    "of ours would fall with 95 % probability. The table compares only runs at full size, because shorter training "
    "gives other figures, which say nothing about the report. * marks figures that are not from the report's own text; "
    "† marks accuracies on the images that the report also used to choose its epochs; ours are on validation images."
)
KINDS: dict[str, Kind] = {"confirmed": "helps", "refuted": "hurts", "undecided": "open"}


def claims_table(answered: Mapping[str, Sequence[Answer]]) -> Table:
    """A row a claim."""
    rows, records = [], []
    for letter, each in answered.items():
        for one in each:
            rows.append(_claim_cells(one))
            records.append({"report": letter, **_claim_record(one)})
    heads = ("claim", "", "result", "theirs", "ours", "effect and 95 % interval", "n >", "epochs × images")
    return table("claims", heads, rows, records)


def _claim_cells(one: Answer) -> tuple[str | Cell, ...]:
    size = one.size if one.is_full or one.size in ("", "computed") else f"{one.size}, shortened"
    return (
        one.claim.name,
        one.claim.text,
        Cell(one.word, KINDS.get(one.word, "faint")),
        one.claim.theirs or DASH,
        one.ours or DASH,
        _effect(one),
        str(one.pairs) if one.pairs else DASH,
        size or DASH,
    )


def _effect(one: Answer) -> str:
    if one.effect is None or one.claim.value is not None:
        return DASH
    seen = one.effect
    if one.unit == "times":
        return f"{seen.mean:.2f} times ({seen.low:.2f} to {seen.high:.2f})"
    return f"{seen.mean:+.2f} ({seen.low:+.2f} to {seen.high:+.2f}) {one.unit}".rstrip()


def _claim_record(one: Answer) -> dict[str, Any]:
    seen = one.effect
    return {
        "claim": one.claim.name,
        "text": one.claim.text,
        "answer": one.word,
        "theirs": one.claim.theirs,
        "ours": one.ours,
        "effect": seen.mean if seen else None,
        "low": seen.low if seen else None,
        "high": seen.high if seen else None,
        "unit": one.unit,
        "n": one.pairs,
        "size": one.size,
        "full_size": one.is_full,
        "remark": one.remark,
    }


def figures_table(reports: Sequence[PublishedReport], repeated: Sequence[Repeated]) -> Table:
    """A row a figure of a study that is there, those of one measure together."""
    rows, records = [], []
    for name, measure in MEASURES.items():
        for report in reports:
            for entry in report.figures:
                if name in entry.values and of_study(repeated, entry.study, entry.data):
                    record = {"report": report.letter, "measure": name, **_figure(entry, name, measure, repeated)}
                    record["why"] = _why(record, measure, report, entry)
                    rows.append(_figure_cells(record, measure, report, entry))
                    records.append(record)
    heads = (
        "measure",
        "report",
        "recipe",
        Head("report's", True),
        Head("ours", True),
        "one more run of ours",
        Head("n", True),
        "epochs × images",
        "the report's figure",
    )
    return table("figures", heads, rows, records, caption=ONE_RUN)


def _figure(entry: Figures, name: str, measure: Measure, repeated: Sequence[Repeated]) -> dict[str, Any]:
    there = of_study(repeated, entry.study, entry.data)
    result = there.largest({entry.recipe}) if there else None
    arm = result.arm(entry.recipe) if result else None
    ours = comparable(arm, measure) if arm else []
    span = one_more(ours, measure) if len(ours) >= 2 else None
    theirs = entry.values[name]
    return {
        "study": entry.study,
        "data": entry.data or (there.data if there else ""),
        "recipe": entry.recipe,
        "theirs": theirs,
        "ours": mean(ours) if ours else None,
        "low": span[0] if span else None,
        "high": span[1] if span else None,
        "n": len(ours),
        "size": size_of(result.runs) if result and ours else "",
        "full_size": _is_full(result),
        "inside": None if span is None or not _is_full(result) else span[0] <= theirs <= span[1],
        "elsewhere": entry.elsewhere,
    }


def one_more(numbers: Sequence[float], measure: Measure) -> tuple[float, float]:
    """Where one more run would lie with a probability of 95 %, if runs are normal: wider than the mean's interval.

    >>> low, high = one_more([66.0, 66.5, 65.5], MEASURES["best_val"])
    >>> round(low, 2), round(high, 2)
    (63.52, 68.48)
    """
    half = t_multiplier(len(numbers), ALPHA) * sd(numbers, grid=measure.grid) * math.sqrt(1 + 1 / len(numbers))
    return mean(numbers) - half, mean(numbers) + half


def _is_full(result: Result | None) -> bool:
    return result is not None and result.study.scale == "full"


def _figure_cells(
    record: Mapping[str, Any], measure: Measure, report: PublishedReport, entry: Figures
) -> tuple[str | Cell, ...]:
    marks = "*" * bool(entry.elsewhere) + "†" * (bool(IMAGES[report.images]) and measure.unit == "%")
    known = record["low"] is not None
    return (
        measure.title,
        report.letter,
        f"{record['recipe']} ({entry.study}{', ' + entry.data if entry.data else ''})",
        measure.show(record["theirs"]) + marks,
        DASH if record["ours"] is None else measure.show(record["ours"]),
        f"{record['low']:.{measure.digits}f} to {record['high']:.{measure.digits}f}" if known else DASH,
        str(record["n"]) if record["n"] else DASH,
        record["size"] or DASH,
        _place(record),
    )


def _place(record: Mapping[str, Any]) -> str | Cell:
    if not record["n"]:
        return "not run"
    if not record["full_size"]:
        return "shortened"
    if record["inside"] is None:
        return "one run"
    return "inside" if record["inside"] else Cell(f"outside: {record['why']}", "broken")


def _why(record: Mapping[str, Any], measure: Measure, report: PublishedReport, entry: Figures) -> str:
    """The reason that one knows for a figure outside the range, or that nobody knows it."""
    if record["inside"] is not False:
        return ""
    if measure.is_time:
        return "another machine"
    if entry.why:
        return entry.why
    if IMAGES[report.images] and measure.unit == "%":
        return "theirs is on the images that chose its epoch, after training on all 50,000"
    return "for an unknown reason"


def counts_table(reports: Sequence[PublishedReport]) -> Table:
    """A row a network whose parameters a report prints."""
    counted = list(_counts(reports))
    rows = [
        (
            each["report"],
            each["model"],
            str(each["classes"]),
            f"{each['theirs']:,}" + "*" * bool(each["elsewhere"]),
            f"{each['ours']:,}",
            "exact" if each["theirs"] == each["ours"] else Cell("differs", "broken"),
            f"{each['macs']:,}",
        )
        for each in counted
    ]
    heads = ("report", "network", "classes >", "parameters in the report >", "ours >", "", "MACs >")
    return table("counts", heads, rows, counted)


def _counts(reports: Sequence[PublishedReport]) -> Iterator[dict[str, Any]]:
    for report in reports:
        for count in report.counts:
            table_ = network(count.model, count.classes)
            yield {
                "report": report.letter,
                "model": count.model,
                "classes": count.classes,
                "theirs": count.parameters,
                "ours": table_.parameters,
                "macs": table_.macs,
                "elsewhere": count.elsewhere,
            }
