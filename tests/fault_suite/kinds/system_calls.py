"""System calls that fail: a kill, a full and a broken disk at every call of a checkpoint, a store write, an export.

strace follows a process from just before it writes and makes one call fail, each in its turn.
"""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from fault_suite.acts import CHECKPOINT_WRITE, EXPORT_WRITE, IN_PLACE, STORE_WRITE, Act
from fault_suite.calls import calls, with_fault
from fault_suite.child import judged
from fault_suite.fault import HELD, Fault, Trial, spread
from fault_suite.nursery import Nursery

FAULTY = {"a kill": "signal=KILL", "ENOSPC": "error=ENOSPC", "EIO": "error=EIO"}
MAKES_ROOM = ("openat", "write", "pwrite64", "fsync", "fdatasync", "mkdir", "rename")  # where a full disk is noticed


def at_every_call(nursery: Nursery, folder: Path, number: int, act: Act, fault: str) -> Iterator[Trial]:
    """The act with the fault at each of its system calls; then, without one, it has to succeed."""
    act.prepare(nursery, folder / "clean")
    ended, found = calls(nursery, folder / "clean", act.program)
    assert ended.out == "done\n", ended
    yield act.look(folder / "clean", True, "without a fault")
    if fault == "ENOSPC":
        found = [call for call in found if call.name in MAKES_ROOM]
    for at in spread(len(found), number):
        what = f"{fault} at call {at + 1} of {len(found)}, {found[at].name} of {Path(found[at].paths[-1]).name}"
        here = folder / str(at)
        act.prepare(nursery, here)
        ended = with_fault(nursery, here, act.program, found[at], FAULTY[fault])
        fine = [0, 1] if "error" in FAULTY[fault] else [0, -9]
        trial = judged(ended, what, fine)
        trial = act.look(here, ended.out == "done\n", what) if trial is HELD else trial
        if trial is HELD and not act.is_control:
            again = nursery.run([str(here)], here, program=act.program)
            trial = judged(again, f"{what}, then without", [0])
            trial = act.look(here, True, f"{what}, then without") if trial is HELD else trial
        yield trial
        shutil.rmtree(here)


FAULTS = (
    *(
        Fault(f"{fault} at the k-th call of {act.name}", 1, 1000, partial(at_every_call, act=act, fault=fault))
        for act in (CHECKPOINT_WRITE, STORE_WRITE, EXPORT_WRITE)
        for fault in FAULTY
    ),
    Fault(
        f"a kill at the k-th call of {IN_PLACE.name}",
        20,
        1000,
        partial(at_every_call, act=IN_PLACE, fault="a kill"),
        is_control=True,
    ),
)
