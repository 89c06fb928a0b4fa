"""Carry out a study: train what is still wanted, until every verdict stands"""

from pathlib import Path

import click

from ablab.cli.shared import data_root_option, json_option, store_option


@click.command(help=__doc__)
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Where the report goes  [default: reports/NAME.html]")
@click.option("--skip-unreadable", is_flag=True, help="Go on without pictures that cannot be read.")
@click.option("--workers", type=click.IntRange(1, 256), help="Runs at a time  [default: one a core, on a GPU one]")
@data_root_option
@store_option
@json_option
def command(
    study: Path,
    out: Path | None,
    skip_unreadable: bool,
    workers: int | None,
    data_root: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    from ablab.cli.report import show_result
    from ablab.conduct import run_study
    from ablab.report.live import Live
    from ablab.store import Store, place

    with Live(as_json=as_json) as live:
        result = run_study(
            study,
            Store(place(store)),
            root=data_root,
            show=live.of_study,
            skip_unreadable=skip_unreadable,
            workers=workers,
        )
    show_result(result, out, as_json)
