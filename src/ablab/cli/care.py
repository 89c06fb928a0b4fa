"""Commands of `ablab runs` that care for a store: what no run needs, a backup, and whether all is as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ablab.cli.chosen import how_many, open_store
from ablab.cli.shared import json_option, say, store_option
from ablab.nouns import counted

if TYPE_CHECKING:
    from ablab.store.care import Damage


@click.command("gc", help="Remove files that no run needs.")
@click.option("--dry-run", is_flag=True, help="List the files; remove nothing.")
@store_option
@json_option
def collect(dry_run: bool, store: str | None, as_json: bool) -> None:
    from ablab.store.care import clean, unneeded

    kept = open_store(store)
    found = unneeded(kept) if dry_run else clean(kept)
    size = sum(file.bytes for file in found)
    value = {"files": [str(file.path) for file in found], "bytes": size, "removed": not dry_run}
    done = "would be removed" if dry_run else "removed"
    lines = [f"{file.path}  {file.bytes:,} bytes" for file in found]
    total = f"{counted(len(found), 'file')}, {counted(size, 'byte')} {done}"
    lines.append(total if found else "every file is in use")
    say(as_json, value, "\n".join(lines), "ablab runs gc" if dry_run and found else "ablab runs verify")


@click.command(
    "backup",
    help="Copy the store to a new folder, even while it is in use. The exit code is 1 if the store is damaged.",
)
@click.argument("folder", type=click.Path(path_type=Path))
@store_option
@json_option
@click.pass_context
def back_up_runs(ctx: click.Context, folder: Path, store: str | None, as_json: bool) -> None:
    import dataclasses

    from ablab.report.wording import shown
    from ablab.store.backup import back_up

    made = back_up(open_store(store), folder)
    lines = [shown(_damage(damage)) for damage in made.damages]
    state = "with the damage above" if lines else "all intact"
    many = how_many(made.runs, made.trials)
    lines.append(f"{shown(str(folder))}: {many}, {counted(made.bytes, 'byte')}, {state}")
    value = {**dataclasses.asdict(made), "folder": str(folder)}
    say(as_json, value, "\n".join(lines), f"ablab runs ls --store {folder}")
    if made.damages:
        ctx.exit(1)


@click.command(
    "verify", help="Check every run, trial and file against its checksum. The exit code is 1 if any is damaged."
)
@store_option
@json_option
@click.pass_context
def verify_runs(ctx: click.Context, store: str | None, as_json: bool) -> None:
    import dataclasses

    from ablab.report.wording import shown
    from ablab.store.care import damages
    from ablab.store.trials import ids

    kept = open_store(store)
    found = list(damages(kept))
    trials = ids(kept)
    many = len(kept.ids())
    hurt = sorted({damage.run for damage in found if damage.run})
    lines = [shown(_damage(damage)) for damage in found]
    lines.append(f"{how_many(many, len(trials))}, {f'{len(hurt)} damaged' if found else 'all intact'}")
    value = {
        "runs": many,
        "trials": len(trials),
        "damaged": hurt,
        "damages": [dataclasses.asdict(damage) for damage in found],
    }
    say(as_json, value, "\n".join(lines), f"ablab runs rm {' '.join(hurt)}" if hurt else "ablab runs ls")
    if found:
        ctx.exit(1)


def _damage(damage: Damage) -> str:
    """What is damaged, with the run or trial that it hurts."""
    return f"{damage.kind} {damage.run}: {damage.what}" if damage.run else damage.what
