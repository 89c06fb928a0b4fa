"""Answer a real question in about two minutes: does batch norm help a small CNN, or cropping and flipping?"""

from pathlib import Path
from typing import Any

import click

from ablab.cli.run import carry_out
from ablab.cli.shared import StudyWords, execution_options, json_option, store_option

GROUP = "Ask"
EXAMPLES = ("ablab demo",)


@click.command(help=__doc__)
@store_option
@execution_options
@json_option
def command(store: str | None, execution: dict[str, Any], as_json: bool) -> None:
    carry_out([StudyWords(Path("quickstart"), store=store)], None, as_json, execution=execution)
