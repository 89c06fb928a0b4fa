"""List the networks"""

import click

from ablab.cli.shared import json_option, say


@click.command(help=__doc__)
@json_option
def command(as_json: bool) -> None:
    from ablab.find import catalogue

    entries = catalogue("models", "model").values()
    rows = [{"name": entry.name, "what": entry.summary, "options": entry.options} for entry in entries]
    width = max(len(entry.name) for entry in entries)
    text = "\n".join(f"{entry.name:<{width}}  {entry.summary}" for entry in entries)
    say(as_json, rows, text, "ablab train simple-nn")
