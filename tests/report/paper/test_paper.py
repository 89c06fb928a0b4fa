"""The files for papers have every sentence, table and picture, and can be used as they are."""

import dataclasses
import re
import shutil
import subprocess

import pytest
from pictured import HOSTILE, result, share_of_paper
from PIL import Image
from simulated import TEXT

from ablab.errors import InputError
from ablab.report.paper import write_paper

RESULT = result()


@pytest.mark.slow
def test_markdown_has_sentences_tables_and_pictures_beside_it(tmp_path):
    paths = write_paper(RESULT, tmp_path / "out", "markdown")
    assert [path.name for path in paths] == [
        "REPORT.md",
        "effects.png",
        "curves.png",
        *(f"confusion-{at}.png" for at in range(1, 5)),
        "cost.png",
        "runs.csv",
    ]
    text = paths[0].read_text()
    for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", text):
        assert (tmp_path / "out" / name).exists()
    assert text.count("![") == 7
    for verdict in RESULT.decision.verdicts:
        assert verdict.sentence.replace("_", r"\_") in text
    assert "**Verdicts**" in text
    assert f"Plan {RESULT.plan.hash}" in text
    with Image.open(tmp_path / "out" / "curves.png") as image:
        assert share_of_paper(image) < 0.97
        assert all(run.id in image.text["Runs"] for run in RESULT.runs)


@pytest.mark.long
def test_png_gives_the_pictures_alone(tmp_path):
    paths = write_paper(RESULT, tmp_path, "png")
    assert {path.suffix for path in paths} == {".png"}
    assert len(list(tmp_path.iterdir())) == len(paths) == 7


@pytest.mark.slow
def test_the_pdf_has_a_page_of_text_and_one_a_picture(tmp_path):
    (path,) = write_paper(RESULT, tmp_path, "pdf")
    content = path.read_bytes()
    assert len(re.findall(rb"/Type /Page\b", content)) > 7
    assert all(run.id.encode() in content for run in RESULT.runs)


def test_a_study_without_data_or_with_runs_that_broke_down_has_what_there_is(tmp_path):
    made = result(breaks=(("wide", 0), ("base", 2)), data=None)
    paths = write_paper(made, tmp_path, "markdown")
    assert [path.name for path in paths] == ["REPORT.md", "effects.png", "curves.png", "cost.png", "runs.csv"]
    assert "did not finish" in paths[0].read_text()


def test_a_study_without_runs_has_no_pieces(tmp_path):
    with pytest.raises(InputError, match="no run yet"):
        write_paper(dataclasses.replace(RESULT, runs=()), tmp_path / "out", "pdf")
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="known: latex, markdown, pdf, png"):
        write_paper(RESULT, tmp_path / "out", "docx")


@pytest.mark.slow
def test_what_is_biased_or_not_final_is_said_in_words(tmp_path):
    made = result(text='select = "test"\n' + TEXT)
    decision = dataclasses.replace(made.decision, wanted=made.plan.wanted[:2])
    text = write_paper(dataclasses.replace(made, decision=decision), tmp_path, "markdown")[0].read_text()
    assert "**Biased selection:** " in text
    assert "helps (biased)" in text
    assert text.count("Biased: epochs were chosen on the test images") == 7
    assert "**Not final.** 2 runs still to train" in text


@pytest.mark.slow
def test_the_tex_file_has_every_picture_and_every_sentence(tmp_path):
    paths = write_paper(RESULT, tmp_path, "latex")
    text = paths[0].read_text()
    for name in re.findall(r"\\includegraphics\[[^]]*\]\{([^}]+)\}", text):
        assert (tmp_path / name).read_bytes().startswith(b"%PDF")
    assert text.count(r"\includegraphics") == 7
    assert text.count(r"\toprule") == text.count(r"\begin{tabular}") > 10
    assert "batch norm helps: +" in text


@pytest.mark.long
def test_latex_compiles_whatever_the_names_are(tmp_path):
    if not shutil.which("pdflatex"):
        pytest.skip("pdflatex is not installed (Debian: apt-get install texlive-latex-recommended)")
    write_paper(result(text=HOSTILE), tmp_path, "latex")
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "report.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, timeout=240)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-3000:]
    assert (tmp_path / "report.pdf").stat().st_size > 20_000
