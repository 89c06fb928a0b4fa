"""The store among many writers, killed ones, locks, damage and no right to write: clear words or no change."""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.errors import AblabError, StoreError
from ablab.records import DataFacts, StudyText
from ablab.store import Store, opening
from ablab.store.care import damages
from ablab.store.schema import MIGRATIONS
from damage import changed
from sample_runs import sample_run

pytestmark = pytest.mark.faults

TESTS = str(Path(__file__).parent.parent)
MANY = int(os.environ.get("ABLAB_FAULTS_N", "20"))
RUNS = min(200, MANY)  # of each writer
DAMAGES = min(3000, 10 * MANY)

WRITER = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from sample_runs import sample_run
from ablab.store import Store
store = Store(Path({folder!r}))
print("ready", flush=True)
for seed in range({first}, {last}):
    run = sample_run(seed, 0.2 + seed / 10_000, predictions=seed.to_bytes(4, "little") * 50)
    store.add(run)
    print(run.id, flush=True)
"""


def writer(folder, first, last):
    code = WRITER.format(tests=TESTS, folder=str(folder), first=first, last=last)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_eight_processes_that_write_at_once_lose_nothing_and_make_nothing_double(tmp_path):
    # each begins where the one before is half through, so that half of all runs are written by two of them
    firsts = [number * RUNS // 2 for number in range(8)]
    writers = [writer(tmp_path, first, first + RUNS) for first in firsts]
    reader = None
    while any(one.poll() is None for one in writers):
        if (tmp_path / "store.sqlite").exists():
            with contextlib.suppress(StoreError):  # nothing is in it before the first writer has made its tables
                reader = reader or Store(tmp_path, create=False)
        if reader:
            rows = reader.listing().dicts()
            assert len({row["id"] for row in rows}) == len(rows)
            assert all(row["accuracy"] is not None for row in rows)
        time.sleep(0.05)
    for one in writers:
        said = one.communicate()[0].split()
        assert (one.returncode, len(said)) == (0, RUNS + 1)
    store = Store(tmp_path)
    assert sorted(run.spec.seed for run in store.runs()) == list(range(firsts[-1] + RUNS))
    assert all(run.predictions == run.spec.seed.to_bytes(4, "little") * 50 for run in store.runs())
    assert len(store.listing().rows) == firsts[-1] + RUNS
    assert list(damages(store)) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_of_writers_that_are_killed_all_that_they_were_told_is_kept_is_there(tmp_path):
    draw = random.Random(5)
    told = []
    for round_ in range(min(20, max(2, MANY // 10))):
        writers = [
            writer(tmp_path, 1000 * round_ + 100 * number, 1000 * round_ + 100 * number + 100) for number in (0, 1)
        ]
        for one in writers:
            assert one.stdout.readline() == "ready\n"
        time.sleep(draw.uniform(0, 0.15))
        for one in writers:
            one.send_signal(signal.SIGKILL)
        told += [id_ for one in writers for id_ in one.communicate()[0].split("\n")[:-1] if len(id_) == 12]
    store = Store(tmp_path)
    assert set(told) <= set(store.ids())
    assert list(damages(store)) == []
    assert len(store.runs()) == len(store.ids()) == len(store.listing().rows)


def full_store(folder):
    store = Store(folder)
    labels = (1, 2, 3, 4) * 50
    store.keep_data(DataFacts("fingerprint", "phantom", ("a", "b", "c", "d", "e"), labels))
    store.keep_study(StudyText("plan", "name", "question = 'why?'\n" * 30, "fingerprint", 3))
    for seed in range(12):
        given = bytes(label * (image < 60 + seed) for image, label in enumerate(labels))  # the others get class 0
        store.add(sample_run(seed, (60 + seed) / 200, predictions=given))
    store.tag([sample_run(3).id], add=["final"])
    store.connection.close()
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return full_store(tmp_path_factory.mktemp("whole") / "store")


def facts(folder):
    """All that is read with a digest: any change of it would be a wrong answer."""
    store = Store(folder, create=False)
    try:
        yield from store.runs()
        yield store.studies()
        yield store.ledger("plan")
        yield store.data("fingerprint")
    finally:
        store.connection.close()


def listed(folder):
    store = Store(folder, create=False)
    try:
        return store.listing(everything=True)
    finally:
        store.connection.close()


def found(folder):
    store = Store(folder, create=False)
    try:
        return list(damages(store))
    finally:
        store.connection.close()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_bytes_that_have_changed_in_the_database_are_seen_or_make_no_difference(whole, tmp_path):
    content = (whole / "store.sqlite").read_bytes()
    expected, list_of_all = list(facts(whole)), listed(whole)
    draw = random.Random(11)
    seen = unseen = 0
    for trial in range(DAMAGES):
        folder = tmp_path / str(trial)
        folder.mkdir()
        (folder / "artifacts").symlink_to(whole / "artifacts")
        flipped = bytearray(content)
        flipped[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        (folder / "store.sqlite").write_bytes(flipped if trial % 2 else changed(content, draw))
        try:
            unequal = list(facts(folder)) != expected
            try:
                is_found = bool(found(folder))
            except AblabError:
                is_found = True
            # a row that has lost its place is no wrong row; nothing else may differ, and checking must find it
            assert not unequal or is_found, f"trial {trial}: other answers, and verify finds nothing"
            if not unequal and listed(folder) != list_of_all:
                assert is_found, f"trial {trial}: another list, and verify finds nothing"
            unseen += not is_found
            seen += is_found
        except AblabError as error:
            assert str(folder) in str(error)
            seen += 1
        shutil.rmtree(folder)
    assert seen > DAMAGES // 10
    print(f"{DAMAGES} damaged stores: {seen} found, {unseen} without a difference")


@pytest.mark.parametrize("words", [["ls"], ["ls", "--where", "seed = 1"], ["show", "ab"], ["verify"], ["gc"]])
@pytest.mark.parametrize("kind", ["flipped", "cut", "empty page", "text", "no bytes", "another database"])
def test_a_damaged_file_ends_every_command_with_words_and_never_a_traceback(whole, tmp_path, kind, words):
    content = (whole / "store.sqlite").read_bytes()
    middle = len(content) // 2
    file = tmp_path / "store.sqlite"
    damaged = {
        "flipped": bytes(byte ^ 0xFF for byte in content[:middle]) + content[middle:],
        "cut": content[:middle],
        "empty page": content[:4096] + bytes(4096) + content[8192:],
        "text": b"this is no database at all, just text\n" * 500,
        "no bytes": b"",
    }
    if kind == "another database":
        with contextlib.closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE runs (a, b)")
    else:
        file.write_bytes(damaged[kind])
    done = CliRunner().invoke(command, ["runs", *words, "--store", str(tmp_path)])
    if isinstance(done.exception, AblabError):
        assert "\n" not in str(done.exception).strip() or len(str(done.exception)) < 2000
        assert kind in ("no bytes",) or "store" in str(done.exception) or "run" in str(done.exception)
    else:
        assert done.exception is None or isinstance(done.exception, SystemExit)


def test_a_file_that_another_program_holds_is_called_locked(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "PATIENCE", 0.2)
    folder = shutil.copytree(whole, tmp_path / "store")
    store = Store(folder)
    with contextlib.closing(sqlite3.connect(folder / "store.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for do in (lambda: Store(folder), lambda: store.add(sample_run(99)), store.runs, lambda: store.tag([], ["a"])):
            with pytest.raises(StoreError, match=r"store.sqlite.*locked"):
                do()
        other.execute("ROLLBACK")
        other.execute("BEGIN IMMEDIATE")  # somebody writes: reading goes on
        assert len(Store(folder, create=False).runs()) == 12
    store.add(sample_run(99))


def mounted_read_only(folder, code):
    """What some code prints where `folder` cannot be written, not even by root; skips where that cannot be made."""
    script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        ["unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-c", script, "sh", str(folder), sys.executable, code],
        capture_output=True,
        text=True,
    )
    if "mount" in done.stderr.partition("Traceback")[0] or "unshare" in done.stderr:
        pytest.skip(f"no folder can be mounted read-only here: {done.stderr.strip()[:200]}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


READ_ONLY = f"""
import json, sys
sys.path.insert(0, {TESTS!r})
from pathlib import Path
from click.testing import CliRunner
from ablab.cli import command
from ablab.errors import AblabError
from ablab.store import Store
from sample_runs import sample_run
folder = Path(sys.argv[1])
said = {{}}
for name, do in {{
    "runs": lambda: len(Store(folder, create=False).runs()),
    "listing": lambda: len(Store(folder, create=False).listing("seed > 5").rows),
    "verify": lambda: CliRunner().invoke(command, ["runs", "verify", "--store", str(folder)]).exit_code,
    "rm": lambda: Store(folder, create=False).remove_ids([sample_run(1).id]),
    "add": lambda: Store(folder, create=False).add(sample_run(99)),
    "train": lambda: Store(folder),
}}.items():
    try:
        said[name] = do()
    except AblabError as error:
        said[name] = str(error)
