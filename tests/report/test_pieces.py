"""Tables and files for papers say what the records say, with interval and n, and any name in them is only a name."""

import csv
import dataclasses
import io
import re
import shutil
import subprocess

import pytest
from pictured import CLASSES, result, share_of_paper
from PIL import Image
from simulated import TEXT

from ablab.errors import InputError
from ablab.report.pieces import facts, pairs_of, table, write_pieces, written
from ablab.study.statistics import mean

RESULT = result()
WHATS = ("verdicts", "runs", "classes", "costs", "secondary")
HOSTILE = TEXT.replace('"batch norm"', '"[x] & 50% of $a_b$ \\\\input{/etc/passwd} ^~#{}"').replace(
    '"dropout"', "'=1+1 | <b>`🧪`'"
)


def rows_of(piece, form="csv") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(piece, form))))


def test_the_table_of_verdicts_has_every_number_of_the_verdicts():
    piece = table(RESULT, "verdicts")
    first, *others = rows_of(piece)
    assert first["variant"] == "base"
    for row, verdict, cells in zip(others, RESULT.decision.verdicts, piece.rows[1:], strict=True):
        assert float(row["effect"]) == verdict.effect
        assert (float(row["low"]), float(row["high"])) == (verdict.low, verdict.high)
        assert float(row["accuracy"]) == pytest.approx(mean(verdict.accuracies))
        assert float(row["accuracy_low"]) < float(row["accuracy"]) < float(row["accuracy_high"])
        assert int(row["n"]) == verdict.pairs
        assert f"{verdict.low:+.2f} to {verdict.high:+.2f}" in cells
        assert verdict.word in cells


@pytest.mark.parametrize("what", ["verdicts", "classes", "costs", "secondary"])
def test_no_mean_stands_without_interval_and_n(what):
    piece = table(RESULT, what)
    assert piece.rows
    assert "n" in piece.heads
    at = piece.heads.index("n")
    assert all(int(row[at]) >= 3 for row in piece.rows)
    assert all(any(" to " in cell for cell in row) for row in piece.rows)
    assert "interval" in piece.caption


@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("form", ["latex", "markdown", "csv", "text"])
def test_every_table_has_all_its_rows_in_every_language(what, form):
    piece = table(RESULT, what)
    lines = written(piece, form).splitlines()
    if form == "latex":
        assert sum(line.endswith(r" \\") for line in lines) == len(piece.rows) + 1
    elif form == "markdown":
        assert sum(line.startswith("| ") for line in lines) == len(piece.rows) + 2
    elif form == "csv":
        assert len(rows_of(piece)) == len(piece.rows)
    else:
        assert len(lines) >= len(piece.rows) + 3


def test_runs_are_listed_one_by_one():
    rows = rows_of(table(RESULT, "runs"))
    assert {row["run"] for row in rows} == {run.id for run in RESULT.runs}
    assert len(rows) == 25
    broken = table(result(breaks=(("wide", 1),)), "runs")
    assert [row[-1] for row in broken.rows].count("diverged") == 1
    assert [row[3] for row in broken.rows].count("-") == 1


def test_classes_have_the_share_that_is_right():
    piece = table(RESULT, "classes")
    assert len(piece.rows) == 4 * len(CLASSES)
    verdict = RESULT.decision.verdicts[0]
    pairs = pairs_of(RESULT.study, RESULT.runs, verdict)
    assert len(pairs) == verdict.pairs
    assert all(base.wanted.seed == other.wanted.seed for base, other in pairs)
    labels = RESULT.data.labels
    of_class = [at for at, label in enumerate(labels) if label == 3]
    shares = [100 * mean([float(base.predictions[at] == 3) for at in of_class]) for base, _ in pairs]
    row = rows_of(piece)[3]
    assert float(row["base"]) == pytest.approx(mean(shares))
    assert float(row["effect"]) == pytest.approx(float(row["share"]) - float(row["base"]))
    assert int(row["images"]) == len(of_class)


def test_without_predictions_there_is_no_table_of_classes():
    bare = tuple(dataclasses.replace(run, predictions=b"") for run in RESULT.runs)
    assert table(dataclasses.replace(RESULT, runs=bare), "classes").rows == ()


def test_names_are_only_names_in_every_language():
    piece = table(result(text=HOSTILE), "verdicts")
    latex = written(piece, "latex")
    name = r"\textbackslash{}input\{/etc/passwd\} \textasciicircum{}\textasciitilde{}\#\{\}"
    assert r"{}[x] \& 50\% of \$a\_b\$ " + name in latex
    assert r"$<$b$>$" in latex
    markdown = written(piece, "markdown")
    assert r"=1+1 \| \<b>\`🧪\`" in markdown
    assert all(line.count(" | ") == 7 for line in markdown.splitlines() if line.startswith("| "))
    assert "'=1+1 | <b>`🧪`" in [row["variant"] for row in rows_of(piece)]


