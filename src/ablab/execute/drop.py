"""A drop folder: how the owner of a study and machines that it cannot reach hand runs to each other, as files.

    folder.json         which versions the owner has, and whether it still wants anything
    kind.json           what the first worker's machine is: the others have to be like it
    wanted/N-ID.json    a run that is offered; a worker takes it by renaming it to taken/ID.json
    taken/ID.json       a run that a worker has, which touches this file while it lives
    stop/ID             asks the worker to give the run up
    events/ID.jsonl     what happens to the run, a line each
    checkpoints/ weights/
    done/ID.json        the finished run, or an error, behind the SHA-256 of all that follows

Every file appears whole, by a rename. Nothing in here is executed, and nothing is believed that cannot be read.
"""

import dataclasses
import hashlib
import json
import os
import platform
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablab import wire
from ablab.atomic import atomic_write
from ablab.errors import AblabError, InputError
from ablab.events import Event
from ablab.execute.checkpoints import forget
from ablab.execute.kind import Facts, Kind, own_facts
from ablab.records import RunSpec

PARTS = ("wanted", "taken", "stop", "events", "checkpoints", "weights", "done")
LARGEST = 64 << 20  # bytes of a file that is read


@dataclass(frozen=True)
class Claim:
    """A run that a worker has taken."""

    spec: RunSpec
    token: str  # drawn by the worker: a run that was taken from it has another


