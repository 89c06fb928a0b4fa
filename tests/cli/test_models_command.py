"""ablab models: every network with its size, and what one of them can be told."""

import json

import pytest

from ablab.catalogue import find
from commands import ablab

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def listed(tmp_path_factory) -> dict[str, dict[str, object]]:
    done = ablab("models", "--json", cwd=tmp_path_factory.mktemp("models"))
    assert done.returncode == 0, done.stderr
    return {row["name"]: row for row in json.loads(done.stdout)}


@pytest.mark.long
def test_every_network_is_listed_with_parameters_and_macs(listed):
    assert (listed["vgg16"]["parameters"], listed["simple-nn"]["macs"]) == (14_728_266, 716_328)
    assert all(row["parameters"] and row["macs"] and row["what"] and row["options"] for row in listed.values())


@pytest.mark.long
def test_a_network_for_other_pictures_is_listed_at_its_own_size(listed):
    assert listed["alexnet-original"]["in_shape"] == [3, 227, 227]
    assert listed["alexnet-original"]["parameters"] == 62_378_344


def test_one_network_is_shown_with_its_options(tmp_path):
    out = ablab("models", "cnn3", cwd=tmp_path).stdout
    assert "159,146 parameters" in out
    assert all(key in out for key in find("models", "model", "cnn3").options)
    assert out.endswith("next: ablab inspect cnn3\n")


def test_an_unknown_network_is_refused_with_the_nearest_name(tmp_path):
    done = ablab("models", "cnn33", cwd=tmp_path)
    assert done.returncode == 2
    assert 'did you mean "cnn3"' in done.stderr
