"""Disks: too small, without room for files, read-only, limited, and folders that go away while a training runs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fault_suite.child import Ended, judged
from fault_suite.fault import HELD, Fault, Trial, spread
from fault_suite.kinds.kills import TRAIN, compared, outcome
from fault_suite.nursery import Nursery

SIZES = [round(16 * 1.5**step) for step in range(16)]  # kilobytes, from nothing fits to everything fits
# A disk of its own for one process and those that it starts.
ON_A_DISK = """
import ctypes, json, os, shutil, sys
from ablab.cli import main
libc = ctypes.CDLL(None, use_errno=True)

def mount(options, flags=0, kind=b"tmpfs", place=b"disk"):
    if libc.mount(kind, place, kind, flags, options):
        raise OSError(ctypes.get_errno(), "mount")

def run():
    child = os.fork()
    if not child:
        main()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

os.mkdir("disk")
user, namespaces = os.getuid(), 0x00020000 | (0x10000000 if os.getuid() else 0)
if libc.unshare(namespaces):
    raise OSError(ctypes.get_errno(), "unshare")
libc.mount(b"none", b"/", None, 0x44000, None)
if user:
    open("/proc/self/uid_map", "w").write(f"0 {user} 1")
REMOUNT, READ_ONLY = 32, 1
mount(b"size=64m")
"""
SMALL_THEN_LARGE = (
    ON_A_DISK
    + """
mount(sys.argv.pop(1).encode(), REMOUNT)
first = run()
mount(b"size=64m,nr_inodes=100000", REMOUNT)
second = run()
print(json.dumps({"first": first, "second": second}))
shutil.copytree("disk/store", "store")
"""
)


def small_disk(nursery: Nursery, folder: Path, options: str) -> tuple[Ended, dict[str, Any]]:
    """Train on a disk with these options, and again where there is room; what both came to."""
    words = [options, *TRAIN]
    ended = nursery.run(words, folder, program=SMALL_THEN_LARGE, env={"ABLAB_STORE": f"{folder}/disk/store"})
    try:
        return ended, json.loads(ended.out.splitlines()[-1])
    except (IndexError, ValueError):
        return ended, {}


def too_small(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """Disks of many sizes, and one for few files: words with the file and the bytes; then room, and it completes."""
    whole = outcome(nursery.run(TRAIN, folder / "whole"), folder / "whole" / "store")
    for options in [*(f"size={SIZES[at]}k" for at in spread(len(SIZES), number)), "nr_inodes=3", "nr_inodes=6"]:
        here = folder / options
        ended, said = small_disk(nursery, here, options)
        yield judged_on_disk(ended, said, here, whole, options)


def judged_on_disk(ended: Ended, said: dict[str, Any], here: Path, whole: dict[str, Any], what: str) -> Trial:
    if (trial := judged(ended, what, [0])) is not HELD:
        return trial
    if said["first"] not in (0, 1):
        return Trial("crashed", f"{what}: exit code {said['first']}")
    if said["first"] and not (f"{here}/disk" in ended.err and "bytes" in ended.err):
        return Trial("silent", f"{what}: no file and no bytes in {ended.err[:200]!r}")
    lines = ended.out.splitlines()
    complete = Ended(said["second"], "\n".join(lines[:-1]), "")
    return compared(complete, here, whole, f"{what}, then with room")


def limited(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """Limits on the size of files: words, and without the limit the same command completes."""
    whole = outcome(nursery.run(TRAIN, folder / "whole"), folder / "whole" / "store")
    for at in range(number):
        most = 1 << (10 + at % 12)
        here, what = folder / str(at), f"files of at most {most:,} bytes"
        trial = judged(nursery.run(TRAIN, here, limits={"FSIZE": most}), what, [0, 1])
        yield trial if trial is not HELD else compared(nursery.run(TRAIN, here), here, whole, f"{what}, then without")


def read_only(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """A store on a disk that became read-only: what only looks works, what writes says so before it trains."""
    look = [["runs", "ls"], ["runs", "ls", "--json"], ["runs", "verify"], ["runs", "show", "{run}"]]
    write = [[*TRAIN[:-3], "--seed", "4"], ["runs", "rm", "{run}"], ["runs", "tag", "{run}", "--add", "x"]]
    for at, words in enumerate([*look, *write][:number]):
        here, what = folder / str(at), f"{' '.join(words[:2])} on a read-only disk"
        env = {"ABLAB_STORE": f"{here}/disk/store"}
        program = READ_ONLY.replace("WORDS", repr(words)).replace("TRAIN", repr(TRAIN))
        ended = nursery.run([], here, program=program, env=env)
        trial = judged(ended, what, [0] if words in look else [1, 2])
        trained = words in write and '"event": "epoch"' in ended.out.split("--then--")[-1]
        yield Trial("silent", f"{what}: it trained first") if trained else trial


READ_ONLY = (
    ON_A_DISK
    + """
sys.argv = ["ablab", *TRAIN]
run()
run_id = json.loads(open("out.txt").read().splitlines()[-1])["id"]
print("--then--", flush=True)
mount(b"size=64m", REMOUNT | READ_ONLY)
sys.argv = ["ablab", *(word.replace("{run}", run_id) for word in WORDS)]
main()
"""
)

VANISHED = """
import os, sys, threading, time
from pathlib import Path
from ablab.cli import main
how = sys.argv.pop(1)

def away():
    while not list(Path("store").glob("checkpoints/*.checkpoint")):
        time.sleep(0.001)
    os.rename("store", "elsewhere")
    if how == "a file":
        Path("store").write_text("x")
    if how == "a dangling link":
        os.symlink("nowhere", "store")
    if how == "a loop of links":
        os.symlink("store", "store")

threading.Thread(target=away, daemon=True).start()
main()
"""


def vanished(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """The store goes away while a training runs, or something else comes in its place: words, and no hang."""
    kinds = ("nothing", "a file", "a dangling link", "a loop of links")
    for at in range(number):
        kind = kinds[at % len(kinds)]
        words = [kind, *TRAIN]
        ended = nursery.run(words, folder / str(at), program=VANISHED)
        yield judged(ended, f"{kind} in the place of the store", [0, 1, 2])


FAULTS = (
    Fault("a disk that is too small", 1, 16, too_small, is_long=True),
    Fault("a limit on the size of files", 1, 12, limited),
    Fault("a read-only disk", 2, 7, read_only, is_long=True),
    Fault("a store that goes away during a training", 1, 8, vanished),
)
