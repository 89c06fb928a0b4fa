"""Acts: one checkpoint write, one store write, one export; how each is prepared, and whether its files are whole."""

import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ablab.errors import AblabError
from ablab.store import Store
from ablab.store.care import damages
from ablab.store.exchange import export
from fault_suite.fault import HELD, Trial
from fault_suite.kinds.kills import TRAIN
from fault_suite.nursery import Nursery, Signal
from sample_runs import sample_run

SAID = """
import sys
from pathlib import Path
from ablab.errors import AblabError
folder = Path(sys.argv[1])
try:
    act()
    print("done", flush=True)
except AblabError as error:
    print("error:", error, file=sys.stderr, flush=True)
    sys.exit(1)
"""


@dataclass(frozen=True)
class Act:
    """Something that writes files: a program, and a look at the folder whether the old or the new is there, whole."""

    name: str
    program: str
    prepare: Callable[[Nursery, Path], None]
    look: Callable[[Path, bool, str], Trial]  # the folder, whether the program said that it was done, which trial
    is_control: bool = False


def prepare_checkpoint(nursery: Nursery, folder: Path) -> None:
    """Two checkpoints of a real training: one stands, the other is what will be written."""
    there = nursery.folder / "checkpoints"
    if not there.exists():
        stop = Signal(signal.SIGTERM, 0.0, "store/checkpoints/*.previous")
        nursery.run(TRAIN, nursery.folder / "training", stop)
        found = sorted((nursery.folder / "training/store/checkpoints").glob("[0-9a-f]*.*"), key=lambda one: one.suffix)
        there.mkdir()
        for path, name in zip(found, ("new.bytes", "run.checkpoint"), strict=True):
            shutil.copy(path, there / name)
    shutil.copytree(there, folder)


CHECKPOINT = f"""
def act():
    from ablab.execute.checkpoints import Keeper, checkpoint_path
    keeper = Keeper.__new__(Keeper)
    keeper.path, keeper.waiting = checkpoint_path(folder, "run"), (folder / "new.bytes").read_bytes()
    begin()
    keeper.write()
{SAID}"""
OVERWRITTEN = f"""
def act():
    content = (folder / "new.bytes").read_bytes()
    begin()
    (folder / "run.checkpoint").write_bytes(content)
{SAID}"""
UNFLUSHED = f"""
def act():
    from ablab.atomic import atomic_file
    content = (folder / "new.bytes").read_bytes()
    begin()
    with atomic_file(folder / "run.checkpoint", durable=False) as file:
        file.write(content)
{SAID}"""


def look_at_checkpoint(folder: Path, is_done: bool, what: str) -> Trial:
    """The newest whole checkpoint is the old one or the new one; the new one where the write has said so."""
    from ablab.errors import DataError
    from ablab.train.checkpoint import rows

    new = len(rows((folder / "new.bytes").read_bytes()))
    for name in ("run.checkpoint", "run.previous"):
        if (path := folder / name).exists():
            try:
                epochs = len(rows(path.read_bytes()))
            except DataError:
                continue
            lost = epochs < (new if is_done else new - 1)
            return Trial("lost", f"{what}: back at epoch {epochs}") if lost else HELD
    return Trial("lost", f"{what}: no checkpoint is whole")


def prepare_store(_nursery: Nursery, folder: Path) -> None:
    folder.mkdir()
    store = Store(folder / "store")
    for seed in range(3):
        store.add(sample_run(seed, 0.2, predictions=bytes([seed, 1, 2, 3]) * 50))
    store.connection.close()


STORE = f"""
def act():
    from ablab.store import Store
    from sample_runs import sample_run
    store, run = Store(folder / "store"), sample_run(3, 0.2, predictions=bytes([3, 1, 2, 3]) * 50)
    begin()
    store.add(run)
{SAID}"""
UNFLUSHED_STORE = STORE.replace("    begin()", '    store.connection.execute("PRAGMA synchronous = OFF")\n    begin()')


def look_at_store(folder: Path, is_done: bool, what: str) -> Trial:
    """The runs that were there are, and the new one where the write has said so; everything as it was written."""
    try:
        store = Store(folder / "store")
    except AblabError as error:
        return Trial("lost", f"{what}: {error}")
    try:
        runs = {run.spec.seed: run.predictions for run in store.runs()}
        expected = {seed: bytes([seed, 1, 2, 3]) * 50 for seed in range(4)}
        if missing := [seed for seed in range(3 + is_done) if seed not in runs]:
            return Trial("lost", f"{what}: runs {missing}")
        found = [damage.what for damage in damages(store)]
        unequal = any(expected[seed] != content for seed, content in runs.items())
        return Trial("silent", f"{what}: {found[:2]}") if found or unequal else HELD
    except AblabError as error:
        return Trial("lost", f"{what}: {error}")
    finally:
        store.connection.close()


def prepare_export(nursery: Nursery, folder: Path) -> None:
    """A store of three runs, and an export of two of them, which one of all is to replace."""
    prepare_store(nursery, folder)
    store = Store(folder / "store")
    export(store, store.ids(), folder / "new.ablab")
    export(store, store.ids()[:2], folder / "old.ablab")
    shutil.copy(folder / "old.ablab", folder / "runs.ablab")
    store.connection.close()


EXPORT = f"""
def act():
    from ablab.store import Store
    from ablab.store.exchange import export
    store = Store(folder / "store")
    begin()
    export(store, store.ids(), folder / "runs.ablab")
{SAID}"""


def look_at_export(folder: Path, is_done: bool, what: str) -> Trial:
    """The file is the old one or the new one, whole."""
    path = folder / "runs.ablab"
    found = path.read_bytes() if path.exists() else b""
    wanted = [(folder / name).read_bytes() for name in (["new.ablab"] if is_done else ["old.ablab", "new.ablab"])]
    return HELD if found in wanted else Trial("lost", f"{what}: {len(found)} bytes")


CHECKPOINT_WRITE = Act("a checkpoint write", CHECKPOINT, prepare_checkpoint, look_at_checkpoint)
STORE_WRITE = Act("a store write", STORE, prepare_store, look_at_store)
EXPORT_WRITE = Act("an export", EXPORT, prepare_export, look_at_export)
IN_PLACE = Act("a checkpoint written in place", OVERWRITTEN, prepare_checkpoint, look_at_checkpoint, is_control=True)
NOT_FLUSHED = Act("a checkpoint without fsync", UNFLUSHED, prepare_checkpoint, look_at_checkpoint, is_control=True)
NOT_SYNCHRONOUS = Act("a store without fsync", UNFLUSHED_STORE, prepare_store, look_at_store, is_control=True)
