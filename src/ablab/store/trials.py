"""What a store keeps of trials: their outcomes, and the plans that they were carried out for."""

from collections.abc import Iterable

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
