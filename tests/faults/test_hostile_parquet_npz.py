"""Damaged .npz and Parquet files end as a data set whose every promise holds, or as a message; never as a crash.

Each kind is read in a process of its own, because a crash of a library's own code is what is looked for.
"""

import io
import multiprocessing
import os
import random
import resource
import time

import numpy as np
import pytest
import torch
from PIL import Image

from ablab.data.sources import npz, parquet
from ablab.errors import DataError
from damage import peak_memory, watched
from fault_suite.hostile.bombs import TABLES, swollen

N = int(os.environ.get("ABLAB_FAULTS_N", "200"))
MOST_SECONDS = 10
MOST_KILOBYTES = 512 << 10


def an_npz(path, compressed):
    draw = np.random.default_rng(0)
    (np.savez_compressed if compressed else np.savez)(
        path,
        x_train=draw.integers(0, 256, (6, 4, 4, 3), dtype=np.uint8),
        y_train=np.arange(6) % 2,
        x_test=draw.random((4, 3, 4, 4)).astype(np.float32),
        y_test=np.arange(4) % 2,
        classes=np.array(["cat", "dog"]),
    )


def a_parquet(path, compression):
    import pyarrow
    import pyarrow.parquet

    contents = []
    for seed in range(8):
        out = io.BytesIO()
        pixels = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(out, ("PNG", "JPEG", "WEBP")[seed % 3])
        contents.append({"bytes": out.getvalue(), "path": f"{seed}.png"})
    table = pyarrow.table({"img": contents, "label": [0, 1] * 4})
    pyarrow.parquet.write_table(table, path, compression=compression, row_group_size=5)


KINDS = {
    "npz": (npz, lambda path: an_npz(path, False), ".npz"),
    "compressed npz": (npz, lambda path: an_npz(path, True), ".npz"),
    "parquet": (parquet, lambda path: a_parquet(path, "none"), ".parquet"),
    "compressed parquet": (parquet, lambda path: a_parquet(path, "snappy"), ".parquet"),
}


def mutated(content, draw):
    """One to eight changes: bits, bytes, whole numbers, stretches moved, doubled or left out, the end cut off."""
    content = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 8))):
        # Half of all changes are near the end, where both formats keep what they say of themselves.
        at = draw.randrange(len(content)) if draw.random() < 0.5 else max(0, len(content) - 1 - draw.randrange(600))
        other, length = draw.randrange(len(content)), draw.randrange(1, 64)
        match draw.randrange(7):
            case 0:
                content[at] ^= 1 << draw.randrange(8)
            case 1:
                content[at] = draw.choice((0, 1, 127, 128, 255))
            case 2:
                content[at : at + 4] = draw.choice(
                    (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\0\0\0\x80")
                )
            case 3:
                content[at : at + length] = content[other : other + length]
            case 4:
                del content[at : at + length]
            case 5:
                content[at:at] = content[other : other + length]
            case 6:
                del content[max(at, 1) :]
        if not content:
            return b"\0"
    return bytes(content)


def read_all(kind, folder, answers):
    """In its own process: reads N mutations and says before each which one it is."""
    source, make, suffix = KINDS[kind]
    whole, path = folder / f"whole{suffix}", folder / f"changed{suffix}"
    make(whole)
    content = whole.read_bytes()
    source.read(whole)
    torch.set_num_threads(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcomes = {"read": 0, "refused": 0}
    slowest = 0.0
    for at in range(N):
        path.write_bytes(mutated(content, random.Random(f"{kind} {at}")))
        answers.send(("reading", at))
        started = time.monotonic()
        try:
            source.recognise(path)
            hold(source.read(path, skip_unreadable=source is parquet and at % 2 == 1))
            outcomes["read"] += 1
        except DataError as error:
            assert str(path) in str(error) or path.name in str(error), error
            outcomes["refused"] += 1
        slowest = max(slowest, time.monotonic() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    answers.send(("done", outcomes, slowest, peak))


def hold(found):
    """What every data set promises."""
    assert len(found.classes) >= 2
    for part in (found.train, found.test, *([found.val] if found.val else [])):
        assert part.images.dtype == torch.uint8
        assert part.images.ndim == 4
        assert part.images.is_contiguous()
        assert part.labels.dtype == torch.int64
        assert part.labels.shape == part.images.shape[:1]
        assert tuple(part.images.shape[1:]) == found.in_shape
        assert 0 <= int(part.labels.min()) <= int(part.labels.max()) < len(found.classes)


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("kind", KINDS)
def test_no_mutation_crashes_hangs_or_gives_half_a_data_set(kind, tmp_path):
    if "parquet" in kind:
        pytest.importorskip("pyarrow")
    spawn = multiprocessing.get_context("spawn")
    answers, theirs = spawn.Pipe(duplex=False)
    reader = spawn.Process(target=read_all, args=(kind, tmp_path, theirs))
    reader.start()
    theirs.close()
    last = None
    try:
        while last is None or last[0] == "reading":
            assert answers.poll(60 if last is None else MOST_SECONDS), f"mutation {last} takes over {MOST_SECONDS} s"
            last = answers.recv()
    except EOFError:
        reader.join()
        pytest.fail(f"{kind}: the reader ended with {reader.exitcode} at {last}; the file is in {tmp_path}")
    finally:
        reader.kill()
        reader.join()
    _, outcomes, _, peak = last
    assert outcomes["read"] + outcomes["refused"] == N
    assert outcomes["refused"] > N / 4  # else nothing was damaged
    assert peak < MOST_KILOBYTES


def read_swollen(files, say):
    """Reads files that say the same thing over and over; says what came of it and how much memory that took."""
    results = {}
    for name, path in files.items():
        before = peak_memory(anew=True)
        say(name)
        try:
            parquet.read(path)
            results[name] = (False, 0)
        except DataError:
            results[name] = (True, peak_memory() - before)
    say(results)


@pytest.mark.long
@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="peak memory is measured by Linux's /proc")
def test_a_small_file_that_says_the_same_over_and_over_fills_no_memory(tmp_path):
    pytest.importorskip("pyarrow")
    files = {name: tmp_path / f"{name}.parquet" for name in TABLES}
    for name, column in TABLES.items():
        swollen(files[name], column())
    for name, (is_refused, kilobytes) in watched(read_swollen, files).items():
        assert is_refused, name
        assert kilobytes < MOST_KILOBYTES, name
