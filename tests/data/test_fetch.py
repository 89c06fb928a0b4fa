"""Downloads from a real server with faults: they complete, or one message says what is wrong; never half a folder."""

import functools
import gzip
import hashlib
import io
import subprocess
import sys
import tarfile
import textwrap
from pathlib import Path
from random import Random

import pytest

from ablab.data.fetch import fetch
from ablab.data.known import Known, Member
from ablab.errors import AblabError, DataError
from web_server import Server as AnyServer
from web_server import serving

CONTENT = {"batches.meta": b"names" * 20, "data_batch_1": Random(1).randbytes(90_000), "test_batch": b"t" * 5000}


def tar_gz(members):
    """A tar.gz as the official ones, a folder with a few files; the same bytes in every process."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(f"tiny-batches-py/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(file.getvalue(), mtime=0)


ARCHIVE = tar_gz({**CONTENT, "readme.html": b"<html>"})


def tiny(digests=None):
    """What is known of the archive above."""
    members = tuple(
        Member(name, len(content), (digests or {}).get(name) or hashlib.sha256(content).hexdigest())
        for name, content in CONTENT.items()
    )
    return Known(
        name="tiny",
        summary="three files",
        form="python",
        url="http://127.0.0.1:9/tiny.tar.gz",
        archive="tiny.tar.gz",
        bytes=len(ARCHIVE),
        md5=hashlib.md5(ARCHIVE, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(ARCHIVE).hexdigest(),
        folder="tiny-batches-py",
        members=members,
        places=("tiny-batches-py", "tiny.tar.gz"),
        labels={},
        fingerprints={},
    )


Server = functools.partial(AnyServer, body=ARCHIVE)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def get(root, server, wanted, **more):
    with serving(server) as url:
        return fetch(wanted, root, url=url, pause=0.001, **more)


def assert_whole(root):
    folder = root / "tiny-batches-py"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT
    assert visible(root) == ["tiny-batches-py"]


def visible(root):
    return sorted(path.name for path in root.iterdir() if path.suffix != ".lock")


def test_a_download_is_checked_unpacked_and_moved_into_place(tmp_path):
    server, told = Server(), []
    folder = get(tmp_path, server, tiny(), progress=lambda what, done, of: told.append((what, done, of)))
    assert folder == tmp_path / "tiny-batches-py"
    assert_whole(tmp_path)
    assert ("downloading", len(ARCHIVE), len(ARCHIVE)) in told
    assert len(server.requests) == 1
    assert server.requests[0]["Accept-Encoding"] == "identity"


def test_what_is_already_there_is_not_asked_for_again(tmp_path):
    get(tmp_path, Server(), tiny())
    server, told = Server(), []
    get(tmp_path, server, tiny(), progress=lambda what, done, of: told.append(what))
    assert server.requests == []
    assert told == ["checking what is there", f"tiny is already there: {tmp_path / 'tiny-batches-py'}"]


def test_a_file_that_was_changed_is_restored_and_the_changed_folder_kept(tmp_path):
    folder = get(tmp_path, Server(), tiny())
    (folder / "data_batch_1").write_bytes(bytes(90_000))
    get(tmp_path, Server(), tiny())
    assert (folder / "data_batch_1").read_bytes() == CONTENT["data_batch_1"]
    (aside,) = tmp_path.glob("*.aside")
    assert (aside / "data_batch_1").read_bytes() == bytes(90_000)


def test_what_a_process_left_that_was_killed_at_its_end_is_removed_by_the_next_call(tmp_path):
    get(tmp_path, Server(), tiny())
    (tmp_path / "tiny.tar.gz.part").write_bytes(ARCHIVE)
    (tmp_path / "tiny.tar.gz.part.from").write_text("an address")
    (tmp_path / ".tiny.tar.gz.part.from.0123.tmp").write_text("an add")
    get(tmp_path, Server(), tiny())
    assert_whole(tmp_path)


def test_a_cut_connection_is_taken_up_where_it_broke(tmp_path):
    server = Server(faults=[("cut", 1000), ("cut", 70_000)])
    get(tmp_path, server, tiny())
    assert_whole(tmp_path)
    assert [request.get("Range") for request in server.requests] == [None, "bytes=1000-", "bytes=71000-"]
    assert [request.get("If-Range") for request in server.requests] == [None, '"one"', '"one"']


def test_a_weak_tag_is_not_sent_back_because_no_server_gives_parts_for_it(tmp_path):
    server = Server(faults=[("cut", 1000)], tag='W/"one"')
    get(tmp_path, server, tiny())
    assert server.requests[1]["Range"] == "bytes=1000-"
    assert "If-Range" not in server.requests[1]
    assert_whole(tmp_path)


@pytest.mark.faults
def test_downloads_cut_at_random_bytes_complete(tmp_path):
    draw = Random(5)
    for trial in range(20):
        cuts = [("cut", draw.randrange(len(ARCHIVE))) for _ in range(draw.randint(1, 4))]
        root = tmp_path / str(trial)
        get(root, Server(faults=cuts, ranges=draw.random() < 0.7), tiny())
        assert_whole(root)


@pytest.mark.parametrize(
    "server",
    [
        lambda: Server(faults=[("cut", 5000)], ranges=False),
        lambda: Server(faults=[("status", 500), ("status", 503)]),
        lambda: Server(headers={"Transfer-Encoding": "identity"}),
        lambda: Server(headers={"Content-Encoding": "x-gzip"}),  # what some servers say of any .gz file
    ],
    ids=["no ranges", "errors that pass", "no length", "named encoding"],
)
def test_an_odd_server_is_good_enough(tmp_path, server):
    get(tmp_path, server(), tiny())
    assert_whole(tmp_path)


def test_an_interrupted_download_goes_on_in_the_next_call_with_what_it_has(tmp_path):
    def interrupt(what, done, of):
        raise KeyboardInterrupt

    first = Server(faults=[("cut", 60_000)])
    with serving(first) as url, pytest.raises(KeyboardInterrupt):
        fetch(tiny(), tmp_path, url=url, pause=0.001, progress=interrupt)
    kept = (tmp_path / "tiny.tar.gz.part").stat().st_size
    assert kept > 0
    assert not (tmp_path / "tiny-batches-py").exists()
    (tmp_path / "tiny.tar.gz.part.from").write_text(f'{url}\n"one"')
    # the same address again: the port is what the system gives, so the note of the first is written for the second
    second = Server()
    with serving(second) as url:
        (tmp_path / "tiny.tar.gz.part.from").write_text(f'{url}\n"one"')
        fetch(tiny(), tmp_path, url=url, pause=0.001)
    assert second.requests[0]["Range"] == f"bytes={kept}-"
    assert_whole(tmp_path)


def test_a_file_that_changed_on_the_server_is_fetched_from_its_beginning(tmp_path):
    server = Server(tag='"two"')
    with serving(server) as url:
        (tmp_path / "tiny.tar.gz.part").write_bytes(b"old" * 100)
        (tmp_path / "tiny.tar.gz.part.from").write_text(f'{url}\n"one"')
        fetch(tiny(), tmp_path, url=url, pause=0.001)
    assert_whole(tmp_path)


def test_half_a_file_from_another_address_is_not_gone_on_with(tmp_path):
    (tmp_path / "tiny.tar.gz.part").write_bytes(b"old" * 100)
    (tmp_path / "tiny.tar.gz.part.from").write_text('http://elsewhere/tiny.tar.gz\n"one"')
    server = Server()
    get(tmp_path, server, tiny())
    assert "Range" not in server.requests[0]
    assert_whole(tmp_path)


def test_a_stalled_connection_is_given_up_and_taken_up(tmp_path):
    server = Server(faults=[("stall", 3000)])
    get(tmp_path, server, tiny(), stall=0.2)
    assert server.requests[1]["Range"] == "bytes=3000-"
    assert_whole(tmp_path)


PAGE = b"<!doctype html><title>Please log in</title>"
BAD = {
    "a login page": (
        Server,
        {"body": PAGE, "headers": {"Content-Type": "text/html; charset=utf-8"}},
        "sent a web page",
    ),
    "a login page that says it is the file": (Server, {"body": PAGE}, f"offers {len(PAGE)} bytes, and the official"),
    "a shorter file": (Server, {"body": ARCHIVE[:-1]}, f"offers {len(ARCHIVE) - 1:,} bytes, and the official"),
    "wrong bytes": (Server, {"body": ARCHIVE[:-1] + b"!"}, "this is not the official file"),
    "compressed again": (
        Server,
        {"body": gzip.compress(ARCHIVE), "headers": {"Content-Encoding": "gzip"}},
        "compresses the file again",
    ),
    "not there": (Server, {"faults": [("status", 404)]}, "the server answered 404"),
    "always an error": (Server, {"faults": [("status", 500)] * 20}, "the server answered 500"),
    "a loop": (Server, {"faults": [("status", 302, "/tiny.tar.gz")] * 20}, "the server answered 302"),
    "another part than asked for": (
        Server,
        {"faults": [("cut", 10)] * 20, "ranges": False},
        f"the connection .*got 10 of {len(ARCHIVE):,} bytes",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_not_the_file_is_one_message_with_the_way_to_put_it_there_by_hand(tmp_path, what):
    kind, options, message = BAD[what]
    with pytest.raises(DataError, match=f"(?s){message}.*by hand: put tiny.tar.gz .* into {tmp_path}"):
        get(tmp_path, kind(**options), tiny())
    assert not (tmp_path / "tiny-batches-py").exists()
    assert not (tmp_path / "tiny.tar.gz").exists()


def test_wrong_bytes_are_not_kept_so_that_the_next_try_begins_anew(tmp_path):
    with pytest.raises(DataError, match="not the official file"):
        get(tmp_path, Server(body=ARCHIVE[:-1] + b"!"), tiny())
    assert visible(tmp_path) == []
    get(tmp_path, Server(), tiny())
    assert_whole(tmp_path)


def test_without_a_connection_the_message_says_what_to_put_where(tmp_path):
    with serving(Server()) as url:
        pass
    with pytest.raises(DataError, match=f"(?s)no connection .*refused.*by hand: put tiny.tar.gz .* into {tmp_path}"):
        fetch(tiny(), tmp_path, url=url, pause=0.001)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "tiny.tar.gz"])
def test_only_web_addresses_are_fetched_from(tmp_path, url):
    with pytest.raises(DataError, match="only http:// and https://"):
        fetch(tiny(), tmp_path, url=url)


def test_an_archive_that_somebody_put_there_is_used_and_kept(tmp_path):
    (tmp_path / "tiny.tar.gz").write_bytes(ARCHIVE)
    server = Server()
    get(tmp_path, server, tiny())
    assert server.requests == []
    assert visible(tmp_path) == ["tiny-batches-py", "tiny.tar.gz"]


def test_half_an_archive_that_somebody_put_there_is_called_half(tmp_path):
    (tmp_path / "tiny.tar.gz").write_bytes(ARCHIVE[:100])
    with pytest.raises(DataError, match=f"tiny.tar.gz: has 100 of {len(ARCHIVE):,} bytes"):
        get(tmp_path, Server(), tiny())


def test_an_incomplete_folder_is_moved_aside_and_not_deleted(tmp_path):
    folder = tmp_path / "tiny-batches-py"
    folder.mkdir()
    (folder / "my notes").write_text("mine")
    get(tmp_path, Server(), tiny())
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT
    (aside,) = tmp_path.glob("*.aside")
    assert (aside / "my notes").read_text() == "mine"


def test_a_member_that_is_not_official_is_refused_although_the_archive_is(tmp_path):
    with pytest.raises(DataError, match="data_batch_1"):
        get(tmp_path, Server(), tiny(digests={"data_batch_1": "0" * 64}))
    assert not (tmp_path / "tiny-batches-py").exists()
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_a_name_that_nobody_knows_is_met_with_the_nearest(tmp_path):
    with pytest.raises(DataError, match='did you mean "cifar100"'):
        fetch("cifar-100", tmp_path)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc here")
def test_a_file_system_that_takes_no_files_is_a_message_and_no_lock_to_wait_for():
    with pytest.raises(AblabError, match="cannot be written"):
        get(Path("/proc"), Server(), tiny())


def test_a_place_that_cannot_be_written_is_a_message(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AblabError, match="cannot be written"):
        get(tmp_path / "file" / "below", Server(), tiny())


FETCHER = """
    import sys
    from pathlib import Path
    sys.path[:0] = [sys.argv[1], str(Path(sys.argv[1]).parent)]
    from test_fetch import tiny
    from ablab.data.fetch import fetch

    def show(what, done, of):
        print(what, flush=True)

    fetch(tiny(), Path(sys.argv[2]), url=sys.argv[3], pause=0.01, progress=show)
