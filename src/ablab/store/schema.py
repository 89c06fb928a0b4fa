"""Tables of the store, and the steps that bring an older file to today's form."""

import sqlite3

from ablab.errors import StoreError

# One entry a version; a store at version v gets the entries from v on. Entries are never edited once released.
MIGRATIONS = (
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        recipe TEXT NOT NULL,
        model TEXT NOT NULL,
        data TEXT NOT NULL,
        seed INTEGER NOT NULL,
        status TEXT NOT NULL,
        record TEXT NOT NULL,
        predictions TEXT NOT NULL,
        digest TEXT NOT NULL
    ) STRICT;
    CREATE INDEX runs_by_recipe ON runs (recipe, seed);
    CREATE TABLE studies (
        plan TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        fingerprint TEXT NOT NULL
    ) STRICT;
    CREATE TABLE data (
        fingerprint TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        classes TEXT NOT NULL,
        labels TEXT NOT NULL
    ) STRICT;
    """,
    # What has looked at which test images, in the order of looking; nothing is ever taken out of it.
    """
    CREATE TABLE ledger (
        plan TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        comparisons INTEGER NOT NULL
    ) STRICT;
    INSERT INTO ledger SELECT plan, fingerprint, 1 FROM studies ORDER BY rowid;
    """,
)


def migrate(connection: sqlite3.Connection, where: str) -> None:
    """Bring the file to today's version, all steps in one transaction; a newer file is refused."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{where} was written by a newer ablab (schema {version}, this one knows {len(MIGRATIONS)}): update ablab"
        )
    if version == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # another process may have migrated between the first look and the lock
        for step in MIGRATIONS[connection.execute("PRAGMA user_version").fetchone()[0] :]:
            for statement in filter(str.strip, step.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
