"""Tables of the store, and the steps that bring an older file to today's form."""

import functools
import hashlib
import json
import sqlite3
from collections.abc import Callable
from typing import Any

from ablab.errors import InputError, StoreError
from ablab.recipe import AS_STORED, Recipe

BROKEN = (sqlite3.Error, UnicodeError)  # what comes of damaged files: even the messages may be no text
PATIENCE = 60.0  # seconds to wait for another process's write

# What the list of runs shows, taken out of the records once, so that a list need not read ten thousand of them. A
# record that cannot be read has no facts; its run is still listed.
FACTS = """
    SELECT id,
           json_extract(record, '$.test.accuracy'),
           json_extract(record, '$.test.loss'),
           json_extract(record, '$.cost.epochs'),
           json_extract(record, '$.selected_epoch'),
           json_extract(record, '$.cost.seconds'),
           json_extract(record, '$.cost.parameters'),
           json_extract(record, '$.cost.macs'),
           json_extract(record, '$.machine.name'),
           nullif(json_extract(record, '$.plan'), ''),
           json_extract(record, '$.origin.time')
    FROM runs WHERE json_valid(record)
"""
RECIPES = """
    SELECT recipe AS hash,
           recipe_keys(json_extract(record, '$.wanted.recipe')) AS keys,
           recipe_changes(json_extract(record, '$.wanted.recipe')) AS changes
    FROM runs WHERE json_valid(record)
"""

