"""Try out a study on validation images; the test images stay closed, and nothing is decided"""

import dataclasses
from pathlib import Path

import click

from ablab.cli.shared import data_root_option, json_option, say, scale_option, store_option


@click.command(help=__doc__)
@click.argument("study", type=click.Path(path_type=Path))
@scale_option
@click.option("--workers", type=click.IntRange(1, 256), help="Runs at a time  [default: one a core, on a GPU one]")
@data_root_option
@store_option
@json_option
def command(
    study: Path, scale: str, workers: int | None, data_root: str | None, store: str | None, as_json: bool
) -> None:
    from ablab.conduct import read_studies, run_study
    from ablab.report.live import Live
    from ablab.report.screen import on_screen
    from ablab.report.tables import verdict_table
    from ablab.store import Store, place

    for part in read_studies(study, scale):
        with Live(as_json=as_json) as live:
            result = run_study(
                part, Store(place(store)), root=data_root, show=live.of_study, workers=workers, explores=True
            )
        value = {
            "study": part.name,
            "explores": True,
            "effects": [_seen(dataclasses.asdict(verdict)) for verdict in result.verdicts],
        }
        text = (
            f"\n{on_screen(verdict_table(result.verdicts, explores=True))}\n\n"
            "exploratory: on validation images, with seeds that a study never uses; no verdict rests on this"
        )
        say(as_json, value, text, f"ablab run {study}")


def _seen(verdict: dict[str, object]) -> dict[str, object]:
    """What was seen of a variant, without a word for it."""
    kept = ("variant", "change", "effect", "low", "high", "pairs", "base_accuracies", "accuracies", "failures")
    return {key: verdict[key] for key in kept}
