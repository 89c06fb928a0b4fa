"""ablab fit-params and ablab inspect --grow: sizes for fair comparisons."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from networks import outline, parameters


def ablab(*words: str, cwd: object = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "ablab", *words], capture_output=True, text=True, timeout=120, cwd=cwd)


@pytest.mark.parametrize(
    ("words", "within"),
    [
        (["cnn3", "--target-of", "cnn2"], 0.01),
        (["vgg6", "dropout=0.2", "--target", "36.2M"], 0.001),
        (["cnn3-dense", "--target", "150k", "--tune", "hidden"], 0.02),
        (["convmixer", "--target", "1_000_000", "--tune", "dim"], 0.01),
        (["wrn-16-4", "--target", "9M", "--tune", "depth"], 0.15),
    ],
)
def test_the_nearest_size_is_found_and_is_that_of_the_built_network(words, within):
    done = ablab("fit-params", *words, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["parameters"] == parameters(outline(found["name"], **{found["tune"]: found["value"]}))
    assert abs(found["away"]) <= within


def test_the_line_to_type_next_builds_that_network():
    done = ablab("fit-params", "cnn3", "norm=batch", "--target", "100k")
    following = done.stdout.splitlines()[-1].removeprefix("next: ablab ").split()
    assert following[:3] == ["inspect", "cnn3", "norm=batch"]
    assert ablab(*following).returncode == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fit-params", "cnn3"], "either --target 150k or --target-of cnn2"),
        (["fit-params", "cnn3", "--target", "many"], "a number of parameters is wanted"),
        (["fit-params", "cnn3", "--target", "0"], "a number of parameters is wanted"),
        (["fit-params", "cnn3", "--target", "5k", "--tune", "wdth"], 'did you mean "width"'),
        (["fit-params", "cnn3", "--target", "5k", "--tune", "norm"], "decides no size"),
        (["fit-params", "cnn33", "--target", "5k"], 'did you mean "cnn3"'),
        (["fit-params", "cnn3", "norm=bach", "--target", "5k"], 'did you mean "batch"'),
        (["inspect", "--grow", "cnn2"], "--over width=0.5,1,2"),
        (["inspect", "--grow", "cnn2", "--over", "depth=1,2"], 'did you mean "width"'),
        (["inspect", "--grow", "cnn2", "--over", "width=1,2", "--out", "grow.txt"], "must end with .svg"),
        (["inspect", "--grow", "cnn2", "--over", "width=1,2", "--format", "latex"], "table and json"),
    ],
)
def test_a_wrong_question_is_refused_with_what_to_write(words, message, tmp_path):
    done = ablab(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert not list(tmp_path.iterdir())


def test_growth_is_a_table_with_exponents_and_a_plot(tmp_path):
    words = ["inspect", "--grow", "cnn2", "--over", "width=0.5,1,2", "--no-measure", "--out", "grow.svg"]
    done = ablab(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "150,826" in done.stdout
    assert "parameters ~ width^1.99" in done.stdout
    picture = ElementTree.parse(tmp_path / "grow.svg")  # of our own making
    assert picture.getroot().tag.endswith("svg")
    assert sum(one.tag.endswith("polyline") for one in picture.iter()) == 2


def test_growth_over_lists_and_with_times_is_told_as_json():
    words = ["inspect", "--grow", "resnet20", "--over", "blocks=[1,1,1],[2,2,2]", "width=0.5", "--json"]
    found = json.loads(ablab(*words).stdout)
    assert [point["value"] for point in found["points"]] == [[1, 1, 1], [2, 2, 2]]
    assert [point["weighted_layers"] for point in found["points"]] == [8, 14]
    assert all(point["seconds"] > 0 for point in found["points"])
    assert found["exponents"]["seconds"] is not None