# The digest of what the list shows of a run, and of the columns of the run itself that stand beside it.
LISTED = """
    UPDATE facts SET digest = (
        SELECT digest(facts.id, accuracy, loss, epochs, selected_epoch, seconds, parameters, macs, machine, plan,
                      created, recipe, model, data, seed, status)
        FROM runs WHERE runs.id = facts.id
    )
"""

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
    # What a list shows and is filtered by; a person's own words on runs; digests of what had none.
    f"""
    CREATE TABLE recipes (
        hash TEXT PRIMARY KEY,
        keys TEXT NOT NULL,
        changes TEXT NOT NULL
    ) STRICT;
    CREATE TABLE facts (
        id TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
        accuracy REAL,
        loss REAL,
        epochs INTEGER,
        selected_epoch INTEGER,
        seconds REAL,
        parameters INTEGER,
        macs INTEGER,
        machine TEXT,
        plan TEXT,
        created TEXT
    ) STRICT;
    CREATE TABLE tags (
        id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        tag TEXT NOT NULL,
        PRIMARY KEY (id, tag)
    ) STRICT, WITHOUT ROWID;
    INSERT OR IGNORE INTO recipes {RECIPES};
    INSERT INTO facts {FACTS};
    ALTER TABLE data ADD COLUMN digest TEXT NOT NULL DEFAULT '';
    UPDATE data SET digest = digest(fingerprint, name, classes, labels);
    ALTER TABLE studies ADD COLUMN digest TEXT NOT NULL DEFAULT '';
    UPDATE studies SET digest = digest(plan, name, text, fingerprint);
    ALTER TABLE ledger ADD COLUMN digest TEXT NOT NULL DEFAULT '';
    UPDATE ledger SET digest = digest(plan, fingerprint, comparisons);
    """,  # noqa: S608 (both are constants)
    # Digests of what can be listed and is not in a record.
    """
    ALTER TABLE recipes ADD COLUMN digest TEXT NOT NULL DEFAULT '';
    UPDATE recipes SET digest = digest(hash, keys, changes);
    ALTER TABLE tags ADD COLUMN digest TEXT NOT NULL DEFAULT '';
    UPDATE tags SET digest = digest(id, tag);
    """,
    # The size of pictures, and on which of its data sets and at which scale a study was run; empty where that is not
    # known. A row that was damaged before keeps a digest that does not agree with it.
    """
    ALTER TABLE data RENAME TO data_before;
    CREATE TABLE data (
        fingerprint TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        classes TEXT NOT NULL,
        labels TEXT NOT NULL,
        in_shape TEXT NOT NULL,
        digest TEXT NOT NULL
    ) STRICT;
    INSERT INTO data SELECT fingerprint, name, classes, labels, 'null',
        CASE WHEN digest = digest(fingerprint, name, classes, labels)
        THEN digest(fingerprint, name, classes, labels, 'null') ELSE digest END
        FROM data_before ORDER BY rowid;
    DROP TABLE data_before;
    ALTER TABLE studies RENAME TO studies_before;
    CREATE TABLE studies (
        plan TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        data TEXT NOT NULL,
        scale TEXT NOT NULL,
        digest TEXT NOT NULL
    ) STRICT;
    INSERT INTO studies SELECT plan, name, text, fingerprint, '', '',
        CASE WHEN digest = digest(plan, name, text, fingerprint)
        THEN digest(plan, name, text, fingerprint, '', '') ELSE digest END
        FROM studies_before ORDER BY rowid;
    DROP TABLE studies_before;
    """,
    # When plans were locked and on which seeds, which plans have judged a run, and what stays of runs that were
    # removed. A plan has judged the runs that were trained for it.
    """
    CREATE TABLE locks (
        plan TEXT PRIMARY KEY,
        root INTEGER NOT NULL,
        time TEXT NOT NULL,
        digest TEXT NOT NULL
    ) STRICT;
    CREATE TABLE judged (
        run TEXT NOT NULL,
        plan TEXT NOT NULL,
        time TEXT NOT NULL,
        digest TEXT NOT NULL,
        UNIQUE (run, plan)
    ) STRICT;
    CREATE TABLE removed (
        run TEXT NOT NULL,
        recipe TEXT NOT NULL,
        model TEXT NOT NULL,
        data TEXT NOT NULL,
        seed INTEGER NOT NULL,
        status TEXT NOT NULL,
        accuracy REAL,
        ended TEXT NOT NULL,
        plans TEXT NOT NULL,
        time TEXT NOT NULL,
        why TEXT NOT NULL,
        digest TEXT NOT NULL,
        UNIQUE (run, time)
    ) STRICT;
    INSERT INTO judged SELECT id, plan, coalesce(created, ''), digest(id, plan, coalesce(created, ''))
        FROM facts WHERE plan IS NOT NULL ORDER BY rowid;
    """,
    # Which process trains which run.
    """
    CREATE TABLE claims (
        run TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        place TEXT NOT NULL,
        pid INTEGER NOT NULL,
        birth TEXT NOT NULL,
        beat INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
    # Trials of commands and functions, and the plans that they were carried out for.
    """
    CREATE TABLE trials (
        id TEXT PRIMARY KEY,
        plan TEXT NOT NULL,
        seed INTEGER NOT NULL,
        status TEXT NOT NULL,
        record TEXT NOT NULL,
        digest TEXT NOT NULL
    ) STRICT;
    CREATE TABLE trial_plans (
        plan TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        root INTEGER NOT NULL,
        time TEXT NOT NULL,
        digest TEXT NOT NULL
    ) STRICT;
    """,
    # Digests of what the list shows of runs, and of the order in which studies looked at test images.
    f"""
    ALTER TABLE facts ADD COLUMN digest TEXT NOT NULL DEFAULT '';
    {LISTED};
    ALTER TABLE ledger RENAME TO ledger_before;
    CREATE TABLE ledger (
        plan TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        comparisons INTEGER NOT NULL,
        number INTEGER NOT NULL,
        digest TEXT NOT NULL
    ) STRICT;
    INSERT INTO ledger SELECT plan, fingerprint, comparisons, rowid,
        CASE WHEN digest = digest(plan, fingerprint, comparisons)
        THEN digest(plan, fingerprint, comparisons, rowid) ELSE digest END
        FROM ledger_before ORDER BY rowid;
    DROP TABLE ledger_before;
    """,  # noqa: S608 (a constant)
)


def digest(*values: object) -> str:
    """The SHA-256 of a row, kept in its last column: SQLite alone does not see that a bit has changed."""
    return hashlib.sha256((_joined(len(values)) % values).encode("utf-8", "surrogatepass")).hexdigest()


@functools.cache
def _joined(many: int) -> str:
    """The form of so many values with zeros between them: it writes a row in 70 % of the time that join takes."""
    return "\0".join(["%s"] * many)


def teach(connection: sqlite3.Connection) -> None:
    """Functions that the statements of the store use."""
    connection.create_function("digest", -1, digest, deterministic=True)
    connection.create_function("recipe_keys", 1, lambda text: _of_recipe(text, Recipe.full), deterministic=True)
    connection.create_function("recipe_changes", 1, lambda text: _of_recipe(text, Recipe.changes), deterministic=True)


def _of_recipe(text: str, what: Callable[[Recipe], dict[str, Any]]) -> str:
    """Something of a recipe as JSON; nothing where this version does not know such a recipe, so that no run is lost."""
    try:
        return json.dumps(what(Recipe.model_validate_json(text, context=AS_STORED)), sort_keys=True, allow_nan=False)
    except (InputError, ValueError, TypeError):
        return "{}"


def migrate(connection: sqlite3.Connection, where: str) -> None:
    """Bring the file to today's version, all steps in one transaction; a newer file is refused."""
    teach(connection)
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
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise
