"""Runs and trials as a command line chooses them, and how many these are in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ablab.nouns import counted

if TYPE_CHECKING:
    from ablab.store import Store

Command = TypeVar("Command", bound=Callable[..., Any])


def where_option(function: Command) -> Command:
    return click.option(
        "--where",
        metavar="SQL",
        help="Take only the runs that match this condition: \"norm = 'batch' and accuracy > 0.6\"",
    )(function)


def open_store(store: str | None) -> Store:
    """The store that a command line names; an error where there is none."""
    from ablab.store import opened

    return opened(store, create=False)


def chosen(store: Store, runs: Sequence[str], where: str | None) -> list[str]:
    """The ids that were asked for: by how they begin, by what the runs are, or those of both."""
    if not runs and where is None:
        raise click.UsageError("which runs? name them, or choose them with --where")
    ids = [store.find(run) for run in runs]
    if where is None:
        return list(dict.fromkeys(ids))
    found = [row["id"] for row in store.listing(where).dicts()]
    return [id_ for id_ in found if not runs or id_ in ids]


def trial_of(kept: Store, start: str) -> str | None:
    """The id of the one trial that begins so, where no run does."""
    from ablab.errors import InputError
    from ablab.store.trials import find

    try:
        kept.find(start)
    except InputError:
        return find(kept, start)
    return None


def how_many(runs: int, trials: int) -> str:
    """How many runs, and how many trials where there are any."""
    return counted(runs, "run") + (f" and {counted(trials, 'trial')}" if trials else "")


def runs_and_trials(runs: Sequence[str], trials: Sequence[str]) -> str:
    """The one run or trial by its id, or how many there are."""
    if not trials:
        return some_runs(runs)
    if not runs:
        return f"trial {trials[0]}" if len(trials) == 1 else counted(len(trials), "trial")
    return how_many(len(runs), len(trials))


def some_runs(ids: Sequence[str]) -> str:
    return f"run {ids[0]}" if len(ids) == 1 else counted(len(ids), "run")
