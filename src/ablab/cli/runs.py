"""List, show, compare, tag, remove, export, import and check the runs in the store"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ablab.cli.kinds import RunWord
from ablab.cli.shared import StudyWords, json_option, say, store_option, study_words
from ablab.cli.trials import study_of_command
from ablab.nouns import counted

if TYPE_CHECKING:
    from ablab.recipe import Recipe
    from ablab.records import StudyText
    from ablab.report.runs import Difference
    from ablab.store import Store
    from ablab.store.care import Damage
    from ablab.store.exchange import Taken

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

Command = TypeVar("Command", bound=Callable[..., Any])


def where_option(function: Command) -> Command:
    return click.option(
        "--where",
        metavar="SQL",
        help="Take only the runs that match this condition: \"norm = 'batch' and accuracy > 0.6\"",
    )(function)


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
        (_list_removed if is_of_removed else _list_trials)(_open(store), as_json)
        return
    if as_json + as_csv + (parquet is not None) > 1:
        raise click.UsageError("--json, --csv and --parquet: choose one")
    kept = _open(store)
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

    kept = _open(store)
    if trial := _trial(kept, run):
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
    kept = _open(store)
    from ablab.store.trials import remove

    trials = [trial for run in runs if (trial := _trial(kept, run))]
    runs = tuple(run for run in runs if not _trial(kept, run))
    ids = [] if trials and not runs and where is None else _chosen(kept, runs, where)
    kept.remove_ids(ids, why)
    remove(kept, trials, why)
    text = (
        f"removed {_runs_and_trials(ids, trials)}; the list of removed runs keeps their results: ablab runs ls "
        "--removed"
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


def _trial(kept: Store, start: str) -> str | None:
    """The id of the one trial that begins so, where no run does."""
    from ablab.errors import InputError
    from ablab.store.trials import find

    try:
        kept.find(start)
    except InputError:
        return find(kept, start)
    return None


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
    kept = _open(store)
    ids = _chosen(kept, runs, where)
    kept.tag(ids, add, remove)
    tag = (add + remove)[0]
    tags = {id_: kept.tags(id_) for id_ in ids}
    say(as_json, tags, f"tagged {_many(ids)}", f"ablab runs ls --where \"tags like '%{tag}%'\"" if ids else None)


@command.command("diff", help="Compare two runs: recipes, machines and results.")
@click.argument("a", type=RunWord())
@click.argument("b", type=RunWord())
@store_option
@json_option
def diff_runs(a: str, b: str, store: str | None, as_json: bool) -> None:
    import dataclasses

    from ablab.report.runs import difference
    from ablab.report.terminal.difference import difference_text

    kept = _open(store)
    one, other = kept.run(a), kept.run(b)
    found = difference(one, other)
    text = difference_text(found)
    say(as_json, dataclasses.asdict(found), text, _comparison(found, one.spec.recipe))


@command.command("gc", help="Remove files that no run needs.")
@click.option("--dry-run", is_flag=True, help="List the files; remove nothing.")
@store_option
@json_option
def collect(dry_run: bool, store: str | None, as_json: bool) -> None:
    from ablab.store.care import clean, unneeded

    kept = _open(store)
    found = unneeded(kept) if dry_run else clean(kept)
    size = sum(file.bytes for file in found)
    value = {"files": [str(file.path) for file in found], "bytes": size, "removed": not dry_run}
    done = "would be removed" if dry_run else "removed"
    lines = [f"{file.path}  {file.bytes:,} bytes" for file in found]
    total = f"{counted(len(found), 'file')}, {counted(size, 'byte')} {done}"
    lines.append(total if found else "every file is in use")
    say(as_json, value, "\n".join(lines), "ablab runs gc" if dry_run and found else "ablab runs verify")


@command.command(
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

    made = back_up(_open(store), folder)
    lines = [shown(_damage(damage)) for damage in made.damages]
    state = "with the damage above" if lines else "all intact"
    many = _numbers(made.runs, made.trials)
    lines.append(f"{shown(str(folder))}: {many}, {counted(made.bytes, 'byte')}, {state}")
    value = {**dataclasses.asdict(made), "folder": str(folder)}
    say(as_json, value, "\n".join(lines), f"ablab runs ls --store {folder}")
    if made.damages:
        ctx.exit(1)


@command.command(
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

    kept = _open(store)
    found = list(damages(kept))
    trials = ids(kept)
    many = len(kept.ids())
    hurt = sorted({damage.run for damage in found if damage.run})
    lines = [shown(_damage(damage)) for damage in found]
    lines.append(f"{_numbers(many, len(trials))}, {f'{len(hurt)} damaged' if found else 'all intact'}")
    value = {
        "runs": many,
        "trials": len(trials),
        "damaged": hurt,
        "damages": [dataclasses.asdict(damage) for damage in found],
    }
    say(as_json, value, "\n".join(lines), f"ablab runs rm {' '.join(hurt)}" if hurt else "ablab runs ls")
    if found:
        ctx.exit(1)


@command.command(
    "export",
    help=(
        "Write runs into one file to send to others; without RUN, --where or --study, all of them. For weights: "
        "ablab export."
    ),
)
@click.argument("runs", type=RunWord(), metavar="[RUN]...", nargs=-1)
@click.option("--to", required=True, type=click.Path(path_type=Path), help="Write this file, such as NAME.ablab.")
@where_option
@study_words("--study", help="Export the runs of the study in this file.")
@json_option
def export_runs(runs: tuple[str, ...], to: Path, where: str | None, study: StudyWords, as_json: bool) -> None:
    from ablab.errors import InputError
    from ablab.store.exchange import export
    from ablab.store.trials import ids as all_trials
    from ablab.trials.result import look_up

    kept = study.open_store()
    texts: list[StudyText] | None = None
    trials: list[str] = []
    if study.path is not None:
        if runs or where:
            raise click.UsageError("--study already chooses the runs; leave out RUN and --where")
        if asked := study_of_command(study):
            ids = list[str]()
            trials = list(look_up(asked, kept).outcomes)
        else:
            ids, texts = _of_study(kept, study)
    elif runs or where:
        trials = [trial for run in runs if (trial := _trial(kept, run))]
        named = tuple(run for run in runs if not _trial(kept, run))
        ids = _chosen(kept, named, where) if named or where else []
    else:
        ids, trials = kept.ids(), all_trials(kept)
    if not ids and not trials:
        raise InputError("no run matches, so nothing was written (all runs: ablab runs ls)")
    size = export(kept, ids, to, texts, trials)
    value = {"file": str(to), "runs": ids, "trials": trials, "bytes": size}
    say(as_json, value, f"{to}: {_runs_and_trials(ids, trials)}, {size:,} bytes", f"ablab runs import {to}")


@command.command("import", help="Import runs that others have sent. The exit code is 1 if any run is refused.")
@click.argument("files", metavar="FILE.ablab...", nargs=-1, required=True, type=click.Path(path_type=Path))
@store_option
@json_option
@click.pass_context
def import_runs(ctx: click.Context, files: tuple[Path, ...], store: str | None, as_json: bool) -> None:
    import dataclasses

    from ablab.errors import InputError
    from ablab.report.wording import shown
    from ablab.store import Store, place
    from ablab.store.exchange import SUFFIX, take

    paths = [one for path in files for one in (sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path])]
    if not paths:
        raise InputError(f"{files[0]}: there is no *{SUFFIX} file in this folder")
    kept = Store(place(store))
    came_from: dict[str, str] = {}
    taken, broken, lines = [], {}, []
    for path in paths:
        try:
            taken.append(take(kept, path, came_from))
            lines.append(_taken(taken[-1]))
        except InputError as error:
            broken[str(path)] = str(error)
            lines.append(f"refused: {shown(str(error))}")
    added = sum(len(one.added) for one in taken)
    refused = sum(len(one.refused) for one in taken)
    trials = sum(len(one.trials) for one in taken)
    lines.append(f"added {_numbers(added, trials)} from {counted(len(paths), 'file')}, refused {refused}")
    value = {"files": [{**dataclasses.asdict(one), "path": str(one.path)} for one in taken], "broken": broken}
    say(as_json, value, "\n".join(lines), "ablab runs ls --trials" if trials and not added else "ablab runs ls")
    if broken:
        ctx.exit(2)
    if refused:
        ctx.exit(1)


def _open(store: str | None) -> Store:
    from ablab.store import Store, place

    return Store(place(store), create=False)


def _chosen(store: Store, runs: Sequence[str], where: str | None) -> list[str]:
    """The ids that were asked for: by how they begin, by what the runs are, or those of both."""
    if not runs and where is None:
        raise click.UsageError("which runs? name them, or choose them with --where")
    ids = [store.find(run) for run in runs]
    if where is None:
        return list(dict.fromkeys(ids))
    found = [row["id"] for row in store.listing(where).dicts()]
    return [id_ for id_ in found if not runs or id_ in ids]


def _of_study(store: Store, words: StudyWords) -> tuple[list[str], list[StudyText]]:
    """The runs of a study that are here, on whatever data, and what the study is."""
    import dataclasses

    from ablab.result import plans_in

    here = set(store.ids())
    plans = [planned for study in words.parts() for planned in plans_in(store, study)]
    own = [(planned, [run.id for run in planned.most if run.id in here]) for planned in plans]
    ids = dict.fromkeys(id_ for _, found in own for id_ in found)
    texts = [dataclasses.replace(planned.kept, locked=store.locked(planned.hash)) for planned, found in own if found]
    return list(ids), texts


def _taken(taken: Taken) -> str:
    """What became of one file, and of each run that was refused."""
    from ablab.report.wording import shown

    known = f", {len(taken.known)} were here already" if taken.known else ""
    added = _numbers(len(taken.added), len(taken.trials)) if taken.trials else str(len(taken.added))
    lines = [f"{taken.path}: {added} added{known}"]
    return "\n".join([*lines, *(shown(f"  refused: {one.id}: {one.why}") for one in taken.refused)])


def _damage(damage: Damage) -> str:
    """What is damaged, with the run or trial that it hurts."""
    return f"{damage.kind} {damage.run}: {damage.what}" if damage.run else damage.what


def _numbers(runs: int, trials: int) -> str:
    """How many runs, and how many trials where there are any."""
    return counted(runs, "run") + (f" and {counted(trials, 'trial')}" if trials else "")


def _runs_and_trials(runs: Sequence[str], trials: Sequence[str]) -> str:
    if not runs and len(trials) == 1:
        return f"trial {trials[0]}"
    return (
        counted(len(trials), "trial") if not runs else _many(runs) if not trials else _numbers(len(runs), len(trials))
    )


def _many(ids: Sequence[str]) -> str:
    return f"run {ids[0]}" if len(ids) == 1 else counted(len(ids), "run")


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
