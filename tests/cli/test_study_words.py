"""A study is named in the same way to every command that takes one, and each suggests the next with the same words."""

import shlex

import click
import pytest
from click.testing import CliRunner

from ablab.cli import command

pytestmark = pytest.mark.slow

STUDY = """question = "Does it help?"
data = "phantom(train=200, test=50)"
epochs = 1
batch = 50
[variants]
"batch norm" = "norm=batch"
[decide]
margin = 1.0
seeds = 3
[full]
batch = 100
"""
PLACE = ["--scale", "full", "--store", "my runs", "--data-root", "my data"]
CALLS = {  # every command that takes a study, in an order in which each can be given
    "plan": ["plan", "s.toml"],
    "explore": ["explore", "s.toml", "--workers", "1"],
    "run": ["run", "s.toml", "--workers", "1"],
    "report": ["report", "s.toml"],
    "show": ["show", "effects", "s.toml"],
    "table": ["table", "s.toml"],
    "runs export": ["runs", "export", "--study", "s.toml", "--to", "s.ablab"],
}


def invoke(*words: str) -> str:
    result = CliRunner().invoke(command, [*words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What each command says, and the folder that they were given in."""
    folder = tmp_path_factory.mktemp("named")
    (folder / "s.toml").write_text(STUDY)
    (folder / "my data").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield {name: invoke(*words, *PLACE) for name, words in CALLS.items()}


def takers(group: click.Group, above: str = "") -> set[str]:
    """The commands with a --scale, which only a study has."""
    found = set()
    for name in group.list_commands(click.Context(group)):
        it = group.get_command(click.Context(group), name)
        if isinstance(it, click.Group):
            found |= takers(it, f"{above}{name} ")
        elif it is not None and any(parameter.name == "scale" for parameter in it.params):
            found.add(f"{above}{name}")
    return found


def test_every_command_that_takes_a_study_is_tried_here():
    assert takers(command) == set(CALLS)


@pytest.mark.parametrize("name", [name for name in CALLS if name != "runs export"])
def test_the_next_command_is_about_the_same_study_runs_and_data_and_works(said, name):
    line = said[name].splitlines()[-1]
    assert line.startswith("next: ablab ")
    words = shlex.split(line.removeprefix("next: ablab "))
    assert "s.toml" in words
    assert words[-len(PLACE) :] == PLACE
    invoke(*(word for word in words if word != "--open"))


def test_the_runs_of_the_named_size_go_out(said):
    assert "6 runs" in said["runs export"]
