"""The table of a network in every form: what people read and paste, and what programs read."""

import csv
import io
import json
import re
import shutil
import subprocess

import pytest
import torch
from torch import nn

from ablab.arithmetic import inspect
from ablab.report.network import as_dict, bar, fitting, network_table, totals
from ablab.report.side_by_side import layers, side_by_side, summary
from ablab.report.table import write
from ablab.report.writers import text
from ablab.report.writers.latex import escape


@pytest.fixture
def small():
    net = nn.Sequential(nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.Flatten())
    net.add_module("head_a", nn.Linear(64 * 16, 10))
    return inspect(net, (32, 4, 4), batch=8)


@pytest.fixture
def larger():
    net = nn.Sequential(
        nn.Conv2d(32, 32, 5), nn.ReLU(), nn.Conv2d(32, 8, 1), nn.ReLU(), nn.Flatten(), nn.Linear(32, 10)
    )
    return inspect(net, (32, 6, 6), batch=8)


class Wave(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(32))

    def forward(self, x):
        return torch.fft.fft(x).real * self.gain[:, None, None]


def test_text_shows_formula_and_result_and_what_they_add_up_to(small):
    shown = text.write(fitting(small, None))
    assert "(3·3·32 + 1)·64 = 18,496" in shown
    assert "3·3·32·64·4·4 = 294,912" in shown
    said = "\n".join(totals(small))
    assert "2 weighted layers (1 convolution, 1 linear)" in said
    assert f"{18_496 + 128 + 10_250:,} parameters + 129 in buffers" in said
    assert "2 weighted layers" in write(network_table(small), "markdown")


@pytest.mark.parametrize("width", [60, 80, 100, 120, 140])
def test_text_fits_the_screen_and_keeps_the_parameters(small, width):
    lines = text.write(fitting(small, width), width=width, folds=False).splitlines()
    assert max(map(len, lines)) <= width
    assert "18,496" in lines[2]


def test_shares_are_bars_that_add_up(small):
    shares = [float(found) for found in re.findall(r"([\d.]+)%", text.write(fitting(small, None)))]
    assert sum(shares) == pytest.approx(200, abs=0.3)  # of parameters, and of MACs
    assert bar(1.0, 4) == "████"
    assert bar(0.375, 4) == "█▌"
    assert bar(0.0) == ""


def test_markdown_has_the_same_columns_in_every_line(small):
    lines = [line for line in write(network_table(small), "markdown").splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {7}
    assert r"head\_a" in lines[-1]


def test_latex_is_escaped_and_balanced(small):
    shown = write(network_table(small), "latex")
    assert r"(3$\cdot$3$\cdot$32 + 1)$\cdot$64 = 18,496" in shown
    assert r"head\_a" in shown
    rows = [line for line in shown.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in rows} == {5}
    assert shown.count("$") % 2 == 0


def test_latex_keeps_the_hyphens_of_an_option():
    assert escape("train.py --wide 2 × ---") == r"train.py -{}-wide 2 $\times$ -{}-{}-"


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no LaTeX on this machine")
def test_latex_compiles(small, larger, tmp_path):
    tables = network_table(small), *both(("a_1", "b"), small, larger)
    body = "\n\n".join(write(one, "latex") for one in tables)
    page = "\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n" + body + "\n\\end{document}\n"
    (tmp_path / "page.tex").write_text(page, encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_csv_has_a_line_a_layer_with_formula_and_result_apart(small):
    rows = list(csv.DictReader(io.StringIO(write(network_table(small, "mine"), "csv"))))
    assert [row["layer"] for row in rows] == ["0", "1", "2", "3", "head_a"]
    assert (rows[0]["model"], rows[0]["parameters"]) == ("mine", "18496")
    assert rows[0]["parameters_formula"] == "(3·3·32 + 1)·64"


def test_json_holds_every_term_and_the_totals(small):
    read = json.loads(json.dumps(as_dict(small), allow_nan=False))
    assert read["parameters"] == sum(row["parameters"]["value"] for row in read["layers"]) == small.parameters
    assert read["layers"][0]["macs"] == {"value": 294_912, "formula": "3·3·32·64·4·4"}
    assert read["training_bytes"]["adam"] == small.training_bytes("adam")


def test_work_that_is_not_known_is_a_question_mark_and_the_total_a_lower_bound():
    odd = inspect(nn.Sequential(Wave(), nn.Flatten(), nn.Linear(512, 10)), (32, 4, 4))
    lines = text.write(fitting(odd, None)).splitlines()
    assert "?" in next(line for line in lines if line.startswith("0 *"))
    said = "\n".join(totals(odd))
    assert "at least 5,120 MACs" in said
    assert "* 0: no formula" in said
    assert as_dict(odd)["layers"][0]["macs"] is None


def both(names, one, other):
    return layers(names, one, other), summary(names, one, other)


def test_side_by_side_is_two_columns_and_a_summary_in_every_form(small, larger):
    names = ("small", "larger")
    assert write(layers(names, small, larger), "markdown").startswith("| small | larger |\n| --- | --- |\n")
    assert "difference & ratio" in write(summary(names, small, larger), "latex")
    assert max(map(len, write(layers(names, small, larger, 80), "text").splitlines())) <= 80
    assert [one["name"] for one in side_by_side(names, small, larger)["models"]] == ["small", "larger"]
