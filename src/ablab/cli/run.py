"""Carry out a study: train what is still wanted, until every verdict stands"""

from pathlib import Path

import click

from ablab.cli.shared import data_root_option, json_option, scale_option, store_option
from ablab.errors import InputError


@click.command(help=__doc__)
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Where the report goes  [default: reports/NAME.html]")
@scale_option
@click.option("--new", "is_new", is_flag=True, help="A study that was changed after it had begun is a new one.")
@click.option("--skip-unreadable", is_flag=True, help="Go on without pictures that cannot be read.")
@click.option("--dry-run", is_flag=True, help="Show the plan, what it costs and what it can see; train nothing.")
@click.option("--workers", type=click.IntRange(1, 256), help="Runs at a time  [default: one a core, on a GPU one]")
@data_root_option
@store_option
@json_option
def command(
    study: Path,
    out: Path | None,
    scale: str,
    is_new: bool,
    skip_unreadable: bool,
    dry_run: bool,
    workers: int | None,
    data_root: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    if dry_run:
        from ablab.cli.plan import show_plan

        show_plan(study, data_root, store, as_json, scale=scale, skip_unreadable=skip_unreadable)
        return
    carry_out(
        study,
        out,
        data_root,
        store,
        as_json,
        scale=scale,
        is_new=is_new,
        skip_unreadable=skip_unreadable,
        workers=workers,
    )


def carry_out(
    study: Path,
    out: Path | None,
    data_root: str | None,
    store: str | None,
    as_json: bool,
    *,
    scale: str = "default",
    is_new: bool = False,
    skip_unreadable: bool = False,
    workers: int | None = None,
) -> None:
    """Train what a study wants, show it as it goes, and end with the verdicts and the report."""
    from ablab.cli.report import report_path, show_result
    from ablab.conduct import read_studies, run_study
    from ablab.report.live import Live
    from ablab.store import Store, place

    parts = read_studies(study, scale)
    if out and len(parts) > 1:
        raise InputError(f"--out {out}: this study has {len(parts)} reports, one for each data set")
    for part in parts:
        report_path(part.name, out)  # found now, and not after hours of training
    for part in parts:
        with Live(as_json=as_json) as live:
            result = run_study(
                part,
                Store(place(store)),
                root=data_root,
                show=live.of_study,
                skip_unreadable=skip_unreadable,
                workers=workers,
                is_new=is_new,
            )
        show_result(result, out, as_json)
