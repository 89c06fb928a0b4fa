"""What the command line says of itself: groups, examples, where to start."""

import shlex

import click
import pytest
from click.testing import CliRunner

from ablab.cli import GROUPS, command
from ablab.records import DataFacts
from ablab.store import Store
from ablab.study import Study, plan
from sample_runs import sample_run


def commands(of=command, name=("ablab",)):
    """Every command with its words, groups of commands included."""
    for each in of.list_commands(click.Context(of)):
        found = of.get_command(click.Context(of), each)
        yield (*name, each), found
        if isinstance(found, click.Group):
            yield from commands(found, (*name, each))


ALL = dict(commands())


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_help_ends_with_examples_that_are_calls_of_the_command(words):
    text = CliRunner().invoke(command, [*words[1:], "--help"], prog_name="ablab").output
    assert text.startswith(f"Usage: {' '.join(words)} ")
    assert "--json" in text or "Commands:" in text
    examples = [line.strip() for line in text.partition("Examples:\n")[2].splitlines()]
    assert examples
    for example in examples:
        given = shlex.split(example.partition(" >")[0])
        assert tuple(given[: len(words)]) == words
        own = tuple(given[:3]) if tuple(given[:3]) in ALL else tuple(given[:2])
        context = click.Context(ALL[own])
        values, rest, _ = ALL[own].make_parser(context).parse_args(given[len(own) :])  # an unknown option raises
        assert not rest
        missing = [one.name for one in ALL[own].params if one.required and values.get(one.name) in (None, ())]
        assert not missing


def test_every_command_stands_in_one_group():
    text = CliRunner().invoke(command, ["--help"], prog_name="ablab").output
    for title in GROUPS.values():
        assert f"{title}:" in text
    listed = [line.split()[0] for line in text.splitlines() if line.startswith("  ") and line[2].isalpha()]
    for name in command.list_commands(None):
        assert listed.count(name) == 1


def test_alone_it_says_where_to_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ABLAB_STORE", raising=False)
    said = CliRunner().invoke(command, [], prog_name="ablab")
    assert said.exit_code == 0
    assert said.output.endswith("next: ablab demo\n")
    assert "ablab init mine" in said.output


def test_alone_it_says_how_far_the_last_study_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ABLAB_STORE", raising=False)
    study = Study("?", "mlp data=phantom", {"norm": "norm=batch"}, name="mine", seeds="3..5")
    planned = plan(study, "fingerprint")
    with_labels = DataFacts("fingerprint", "phantom", ("a", "b"), (0, 1) * 100, (3, 32, 32))
    store = Store(tmp_path / ".ablab", create=True)
    store.keep_data(with_labels)
    store.keep_study(planned.kept)
    store.add(sample_run(0, 0.5, study.base))
    said = CliRunner().invoke(command, [], prog_name="ablab").output
    assert "last study here: mine: 0 of 1 verdict decided after 1 run, 5 runs still to train" in said


def test_a_store_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ABLAB_STORE", raising=False)
    (tmp_path / ".ablab").mkdir()
    (tmp_path / ".ablab" / "store.sqlite").write_bytes(b"this is no database" * 100)
    said = CliRunner().invoke(command, [], prog_name="ablab")
    assert said.exit_code == 0
    assert "the store here cannot be read" in said.output


@pytest.mark.parametrize(
    ("word", "meant"), [("import", "runs import"), ("ls", "runs ls"), ("tune", "search"), ("dash", "serve")]
)
def test_a_word_of_other_tools_leads_to_the_command_that_does_the_same(word, meant):
    assert ("ablab", *meant.split()) in ALL
    assert f'there is no command "{word}": did you mean "{meant}"?' in CliRunner().invoke(command, [word]).output
