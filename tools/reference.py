"""The reference of what can be typed: `python tools/reference.py` writes docs/reference.md from the code."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from ablab import grammar, recipes
from ablab.atomic import atomic_write
from ablab.catalogue import Entry, catalogue
from ablab.cli import GROUPS, summaries
from ablab.cli import command as whole
from ablab.metric import FIGURE, FIGURES
from ablab.operations import PLACES, data_sets
from ablab.recipe import keys
from ablab.study.question.begin import begun_text

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"
HEAD = """# Reference

Everything that can be typed: the keys of a recipe and what they may be set to, networks, data sets, metrics, study
files, commands. This page is made from the code with `make reference`.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, *_recipe(), *_networks(), *_data(), *_metrics(), *_study_file(), *_commands()]
    return "\n".join(parts).rstrip() + "\n"


def _recipe() -> Iterator[str]:
    yield "## Recipe keys\n"
    yield "| key | default | what it is |\n|---|---|---|"
    for key, default, about in keys():
        yield f"| `{key}` | `{default}` | {_cell(about)} |"
    yield f"\nRecipes that come with ablab, for `recipe = ...`: {', '.join(f'`{name}`' for name in recipes.names())}."
    for key, place in PLACES.items():
        if entries := catalogue(place.folder, place.kind):
            yield f"\n### {key}\n"
            yield from _operations(entries)


def _networks() -> Iterator[str]:
    yield "\n## Networks\n"
    yield from _operations(catalogue("models", "model"), with_options=False)
    yield "\n`ablab models NAME` lists the options of one, with its parameters and MACs."


def _data() -> Iterator[str]:
    yield "\n## Data sets\n"
    yield from _operations(data_sets())
    yield "\nA path to a file or a folder is a data set, too: `ablab data check PATH` says what it is taken for."


def _metrics() -> Iterator[str]:
    yield "\n## Metrics\n"
    yield "| metric | unit | better | what it is |\n|---|---|---|---|"
    for entry in (*catalogue("train.metrics", "metric").values(), *catalogue(FIGURES, FIGURE).values()):
        unit, better = entry.facts["unit"], entry.facts["direction"]
        yield f"| `{_typed(entry)}` | {unit} | {better} | {_cell(entry.summary)} |"


def _study_file() -> Iterator[str]:
    yield "\n## Study files\n"
    yield "What `ablab init` writes: every section with its keys.\n"
    yield f"```toml\n{begun_text(model='simple-nn', data='cifar10').rstrip()}\n```"


def _commands() -> Iterator[str]:
    yield "\n## Commands\n"
    for group, title in GROUPS.items():
        yield f"### {title}\n"
        for name, summary in sorted(summaries().items()):
            if summary.group == group:
                yield from _command(f"ablab {name}", whole.get_command(click.Context(whole), name))


def _command(words: str, command: click.Command | None) -> Iterator[str]:
    assert command is not None  # each of the listed names has one
    if isinstance(command, click.Group):
        yield f"#### {words}\n\n{_sentence(command.help or '')}\n"
        for name, below in sorted(command.commands.items()):
            yield from _command(f"{words} {name}", below)
        return
    context = click.Context(command, info_name=words)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"#### {words}\n\n`{words} {usage}`\n\n{_sentence(command.help or '')}\n"
    options = [one for one in command.params if isinstance(one, click.Option) and one.help]
    if options:
        yield "| option | what it does |\n|---|---|"
        yield from (f"| `{', '.join(one.opts)}` | {_cell(one.help or '')} |" for one in options)
        yield ""


def _operations(entries: Mapping[str, Entry], *, with_options: bool = True) -> Iterator[str]:
    yield "| name | what it is |\n|---|---|"
    for entry in entries.values():
        yield f"| `{_typed(entry) if with_options else entry.name}` | {_cell(entry.summary)} |"


def _typed(entry: Entry) -> str:
    """An operation as it is typed, with its options at their defaults."""
    given = [
        name if name in entry.required else f"{name}={grammar.show(default)}" for name, default in entry.options.items()
    ]
    return f"{entry.name}({', '.join(given)})" if given else entry.name


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    atomic_write(PAGE, page())


if __name__ == "__main__":
    main()
