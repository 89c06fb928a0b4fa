"""The files that ablab writes for itself, as forms: with one bit flipped, everything that is shown is as before."""

import hashlib
from pathlib import Path
from typing import Any

from fault_suite.forms import HERE, Form, exported, read_export
from sample_runs import sample_run

STORE, WEIGHTS = HERE.with_name("store"), HERE.with_suffix(".safetensors")


def filled() -> Path:
    """A store with everything in it that a store can have."""
    from ablab.records import DataFacts, Judged, StudyText
    from ablab.store import Store

    if not STORE.exists():
        store = Store(STORE)
        store.keep_data(DataFacts("fingerprint", "phantom", ("a", "b", "c", "d", "e"), (1, 2, 3, 4) * 50))
        store.keep_study(StudyText("plan", "name", "question = 'why?'\n" * 30, "fingerprint", 3))
        for seed in range(12):
            classes = (bytes([1, 2, 3, 4]) * 50)[: 60 + seed]  # so many are right
            store.add(sample_run(seed, len(classes) / 200, predictions=classes + bytes(200 - len(classes))))
        store.tag([sample_run(3).id], add=["final"])
        store.judge([Judged(sample_run(3).id, "plan", "2026-01-01T00:00:00")])
        store.remove_ids([sample_run(11).id], "a slip")
        store.connection.close()
    return STORE


def shown() -> Any:
    """Everything that commands, reports and the dashboard show of a store."""
    from ablab.store import Store

    store = Store(filled(), create=False)
    try:
        ids = store.ids()
        listing = store.listing(everything=True)
        listed = (listing.columns, [tuple(row) for row in listing.rows], [store.tags(id_) for id_ in ids])
        texts = store.studies(), store.ledger("plan"), store.locked("plan"), store.data("fingerprint")
        return repr((ids, listed, texts, store.judged(ids), store.removed(), store.runs()))
    finally:
        store.connection.close()


def read_store(content: bytes) -> Any:
    for path in STORE.glob("store.sqlite-*"):
        path.unlink()
    (STORE / "store.sqlite").write_bytes(content)
    return shown()


def predictions() -> Path:
    return min((filled() / "artifacts").glob("*/*"))


def read_predictions(content: bytes) -> Any:
    predictions().write_bytes(content)
    return shown()


def checkpoint() -> bytes:
    """The checkpoint after an epoch of a real training."""
    from ablab.data import load_dataset
    from ablab.events import EpochDone
    from ablab.execute.run_one import run_one
    from ablab.recipe import Recipe
    from ablab.records import RunSpec
    from ablab.train.checkpoint import pack

    dataset = load_dataset("phantom(train=200, test=60)")
    recipe = Recipe.of({"model": "simple-nn", "data": "phantom(train=200, test=60)", "epochs": 1, "threads": 1})
    events = run_one(RunSpec(recipe, 0, dataset.fingerprint), dataset)
    done = next(event for event in events if isinstance(event, EpochDone))
    return pack(done.state, {"recipe": recipe.full()})


def read_checkpoint(content: bytes) -> Any:
    from ablab.train.checkpoint import DIGEST, facts, rows

    return facts(content), rows(content), hashlib.sha256(content[DIGEST:]).hexdigest()


def weights() -> bytes:
    import torch

    from ablab.train.trained import Trained, keep

    keep(Trained({"weight": torch.arange(2000.0)}, 'model = "mlp"', 0, ("cat", "dog"), 3, (3, 8, 8)), WEIGHTS)
    return WEIGHTS.read_bytes()


def read_weights(content: bytes) -> Any:
    from ablab.train.trained import read

    WEIGHTS.write_bytes(content)
    found = read(WEIGHTS)
    return found.facts, found.weights["weight"].numpy().tobytes()


def data_set() -> Any:
    from ablab.data.cache import generated_source
    from ablab.data.sources.phantom import phantom

    return generated_source("phantom"), phantom(train=20, test=20)


def cache() -> bytes:
    from ablab.data.cache import write

    path = HERE.with_suffix(".cache")
    write(path, *data_set())
    return path.read_bytes()


def read_cache(content: bytes) -> Any:
    from ablab.data.cache import generated_source, read
    from ablab.errors import DataError

    path = HERE.with_suffix(".cache")
    path.write_bytes(content)
    found = read(path, generated_source("phantom"))
    if found is None:
        raise DataError("made again")
    return found.name, found.classes, found.notes, found.train.fingerprint, found.test.images.numpy().tobytes()


OWN = (
    Form("store.sqlite", lambda: (filled() / "store.sqlite").read_bytes(), read_store, has_digest=True),
    Form("predictions", lambda: predictions().read_bytes(), read_predictions, has_digest=True),
    Form("checkpoint", checkpoint, read_checkpoint, has_digest=True),
    Form("weights", weights, read_weights, has_digest=True),
    Form("cache of data", cache, read_cache, has_digest=True),
    Form("file of runs", exported, read_export, has_digest=True),
)
