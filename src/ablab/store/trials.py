"""What a store keeps of trials: their outcomes, and the plans that they were carried out for."""

import contextlib
from collections.abc import Iterable

from ablab.errors import AblabError, InputError
from ablab.store import history
from ablab.store.schema import digest
from ablab.store.store import Store
from ablab.trial import LockedTrials, Outcome


def keep(store: Store, outcome: Outcome) -> None:
    """Keep an outcome. It is on the disk when this returns; one that is there already stays as it was."""
    trial = outcome.trial
    row = (trial.id, outcome.plan, trial.seed, outcome.status, outcome.to_json())
    with store.writing() as connection:
        connection.execute("INSERT OR IGNORE INTO trials VALUES (?, ?, ?, ?, ?, ?)", (*row, digest(*row)))
        connection.execute("DELETE FROM claims WHERE run = ?", (trial.id,))


def outcomes(store: Store, ids: Iterable[str]) -> dict[str, Outcome]:
    """The outcomes of those trials that have any, by the ids of the trials."""
    found: dict[str, Outcome] = {}
    with store.reading() as connection:
        for id_ in ids:
            row = connection.execute("SELECT * FROM trials WHERE id = ?", (id_,)).fetchone()
            if row is not None:
                found[id_] = Outcome.from_json(store.checked(row, "trial")[4])
    return found


def ids(store: Store) -> list[str]:
    """The ids of all trials, in the order in which they ended."""
    with store.reading() as connection:
        return [id_ for (id_,) in connection.execute("SELECT id FROM trials ORDER BY rowid")]


def find(store: Store, start: str) -> str | None:
    """The id of the one trial whose id begins so; None where there is none."""
    pattern = start.replace("%", "").replace("_", "")
    with store.reading() as connection:
        rows = connection.execute("SELECT id FROM trials WHERE id LIKE ? LIMIT 2", (pattern + "%",)).fetchall()
    if len(rows) > 1:
        raise InputError(f'several trials have IDs that begin with "{start}" (all: ablab runs ls --trials)')
    return str(rows[0][0]) if rows and pattern else None


def remove(store: Store, chosen: Iterable[str], why: str = "") -> None:
    """Remove trials; which they were, what they came to and why they went stays known.

    Of one that is damaged, only that it went.
    """
    chosen = list(chosen)
    whole: list[Outcome] = []
    for id_ in chosen:
        with contextlib.suppress(AblabError):
            whole += outcomes(store, [id_]).values()
    with store.writing() as connection:
        history.bury_trials(connection, whole, why)
        connection.executemany("DELETE FROM trials WHERE id = ?", [(id_,) for id_ in chosen])


def lock(store: Store, plan: LockedTrials) -> None:
    """Lock a plan; one that is locked stays as it is."""
    row = (plan.plan, plan.name, plan.text, plan.root, plan.time)
    with store.writing() as connection:
        connection.execute("INSERT OR IGNORE INTO trial_plans VALUES (?, ?, ?, ?, ?, ?)", (*row, digest(*row)))


def locked(store: Store) -> list[LockedTrials]:
    """Every plan of trials, in the order in which they were locked."""
    with store.reading() as connection:
        rows = connection.execute("SELECT * FROM trial_plans ORDER BY rowid").fetchall()
    return [LockedTrials(*store.checked(row, "the lock of plan")) for row in rows]