print(json.dumps(said, default=str))
"""


def test_a_store_that_cannot_be_written_is_read_and_says_so_to_whoever_writes(whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "store")
    said = mounted_read_only(folder, READ_ONLY)
    assert (said["runs"], said["listing"], said["verify"]) == (12, 6, 0)
    for name in ("rm", "add", "train"):
        assert str(folder) in said[name]
        assert "readonly" in said[name] or "Read-only" in said[name]


def test_a_store_in_write_ahead_mode_that_cannot_be_written_is_read_as_well(whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "store")
    with contextlib.closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("UPDATE studies SET name = name")
        connection.commit()
    said = mounted_read_only(folder, READ_ONLY)
    assert (said["runs"], said["listing"], said["verify"]) == (12, 6, 0)


def test_an_interrupted_write_in_a_store_that_cannot_be_written_says_what_to_do(whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "store")
    code = f"""
import os, sqlite3
connection = sqlite3.connect({str(folder / "store.sqlite")!r}, isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN")
connection.execute("UPDATE runs SET record = record || ' '")
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (folder / "store.sqlite-journal").stat().st_size
    said = mounted_read_only(folder, READ_ONLY)
    for name in ("runs", "listing", "add"):
        assert "interrupted" in said[name], said
        assert "copy" in said[name]
    assert len(Store(folder).runs()) == 12  # where it can be written, it is put right


def test_an_older_store_that_cannot_be_written_says_what_to_do(tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    with contextlib.closing(sqlite3.connect(folder / "store.sqlite")) as connection, connection:
        for step in MIGRATIONS[:1]:
            connection.executescript(step)
        connection.execute("PRAGMA user_version = 1")
    said = mounted_read_only(folder, READ_ONLY)
    assert "an older ablab" in said["runs"]
    assert "copy" in said["runs"]


@pytest.mark.parametrize("limit", [0, 4096, 20_000])
def test_a_store_for_which_there_is_no_room_says_how_many_bytes_are_free(tmp_path, limit):
    code = """
import resource, signal, sys
from ablab.errors import StoreError
from ablab.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    Store(sys.argv[1])
except StoreError as error:
    print(error)
"""
    command = [sys.executable, "-c", code, str(tmp_path), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert str(tmp_path / "store.sqlite") in done.stdout
    assert "bytes are free on that disk" in done.stdout
    assert "rollback" not in done.stdout
