"""Metrics by name, as every presentation reads and shows them."""

import subprocess
import sys

import pytest

from ablab.metric import metric_of
from ablab.records import Measurement
from sample_runs import sample_run

MEASURED = sample_run(test=Measurement(0.5, 0.75, 200, {"ece": 0.125, "top5": float("nan")}))


@pytest.mark.parametrize(
    ("name", "recorded", "points", "text"),
    [
        ("accuracy", 0.75, 75.0, "75.00 %"),
        ("loss", 0.5, 0.5, "0.5000 nats"),
        ("ece", 0.125, 12.5, "12.50 %"),
    ],
)
def test_a_metric_is_read_from_a_run_and_shown_in_its_unit(name, recorded, points, text):
    metric = metric_of(name)
    assert metric.of(MEASURED) == recorded
    assert metric.points(MEASURED) == points
    assert metric.show(recorded) == text


def test_what_was_not_measured_or_is_not_finite_is_no_value():
    assert metric_of("top5").of(MEASURED) is None
    assert metric_of("ece").of(sample_run(test=Measurement(0.5, 0.75, 200))) is None
    assert metric_of("accuracy").points(sample_run(test=None)) is None


def test_differences_of_shares_are_percentage_points():
    assert metric_of("accuracy").gap_unit == "pp"
    assert metric_of("loss").gap_unit == "nats"


def test_the_names_of_metrics_are_known_without_torch():
    code = "import sys, ablab.metric as m; print(sorted(m.known_metrics())); sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0
    assert "'ece'" in done.stdout
