"""What is cached comes back as it was; what is not whole is made again; many processes make it once."""

import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ablab.data.cache import Source, cached, file_source, read, write
from ablab.data.dataset import Dataset, Examples

SOURCE = Source("a folder", "as it is")


def examples(many, seed):
    draw = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (many, 3, 5, 7), dtype=torch.uint8, generator=draw)
    return Examples(images, torch.randint(0, 3, (many,), generator=draw))


def dataset(val=None):
    return Dataset("photos", ("cat", "dög", "\ud800"), examples(11, 1), examples(4, 2), val, ("2 files left out",))


def same(one, other):
    assert (one.name, one.classes, one.notes, one.fingerprint) == (
        other.name,
        other.classes,
        other.notes,
        other.fingerprint,
    )
    for part in ("train", "val", "test"):
        a, b = getattr(one, part), getattr(other, part)
        assert (a is None) == (b is None)
        if a is not None:
            assert torch.equal(a.images, b.images)
            assert torch.equal(a.labels, b.labels)
            assert b.images.is_contiguous()
            assert (b.images.dtype, b.labels.dtype) == (torch.uint8, torch.int64)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("ABLAB_CACHE", str(folder))
    return folder


def never():
    raise AssertionError("this was in the cache")


@pytest.mark.parametrize("val", [None, examples(3, 3), examples(0, 4)])
def test_what_is_cached_comes_back_as_it_was(val):
    made = dataset(val)
    same(made, cached(SOURCE, lambda: made))
    same(made, cached(SOURCE, never))


def test_another_state_of_the_source_is_made_again_and_the_older_cache_is_removed(cache):
    first = cached(SOURCE, dataset)
    other = replace(first, name="changed")
    assert cached(Source(SOURCE.origin, "changed"), lambda: other).name == "changed"
    assert len(list(cache.glob("*.cache"))) == 1
    assert cached(Source("another folder", SOURCE.state), lambda: other).name == "changed"
    assert len(list(cache.glob("*.cache"))) == 2


def test_what_is_quicker_made_than_checked_is_not_kept(cache):
    same(dataset(), cached(SOURCE, dataset, worth_seconds=60))
    assert list(cache.glob("*.cache")) == []


def test_arrays_begin_at_multiples_of_4096_and_are_the_raw_bytes(cache):
    made = cached(SOURCE, dataset)
    (file,) = cache.glob("*.cache")
    content = file.read_bytes()
    assert len(content) % 4096 == 0
    assert content.startswith(b"ablab-1\n")
    images = [made.train.images.numpy().tobytes(), made.test.images.numpy().tobytes()]
    labels = [made.train.labels.numpy().tobytes(), made.test.labels.numpy().tobytes()]
    for array in images + labels:
        assert content.find(array) % 4096 == 0
        assert content.count(array) == 1


def test_writing_to_a_cached_image_changes_neither_the_file_nor_the_next_load(cache):
    made = cached(SOURCE, dataset)
    (file,) = cache.glob("*.cache")
    before = file.read_bytes()
    loaded = cached(SOURCE, never)
    loaded.train.images.add_(1)
    assert file.read_bytes() == before
    same(made, cached(SOURCE, never))


def test_a_cache_of_something_else_under_this_name_is_not_used(cache):
    cached(SOURCE, dataset)
    (file,) = cache.glob("*.cache")
    assert read(file, Source(SOURCE.origin, "another state")) is None
    assert read(file, Source("another folder", SOURCE.state)) is None
    assert read(file, SOURCE) is not None


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("written") / "file.cache"
    write(path, SOURCE, dataset(examples(3, 3)))
    return path, path.read_bytes()


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_flipped_or_longer_cache_is_never_used_with_other_content(written, data):
    path, whole = written
    how = data.draw(st.sampled_from(["cut", "flip", "zero", "longer"]))
    at = data.draw(st.integers(0, len(whole) - 1))
    if how == "cut":
        changed = whole[:at]
    elif how == "flip":
        changed = whole[:at] + bytes([whole[at] ^ 1 << data.draw(st.integers(0, 7))]) + whole[at + 1 :]
    elif how == "zero":
        changed = whole[:at] + bytes(len(whole) - at)
    else:
        changed = whole + bytes(data.draw(st.integers(1, 9000)))
    damaged = path.with_name("damaged.cache")
    damaged.write_bytes(changed)
    found = read(damaged, SOURCE)
    if found is not None:  # a changed byte of the padding harms nobody
        same(dataset(examples(3, 3)), found)
    if how in ("cut", "longer"):
        assert found is None