def test_minus_signs_are_set_as_such():
    latex = written(table(RESULT, "verdicts"), "latex")
    assert "$-$3.0" in latex
    assert not re.search(r"& -\d", latex)
    assert "-3.0" in written(table(RESULT, "verdicts"), "text")


def test_facts_are_json():
    value = facts(table(RESULT, "costs"))
    assert value["what"] == "costs"
    assert value["rows"][0]["n"] == 5


def test_markdown_has_sentences_tables_and_pictures_beside_it(tmp_path):
    paths = write_pieces(RESULT, tmp_path / "out", "markdown")
    assert [path.name for path in paths] == [
        "REPORT.md",
        "effects.png",
        "curves.png",
        "confusion-1.png",
        "confusion-2.png",
        "cost.png",
        "runs.csv",
    ]
    text = paths[0].read_text()
    for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", text):
        assert (tmp_path / "out" / name).exists()
    assert text.count("![") == 5
    for verdict in RESULT.decision.verdicts:
        assert verdict.sentence.replace("_", r"\_") in text
    assert "## Verdicts" in text
    assert f"plan {RESULT.plan.hash}" in text
    with Image.open(tmp_path / "out" / "curves.png") as image:
        assert share_of_paper(image) < 0.97
        assert all(run.id in image.text["Runs"] for run in RESULT.runs)


def test_png_gives_the_pictures_alone(tmp_path):
    paths = write_pieces(RESULT, tmp_path, "png")
    assert {path.suffix for path in paths} == {".png"}
    assert len(list(tmp_path.iterdir())) == len(paths) == 5


def test_the_pdf_has_a_page_of_text_and_one_a_picture(tmp_path):
    (path,) = write_pieces(RESULT, tmp_path, "pdf")
    content = path.read_bytes()
    assert len(re.findall(rb"/Type /Page\b", content)) == 6
    assert all(run.id.encode() in content for run in RESULT.runs)


def test_a_study_without_data_or_with_runs_that_broke_down_has_what_there_is(tmp_path):
    made = result(breaks=(("wide", 0), ("base", 2)), data=None)
    paths = write_pieces(made, tmp_path, "markdown")
    assert [path.name for path in paths] == ["REPORT.md", "effects.png", "curves.png", "cost.png", "runs.csv"]
    assert "did not finish" in paths[0].read_text()


def test_a_study_without_runs_has_no_pieces(tmp_path):
    with pytest.raises(InputError, match="no run yet"):
        write_pieces(dataclasses.replace(RESULT, runs=()), tmp_path / "out", "pdf")
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="markdown, latex, pdf and png are known"):
        write_pieces(RESULT, tmp_path / "out", "docx")


def test_what_is_biased_or_not_final_is_said_in_words(tmp_path):
    made = result(text='select = "test"\n' + TEXT)
    decision = dataclasses.replace(made.decision, wanted=made.plan.wanted[:2])
    text = write_pieces(dataclasses.replace(made, decision=decision), tmp_path, "markdown")[0].read_text()
    assert "Biased selection: " in text
    assert "helps (biased)" in text
    assert text.count("Biased: epochs were chosen on the test images") == 5
    assert "Not final: 2 runs are still wanted" in text


def test_the_tex_file_has_every_picture_and_every_sentence(tmp_path):
    paths = write_pieces(RESULT, tmp_path, "latex")
    text = paths[0].read_text()
    for name in re.findall(r"\\includegraphics\[[^]]*\]\{([^}]+)\}", text):
        assert (tmp_path / name).read_bytes().startswith(b"%PDF")
    assert text.count(r"\includegraphics") == 5
    assert text.count(r"\toprule") == text.count(r"\begin{tabular}") == 2 + 2 * 4
    assert r"\item {}batch norm helps: +" in text
    assert text.count(r"\item") >= len(RESULT.decision.verdicts)


def test_latex_compiles_whatever_the_names_are(tmp_path):
    if not shutil.which("pdflatex"):
        pytest.skip("pdflatex is not installed (Debian: apt-get install texlive-latex-recommended)")
    write_pieces(result(text=HOSTILE), tmp_path, "latex")
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "report.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, timeout=240)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-3000:]
    assert (tmp_path / "report.pdf").stat().st_size > 20_000
