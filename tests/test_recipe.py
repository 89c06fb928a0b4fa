"""A recipe is everything but the seed: checked at once, frozen, and known by its hash."""

import subprocess
import sys
import tomllib

import pytest

from ablab import aliases
from ablab.errors import RecipeError
from ablab.recipe import Recipe, keys


def test_keys_that_are_not_fields_are_options_of_the_model():
    recipe = Recipe().with_("norm=batch lr=0.1")
    assert recipe.options == {"norm": "batch"}
    assert recipe.lr == 0.1


def test_all_faults_are_reported_together_with_the_nearest_key():
    with pytest.raises(RecipeError) as caught:
        Recipe.of({"epochs": 0, "lr": "fast", "optimiser": "adam"})
    message = str(caught.value)
    assert "epochs = 0" in message
    assert "lr = fast" in message
    assert 'unknown recipe key "optimiser": did you mean "optimizer"?' in message


@pytest.mark.parametrize(
    "change", ["lr=nan", "lr=inf", "lr=-1", "lr=0", "epochs=1.5", "epochs=true", "batch=many", "val=1", "select=worst"]
)
def test_a_value_that_no_run_can_have_is_refused(change):
    with pytest.raises(RecipeError, match=change.partition("=")[0]):
        Recipe().with_(change)


def test_an_unknown_model_is_refused_with_the_nearest_name():
    with pytest.raises(RecipeError, match='did you mean "simple-nn"'):
        Recipe.of({"model": "simple-n"})


def test_the_hash_ignores_spelling_and_defaults_said_aloud():
    plain = Recipe().with_("augment=crop(4)+flip")
    assert plain.hash == Recipe().with_("augment=crop( 4 ) + flip norm=none epochs=10").hash


def test_any_change_changes_the_hash():
    base = Recipe()
    changed = [base.with_(text) for text in ("lr=0.1", "norm=batch", "epochs=11", "augment=flip", "data=cifar10")]
    assert len({recipe.hash for recipe in [base, *changed]}) == 6


def test_the_hash_is_the_same_in_every_process():
    code = "from ablab.recipe import Recipe; print(Recipe().with_('norm=batch lr=0.1').hash)"
    printed = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert printed == {Recipe().with_("norm=batch lr=0.1").hash + "\n"}


def test_a_recipe_written_as_toml_reads_back_as_itself():
    recipe = Recipe().with_("norm=batch lr=0.1 augment=crop(4)+flip train_images=500")
    assert Recipe.of(tomllib.loads(recipe.toml())) == recipe


def test_the_difference_of_two_recipes_names_every_key_with_both_values():
    assert Recipe().with_("norm=batch lr=0.1").difference(Recipe()) == {"norm": ("batch", "none"), "lr": (0.1, 0.05)}


def test_an_override_of_an_option_by_its_default_takes_it_back():
    assert Recipe().with_("norm=batch").with_("norm=none") == Recipe()


def test_every_key_has_a_help_text():
    assert all(help_ for _, _, help_ in keys())


def test_a_recipe_cannot_be_changed_in_place():
    with pytest.raises(Exception, match="frozen"):
        Recipe().lr = 1.0


def test_a_changed_recipe_has_a_hash_of_its_own_after_the_first_was_asked_for():
    before = Recipe().hash
    base = Recipe()
    assert base.hash == before
    assert base.with_("lr=0.3").hash == Recipe.of({"lr": 0.3}).hash != before
    assert base.model_copy(update={"lr": 0.3}).hash == base.with_("lr=0.3").hash
    assert Recipe.of({}, base=base) == Recipe()


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ("batch_size=64", "write batch=64; all keys"),
        ("learning_rate=0.1", "write lr=0.1; all keys"),
        ("pretrained=true", "write init=FILE.safetensors; all keys"),
        ("seed=3", '"seed" is not a recipe key: use --seed 3 with ablab train'),
        ("optimiser=adam", 'did you mean "optimizer"? all keys'),
    ],
)
def test_names_that_other_programs_have_get_the_key_that_is_meant(change, hint):
    with pytest.raises(RecipeError) as caught:
        Recipe().with_(change)
    assert hint in str(caught.value)


def test_every_name_of_another_program_leads_to_a_key_and_is_none_itself():
    assert set(aliases.KEYS.values()) <= set(Recipe.model_fields)
    assert not (set(aliases.KEYS) | set(aliases.TEXTS)) & set(Recipe.model_fields)
    for text in aliases.TEXTS.values():
        assert text.partition("=")[0] in Recipe.model_fields


@pytest.mark.parametrize("said", ["data_fraction=1", "imbalance=1", "label_noise=0"])
def test_keys_that_make_data_harder_change_no_hash_at_their_defaults(said):
    assert Recipe().with_(said).hash == Recipe().hash


@pytest.mark.parametrize(
    "change",
    ["data_fraction=0", "data_fraction=1.5", "imbalance=0.5", "imbalance=inf", "label_noise=1", "label_noise=-1"],
)
def test_harder_data_that_cannot_be_made_are_refused(change):
    with pytest.raises(RecipeError, match=change.partition("=")[0]):
        Recipe().with_(change)