@dataclass(frozen=True)
class Drop:
    """The folder."""

    root: Path

    def make(self) -> None:
        for part in PARTS:
            try:
                (self.root / part).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InputError(f"{self.root}: this folder cannot be used: {error.strerror or error}") from None

    def file(self, part: str, id_: str, suffix: str = ".json") -> Path:
        return self.root / part / f"{id_}{suffix}"

    def open_for(self, *, keeps_weights: bool) -> None:
        """Say that a study is going on, of which versions, and whether its runs leave weights."""
        facts = dataclasses.asdict(own_facts())
        atomic_write(self.root / "folder.json", json.dumps({"open": True, "weights": keeps_weights, **facts}))

    def close(self) -> None:
        """Say that nothing more is wanted."""
        said = self.said()
        atomic_write(self.root / "folder.json", json.dumps({**said, "open": False}))

    def said(self) -> dict[str, Any]:
        """What the owner says of the folder; an error where no owner has made it."""
        found = _read(self.root / "folder.json")
        if not found:
            raise InputError(
                f"{self.root}: no study has started here: on the owner's machine, type "
                f'ablab run STUDY --executor "folder({self.root})"'
            )
        return found

    # The owner's side

    def offer(self, number: int, spec: RunSpec) -> None:
        atomic_write(self.file("wanted", f"{number:06d}-{spec.id}"), json.dumps(wire.spec_value(spec)))

    def withdraw(self, id_: str) -> bool:
        """Take back an offer; whether nobody had taken it."""
        for path in self.root.glob(f"wanted/*-{id_}.json"):
            with suppress(FileNotFoundError):
                path.unlink()
                return True
        return False

    def is_offered(self, id_: str) -> bool:
        return any(self.root.glob(f"wanted/*-{id_}.json"))

    def result(self, id_: str) -> dict[str, Any]:
        """What a worker has finished: a run or an error. Nothing while it has not, or the file is being copied."""
        path = self.file("done", id_)
        with suppress(OSError, ValueError, RecursionError):
            digest, _, content = path.read_bytes().partition(b"\n")
            if hashlib.sha256(content).hexdigest().encode() == digest:
                found: dict[str, Any] = json.loads(content)
                return found
        return {}

    def forget(self, id_: str) -> None:
        """Remove all that is here of a run."""
        self.withdraw(id_)
        forget(self.root / "checkpoints", id_)
        for part, suffix in (("taken", ".json"), ("done", ".json"), ("stop", ""), ("events", ".jsonl")):
            self.file(part, id_, suffix).unlink(missing_ok=True)
        for suffix in (".safetensors", ".safetensors.sha256"):
            self.file("weights", id_, suffix).unlink(missing_ok=True)

    def events(self, id_: str, offset: int) -> tuple[list[Event], int]:
        """What whole lines behind a place in the file of a run's events say, and the place behind them."""
        try:
            with self.file("events", id_, ".jsonl").open("rb") as file:
                file.seek(offset)
                content = file.read(LARGEST)
        except OSError:
            return [], offset
        whole = content[: content.rfind(b"\n") + 1]
        events = []
        for line in whole.splitlines():
            with suppress(ValueError, AttributeError, RecursionError):
                events.append(wire.event_of(json.loads(line)))
        return events, offset + len(whole)

    # A worker's side

    def check_worker(self) -> None:
        """Raise where this machine has other versions than the owner, or is of another kind than the first worker."""
        here, said = own_facts(), self.said()
        try:
            there = Facts(Kind(**said["kind"]), said["ablab"], said["torch"], said["python"], said["cores"])
        except (LookupError, TypeError):
            raise InputError(f"{self.root}: another version of ablab made this folder") from None
        for what, ours, theirs in here.differences(there):
            raise InputError(
                f"{self.root}: its owner has {what} {theirs} and this machine has {what} {ours}: "
                "install the same on both"
            )
        path = self.root / "kind.json"
        if not path.exists():
            temporary = path.with_name(f"kind-{secrets.token_hex(4)}")
            temporary.write_text(json.dumps(dataclasses.asdict(here.kind)), encoding="utf-8")
            with suppress(FileExistsError):
                os.link(temporary, path)  # unlike a rename it never replaces what another worker wrote meanwhile
            temporary.unlink()
        first = _read(path)
        if first != dataclasses.asdict(here.kind):
            kind = ", ".join(map(str, first.values()))
            raise InputError(
                f"{self.root}: the first worker here was of another kind ({kind}) than this machine ({here.kind}), so "
                f"their runs would not compare. Work on machines of one kind, or remove {path} before the first run"
            )

    def take(self) -> Claim | None:
        """The run that was offered first and that no other worker has."""
        for path in sorted(self.root.glob("wanted/*.json")):
            id_ = path.stem.partition("-")[2]
            mine = self.file("taken", id_)
            try:
                path.rename(mine)
            except OSError:
                continue  # another worker was faster, or the owner does not want it any more
            try:
                spec = wire.spec_of(_read(mine))
            except (ValueError, AblabError) as error:
                raise InputError(f"{mine}: this is not a run that an owner has offered: {error}") from None
            claim = Claim(spec, secrets.token_hex(8))
            about = {"token": claim.token, "host": platform.node(), "pid": os.getpid()}
            atomic_write(mine, json.dumps({**wire.spec_value(spec), **about}))
            return claim
        return None

    def has(self, claim: Claim) -> bool:
        """Whether a worker still has what it took, and is to go on."""
        is_stopped = self.file("stop", claim.spec.id, "").exists()
        return not is_stopped and _read(self.file("taken", claim.spec.id)).get("token") == claim.token

    def touch(self, claim: Claim) -> None:
        """Show that the worker lives."""
        with suppress(OSError):
            os.utime(self.file("taken", claim.spec.id))

    def tell(self, claim: Claim, line: bytes) -> None:
        """One event more."""
        with self.file("events", claim.spec.id, ".jsonl").open("ab") as file:
            file.write(line + b"\n")
        self.touch(claim)

    def finish(self, claim: Claim, content: bytes) -> None:
        """Hand in the run, or an error."""
        digest = hashlib.sha256(content).hexdigest().encode()
        atomic_write(self.file("done", claim.spec.id), digest + b"\n" + content)
        self.file("taken", claim.spec.id).unlink(missing_ok=True)

    def give_back(self, claim: Claim) -> None:
        """Offer a run again that a worker could not finish, before all others; one that was stopped is forgotten."""
        mine, stop = self.file("taken", claim.spec.id), self.file("stop", claim.spec.id, "")
        if _read(mine).get("token") != claim.token:
            return
        if stop.exists():
            mine.unlink(missing_ok=True)
            stop.unlink(missing_ok=True)
        else:
            self.offer(0, claim.spec)
            mine.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    """What a small file says; nothing if it is not there, or no JSON object."""
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads(path.read_bytes())
        return found if isinstance(found, dict) else {}
    return {}
