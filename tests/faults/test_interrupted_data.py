"""Downloads and caches that are killed, doubled or out of room: the next call completes them, none is half there."""

import contextlib
import gzip
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import asdict, replace

import pytest

from cifar_files import small, tar
from web_server import Server, serving

pytestmark = pytest.mark.faults

IMAGES = 100  # a file: 1.8 MB of pixels that do not compress
DATA = small(images=IMAGES)
META = b"names"
FILES = {**DATA.files, "batches.meta": META}
FOLDER, NAME = DATA.known.folder, DATA.known.archive
ARCHIVE = gzip.compress(tar({f"{FOLDER}/{name}": content for name, content in FILES.items()}), 1, mtime=0)
KNOWN = replace(
    DATA.known,
    members=(
        *DATA.known.members,
        replace(
            DATA.known.members[0],
            name="batches.meta",
            size=len(META),
            sha256=hashlib.sha256(META).hexdigest(),
            part=None,
            images=0,
        ),
    ),
    bytes=len(ARCHIVE),
    md5=hashlib.md5(ARCHIVE, usedforsecurity=False).hexdigest(),
    sha256=hashlib.sha256(ARCHIVE).hexdigest(),
)

# Makes the small data set the official one of a process; it imports no torch, so that a command starts in 0.3 s.
OFFICIAL = """
    import json, sys
    from dataclasses import replace
    from ablab.data import known
    facts = json.loads(sys.argv.pop(1))
    facts["members"] = tuple(known.Member(**member) for member in facts["members"])
    facts["fingerprints"] = {tuple(key.split()): value for key, value in facts["fingerprints"].items()}
    known.KNOWN["cifar10"] = replace(known.KNOWN["cifar10"], **facts)
"""
COMMAND = OFFICIAL + "    from ablab.cli import main\n    sys.argv[0] = 'ablab'\n    main()\n"
FACTS = json.dumps(
    {
        "members": [asdict(member) for member in KNOWN.members],
        "fingerprints": {" ".join(key): value for key, value in KNOWN.fingerprints.items()},
        "bytes": KNOWN.bytes,
        "md5": KNOWN.md5,
        "sha256": KNOWN.sha256,
    }
)


def command(*words):
    return [sys.executable, "-c", textwrap.dedent(COMMAND), FACTS, *map(str, words)]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Nothing of this machine's data or cache is touched, and no proxy stands between us and the server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ABLAB_DATA", raising=False)
    monkeypatch.setenv("ABLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def start(*words, **more):
    before = more.pop("preexec_fn", lambda: None)

    def prepare():
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the tests themselves run in the background
        before()

    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command(*words), preexec_fn=prepare, **streams, **more)


def get(root, url):
    return "data", "get", "cifar10", "--url", url, "--to", root


def whole(root):
    """Whether the folder is there; if so, all of it is."""
    folder = root / FOLDER
    if not folder.exists():
        return False
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES
    return True


def visible(root):
    return sorted(path.name for path in root.iterdir() if path.suffix != ".lock")


def finished(process):
    """Standard error of a process that must have succeeded."""
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return said


