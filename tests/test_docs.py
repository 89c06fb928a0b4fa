"""What the documents say is so: commands in them exist, and the numbers of the worked example are the network's."""

import re
import shlex
from pathlib import Path

import pytest
import torch

import ablab
from ablab.cli import command
from ablab.models import Io, build

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "howto").glob("*.md"))]


def commands(text: str) -> list[list[str]]:
    """The ablab commands in blocks for a shell, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [shlex.split(line.partition("  #")[0].rstrip("\\ ")) for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and line[0] == "ablab"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_a_page_exists(page):
    known = command.list_commands(None)
    for line in commands(page.read_text(encoding="utf-8")):
        assert line[1] in known, " ".join(line)
        options = {name for parameter in found(line).params for name in parameter.opts + parameter.secondary_opts}
        for word in line[2:]:
            assert not word.startswith("--") or word in options, " ".join(line)


def found(line: list[str]):
    """The click command that a line names, subcommands followed."""
    at = command.get_command(None, line[1])
    for word in line[2:]:
        if not hasattr(at, "commands") or word not in at.commands:
            break
        at = at.commands[word]
    return at


def test_the_worked_example_has_the_networks_own_numbers():
    text = (ROOT / "docs" / "arithmetic.md").read_text(encoding="utf-8")
    with torch.device("meta"):
        two, three = (ablab.inspect(build(name, Io(3, 32, 32, 10)), (3, 32, 32)) for name in ("cnn2", "cnn3"))
    for row in two.rows:
        (line,) = [line for line in text.splitlines() if line.startswith(f"{row.path} ")]
        for term in (row.parameters, row.macs):
            assert term is None or not term.value or f"{term.formula} = {term.value:,}" in line
    assert f"+{three.parameters - two.parameters:,}" in text
    assert f"{three.macs:,} MACs instead of {two.macs:,}" in " ".join(text.split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
