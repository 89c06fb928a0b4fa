"""Power cuts, on a model of a disk: after every system call of a write, what a file system may have kept is looked at.

What strace saw of one write is played on a disk that keeps only what was flushed. Of the rest it keeps any part: data
whole, zeroed or not at all, names up to any point. Pillai et al. (OSDI 2014) found lost data in 11 programs like that.
"""

import itertools
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from fault_suite.acts import CHECKPOINT_WRITE, EXPORT_WRITE, NOT_FLUSHED, NOT_SYNCHRONOUS, STORE_WRITE, Act
from fault_suite.calls import Call, calls
from fault_suite.fault import Fault, Trial
from fault_suite.nursery import Nursery

ODDS = {"nothing": 0.0, "everything": 1.0, "some": 0.5}  # of what was not flushed, how much a crash keeps
Change = tuple[int, bytes | None]  # bytes at a place; None: the file ends there


@dataclass
class Node:
    """A file or a folder: its flushed bytes, and changes of them that were not flushed."""

    content: bytearray | None  # None: a folder
    waiting: list[Change] = field(default_factory=list)


@dataclass
class Disk:
    """Names and files as far as they are flushed, and what waits for a flush."""

    names: dict[str, Node]
    now: dict[str, Node]  # as the program sees it
    waiting: list[tuple[str, str, Node | None]] = field(
        default_factory=list
    )  # folder, name, what it names from then on
    places: dict[str, int] = field(default_factory=dict)  # where the next plain write of an open file goes

    @classmethod
    def of(cls, folder: Path) -> "Disk":
        nodes = {str(path): Node(None if path.is_dir() else bytearray(path.read_bytes())) for path in folder.rglob("*")}
        nodes[str(folder)] = Node(None)
        return cls(dict(nodes), dict(nodes))

    def name(self, path: str, node: Node | None) -> None:
        self.waiting.append((path.rpartition("/")[0], path, node))
        if node is None:
            self.now.pop(path, None)
        else:
            self.now[path] = node

    def play(self, call: Call) -> None:
        """What one system call that succeeded did to the disk."""
        path = call.paths[-1]
        match call.name:
            case "openat" if "O_CREAT" in call.arguments and path not in self.now:
                self.name(path, Node(bytearray()))
            case "mkdir":
                self.name(path, Node(None))
            case "rename" | "renameat" | "renameat2":
                self.name(path, self.now[call.paths[0]])
                self.name(call.paths[0], None)
            case "unlink" | "unlinkat":
                self.name(path, None)
            case "write" | "pwrite64":
                at = int(call.arguments.rsplit(",", 1)[1]) if call.name == "pwrite64" else self.places.get(path, 0)
                self.now[path].waiting.append((at, call.content[: call.result]))
                self.places[path] = at + call.result
            case "ftruncate":
                self.now[path].waiting.append((int(call.arguments.rsplit(",", 1)[1]), None))
            case "fsync" | "fdatasync":
                self.flush(path)
        if call.name == "openat":
            self.places[path] = 0
            if "O_TRUNC" in call.arguments:
                self.now[path].waiting.append((0, None))

    def flush(self, path: str) -> None:
        node = self.now[path]
        if node.content is not None:
            node.content = changed(node.content, node.waiting)
            node.waiting = []
            return
        for change in [one for one in self.waiting if one[0] == path]:
            rename(self.names, change)
            self.waiting.remove(change)

    def after_a_crash(self, folder: Path, to: Path, odds: float, draw: random.Random) -> None:
        """Write to `to` what is left of `folder`."""
        names = dict(self.names)
        for _, changes in itertools.groupby(sorted(self.waiting, key=lambda one: one[0]), key=lambda one: one[0]):
            for change in itertools.takewhile(lambda _: draw.random() < odds, changes):
                rename(names, change)
        for name, node in sorted(names.items()):
            path = to / Path(name).relative_to(folder)
            if node.content is None:
                path.mkdir(parents=True, exist_ok=True)
            elif path.parent.exists():
                path.write_bytes(changed(node.content, list(kept(node.waiting, odds, draw))))


def rename(names: dict[str, Node], change: tuple[str, str, Node | None]) -> None:
    _, name, node = change
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def kept(changes: list[Change], odds: float, draw: random.Random) -> Iterator[Change]:
    """Each change whole, or as zeros, or not at all."""
    for at, content in changes:
        if draw.random() < odds:
            yield at, bytes(len(content)) if content and 0 < odds < 1 and draw.random() < 0.3 else content


def changed(content: bytearray, changes: list[Change]) -> bytearray:
    content = bytearray(content)
    for at, new in changes:
        if new is None:
            del content[at:]
            content.extend(bytes(max(0, at - len(content))))
        else:
            content.extend(bytes(max(0, at - len(content))))
            content[at : at + len(new)] = new
    return content


def power_cuts(nursery: Nursery, folder: Path, number: int, act: Act) -> Iterator[Trial]:
    """Cut the power after every call of the act, and look at what each kind of crash may have left."""
    here, draw = folder / "clean", random.Random(3)
    act.prepare(nursery, here)
    disk = Disk.of(here)
    ended, found = calls(nursery, here, act.program)
    assert ended.out == "done\n", ended
    for at in range(len(found) + 1):
        for kind, odds in ODDS.items():
            for crash in range(number if kind == "some" else 1):
                left = folder / f"{at}-{kind}-{crash}"
                disk.after_a_crash(here, left, odds, draw)
                # what the act says of itself is after its last call
                yield act.look(left, at == len(found), f"after call {at} of {len(found)}, {kind} kept, crash {crash}")
                shutil.rmtree(left)
        if at < len(found) and found[at].result >= 0:
            disk.play(found[at])


def row(act: Act) -> Fault:
    return Fault(f"power cuts in {act.name}", 1, 60, partial(power_cuts, act=act), act.is_control)


FAULTS = tuple(map(row, (CHECKPOINT_WRITE, STORE_WRITE, EXPORT_WRITE, NOT_FLUSHED, NOT_SYNCHRONOUS)))