"""


def start(root, url):
    command = [sys.executable, "-c", textwrap.dedent(FETCHER), str(Path(__file__).parent), str(root), url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.faults
def test_a_second_process_says_that_it_waits_and_nothing_is_fetched_twice(tmp_path):
    server = Server(faults=[("stall", 2000)])
    with serving(server) as url:
        first = start(tmp_path, url)
        assert first.stdout.readline() == "downloading\n"
        second = start(tmp_path, url)
        assert second.stdout.readline() == f"another process is fetching tiny into {tmp_path}: waiting for it\n"
        server.released.set()
        assert first.communicate(timeout=60)[0]
        second.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(server.requests) == 2  # the one that stalled, and the rest
    assert_whole(tmp_path)


@pytest.mark.faults
def test_a_killed_download_is_completed_by_the_next_call(tmp_path):
    server = Server(faults=[("stall", 30_000)])
    with serving(server) as url:
        first = start(tmp_path, url)
        assert first.stdout.readline() == "downloading\n"
        first.kill()
        first.communicate(timeout=60)
        (tmp_path / ".tiny-batches-py.cut.tmp").mkdir()  # as if the kill had come while unpacking
        server.released.set()
        fetch(tiny(), tmp_path, url=url, pause=0.001)
    assert_whole(tmp_path)
