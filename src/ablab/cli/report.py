"""Write the report of a study: one HTML file that needs nothing else"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablab.cli.shared import json_option, say, scale_option, store_option

if TYPE_CHECKING:
    from ablab.conduct import Result


@click.command(help=__doc__)
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Where it goes  [default: reports/NAME.html]")
@scale_option
@click.option("--open", "open_it", is_flag=True, help="Show it in the browser.")
@store_option
@json_option
def command(study: Path, out: Path | None, scale: str, open_it: bool, store: str | None, as_json: bool) -> None:
    from ablab.conduct import look_up_study, read_studies
    from ablab.store import Store, place

    kept = Store(place(store), create=False)
    for part in read_studies(study, scale):
        path = show_result(look_up_study(part, kept), out, as_json)
        if open_it:
            click.launch(str(path))


def report_path(name: str, out: Path | None) -> Path:
    """Where a report goes; an error if it could not be written there."""
    from ablab.atomic import check_writable

    path = out or Path("reports") / f"{name}.html"
    check_writable(path)
    return path


def show_result(result: Result, out: Path | None, as_json: bool) -> Path:
    """Write the report, print the verdicts; gives the path of the report."""
    import dataclasses

    from ablab.atomic import atomic_write
    from ablab.report.extras import extras
    from ablab.report.page import page
    from ablab.report.tables import verdict_table

    path = report_path(result.study.name, out)
    atomic_write(
        path, page(result.study, result.runs, result.decision.verdicts, ledger=result.ledger, data=result.data)
    )
    value: dict[str, Any] = {
        "study": result.study.name,
        "plan": result.plan.hash,
        "verdicts": [dataclasses.asdict(verdict) for verdict in result.decision.verdicts],
        "ledger": dataclasses.asdict(result.ledger) if result.ledger else None,
        "wanted": len(result.decision.wanted),
        "report": str(path),
    }
    sentences = "\n".join(f"  {verdict.sentence}" for verdict in result.decision.verdicts)
    if result.after_tuning:
        value["after_tuning"] = [dataclasses.asdict(verdict) for verdict in result.after_tuning.verdicts]
        value["disagreements"] = result.disagreements
    sentences += f"\n{more}" if (more := extras(result)) else ""
    looked = f"\n  {result.ledger}" if result.ledger else ""
    if result.decision.ended:
        sentences += f"\n  {result.decision.ended}; verdicts are as valid as at any other end."
    text = f"\n{verdict_table(result.decision.verdicts)}\n\n{sentences}{looked}\nreport: {path}"
    say(as_json, value, text, f"ablab report {result.study.path} --open")
    return path