def test_a_damaged_cache_is_rebuilt_and_readers_keep_what_they_have(cache):
    made = cached(SOURCE, dataset)
    (file,) = cache.glob("*.cache")
    kept = cached(SOURCE, never)
    file.unlink()
    file.write_bytes(b"cut")
    calls = []
    same(made, cached(SOURCE, lambda: calls.append(1) or dataset()))
    assert calls == [1]
    same(made, cached(SOURCE, never))
    same(made, kept)


@pytest.mark.parametrize("kind", ["a file in its place", "a file above it", "read-only"])
def test_where_the_cache_cannot_be_written_work_goes_on_with_a_note(tmp_path, monkeypatch, kind):
    folder = tmp_path / "place"
    if kind == "read-only":
        if os.geteuid() == 0:
            folder = Path("/proc/ablab")  # not even root can make a folder there
        else:
            folder.mkdir(mode=0o500)
    else:
        folder.write_text("not a folder")
        folder = folder if kind == "a file in its place" else folder / "below"
    monkeypatch.setenv("ABLAB_CACHE", str(folder))
    made = cached(SOURCE, dataset)
    assert made.fingerprint == dataset().fingerprint
    assert made.notes[0] == "2 files left out"
    assert made.notes[1].startswith(f"not cached: {folder} cannot be written")


def test_an_error_of_the_parser_is_passed_on_and_blocks_nobody(cache):
    def broken():
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        cached(SOURCE, broken)
    same(dataset(), cached(SOURCE, dataset))


def test_the_state_of_a_folder_changes_with_every_file_in_it(tmp_path):
    folder = tmp_path / "photos"
    (folder / "cat").mkdir(parents=True)
    picture = folder / "cat" / "1.png"
    picture.write_bytes(b"one")
    (folder / "cat" / "gone.png").symlink_to("nowhere")
    options = {"size": 32, "skip_unreadable": False}
    states = [file_source(folder, "folder", options)]
    assert file_source(folder, "folder", options) == states[0]
    picture.write_bytes(b"longer")
    states.append(file_source(folder, "folder", options))
    os.utime(picture, ns=(1, 1))
    states.append(file_source(folder, "folder", options))
    picture.rename(folder / "cat" / "2.png")
    states.append(file_source(folder, "folder", options))
    states.append(file_source(folder, "folder", {**options, "size": 64}))
    states.append(file_source(folder, "folder", {**options, "skip_unreadable": True}))
    states.append(file_source(folder, "npz", options))
    assert len({state.file_name for state in states}) == len(states)
    assert len({state.origin for state in states[:4]}) == 1


BUILDER = """
    import sys, time
    from pathlib import Path
    import torch
    torch.set_num_threads(1)
    from ablab.data.cache import Source, cached
    from ablab.data.dataset import Dataset, Examples

    def make():
        with Path(sys.argv[1]).open("a") as log:
            log.write("x")
        time.sleep(float(sys.argv[2]))
        part = Examples(torch.arange(1200).reshape(100, 3, 2, 2).to(torch.uint8), torch.zeros(100, dtype=torch.int64))
        return Dataset("made", ("a",), part, part)

    print("ready", flush=True)
    sys.stdin.readline()
    print(cached(Source("shared", "1"), make).fingerprint)
"""


def start(log, seconds):
    command = [sys.executable, "-c", textwrap.dedent(BUILDER), str(log), str(seconds)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    return child


def go(child):
    child.stdin.write("\n")
    child.stdin.flush()


@pytest.mark.long
@pytest.mark.faults
def test_four_processes_at_once_parse_once_and_see_the_same(tmp_path, cache):
    log = tmp_path / "parses"
    children = [start(log, 0.3) for _ in range(4)]
    for child in children:
        go(child)
    answers = {child.communicate(timeout=60)[0] for child in children}
    assert len(answers) == 1
    assert len(answers.pop().strip()) == 64
    assert log.read_text() == "x"
    assert sorted(path.suffix for path in cache.iterdir() if path.suffix != ".lock") == [".cache"]


@pytest.mark.slow
@pytest.mark.faults
def test_a_builder_that_is_killed_holds_nobody_up_and_leaves_nothing_behind(tmp_path, cache):
    log = tmp_path / "parses"
    children = [start(log, 30), start(log, 0)]
    go(children[0])
    while not log.exists() or not log.read_text():
        assert children[0].poll() is None
    stem = Source("shared", "1").stem
    (cache / f".{stem}-cut.tmp").write_bytes(b"half of a cache")
    go(children[1])
    children[0].kill()
    children[0].communicate(timeout=60)
    assert len(children[1].communicate(timeout=60)[0].strip()) == 64
    assert log.read_text() == "xx"
    assert list(cache.glob(".*.tmp")) == []
    assert len(list(cache.glob("*.cache"))) == 1
