"""A Ray cluster as a driver sees it: how it is reached, which of its nodes can carry out runs, and what forbids it.

Everything is checked before the first run, and each fault is one sentence. Ray itself waits for minutes, and hears no
signal meanwhile, where nobody answers; so an address is tried with plain sockets first.
"""

import dataclasses
import importlib.util
import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError

from ablab.errors import AblabError, InputError
from ablab.execute.kind import Facts, Kind, own_facts
from ablab.nouns import counted
from ablab.version import VERSION

ANSWERING = 4.0  # seconds for the program that listens at an address: a head node far away needs 0.3
PROBING = 60.0  # seconds for a node to say what it is: it starts Python and loads torch, which a cold disk makes slow
REFRESHING = 1.0  # seconds between two looks at which nodes there are, which take a hundredth of it
CLIENT = "ray://"
# The beginning of HTTP/2, which is what Ray speaks: its fixed words and an empty frame of settings (RFC 9113, 3.4).
GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


@dataclass(frozen=True)
class Resources:
    """What one run is given."""

    cpu: float
    gpu: float

    def room(self, total: dict[str, float]) -> int:
        """Runs that a node with these resources carries out at a time."""
        shares = [total.get("CPU", 0) / self.cpu]
        shares += [total.get("GPU", 0) / self.gpu] if self.gpu else []
        return int(min(shares) + 1e-9)

    def __str__(self) -> str:
        return f"{self.cpu:g} CPU" + (f" and {self.gpu:g} GPU" if self.gpu else "")


@dataclass(frozen=True)
class Node:
    """A node that has answered."""

    id: str
    name: str
    slots: int
    memory: float  # bytes of its object store, where the data lie
    facts: Facts


def probe() -> dict[str, Any]:
    """The facts of a node, as plain values."""
    return dataclasses.asdict(own_facts())


class Cluster:
    """The nodes that can carry out runs, all of one kind; nodes that join are asked, nodes that die are left out."""

    def __init__(self, resources: Resources, label: str) -> None:
        self.resources, self.label = resources, label
        self.nodes: dict[str, Node] = {}
        self.asked: dict[str, Any] = {}  # by the ids of nodes: the answer that is on its way, None once it is there
        self.kind: Kind | None = None
        self.refreshed_at = 0.0
        self.remarks: list[str] = []  # what a person should know, to be told with the next run

    @property
    def slots(self) -> int:
        return sum(node.slots for node in self.nodes.values())

    @property
    def selector(self) -> dict[str, str]:
        """Ray's words for any of these nodes."""
        return {"ray.io/node-id": f"in({','.join(sorted(self.nodes))})"}

    def name(self, id_: str) -> str:
        return self.nodes[id_].name if id_ in self.nodes else id_[:8]

    def check(self) -> None:
        """Ask all nodes, before the first run; raise for what forbids it, with one sentence for each fault."""
        alive = self._alive()
        if self.label and not alive:
            raise InputError(f'no node of this cluster has the label "{self.label}": see them with: ray list nodes')
        if not any(self.resources.room(node["Resources"]) for node in alive):
            totals: list[dict[str, float]] = [node["Resources"] for node in alive]
            most = max(totals, key=lambda total: total.get("CPU", 0), default={})
            there = f"{most.get('CPU', 0):g} CPU and {most.get('GPU', 0):g} GPU"
            raise InputError(f"a run needs {self.resources}, and no node has that much: the largest has {there}")
        self._ask(alive)
        ends = time.monotonic() + PROBING
        wrong: list[str] = []
        found: list[Node] = []
        while any(self.asked.values()) and time.monotonic() < ends:
            for answer in self._answers(alive, timeout=1.0):
                if isinstance(answer, Node):
                    found.append(answer)
                else:
                    wrong.append(answer)
        wrong += [fault for node in found for fault in faults(node, alive)]
        if wrong:
            raise InputError("\n".join(wrong))
        if not found:
            raise AblabError(
                f"no node answered within {PROBING:.0f} s, although {counted(len(alive), 'node')} could: "
                "other jobs may have taken their resources (see: ray status)"
            )
        self.choose(found)

    def refresh(self, *, at_once: bool = False) -> None:
        """Leave out nodes that have died, ask those that have joined, and take in those that have answered."""
        now = time.monotonic()
        if not at_once and now - self.refreshed_at < REFRESHING:
            return
        self.refreshed_at = now
        alive = self._alive()
        ids = {node["NodeID"] for node in alive}
        self.nodes = {id_: node for id_, node in self.nodes.items() if id_ in ids}
        self._ask(node for node in alive if node["NodeID"] not in self.asked)
        for answer in self._answers(alive, timeout=0):
            wrong = faults(answer, alive) if isinstance(answer, Node) else [answer]
            if isinstance(answer, Node) and answer.facts.kind != self.kind:
                wrong.append(f"node {answer.name} is of another kind: {answer.facts.kind}")
            self.remarks += [f"left out: {fault}" for fault in wrong]
            if isinstance(answer, Node) and not wrong:
                self.nodes[answer.id] = answer
        if not self.nodes:
            raise AblabError("no node is left to train runs; add nodes and run the same command again to continue")

    def _alive(self) -> list[dict[str, Any]]:
        key, _, value = self.label.partition("=")
        alive = [node for node in ray.nodes() if node["Alive"]]
        return [node for node in alive if not self.label or node["Labels"].get(key) == value]

    def _ask(self, nodes: Iterable[dict[str, Any]]) -> None:
        """Without a share of a GPU a task would see none; a hundredth leaves the others their room."""
        for node in nodes:
            if self.resources.room(node["Resources"]):
                task = ray.remote(num_cpus=0, num_gpus=min(self.resources.gpu, 0.01), max_retries=0)(probe)
                options = task.options(name="ablab probe", label_selector={"ray.io/node-id": node["NodeID"]})
                self.asked[node["NodeID"]] = options.remote()

    def _answers(self, alive: list[dict[str, Any]], timeout: float) -> list[Node | str]:
        """What has come in: a node, or the sentence that says why it is none."""
        waiting = {answer: id_ for id_, answer in self.asked.items() if answer is not None}
        if not waiting:
            return []
        ready, _ = ray.wait(list(waiting), num_returns=len(waiting), timeout=timeout)
        said = {node["NodeID"]: node for node in alive}
        found: list[Node | str] = []
        for answer in ready:
            id_ = waiting[answer]
            self.asked[id_] = None
            if id_ not in said:
                continue
            name = _name(said[id_])
            try:
                facts = ray.get(answer)
                known = Facts(Kind(**facts.pop("kind")), **facts)
            except (RayError, LookupError, TypeError) as error:  # the latter two: another version says other things
                found.append(f"node {name} cannot load ablab {VERSION}: install it there ({_last_line(error)})")
                continue
            total = said[id_]["Resources"]
            found.append(Node(id_, name, self.resources.room(total), total.get("object_store_memory", 0), known))
        return found

    def choose(self, found: list[Node]) -> None:
        """Take the nodes of the kind that has the most room: pairs of runs on two kinds would compare the kinds."""
        room: dict[Kind, int] = {}
        for node in found:
            room[node.facts.kind] = room.get(node.facts.kind, 0) + node.slots
        self.kind = max(room, key=lambda kind: room[kind])
        self.nodes = {node.id: node for node in found if node.facts.kind == self.kind}
        others = [node for node in found if node.facts.kind != self.kind]
        if others:
            names = ", ".join(f"{node.name} ({node.facts.kind.device}, {node.facts.kind.precision})" for node in others)
            self.remarks.append(
                f"all runs go to nodes of one kind, {self.kind}, so that they can be compared; left out: {names}. "
                "To choose others: label=KEY=VALUE"
            )


