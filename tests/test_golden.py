"""The verdicts of the published runs stay what they are, to the last digit."""

import json
import math
import shutil
from pathlib import Path

import pytest
import safetensors.torch
import torch

import golden
from ablab.conduct import train_one
from ablab.store import Store
from ablab.store.exchange import take

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What this version says of the published runs, imported into an empty store."""
    store = Store(tmp_path_factory.mktemp("golden") / "store")
    take(store, golden.RUNS)
    return golden.verdicts(store)


EXPECTED = json.loads(golden.EXPECTED.read_text())


def test_every_study_that_had_an_answer_still_has_it(said):
    assert said.keys() == EXPECTED.keys()


@pytest.mark.parametrize("study", sorted(EXPECTED))
def test_plans_runs_and_verdicts_are_those_of_before(said, study):
    assert _rounded(said[study]) == _rounded(EXPECTED[study])


def _rounded(value):
    """Floats to 12 digits: what is beyond depends on the order in which a processor's library adds."""
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return float(f"{value:.12g}") if isinstance(value, float) and math.isfinite(value) else value


KEPT = Path(__file__).parent / "kept_store"  # two runs, as version 0.1.0 stored them
TRAINED = "ce96d2787bab"


@pytest.fixture
def kept(tmp_path):
    """A copy of an old store: to open it may bring it up to date."""
    shutil.copytree(KEPT, tmp_path / "store")
    return Store(tmp_path / "store")


def test_an_old_store_opens_with_all_that_its_runs_said(kept):
    one, other = kept.runs(["ce96d2787bab", "03ed353fc47a"])
    assert (one.spec.recipe.hash, one.spec.seed, one.test.accuracy) == ("02eb8e08a80a", 0, 0.0995)
    assert len(one.predictions) == one.test.images
    assert other.curve[-1].epoch == 1


def test_the_same_recipe_trains_the_same_weights_as_before(kept):
    """To the bit on one processor; between processors sums are rounded in other orders."""
    (before,) = kept.runs([TRAINED])
    train_one(before.spec.recipe, before.spec.seed, empty := Store(kept.folder.parent / "empty"), show=print_nothing)
    name = f"weights/{TRAINED}.safetensors"
    old, new = (safetensors.torch.load_file(store.folder / name) for store in (kept, empty))
    assert old.keys() == new.keys()
    for key in old:
        assert torch.allclose(old[key].float(), new[key].float(), rtol=1e-3, atol=1e-4), key


def print_nothing(_wanted, _event):
    pass
