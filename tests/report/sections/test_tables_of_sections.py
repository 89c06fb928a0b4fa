"""Tables for papers say what the records say, with interval and n, and any name in them is only a name."""

import csv
import dataclasses
import io
import json
import re

import pytest
from pictured import CLASSES, HOSTILE, result

from ablab.report.section import table_of
from ablab.report.table import formats, write
from ablab.report.writers.json import facts
from ablab.statistics.paired import mean

RESULT = result()


WHATS = ("verdicts", "runs", "classes", "costs", "secondary")


def texts(piece) -> list[list[str]]:
    return [[cell.text for cell in row] for row in piece.rows]


def rows_of(piece, form="csv") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(write(piece, form))))


def test_the_table_of_verdicts_has_every_number_of_the_verdicts():
    piece = table_of(RESULT, "verdicts")
    first, *others = rows_of(piece)
    assert first["variant"] == "base"
    for row, verdict, cells in zip(others, RESULT.decision.verdicts, texts(piece)[1:], strict=True):
        assert float(row["effect"]) == verdict.effect
        assert (float(row["low"]), float(row["high"])) == (verdict.low, verdict.high)
        assert float(row["accuracy"]) == pytest.approx(mean(verdict.accuracies))
        assert float(row["accuracy_low"]) < float(row["accuracy"]) < float(row["accuracy_high"])
        assert int(row["n"]) == verdict.pairs
        assert f"{verdict.low:+.2f} to {verdict.high:+.2f}" in cells
        assert verdict.word in cells


@pytest.mark.parametrize("what", ["verdicts", "classes", "costs", "secondary"])
def test_no_mean_stands_without_interval_and_n(what):
    piece = table_of(RESULT, what)
    assert piece.rows
    assert "n" in [head.text for head in piece.heads]
    at = [head.text for head in piece.heads].index("n")
    assert all(int(row[at]) >= 3 for row in texts(piece))
    assert all(any(" to " in cell for cell in row) for row in texts(piece))
    assert "interval" in piece.caption


@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("form", formats())
def test_every_table_has_all_its_rows_in_every_language(what, form):
    piece = table_of(RESULT, what)
    lines = write(piece, form).splitlines()
    if form == "latex":
        assert sum(line.endswith(r" \\") for line in lines) == len(piece.rows) + 1
    elif form == "markdown":
        assert sum(line.startswith("| ") for line in lines) == len(piece.rows) + 2
    elif form == "html":
        assert sum(line.count("<tr>") for line in lines) == len(piece.rows) + 1
    elif form == "json":
        assert len(json.loads(lines[0])["rows"]) == len(piece.rows)
    elif form == "csv":
        assert len(rows_of(piece)) == len(piece.rows)
    else:
        assert len(lines) >= len(piece.rows) + 3


def test_runs_are_listed_one_by_one():
    rows = rows_of(table_of(RESULT, "runs"))
    assert {row["run"] for row in rows} == {run.id for run in RESULT.runs}
    assert len(rows) == 25
    broken = table_of(result(breaks=(("wide", 1),)), "runs")
    assert [row[2] for row in texts(broken)].count("diverged: loss became inf at step 211, learning rate 0.05") == 1
    assert [row[3] for row in texts(broken)].count("–") == 1


def test_classes_have_the_share_that_is_right():
    piece = table_of(RESULT, "classes")
    assert len(piece.rows) == 4 * len(CLASSES)
    verdict = RESULT.decision.verdicts[0]
    pairs = RESULT.pairs(verdict)
    assert len(pairs) == verdict.pairs
    assert all(base.spec.seed == other.spec.seed for base, other in pairs)
    labels = RESULT.data.labels
    of_class = [at for at, label in enumerate(labels) if label == 3]
    shares = [100 * mean([float(base.predictions[at] == 3) for at in of_class]) for base, _ in pairs]
    row = rows_of(piece)[3]
    assert float(row["base"]) == pytest.approx(mean(shares))
    assert float(row["effect"]) == pytest.approx(float(row["share"]) - float(row["base"]))
    assert int(row["images"]) == len(of_class)


def test_without_predictions_there_is_no_table_of_classes():
    bare = tuple(dataclasses.replace(run, predictions=b"") for run in RESULT.runs)
    assert table_of(dataclasses.replace(RESULT, runs=bare), "classes") is None


def test_names_are_only_names_in_every_language():
    piece = table_of(result(text=HOSTILE), "verdicts")
    latex = write(piece, "latex")
    name = r"\textbackslash{}input\{/etc/passwd\} \textasciicircum{}\textasciitilde{}\#\{\}"
    assert r"{}[x] \& 50\% of \$a\_b\$ " + name in latex
    assert r"$<$b$>$" in latex
    markdown = write(piece, "markdown")
    assert r"=1+1 \| \<b>\`🧪\`" in markdown
    assert all(line.count(" | ") == 8 for line in markdown.splitlines() if line.startswith("| "))
    assert "'=1+1 | <b>`🧪`" in [row["variant"] for row in rows_of(piece)]


def test_minus_signs_are_set_as_such():
    latex = write(table_of(RESULT, "verdicts"), "latex")
    assert "$-$3.0" in latex
    assert not re.search(r"& -\d", latex)
    assert "-3.0" in write(table_of(RESULT, "verdicts"), "text")


def test_facts_are_json():
    value = facts(table_of(RESULT, "costs"))
    assert value["what"] == "costs"
    assert value["rows"][0]["n"] == 5
