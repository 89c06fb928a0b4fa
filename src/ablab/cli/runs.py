"""List, show, compare, tag, remove, export, import and check the runs in the store"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ablab.cli.care import back_up_runs, collect, verify_runs
from ablab.cli.chosen import chosen, open_store, runs_and_trials, some_runs, trial_of, where_option
from ablab.cli.exchange import export_runs, import_runs
from ablab.cli.kinds import RunWord
from ablab.cli.shared import json_option, say, store_option
from ablab.nouns import counted

if TYPE_CHECKING:
    from ablab.recipe import Recipe
    from ablab.report.runs import Difference
    from ablab.store import Store

GROUP = "Look"
EXAMPLES = (
    "ablab runs ls",
    "ablab runs show 3fa2b1",
    "ablab runs diff 3fa2b1 9c04d7",
    "ablab runs tag 3fa2b1 --add good",
    "ablab runs rm 3fa2b1",
    "ablab runs gc --dry-run",
    "ablab runs verify",
    "ablab runs backup copy-of-the-store",
    "ablab runs export --study quickstart --to quickstart.ablab",
    "ablab runs import quickstart.ablab",
)


@click.group(help=__doc__, invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_runs)


@command.command("ls", help="List the runs, newest last.")
@where_option
@click.option("--sort", metavar="COLUMN", help="Sort by this column; -COLUMN puts the largest first.")
@click.option("--limit", type=click.IntRange(min=0), help="Show at most this many runs.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with every key of the recipes.")
@click.option("--parquet", type=click.Path(path_type=Path), help="Write a Parquet file with every key of the recipes.")
@click.option("--removed", "is_of_removed", is_flag=True, help="List the runs that were removed instead.")
@click.option("--trials", "is_of_trials", is_flag=True, help="List the trials of commands and functions instead.")
@store_option
@json_option
def list_runs(
    where: str | None = None,
    sort: str | None = None,
    limit: int | None = None,
    as_csv: bool = False,
    parquet: Path | None = None,
    is_of_removed: bool = False,
    is_of_trials: bool = False,
    store: str | None = None,
    as_json: bool = False,
) -> None:
    from ablab.report import runs as report
    from ablab.report.terminal.screen import on_screen
    from ablab.store.trials import ids

    if is_of_removed or is_of_trials:
        if where or sort or limit is not None or as_csv or parquet or (is_of_removed and is_of_trials):
            named = "--removed lists all that were removed" if is_of_removed else "--trials lists all trials"
            raise click.UsageError(f"{named}: of the other options it takes --json alone")
        (_list_removed if is_of_removed else _list_trials)(open_store(store), as_json)
        return
    if as_json + as_csv + (parquet is not None) > 1:
        raise click.UsageError("--json, --csv and --parquet: choose one")
    kept = open_store(store)
    found = kept.listing(where, sort, limit, everything=as_csv or parquet is not None)
    if as_csv:
        click.echo(report.as_csv(found))
    elif parquet is not None:
        report.write_parquet(found, parquet)
        size = f"{counted(len(found.rows), 'run')}, {counted(len(found.columns), 'column')}"
        say(False, None, f"{parquet}: {size}", "ablab runs ls")
    elif as_json:
        say(True, report.as_json(found), "")
    else:
        rows = found.dicts()
        trials = len(ids(kept))
        text = on_screen(report.listed(rows), folds=False) if rows else "no runs"
        if trials:
            text += f"\n{counted(trials, 'trial')} of commands and functions: ablab runs ls --trials"
        listed = "ablab runs ls --trials" if trials else None
        say(False, None, text, f"ablab runs show {rows[-1]['id']}" if rows else listed)


@command.command("show", help="Show one run with its recipe and its curve, or one trial with its output.")
@click.argument("run", type=RunWord())
@store_option
@json_option
def show_run(run: str, store: str | None, as_json: bool) -> None:
    import json

    from ablab.report.terminal.run import run_details

    kept = open_store(store)
    if trial := trial_of(kept, run):
        _show_trial(kept, trial, as_json)
        return
    found = kept.run(run)
    tags = kept.tags(found.id)
    text = run_details(found) + (f"\n\ntags  {' '.join(tags)}" if tags else "")
    say(as_json, {**json.loads(found.to_json()), "tags": tags}, text, "ablab runs ls")


@command.command(
    "rm",
    help="Remove runs. A study that needs one trains it again. The list of removed runs keeps the result and the "
    "reason.",
)
@click.argument("runs", type=RunWord(), metavar="[RUN]...", nargs=-1)
@click.option("--why", default="", metavar="TEXT", help="Give a reason, for the list of removed runs.")
@where_option
@store_option
@json_option
def remove_runs(runs: tuple[str, ...], why: str, where: str | None, store: str | None, as_json: bool) -> None:
    kept = open_store(store)
    from ablab.store.trials import remove

    trials = [trial for run in runs if (trial := trial_of(kept, run))]
    runs = tuple(run for run in runs if not trial_of(kept, run))
    ids = [] if trials and not runs and where is None else chosen(kept, runs, where)
    kept.remove_ids(ids, why)
    remove(kept, trials, why)
    text = (
        f"removed {runs_and_trials(ids, trials)}; the list of removed runs keeps their results: ablab runs ls --removed"
    )
    say(as_json, {"removed": [*ids, *trials]}, text, "ablab runs gc --dry-run")


def _list_removed(kept: Store, as_json: bool) -> None:
    import dataclasses

    from ablab.report.runs import removed_table
    from ablab.report.terminal.screen import on_screen

    found = kept.removed()
    value = [dataclasses.asdict(grave) for grave in found]
    say(
        as_json,
        value,
        on_screen(removed_table(found), folds=False) if found else "no run has been removed",
        "ablab runs ls",
    )


def _list_trials(kept: Store, as_json: bool) -> None:
    import dataclasses

    from ablab.report.terminal.screen import on_screen
    from ablab.report.terminal.trial import trials_table
    from ablab.store.trials import ids, locked, outcomes

    found = list(outcomes(kept, ids(kept)).values())
    names = {entry.plan: entry.name for entry in locked(kept)}
    value = [
        {"id": one.trial.id, "study": names.get(one.plan), **dataclasses.asdict(one), "output": None, "errors": None}
        for one in found
    ]
    text = on_screen(trials_table(found, names), folds=False) if found else "no trials"
    say(as_json, value, text, f"ablab runs show {found[-1].trial.id}" if found else None)


def _show_trial(kept: Store, id_: str, as_json: bool) -> None:
    import dataclasses

    from ablab.report.terminal.trial import trial_details
    from ablab.store.trials import locked, outcomes

    outcome = outcomes(kept, [id_])[id_]
    study = next((entry.name for entry in locked(kept) if entry.plan == outcome.plan), "")
    value = {"id": id_, "study": study, **dataclasses.asdict(outcome)}
    say(as_json, value, trial_details(outcome, study), "ablab runs ls --trials")


@command.command("tag", help="Add tags to runs, or remove tags.")
@click.argument("runs", type=RunWord(), metavar="[RUN]...", nargs=-1)
@click.option("--add", "add", multiple=True, metavar="TAG", help="Add this tag (may be repeated).")
@click.option("--remove", "remove", multiple=True, metavar="TAG", help="Remove this tag (may be repeated).")
@where_option
@store_option
@json_option
def tag_runs(
    runs: tuple[str, ...],
    add: tuple[str, ...],
    remove: tuple[str, ...],
    where: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    if not add + remove:
        raise click.UsageError("which tag? --add TAG or --remove TAG")
    kept = open_store(store)
    ids = chosen(kept, runs, where)
    kept.tag(ids, add, remove)
    tag = (add + remove)[0]
    tags = {id_: kept.tags(id_) for id_ in ids}
    say(as_json, tags, f"tagged {some_runs(ids)}", f"ablab runs ls --where \"tags like '%{tag}%'\"" if ids else None)


@command.command("diff", help="Compare two runs: recipes, machines and results.")
@click.argument("a", type=RunWord())
@click.argument("b", type=RunWord())
@store_option
@json_option
def diff_runs(a: str, b: str, store: str | None, as_json: bool) -> None:
    import dataclasses

    from ablab.report.runs import difference
    from ablab.report.terminal.difference import difference_text

    kept = open_store(store)
    one, other = kept.run(a), kept.run(b)
    found = difference(one, other)
    text = difference_text(found)
    say(as_json, dataclasses.asdict(found), text, _comparison(found, one.spec.recipe))


def _comparison(difference: Difference, base: Recipe) -> str:
    """The command that asks whether the difference between two recipes is an effect."""
    import shlex

    from ablab.grammar import show

    values = [value for _, value in difference.recipe.values()]
    if not values or None in values or difference.fingerprints[0] != difference.fingerprints[1]:
        return f"ablab runs show {difference.runs[0]}"
    words = [f"{key}={show(value)}" for key, value in base.changes().items() if key != "model"]
    change = " ".join(f"{key}={show(value)}" for key, (_, value) in difference.recipe.items())
    return shlex.join(["ablab", "compare", base.model, *words, "--vs", change])


for part in (collect, back_up_runs, verify_runs, export_runs, import_runs):
    command.add_command(part)
