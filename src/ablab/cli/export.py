"""Write the trained weights of a run in a format that other programs read"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ablab.catalogue import catalogue
from ablab.cli.shared import json_option, say, store_option

if TYPE_CHECKING:
    from ablab.records import Run
    from ablab.store import Store

FORMATS = ", ".join(sorted(catalogue("export", "format")))


@click.command(help=f"{__doc__}. To send whole runs to another store: ablab runs export.")
@click.argument("run")
@click.option("--to", "form", required=True, metavar="FORMAT", help=f"The format: {FORMATS}.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="The file  [default: named after the run]")
@click.option("--replace", is_flag=True, help="Replace the file if it is there already.")
@store_option
@json_option
def command(run: str, form: str, out: Path | None, replace: bool, store: str | None, as_json: bool) -> None:
    from ablab.conduct import weights_path
    from ablab.export import export, suffix
    from ablab.report.wording import shown
    from ablab.store import Store, place
    from ablab.train.trained import read

    end = suffix(form)  # refuse a misspelt format before anything is read
    kept = Store(place(store), create=False)
    chosen = kept.run(run)
    weights = weights_path(kept, chosen.id)
    if not weights.exists():
        raise no_weights(chosen, form, kept)
    trained = read(weights)
    path = out or Path(f"{chosen.id}{end}")
    size = export(trained, form, path, replace=replace)
    value = {"run": chosen.id, "format": form, "file": str(path), "bytes": size, "facts": trained.facts}
    text = f"{shown(str(path))}: weights of run {chosen.id}, epoch {trained.epoch}, as {form}, {size:,} bytes"
    say(as_json, value, text, f"ablab runs show {chosen.id}")


def no_weights(run: Run, form: str, store: Store) -> Exception:
    """Why a run has no weights, and how to get them. A store trains no run twice, so that takes another one."""
    from ablab.errors import InputError
    from ablab.report.terminal.live import again

    if run.status != "finished":
        return InputError(f"run {run.id} {run.status}, so it has no weights to export")
    other = ["--store", str(store.folder.with_name(f"{store.folder.name}-weights"))]
    return InputError(
        f'run {run.id} has no weights in this store: ablab train keeps them, a study only with keep = "weights" in '
        f"its file. Train it again into another store, which gives the same weights, and export them from there:\n"
        f"    {again(run.spec)} {shlex.join(other)}\n"
        f"    {shlex.join(['ablab', 'export', run.id, '--to', form, *other])}"
    )
