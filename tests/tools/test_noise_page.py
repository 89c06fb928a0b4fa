"""The page of noise is what the tool makes of the shipped figures, and its benchmark measures as runs do."""

import importlib.util
import random
from pathlib import Path

import pytest

from ablab.data import load_dataset
from ablab.events import Finished
from ablab.recipe import Recipe
from ablab.study.noise import REFERENCE, WAYS, Setting, settings
from ablab.train.loop import train
from ablab.train.splits import splits_of
from noise_page import PAGE, page, second_trainings

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "noise.py"
TINY = "data=phantom(train=600,test=200) model=mlp hidden=[16] epochs=4 batch=32 lr=0.1 val=0.2 threads=1"


def test_the_page_is_made_of_the_shipped_figures_byte_for_byte():
    assert PAGE.read_text(encoding="utf-8") == page(settings())


def test_the_page_has_a_row_for_every_way_in_every_setting():
    rows = [
        line for line in page(settings()).splitlines() if line.startswith("| the ") or line.startswith("| weights ")
    ]
    assert len(rows) == len(settings()) * (1 + len(WAYS))


@pytest.mark.parametrize(("noise", "left"), [(0.0, "1.00"), (1.0, "0.50")])
def test_second_trainings_help_by_what_the_images_of_a_seed_do_not_explain(noise, left):
    draw = random.Random(1)
    shared = [draw.gauss(40, 1 - noise) for _ in range(2000)]
    base, same = ([one + draw.gauss(0, noise) for one in shared] for _ in range(2))
    both = {name: {REFERENCE.key: tuple(accuracies)} for name, accuracies in (("base", base), ("same", same))}
    (_, text) = second_trainings(Setting("small", "epochs=3", both))
    assert f"has {left} of the variance of one run" in text


@pytest.mark.slow
def test_the_benchmark_measures_a_training_as_a_run_with_these_keys_is_measured():
    spec = importlib.util.spec_from_file_location("noise", BENCHMARK)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    recipe = Recipe.of({}).with_(TINY)
    splits = splits_of(recipe, load_dataset(recipe.data), 3)
    found = benchmark.accuracies(recipe.with_("average=ema(0.98)"), splits, 3)
    for way in (REFERENCE, *(way for way in WAYS if way.keys)):
        (end,) = (
            one for one in train(recipe.with_(way.changes(32) or "select=best"), splits, 3) if isinstance(one, Finished)
        )
        assert found[way.key] == pytest.approx(end.test.points), way.key
