"""A metric is one new file: every run is measured by it, and all that shows runs shows it."""

import json

import pytest

METRIC = '''"""How sure a network is on average."""

from torch import Tensor

from ablab.catalogue import mark


@mark("metric", "doubt", title="mean doubt", unit="bits", direction="lower")
def doubt(logits: Tensor, labels: Tensor) -> float:
    """Mean entropy of the outputs."""
    shares = logits.double().softmax(1)
    return float(-(shares * shares.log2().nan_to_num(neginf=0)).sum(1).mean())
'''

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
[variants]
"norm" = "norm=batch"
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
    assert "norm (mean doubt)" in done.stdout
    assert "effect (bits)" in done.stdout
    planned = package_copy.run("plan", "sure.toml")
    assert "by mean doubt, margin 0.05 bits" in planned.stdout
    assert "bits (from 3 pairs that are in the store)" in planned.stdout
