"""Recipes that come with ablab, by name."""

import pytest

from ablab.data.known import KNOWN
from ablab.errors import RecipeError, StudyError
from ablab.recipe import Recipe
from ablab.recipes import keys_of, names
from ablab.study import Study
from commands import ablab


@pytest.mark.parametrize("name", names())
def test_each_is_a_recipe_on_cifar10_that_a_change_can_be_made_to(name):
    recipe = Recipe.of({"recipe": name})
    assert recipe.data in KNOWN
    assert Recipe.of({"model": name}).hash == recipe.hash
    changed = Recipe.of({"recipe": name, "epochs": 1, "width": 0.5})
    assert (changed.epochs, changed.options["width"], changed.lr) == (1, 0.5, recipe.lr)
    assert set(recipe.changes()) == set(keys_of(name))  # each of its keys says something


def test_a_recipe_of_another_name_is_refused_with_the_nearest():
    with pytest.raises(RecipeError, match='no recipe is called "fast95": did you mean "fast9'):
        Recipe.of({"recipe": "fast95"})


def test_a_study_and_a_command_line_name_them():
    study = Study.from_toml(
        'question = "?"\nrecipe = "fast94"\nepochs = 2\n[variants]\n"no whitening" = "whiten=100"\n'
    )
    assert study.base.hash == Recipe.of({"recipe": "fast94", "epochs": 2}).hash
    words = Study("?", "fast94 epochs=2", {"no whitening": "whiten=100"})
    assert words.base.hash == study.base.hash
    with_carets = pytest.raises(StudyError, match="study.toml:2: no recipe is called")
    with with_carets:
        Study.from_toml('question = "?"\nrecipe = "fast9"\n[variants]\n"a" = "lr=1"\n')


@pytest.mark.slow
@pytest.mark.parametrize("name", [names()[0], *(pytest.param(name, marks=pytest.mark.long) for name in names()[1:])])
def test_each_learns_on_small_data_of_the_kind(name, tmp_path):
    """A tenth of the width on made-up pictures, in a few steps: it is the parts that must work together."""
    made = "data=phantom(train=600, test=100)"
    small = [made, "val=0.1", "width=0.1", "epochs=5", "batch=30", "whiten=200", "precision=fp32", "augment=none"]
    rates = "lr_scale=norms(0.015) + biases(0.015) + head(0.02)"  # they go with the size of a batch
    done = ablab("train", name, *small, rates, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    accuracy = float(done.stdout.partition("test: ")[2].split()[0])
    assert accuracy > 20
