"""Damaged and hostile CIFAR files end as the official pixels or as a message; nothing of them is ever run."""

import json
import os
import random
import resource
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ablab.data import load_dataset, pickles
from ablab.data.known import BINARY, KNOWN
from ablab.data.sources import cifar
from ablab.errors import DataError
from cifar_files import small
from damage import MOST_KILOBYTES, changed, watched
from fault_suite.hostile.pickles import GENUINE, TRAPS, exploits

pytestmark = pytest.mark.faults

N = int(os.environ.get("ABLAB_FAULTS_N", "1500"))
REAL_N = max(300, N // 10)  # half of them in each data set; each takes 0.05 s
READER = """
    import json, sys
    from dataclasses import replace
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from cifar_files import small
    from ablab.data.sources import cifar
    from ablab.errors import DataError

    data = small()
    events, messages = set(), {}
    cifar.read_known(data.folder(Path(sys.argv[2]) / "genuine"), data.known, "fine")

    def listen(event, arguments):
        if watching and event not in ("open", "object.__getattr__"):
            events.add(f"{event} {arguments}")

    watching = False
    sys.addaudithook(listen)
    for payload in sorted(Path(sys.argv[2]).glob("*.pickle")):
        folder = data.folder(payload.with_suffix(""), data_batch_1=payload.read_bytes())
        first = replace(data.known.members[0], size=payload.stat().st_size)
        known = replace(data.known, members=(first, *data.known.members[1:]))
        watching = True
        try:
            cifar.read_known(folder, known, "fine")
            messages[payload.stem] = "read"
        except DataError as error:
            messages[payload.stem] = str(error)
        finally:
            watching = False
    print(json.dumps([messages, sorted(events)]))
"""


def python(program, *arguments, **more):
    """Runs a program in a Python of its own."""
    command = [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **more)


@pytest.mark.slow
def test_nothing_in_a_pickle_is_run_and_each_is_refused_by_name(tmp_path):
    payloads = {name: (tmp_path / f"marker{at}", None) for at, name in enumerate(exploits(Path("x")))}
    payloads = {name: (marker, exploits(marker)[name]) for name, (marker, _) in payloads.items()}
    payloads |= {name: (None, content) for name, content in TRAPS.items()}
    for name, (_, content) in payloads.items():
        (tmp_path / f"{name}.pickle").write_bytes(content)
    done = python(READER, Path(__file__).parents[1], tmp_path)
    assert done.stderr == ""
    messages, events = json.loads(done.stdout)
    assert [name for name, (marker, _) in payloads.items() if marker and marker.exists()] == []
    assert set(messages) == set(payloads)
    for name, message in messages.items():
        assert message.startswith(f"{tmp_path / name / 'data_batch_1'}: "), name
        assert message.endswith("restore it with: ablab data get cifar10"), name
    assert events == [], "reading ran, imported, forked or connected"


def test_an_ordinary_unpickler_would_have_run_every_one_of_them(tmp_path):
    """Without this the test above could pass because its pickles are broken."""
    program = """
        import pathlib, pickle, sys
        for path in pathlib.Path(sys.argv[1]).glob("*.pickle"):
            try:
                pickle.loads(path.read_bytes())
            except Exception:
                pass
    """
    markers = {}
    for at, name in enumerate(exploits(Path("x"))):
        markers[name] = tmp_path / f"marker{at}"
        (tmp_path / f"{name}.pickle").write_bytes(exploits(markers[name])[name])
    python(program, tmp_path)
    harmless = {"in place of numpy's dtype", "behind a genuine batch"}  # where numpy refuses its old names
    assert {name for name, marker in markers.items() if not marker.exists()} <= harmless


@pytest.mark.slow
@pytest.mark.parametrize("name", ["BUILD", pytest.param("protocol 2", marks=pytest.mark.long)])
def test_a_pickle_of_the_official_length_ends_the_command_with_a_message_and_code_2(tmp_path, name):
    marker = tmp_path / "marker"
    content = {**exploits(marker), **TRAPS}[name]
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for member in KNOWN["cifar10"].members:
        with (folder / member.name).open("wb") as file:
            file.write(content)
            file.truncate(member.size)
    program = "import sys; from ablab.cli import main; sys.argv[0] = 'ablab'; main()"
    place = {**os.environ, "ABLAB_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    for command in (("data", "check", "cifar10", "--data-root", tmp_path), ("data", "check", folder)):
        done = python(program, *command, cwd=tmp_path, env=place)
        assert done.returncode == 2, done.stderr
        assert done.stderr.startswith(f"error: {folder / 'data_batch_1'}: ")
        assert "Traceback" not in done.stderr
    assert not marker.exists()
    assert list((tmp_path / "cache").glob("*.cache")) == []


FORMS = [("cifar10", "python"), ("cifar100", "python"), ("cifar10", "binary"), ("cifar100", "binary")]


def read_changed_files(name, form, folder, say):
    """Reads one changed file N times, without and with comparing it with the official digest."""
    data = small(name, form)
    first = data.known.batches[-1]
    content = data.files[first.name]
    pixels = content.find(b"\x89T") if form == "python" else 3073
    outcomes = {"read": 0, "refused": 0, "harmless": 0, "caught": 0}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    path = data.folder(folder / data.known.folder)
    labels = {kind: len(known.classes) for kind, known in data.known.labels.items()}
    for at in range(N):
        say(at)
        draw = random.Random(f"{name} {form} {at}")
        outside = [(0, pixels), (pixels + 4 * 3072, len(content))] if form == "python" and at % 10 else None
        if outside and outside[1][0] >= len(content):
            outside = outside[:1]
        damaged = changed(content, draw, outside)
        try:
            hold(cifar.read_batch(bytearray(damaged), "some/file", data.known, "fine"), labels["fine"])
            outcomes["read"] += 1
        except DataError as error:
            assert str(error).startswith("some/file: "), error
            outcomes["refused"] += 1
        # The length is taken as official, so that not the length but the structure or the digest has to tell.
        (path / first.name).write_bytes(damaged)
        members = tuple(
            replace(member, size=len(damaged)) if member is first else member for member in data.known.members
        )
        try:
            found = cifar.read_known(path, replace(data.known, members=members), "fine")
            assert (found.train.fingerprint, found.test.fingerprint) == (data.train.fingerprint, data.test.fingerprint)
            outcomes["harmless"] += 1
        except DataError as error:
            assert str(path / first.name) in str(error), error
            outcomes["caught"] += 1
    say({**outcomes, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before})


def hold(examples, classes):
    """What every set of examples promises, whoever made it."""
    assert examples.images.dtype == torch.uint8
    assert tuple(examples.images.shape[1:]) == (3, 32, 32)
    assert examples.labels.dtype == torch.int64
    assert examples.labels.shape == examples.images.shape[:1]
    assert 0 <= int(examples.labels.min()) <= int(examples.labels.max()) < classes


@pytest.mark.long
@pytest.mark.timeout(300 + N // 20)
@pytest.mark.parametrize(("name", "form"), FORMS)
def test_a_changed_file_is_a_message_or_the_same_pixels_where_a_digest_is_known(name, form, tmp_path):
    outcomes = watched(read_changed_files, name, form, tmp_path)
    assert outcomes["read"] + outcomes["refused"] == outcomes["harmless"] + outcomes["caught"] == N
    assert outcomes["caught"] > N / 2  # else nothing was damaged
    assert outcomes["harmless"] < outcomes["read"]  # some changes can only be told by the digest
    assert outcomes["peak"] < MOST_KILOBYTES


def read_changed_archives(form, folder, say):
    """Reads N changed archives; half of them are damaged before they are packed."""
    import gzip

    data = small("cifar10", form, images=1)
    path = folder / data.known.archive
    whole = data.archive(path).read_bytes()
    inner = gzip.decompress(whole)
    headers = [(at, at + 512) for at in range(0, len(inner), 512) if inner[at + 257 : at + 262] == b"ustar"]
    outcomes = {"harmless": 0, "caught": 0}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for at in range(N):
        say(at)
        draw = random.Random(f"{form} {at}")
        if at % 2:
            damaged = changed(whole, draw)
        else:
            damaged = changed(inner, draw, headers if at % 4 else None)
            if at % 8 < 4:
                damaged = gzip.compress(damaged, 1)
        path.write_bytes(damaged)
        cifar.recognise(path)
        try:
            found = cifar.read_known(path, data.known, "fine")
            assert (found.train.fingerprint, found.test.fingerprint) == (data.train.fingerprint, data.test.fingerprint)
            outcomes["harmless"] += 1
        except DataError as error:
            assert str(error).startswith(str(path)), error
            outcomes["caught"] += 1
        assert [item.name for item in folder.iterdir()] == [path.name]
    say({**outcomes, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before})


@pytest.mark.long
@pytest.mark.timeout(300 + N // 20)
@pytest.mark.parametrize("form", ["python", "binary"])
def test_a_changed_archive_is_a_message_or_the_same_pixels(form, tmp_path):
    outcomes = watched(read_changed_archives, form, tmp_path)
    assert outcomes["harmless"] + outcomes["caught"] == N
    assert outcomes["caught"] > N / 2
    assert outcomes["peak"] < MOST_KILOBYTES


pieces = st.one_of(
    st.sampled_from(sorted(pickles.NAMES)).map(lambda code: bytes([code])),
    st.sampled_from(
        [b"K\x03", b"M\0\x0c", b"J\xff\xff\xff\xff", b"U\x04data", b"U\x06labels", b"(", b"}", b"]", b"u", b"e", b"t"]
        + [token.value and b"c" + token.value for token in pickles.GLOBALS]
    ),
    st.binary(max_size=6),
)


@pytest.mark.slow
@given(st.lists(pieces, max_size=40), st.integers(0, len(GENUINE)), st.integers(0, 40))
@settings(max_examples=min(N, 1500))
def test_opcodes_in_any_order_anywhere_in_a_file_give_a_whole_batch_or_a_message(new, at, gone):
    content = bytearray(GENUINE[:at] + b"".join(new) + GENUINE[at + gone :])
    for known in (KNOWN["cifar10"], KNOWN["cifar100"], BINARY["cifar100"]):
        try:
            hold(cifar.read_batch(content, "a file", known, "fine"), 100)
        except DataError as error:
            assert str(error).startswith("a file: ")


def read_changed_official_files(official, name, folder, say):
    """Changes small windows of one official file in place, REAL_N / 2 times, and reads all of it each time."""
    known = KNOWN[name]
    (test,) = (member for member in known.members if member.part == "test")
    path = folder / test.name
    whole = (official / test.name).read_bytes()
    path.write_bytes(whole)
    alone = replace(known, members=(test,), fingerprints={("test", "fine"): known.fingerprints["test", "fine"]})
    expected = cifar.read_known(folder, alone, "fine").test.fingerprint
    assert expected == known.fingerprints["test", "fine"]
    start = whole.index(b"cnumpy.core.multiarray")
    end = whole.index(b"\x89T", start) + 6 + 10_000 * 3072
    structure = [(0, 200), (start - 40_000, start - 100), (start - 100, start + 220), (end, end + 400)]
    structure += [(len(whole) - 400, len(whole) - 1), (end, len(whole) - 64)]
    structure = [(max(low, 0), min(high, len(whole) - 1)) for low, high in structure]
    structure = [(low, high) for low, high in structure if low < high]
    outcomes = {"harmless": 0, "caught": 0}
    with path.open("r+b") as file:
        for at in range(REAL_N // 2):
            say(at)
            draw = random.Random(f"{name} {at}")
            low, high = draw.choice(structure) if at % 10 else (start + 300, end)
            low = draw.randrange(low, high)
            window = whole[low : low + 64]
            damaged = changed(window, draw)
            # As long as before: another length is refused before anything is read.
            damaged = (damaged + bytes(64))[: len(window)]
            os.pwrite(file.fileno(), damaged, low)
            try:
                assert cifar.read_known(folder, alone, "fine").test.fingerprint == expected
                outcomes["harmless"] += 1
            except DataError as error:
                assert str(path) in str(error), error
                outcomes["caught"] += 1
            os.pwrite(file.fileno(), window, low)
    assert path.read_bytes() == whole
    say(outcomes)


@pytest.mark.real_data
@pytest.mark.timeout(300 + REAL_N // 5)
@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_a_changed_official_file_is_a_message_or_the_same_pixels(cifar_root, tmp_path, name):
    folder = cifar_root / KNOWN[name].folder
    if not folder.is_dir():
        pytest.skip(f"the official files of {name} are not there")
    outcomes = watched(read_changed_official_files, folder, name, tmp_path)
    assert outcomes["harmless"] + outcomes["caught"] == REAL_N // 2
    assert outcomes["caught"] > REAL_N / 4


@pytest.mark.real_data
def test_no_changed_byte_gets_into_a_data_set_of_an_official_name(cifar_root, tmp_path, monkeypatch):
    monkeypatch.setenv("ABLAB_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for file in (cifar_root / folder.name).iterdir():
        (folder / file.name).symlink_to(file)
    load_dataset("cifar10", tmp_path)  # the cache holds the official pixels now
    draw = random.Random(1)
    for name in ("data_batch_1", "data_batch_3", "data_batch_5", "test_batch"):
        content = bytearray((cifar_root / folder.name / name).read_bytes())
        content[draw.randrange(100_000, 30_000_000)] ^= 1 << draw.randrange(8)
        (folder / name).unlink()
        (folder / name).write_bytes(content)
        with pytest.raises(DataError, match=f"{name}: is not the official file"):
            load_dataset("cifar10", tmp_path)
        (folder / name).unlink()
        (folder / name).symlink_to(cifar_root / folder.name / name)
    assert load_dataset("cifar10", tmp_path).name == "cifar10"
