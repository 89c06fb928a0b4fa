"""What a store remembers of looks: when a plan was locked, which plans have judged a run, which runs were removed.

A verdict is blind where its plan was locked before its runs had results. These three tables say whether it was. They
only grow. `runs export` sends them along and `runs import` adds them to what is here.
"""

import dataclasses
import datetime
import json
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

from ablab.records import Judged, Removed, StudyText
from ablab.store.schema import digest
from ablab.trial import Outcome

Checked = Callable[[tuple[Any, ...], str], tuple[Any, ...]]  # a row without its digest, which must agree


def now() -> str:
    """This moment as the store writes it.

    >>> len(now()), now()[-6:]
    (29, '+00:00')
    """
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def lock(connection: sqlite3.Connection, study: StudyText) -> None:
    """Lock a plan since the time that its text gives; a plan that is locked stays as it is."""
    row = (study.plan, study.root, study.locked)
    connection.execute("INSERT OR IGNORE INTO locks VALUES (?, ?, ?, ?)", (*row, digest(*row)))


def locks(
    connection: sqlite3.Connection, checked: Checked, plans: Iterable[str] | None = None
) -> dict[str, tuple[int, str]]:
    """The root of the seeds and the time of every plan that was locked, or of those of these plans."""
    if plans is None:
        rows = connection.execute("SELECT * FROM locks ORDER BY rowid").fetchall()
    else:
        found = (connection.execute("SELECT * FROM locks WHERE plan = ?", (plan,)).fetchone() for plan in plans)
        rows = [row for row in found if row]
    return {plan: (root, time) for plan, root, time in (checked(row, "the lock of plan") for row in rows)}


def judge(connection: sqlite3.Connection, looks: Iterable[Judged]) -> None:
    """Note that plans have judged runs; when one first did stays."""
    rows = [(one.run, one.plan, one.time) for one in looks]
    connection.executemany("INSERT OR IGNORE INTO judged VALUES (?, ?, ?, ?)", [(*row, digest(*row)) for row in rows])


def judged(connection: sqlite3.Connection, checked: Checked, runs: list[str]) -> list[Judged]:
    """Which plans have judged these runs, in the order in which they did."""
    marks = ", ".join("?" * len(runs))
    rows = connection.execute(f"SELECT * FROM judged WHERE run IN ({marks}) ORDER BY rowid", runs).fetchall()  # noqa: S608
    return [Judged(*checked(row, "the list of plans that judged run")) for row in rows]


def bury(connection: sqlite3.Connection, runs: Iterable[str], why: str) -> None:
    """Keep of runs that are about to be removed what others must be able to know of them."""
    time = now()
    for run in runs:
        found = connection.execute(
            "SELECT runs.id, runs.recipe, runs.model, runs.data, runs.seed, runs.status, facts.accuracy, "
            "coalesce(facts.created, '') FROM runs LEFT JOIN facts USING (id) WHERE runs.id = ?",
            (run,),
        ).fetchone()
        if found:
            plans = [plan for (plan,) in connection.execute("SELECT plan FROM judged WHERE run = ?", (run,))]
            _keep(connection, (*found, json.dumps(plans), time, why))


def bury_trials(connection: sqlite3.Connection, outcomes: Iterable[Outcome], why: str) -> None:
    """The same of trials: what was called stands for the recipe, and the arguments for the network."""
    time = now()
    for outcome in outcomes:
        trial = outcome.trial
        row = (trial.id, trial.subject, trial.arguments, "", trial.seed, outcome.status, None, outcome.time)
        _keep(connection, (*row, json.dumps([outcome.plan] if outcome.plan else []), time, why))


def keep_removed(connection: sqlite3.Connection, graves: Iterable[Removed]) -> None:
    """Note runs that were removed, here or where they come from."""
    for one in graves:
        _keep(connection, tuple({**vars(one), "plans": json.dumps(one.plans)}.values()))


def _keep(connection: sqlite3.Connection, row: tuple[Any, ...]) -> None:
    marks = ", ".join("?" * (len(row) + 1))
    connection.execute(f"INSERT OR IGNORE INTO removed VALUES ({marks})", (*row, digest(*row)))  # noqa: S608 (marks)


def removed(connection: sqlite3.Connection, checked: Checked) -> list[Removed]:
    """What stays of all runs that were removed, in the order in which they were."""
    rows = connection.execute("SELECT * FROM removed ORDER BY rowid").fetchall()
    kept = [checked(row, "the record of the removed run") for row in rows]
    names = [field.name for field in dataclasses.fields(Removed)]
    found = [dict(zip(names, row, strict=True)) for row in kept]
    return [Removed(**{**row, "plans": tuple(json.loads(row["plans"]))}) for row in found]
