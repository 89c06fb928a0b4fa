"""Commands of `ablab runs` that send runs to other stores and take theirs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ablab.cli.chosen import chosen, how_many, runs_and_trials, trial_of, where_option
from ablab.cli.kinds import RunWord
from ablab.cli.shared import StudyWords, json_option, say, store_option, study_words
from ablab.cli.trials import study_of_command
from ablab.nouns import counted

if TYPE_CHECKING:
    from ablab.records import StudyText
    from ablab.store import Store
    from ablab.store.exchange import Taken


@click.command(
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
        trials = [trial for run in runs if (trial := trial_of(kept, run))]
        named = tuple(run for run in runs if not trial_of(kept, run))
        ids = chosen(kept, named, where) if named or where else []
    else:
        ids, trials = kept.ids(), all_trials(kept)
    if not ids and not trials:
        raise InputError("no run matches, so nothing was written (all runs: ablab runs ls)")
    size = export(kept, ids, to, texts, trials)
    value = {"file": str(to), "runs": ids, "trials": trials, "bytes": size}
    say(as_json, value, f"{to}: {runs_and_trials(ids, trials)}, {size:,} bytes", f"ablab runs import {to}")


@click.command("import", help="Import runs that others have sent. The exit code is 1 if any run is refused.")
@click.argument("files", metavar="FILE.ablab...", nargs=-1, required=True, type=click.Path(path_type=Path))
@store_option
@json_option
@click.pass_context
def import_runs(ctx: click.Context, files: tuple[Path, ...], store: str | None, as_json: bool) -> None:
    import dataclasses

    from ablab.errors import InputError
    from ablab.report.wording import shown
    from ablab.store import opened
    from ablab.store.exchange import SUFFIX, take

    paths = [one for path in files for one in (sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path])]
    if not paths:
        raise InputError(f"{files[0]}: there is no *{SUFFIX} file in this folder")
    kept = opened(store)
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
    lines.append(f"added {how_many(added, trials)} from {counted(len(paths), 'file')}, refused {refused}")
    value = {"files": [{**dataclasses.asdict(one), "path": str(one.path)} for one in taken], "broken": broken}
    say(as_json, value, "\n".join(lines), "ablab runs ls --trials" if trials and not added else "ablab runs ls")
    if broken:
        ctx.exit(2)
    if refused:
        ctx.exit(1)


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
    added = how_many(len(taken.added), len(taken.trials)) if taken.trials else str(len(taken.added))
    lines = [f"{taken.path}: {added} added{known}"]
    return "\n".join([*lines, *(shown(f"  refused: {one.id}: {one.why}") for one in taken.refused)])