def killed_after(process, seconds, root):
    """Kills a process after a while, and looks all the time at what a reader would find."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        whole(root)
        time.sleep(0.002)
    process.kill()
    process.communicate(timeout=60)


def size(path):
    return path.stat().st_size if path.exists() else 0


@pytest.mark.slow
def test_a_download_killed_at_any_instant_is_gone_on_with_where_it_was(tmp_path):
    draw = random.Random(3)
    root = tmp_path / "root"
    root.mkdir()
    places, kills = set(), 0
    server = Server(ARCHIVE, speed=len(ARCHIVE))  # a second for all of it
    with serving(server, NAME) as url:
        while not whole(root) and kills < 40:
            before, requests = size(root / f"{NAME}.part"), len(server.requests)
            killed_after(start(*get(root, url)), draw.uniform(0.25, 0.9), root)
            kills += 1
            if len(server.requests) > requests and before:
                assert server.requests[requests]["Range"] == f"bytes={before}-"
            places.add(size(root / f"{NAME}.part"))
            assert size(root / f"{NAME}.part") >= before or whole(root)
        server.speed = None
        finished(start(*get(root, url)))
    assert whole(root)
    assert visible(root) == [FOLDER]
    assert len(places - {0, len(ARCHIVE)}) >= 2, "the kills came too early or too late"


@pytest.mark.slow
def test_unpacking_that_is_killed_at_any_instant_is_done_again_and_nothing_is_fetched_twice(tmp_path):
    draw = random.Random(4)
    server = Server(ARCHIVE)
    half_way = 0
    with serving(server, NAME) as url:
        for trial in range(4):
            root = tmp_path / str(trial)
            root.mkdir()
            (root / f"{NAME}.part").write_bytes(ARCHIVE)
            (root / f"{NAME}.part.from").write_text(f'{url}\n"one"')
            process = start(*get(root, url))
            if trial % 2:  # as soon as unpacking has begun
                while process.poll() is None and not list(root.glob(f".{FOLDER}.*.tmp")):
                    time.sleep(0.0005)
                killed_after(process, draw.uniform(0, 0.05), root)
            else:
                killed_after(process, draw.uniform(0.15, 0.6), root)
            half_way += not whole(root) and bool(list(root.glob(f".{FOLDER}.*.tmp")))
            finished(start(*get(root, url)))
            assert whole(root)
            assert visible(root) == [FOLDER]
    assert server.requests == []
    assert half_way > 0, "no kill came while unpacking"


@pytest.mark.slow
def test_a_second_command_waits_and_one_download_serves_both(tmp_path):
    root = tmp_path / "root"
    server = Server(ARCHIVE, faults=[("stall", 100_000)])
    with serving(server, NAME) as url:
        first = start(*get(root, url))
        assert first.stderr.readline() == "downloading\n"
        second = start(*get(root, url))
        assert second.stderr.readline() == f"another process is fetching cifar10 into {root}: waiting for it\n"
        server.released.set()
        finished(first)
        finished(second)
    assert [request.get("Range") for request in server.requests] == [None, "bytes=100000-"]
    assert visible(root) == [FOLDER]
    assert whole(root)


@pytest.mark.slow
def test_a_command_that_is_killed_does_not_hold_up_the_one_that_waits(tmp_path):
    root = tmp_path / "root"
    server = Server(ARCHIVE, faults=[("stall", 100_000)])
    with serving(server, NAME) as url:
        first = start(*get(root, url))
        assert first.stderr.readline() == "downloading\n"
        second = start(*get(root, url))
        assert "waiting" in second.stderr.readline()
        first.kill()
        first.communicate(timeout=60)
        finished(second)
    assert len(server.requests) == 2
    assert whole(root)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_download_that_is_stopped_keeps_what_it_has(tmp_path, number, code):
    root = tmp_path / "root"
    server = Server(ARCHIVE, faults=[("stall", 100_000)])
    with serving(server, NAME) as url:
        process = start(*get(root, url))
        assert process.stderr.readline() == "downloading\n"
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        assert process.returncode == code, said
        assert "Traceback" not in said
        kept = size(root / f"{NAME}.part")
        assert kept > 0
        finished(start(*get(root, url)))
        assert server.requests[1]["Range"] == f"bytes={kept}-"
    assert whole(root)


# Loads the data set in a child of its own for every line that comes; torch is imported once. A line may name a number
# of bytes: as soon as a file is about to grow beyond them, the system ends the child, in the middle of a write.
LOADERS = (
    OFFICIAL
    + """
    import os, resource, signal
    import torch
    torch.set_num_threads(1)
    import ablab.data
    import ablab.data.sources.cifar, ablab.data.cache, filelock
    ablab.data.FILES_WORTH_SECONDS = 0.0
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            root, _, most = line.strip().partition("|")
            if most:
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
                signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            dataset = ablab.data.load_dataset("cifar10", root)
            print(dataset.train.fingerprint, dataset.test.fingerprint, flush=True)
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(status, flush=True)
"""
)


@contextlib.contextmanager
def loaders():
    """A process that loads on demand in children of its own."""
    program = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(LOADERS), FACTS]
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=60)


def load(process, root, after=None, most=""):
    """Status and fingerprints of one load; it is killed after so many seconds, or so many bytes of a file."""
    process.stdin.write(f"{root}|{most}\n")
    process.stdin.flush()
    said = []
    child = None
    while True:
        line = process.stdout.readline().strip()
        if len(line.split()) == 2:
            said.append(line)
        elif child is None:
            child = int(line)
            if after is not None:
                time.sleep(after)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        else:
            return int(line), said


@pytest.mark.slow
def test_a_cache_that_is_killed_while_it_is_written_is_made_again_and_never_half_read(tmp_path):
    root = DATA.folder(tmp_path / "root" / FOLDER, **{"batches.meta": META}).parent
    cache = tmp_path / "cache"
    right = f"{DATA.train.fingerprint} {DATA.test.fingerprint}"
    draw = random.Random(5)
    with loaders() as process:
        started = time.monotonic()
        assert load(process, root) == (0, [right])
        took = time.monotonic() - started
        (made,) = cache.glob("*.cache")
        content = made.read_bytes()
        bytes_ = [0, 48, 4096, *(draw.randrange(4096, len(content)) for _ in range(2)), len(content) - 1]
        kills = [{"after": draw.uniform(0, took)} for _ in range(5)] + [{"most": most} for most in bytes_]
        for kill in kills:
            made.unlink()
            status, _ = load(process, root, **kill)
            if "most" in kill:
                assert status == signal.SIGXFSZ
                assert not made.exists()
                (half,) = cache.glob(".*.tmp")
                assert half.stat().st_size <= kill["most"]
            if made.exists():
                assert made.read_bytes() == content
            assert load(process, root) == (0, [right])
            assert made.read_bytes() == content
            assert list(cache.glob(".*.tmp")) == []
    assert sorted(path.suffix for path in cache.iterdir()) == [".cache", ".lock"]


def small_disk_works():
    probe = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]
    with contextlib.suppress(OSError):
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0
    return False


ON_A_SMALL_DISK = """
mount -t tmpfs -o size="$SIZE" tmpfs "$DISK" || exit 99
"$@" > /dev/null; echo "code $?"; ls -A "$DISK"
mount -o remount,size=20m "$DISK" || exit 99
"$@" > /dev/null; echo "code $?"; ls -A "$DISK"; cat "$DISK/$FOLDER/data_batch_1" | sha256sum
"""


@pytest.mark.parametrize(
    ("kilobytes", "named"),
    [
        (40, f"{NAME}.part"),
        (len(ARCHIVE) // 2048, f"{NAME}.part"),
        (len(ARCHIVE) // 1024 + 100, FOLDER),
        (len(ARCHIVE) // 700, FOLDER),
    ],
    ids=["nothing fits", "half the archive fits", "the archive fits", "half the files fit"],
)
def test_a_full_disk_is_a_message_and_the_same_command_completes_once_there_is_room(tmp_path, kilobytes, named):
    if not small_disk_works():
        pytest.skip("no small disk can be mounted here")
    disk = tmp_path / "disk"
    disk.mkdir()
    server = Server(ARCHIVE)
    with serving(server, NAME) as url:
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", ON_A_SMALL_DISK, "sh", *command(*get(disk, url))],
            env={**os.environ, "SIZE": f"{kilobytes}k", "DISK": str(disk), "FOLDER": FOLDER},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.split("code ")[1:]
    assert first.splitlines()[0] == "1", done.stderr
    left = [name for name in first.splitlines()[1:] if not name.endswith(".lock")]
    assert set(left) <= {f"{NAME}.part", f"{NAME}.part.from"}, "half of something was left under its final name"
    assert "Traceback" not in done.stderr
    needed = len(ARCHIVE) if named.endswith(".part") else sum(member.size for member in KNOWN.members)
    assert f"error: {disk}/{named}: no room (No space left on device): {needed:,} bytes are needed" in done.stderr
    assert "free some space and try again" in done.stderr
    assert second.splitlines()[0] == "0", done.stderr
    assert [name for name in second.splitlines()[1:-1] if not name.endswith(".lock")] == [FOLDER]
    assert KNOWN.members[0].sha256 in second
    fetched_anew = [request for request in server.requests if "Range" not in request]
    assert len(fetched_anew) == 1, "what was there was fetched again"


@pytest.mark.parametrize("limit", [1000, 500_000, len(ARCHIVE) - 1])
def test_a_limit_on_the_size_of_files_is_a_message_and_leaves_nothing_half_written(tmp_path, limit):
    root = tmp_path / "root"
    server = Server(ARCHIVE)

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    with serving(server, NAME) as url:
        process = start(*get(root, url), preexec_fn=limited)
        _, said = process.communicate(timeout=120)
        assert process.returncode == 1, said
        assert f"error: {root / NAME}.part: no room (File too large): {len(ARCHIVE):,} bytes are needed" in said
        assert "Traceback" not in said
        assert not whole(root)
        assert set(visible(root)) <= {f"{NAME}.part", f"{NAME}.part.from"}
        kept = size(root / f"{NAME}.part")
        finished(start(*get(root, url)))
    assert server.requests[1]["Range"] == f"bytes={kept}-"
    assert whole(root)
    assert visible(root) == [FOLDER]


@pytest.mark.slow
def test_no_room_for_the_cache_is_a_note_and_the_data_is_there_all_the_same(tmp_path):
    root = DATA.folder(tmp_path / "root" / FOLDER, **{"batches.meta": META}).parent
    program = (
        OFFICIAL
        + """
    import resource
    import ablab.data
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    ablab.data.FILES_WORTH_SECONDS = 0.0
    dataset = ablab.data.load_dataset("cifar10", sys.argv[1])
    print(json.dumps([dataset.train.fingerprint, *dataset.notes]))
    """
    )
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), FACTS, str(root)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    fingerprint, note = json.loads(done.stdout)
    assert fingerprint == DATA.train.fingerprint
    assert note.startswith(f"not cached: {tmp_path / 'cache'}")
    assert "no room (File too large)" in note
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]
