"""Write the trained weights of a run in a format that other programs can read"""

from __future__ import annotations

from pathlib import Path

import click

from ablab.catalogue import catalogue
from ablab.cli.kinds import RunWord
from ablab.cli.shared import data_root_option, json_option, say, say_own_code, store_option

GROUP = "Tools"
EXAMPLES = (
    "ablab export 3fa2b1 --to safetensors",
    "ablab export 3fa2b1 --to onnx",
)

FORMATS = ", ".join(sorted(catalogue("export", "format")))


@click.command(help=f"{__doc__}. To send whole runs to another store: ablab runs export.")
@click.argument("run", type=RunWord())
@click.option("--to", "form", metavar="FORMAT", help=f"Choose the format: {FORMATS}.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write this file or folder  [default: named after the run]",
)
@click.option("--replace", is_flag=True, help="Replace the file if it already exists.")
@data_root_option
@store_option
@json_option
def command(
    run: str, form: str | None, out: Path | None, replace: bool, data_root: str | None, store: str | None, as_json: bool
) -> None:
    from ablab.export import suffix
    from ablab.outgoing import export_weights
    from ablab.report.wording import shown
    from ablab.store import opened

    if form is None:
        raise click.UsageError(f"--to FORMAT is missing: {FORMATS}. Such as: ablab export {run} --to onnx")
    end = suffix(form)  # refuse a misspelt format before anything is read
    kept = opened(store, create=False)
    chosen = kept.run(run)
    say_own_code([chosen.spec.recipe])
    path = out or Path(f"{chosen.id}{end}")
    trained, written = export_weights(chosen, kept, form, path, root=data_root, replace=replace)
    value = {
        "run": chosen.id,
        "format": form,
        "file": str(path),
        "bytes": written.bytes,
        "checked": written.note,
        "facts": trained.facts,
    }
    text = f"{shown(str(path))}: weights of run {chosen.id}, epoch {trained.epoch}, as {form}, {written.bytes:,} bytes"
    say(as_json, value, "\n".join(filter(None, (text, written.note))), f"ablab runs show {chosen.id}")
