"""Weights & Biases' folders: a folder a run with its summary or history as JSON, and its configuration."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ablab.catalogue import mark
from ablab.elsewhere.formats import Record, text_of
from ablab.elsewhere.formats.json_lines import flat
from ablab.errors import InputError

SUMMARY, HISTORY, CONFIG = "wandb-summary.json", "wandb-history.jsonl", "config.yaml"


@mark("results", "wandb", suffixes=(), is_folder=True)
def wandb(path: Path) -> Iterator[Record]:
    """The summary of each run, or the last line of its history; its configuration as config.NAME."""
    folders = sorted({file.parent for name in (SUMMARY, HISTORY) for file in path.rglob(name)})
    if not folders and next(path.rglob("run-*.wandb"), None):
        raise InputError(
            f"{path}: these runs were tracked offline, so their figures are only in W&B's own format: upload them "
            "with wandb sync, export the table of runs as CSV in the app, and give that file"
        )
    for folder in folders:
        run = folder.parent if folder.name == "files" else folder
        if run.is_symlink():
            continue  # latest-run
        row: Record = {"": str(run), "name": run.name, **_config(folder / CONFIG)}
        row |= {key: value for key, value in _figures(folder).items() if not key.startswith("_")}
        yield row


def _figures(folder: Path) -> Record:
    """The last value of each figure."""
    if (folder / SUMMARY).exists():
        return dict(flat(_read(text_of(folder / SUMMARY), folder / SUMMARY)))
    last: Record = {}
    for line in text_of(folder / HISTORY).splitlines():
        if line.strip():
            last |= dict(flat(_read(line, folder / HISTORY)))
    return last


def _read(text: str, file: Path) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: this is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise InputError(f"{file}: this is not an object with names and values")
    return value


def _config(file: Path) -> Record:
    """The plain values of a configuration, which stand in lines `value: ...` below each name."""
    found: Record = {}
    name = ""
    for line in text_of(file).splitlines() if file.exists() else ():
        key, colon, value = line.partition(":")
        if not colon or not key.strip():
            continue
        if not key.startswith(" "):
            name = key.strip().strip("'\"")
        elif key.strip() == "value" and value.strip() and not name.startswith("_") and name != "wandb_version":
            found[f"config.{name}"] = value.strip().strip("'\"")
    return found
