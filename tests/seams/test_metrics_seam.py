"""A metric is one new file: every run is measured by it, and all that shows runs shows it."""

import json
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "metric.md"
(METRIC,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)

SMALL = ("data=phantom(train=200,test=60)", "train_images=60", "epochs=1", "batch=20")


@pytest.mark.slow
def test_a_metric_is_one_new_file(package_copy):
    package_copy.drop("train/metrics/doubt.py", METRIC)
    done = package_copy.run("train", "mlp", *SMALL)
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(package_copy.run("runs", "ls", "--json").stdout)
    shown = json.loads(package_copy.run("runs", "show", run["id"], "--json").stdout)
    value = shown["test"]["metrics"]["doubt"]
    assert 2 < value < 3.33  # one epoch on ten classes: nearly log2 of 10
    assert f"doubt {value:.4f} bits" in done.stdout
    assert f"doubt {value:.4f} bits" in package_copy.run("runs", "show", run["id"]).stdout
    (row,) = json.loads(package_copy.run("runs", "ls", "--where", "doubt between 2 and 3.33", "--json").stdout)
    assert row["id"] == run["id"]


STUDY = """question = "Does batch norm make a network surer?"
data = "phantom(train=200,test=60)"
model = "mlp"
hidden = [16]
epochs = 1
batch = 20
lr = 0.1
[grid]
norm = ["none", "batch"]
lr = [0.1, 0.2]
[decide]
metric = "doubt"
margin = 0.05
seeds = "3..3"
"""


@pytest.mark.slow
def test_a_study_may_decide_by_a_metric_of_ones_own(package_copy):
    package_copy.drop("train/metrics/doubt.py", METRIC)
    (package_copy.work / "sure.toml").write_text(STUDY)
    done = package_copy.run("run", "sure.toml", "--workers", "1")
    assert done.returncode == 0, done.stderr
    on_screen, contrasts = done.stdout.split("Main effects and interactions")
    assert "norm=batch, lr=0.1 (mean doubt)" in on_screen
    for text in (on_screen, contrasts):
        assert "effect (bits)" in text
    planned = package_copy.run("plan", "sure.toml")
    assert "by mean doubt, margin 0.05 bits" in planned.stdout
    assert "bits (from 3 pairs in the store)" in planned.stdout


@pytest.mark.long
def test_every_presentation_has_the_metric_that_decides_with_its_unit(package_copy):
    package_copy.drop("train/metrics/doubt.py", METRIC)
    (package_copy.work / "sure.toml").write_text(STUDY)
    assert package_copy.run("run", "sure.toml", "--workers", "1").returncode == 0
    page = (package_copy.work / "reports" / "sure.html").read_text()
    for name in ("accuracies", "runs", "cost"):
        section = page.partition(f'<section id="{name}"')[2].partition("</section>")[0]
        assert "mean doubt (bits)" in section, name
    assert "bits of test mean doubt" in page
    assert "Down and to the left is better" in page
    for what, keys in (("verdicts", {"doubt", "doubt_low"}), ("costs", {"doubt", "doubt_high"}), ("runs", {"doubt"})):
        rows = package_copy.run("table", "sure.toml", "--what", what, "--format", "csv").stdout.splitlines()
        assert keys <= set(rows[0].split(",")), what
    (run, *_) = json.loads(package_copy.run("runs", "ls", "--json").stdout)
    doubt = json.loads(package_copy.run("runs", "show", run["id"], "--json").stdout)["test"]["metrics"]["doubt"]
    seeds = package_copy.dashboard(f"/study/{package_copy.plan('sure.toml')}").partition("<h2>Seeds</h2>")[2]
    assert f'<a href="/run/{run["id"]}">{doubt:.4f}</a>' in seeds
    assert "Test mean doubt in bits" in seeds
    assert re.search(r"<b>[+-]\d\.\d{4} bits</b>", package_copy.dashboard("/"))
