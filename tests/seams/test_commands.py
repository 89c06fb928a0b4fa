"""A command is one new file: the help lists it and it runs."""

COMMAND = '''"""Say how many images a recipe trains on"""

import click

from ablab.cli.shared import json_option, recipe_words, say


@click.command(help=__doc__)
@click.argument("words", nargs=-1)
@json_option
def command(words: tuple[str, ...], as_json: bool) -> None:
    from ablab.recipe import Recipe

    images = Recipe.of(recipe_words(words, first="model")).train_images
    say(as_json, {"images": images}, f"{images} images", "ablab recipe")
'''


def test_a_command_is_one_new_file(package_copy):
    package_copy.drop("cli/how_many.py", COMMAND)
    assert "how-many" in package_copy.run("--help").stdout
    done = package_copy.run("how-many", "mlp", "train_images=60")
    assert done.stdout == "60 images\nnext: ablab recipe\n"
    assert done.returncode == 0
    misspelt = package_copy.run("how-mny")
    assert 'did you mean "how-many"?' in misspelt.stderr
    assert misspelt.returncode == 2
