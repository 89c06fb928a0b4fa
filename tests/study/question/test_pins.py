"""A text with digests names the files of its recipes, and no other word that looks like them."""

from ablab.recipe import Recipe
from ablab.study.question.pins import with_digests

PINNED = "kept.safetensors@3fa2b1c09d11"
RECIPE = Recipe.stored({"init": PINNED})


def test_a_file_is_pinned_wherever_it_is_named_and_nothing_longer_is():
    text = 'init = "kept.safetensors"\n# not un-kept.safetensors nor kept.safetensors.old\n'
    assert with_digests(text, [RECIPE]) == text.replace('"kept.safetensors"', f'"{PINNED}"')


def test_a_text_that_is_pinned_stays_as_it_is():
    text = f'init = "{PINNED}"'
    assert with_digests(text, [RECIPE, RECIPE]) == text
    assert with_digests("lr = 0.1", [Recipe()]) == "lr = 0.1"