def faults(node: Node, alive: list[dict[str, Any]]) -> list[str]:
    """What forbids this node, against the driver's own versions."""
    there = node.facts
    found = [
        f"node {node.name} has {what} {theirs} and this machine has {what} {ours}: install the same on both"
        for what, ours, theirs in own_facts().differences(there)
    ]
    cpus = next(one["Resources"].get("CPU", 0) for one in alive if one["NodeID"] == node.id)
    if cpus > there.cores:
        found.append(
            f"node {node.name} offers {cpus:g} CPUs and has {there.cores}: start Ray there with "
            f"--num-cpus={there.cores}"
        )
    return found


def _name(node: dict[str, Any]) -> str:
    """The name that a node was given, else its host's: the name that Ray makes up is an address."""
    given = str(node["NodeName"])
    return given if given != node["NodeManagerAddress"] else str(node["NodeManagerHostname"])


def _last_line(error: BaseException) -> str:
    return str(error).strip().rpartition("\n")[2]


def connect(address: str) -> bool:
    """Join the cluster at an address; whether this call did it, or the program around us had before."""
    if ray.is_initialized():
        return False
    where = _resolved(address)
    host, port = _host_and_port(where)
    if where.startswith(CLIENT) and importlib.util.find_spec("grpc") is None:
        raise InputError(f"{address}: {CLIENT} needs grpcio: install it with: pip install 'ablab-experiments[ray]'")
    _check_answer(where, host, port)
    before = signal.getsignal(signal.SIGTERM)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray.init(where, namespace="ablab", logging_level="ERROR", log_to_driver=False)
    except (ConnectionError, RuntimeError, ValueError, OSError, RayError) as error:
        raise AblabError(f"{where}: ablab could not join the cluster there: {_first_line(error)}") from None
    finally:
        with suppress(ValueError):  # only the main thread has handlers
            signal.signal(signal.SIGTERM, before)  # Ray takes its own, which ends the process at once
    return True


def _first_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


def _resolved(address: str) -> str:
    """Where `auto` leads: $RAY_ADDRESS, else the cluster that was last started on this machine."""
    if address != "auto":
        return address
    if told := os.environ.get("RAY_ADDRESS"):
        return told
    folder = Path(os.environ.get("RAY_TMPDIR", tempfile.gettempdir()))
    with suppress(OSError):
        return (folder / "ray" / "ray_current_cluster").read_text(encoding="utf-8").strip()
    raise InputError(
        "no Ray cluster runs on this machine: start one with: ray start --head --disable-usage-stats; or name one: "
        '--executor "ray(HOST:PORT)"'
    )


def _host_and_port(where: str) -> tuple[str, int]:
    host, _, port = where.removeprefix(CLIENT).rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 1 << 16:
        raise InputError(f"{where}: give the address of a Ray cluster as auto, HOST:PORT, or {CLIENT}HOST:PORT")
    return host.strip("[]"), int(port)


def _check_answer(address: str, host: str, port: int) -> None:
    """Raise if nobody answers there, or somebody who is not Ray."""
    try:
        with socket.create_connection((host, port), ANSWERING) as connection:
            if os.environ.get("RAY_USE_TLS", "0") not in ("0", "false", "False"):
                return  # the program there waits for another greeting
            connection.settimeout(ANSWERING)
            connection.sendall(GREETING)
            answer = connection.recv(9)
    except OSError as error:
        reason = "no answer" if isinstance(error, TimeoutError) else error.strerror or error
        raise AblabError(
            f"{address}: no Ray cluster answers there ({reason}): is it running? see: ray status"
        ) from None
    if len(answer) < 4 or answer[3] != GREETING[-6]:  # the kind of the first frame: settings
        raise AblabError(f"{address}: something other than Ray answers there: which port did ray start print?")
