"""Train runs for a study on another machine: take them from a shared folder, and leave the results there"""

from pathlib import Path

import click

from ablab.cli.shared import data_root_option, json_option, say

GROUP = "Tools"
EXAMPLES = ("ablab work /shared/study",)


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--wait", default="10m", show_default=True, help="Stop after waiting this long without a new run.")
@data_root_option
@json_option
def command(folder: Path, wait: str, data_root: str | None, as_json: bool) -> None:
    from ablab import grammar
    from ablab.execute import Loader
    from ablab.execute.drop import Drop
    from ablab.execute.work import work
    from ablab.nouns import counted
    from ablab.report.terminal.live import Live

    seconds = grammar.duration(wait)
    with Live(as_json=as_json) as live:
        done = work(Drop(folder), Loader(data_root), live.show, seconds)
    say(as_json, {"runs": done}, f"{counted(done, 'run')} trained; there is nothing left to do here", "ablab runs ls")
