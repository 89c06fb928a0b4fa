"""Damage done to bytes, the same in every run, and a reader of damaged bytes that is watched from outside."""

import contextlib
import multiprocessing
from pathlib import Path

import pytest

MOST_SECONDS = 10  # that one damaged file may take
MOST_KILOBYTES = 512 << 10  # of memory above what was used before
NUMBERS = (b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\x80")


def changed(content, draw, places=None):
    """One to four changes: bits, bytes, numbers, stretches moved, doubled, zeroed or left out, the end cut or grown.

    `places` are ranges of bytes of which one is chosen for each change; without them, any byte is as likely.
    """
    content = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4))):
        if not content:
            break
        low, high = draw.choice(places) if places else (0, len(content))
        at = min(draw.randrange(low, high), len(content) - 1)
        other, length = draw.randrange(len(content)), draw.randrange(1, 64)
        match draw.randrange(9):
            case 0 | 1:
                content[at] ^= 1 << draw.randrange(8)
            case 2:
                content[at] = draw.randrange(256)
            case 3:
                content[at : at + 4] = draw.choice(NUMBERS)
            case 4:
                content[at : at + length] = content[other : other + length]
            case 5:
                del content[at : at + length]
            case 6:
                content[at:at] = content[other : other + length]
            case 7:
                content[at : at + length] = bytes(length)
            case 8:
                content[:] = content[:at] if draw.random() < 0.5 else content + content[-length:]
    return bytes(content)


def watched(read_all, *arguments):
    """What `read_all(*arguments, say)` says last, run in a process of its own.

    It calls `say` before each file. If it takes too long over one, ends by a signal or raises, the test fails.
    """
    spawn = multiprocessing.get_context("spawn")
    answers, theirs = spawn.Pipe(duplex=False)
    reader = spawn.Process(target=_answer, args=(read_all, arguments, theirs))
    reader.start()
    theirs.close()
    last = None
    try:
        while True:
            assert answers.poll(60 if last is None else MOST_SECONDS), f"over {MOST_SECONDS} s at {last}"
            said = answers.recv()
            if isinstance(said, dict):
                return said
            last = said
    except EOFError:
        reader.join()
        pytest.fail(f"the reader ended with {reader.exitcode} at {last}")
    finally:
        reader.kill()
        reader.join()


def _answer(read_all, arguments, answers):
    import torch

    torch.set_num_threads(1)
    with contextlib.closing(answers):
        read_all(*arguments, answers.send)


def peak_memory(*, anew: bool = False) -> int:
    """Kilobytes that this process had at most (Linux); `anew` first forgets what it had before now."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
