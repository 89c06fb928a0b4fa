"""The executor for clusters: Ray starts one task a run, and the driver alone has the store and the checkpoints.

The images go to every node once. A run's checkpoints come to the driver's disk, within a budget; where a worker or a
node is lost, the driver starts the run again from there, as it does after its own death. Ray's own retries are off:
they know nothing of checkpoints. Every node was asked beforehand, and all runs go to nodes of one kind.
"""

import dataclasses
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
import ray
from ray.exceptions import OutOfDiskError, OutOfMemoryError, RayActorError, RayError, RayTaskError

from ablab import wire
from ablab.catalogue import mark
from ablab.errors import AblabError, InputError
from ablab.events import Noticed, Started
from ablab.execute import Job, Wanted
from ablab.execute.checkpoints import checkpoint_path, newest, write
from ablab.execute.ray_cluster import Cluster, Resources, connect
from ablab.execute.ray_desk import Desk, Item
from ablab.execute.ray_task import Terms, carry_out, data_value
from ablab.records import Observer, Run, RunSpec
from ablab.train.trained import keep_packed

BUDGET = 20e6  # bytes of checkpoints a second of all runs together: 400 of resnet18 each minute would be 0.9 GB/s
LOSSES = 3  # times that a run may be lost without any progress between
HEARTBEAT = 1.0  # seconds after which the driver looks up, though nothing has come in
ENDING = 10.0  # seconds that tasks have to hand in their last epoch when they are told to stop
ROOM = 0.8  # of a node's object store that the images may fill


@dataclass
class Flight:
    """A run on its way."""

    spec: RunSpec
    task: str
    reference: Any  # of the task at Ray
    nodes: frozenset[str]  # one of which will have it
    node: str = ""  # that has it
    losses: int = 0
    is_stopping: bool = False
    has_returned: bool = False


@mark("executor", "ray", needs=("ray",), extra="ray")
class Ray:
    """A Ray cluster: its address, the CPUs and GPUs of one run, and the seconds between two checkpoints."""

    def __init__(
        self,
        job: Job,
        *,
        address: str = "auto",
        cpu: Annotated[float, "(0, 1024]"] = 1,
        gpu: Annotated[float, "[0, 64]"] = 0,
        label: str = "",
        pause: Annotated[float, "[0, 86400]"] = 60.0,
    ) -> None:
        if label and "=" not in label:
            raise InputError(f"label = {label}: write label=KEY=VALUE, such as label=ray.io/accelerator-type=H100")
        if any(share > 1 and share != int(share) for share in (cpu, gpu)):
            raise InputError(f"cpu={cpu:g}, gpu={gpu:g}: Ray gives whole numbers above 1, and any share below")
        self.job, self.address, self.pause = job, address, pause
        self.cluster = Cluster(Resources(cpu, gpu), label)
        self.flights: dict[str, Flight] = {}  # by their tasks
        self.losses: dict[str, int] = {}  # of runs, since they last got on
        self.data: dict[str, Any] = {}  # by fingerprint
        self.tasks = 0
        self.is_ours = False  # the connection

    @property
    def slots(self) -> int:
        return max(1, self.cluster.slots)

    def __enter__(self) -> Self:
        self.is_ours = connect(self.address)
        try:
            self.cluster.check()
            node = ray.get_runtime_context().get_node_id()  # of the driver; through ray://, of the head
            where = {"ray.io/node-id": node} if node in self.cluster.nodes else self.cluster.selector
            self.desk = ray.remote(num_cpus=0, max_restarts=0)(Desk).options(label_selector=where).remote()
            self.coming = self.desk.collect.remote(HEARTBEAT)
        except BaseException:
            self._leave()
            raise
        resources = self.cluster.resources
        self.start = ray.remote(num_cpus=resources.cpu, num_gpus=resources.gpu, max_retries=0)(carry_out)
        return self

    def __exit__(self, *_: object) -> None:
        """No task is left behind; those at work may hand in their last epoch first."""
        try:
            self._stop_all_but(())
            ends = time.monotonic() + ENDING
            while self.flights and time.monotonic() < ends:
                for _run in self._until_something(None):
                    pass
            for flight in self.flights.values():
                ray.cancel(flight.reference, force=True)
        except (RayError, AblabError):
            pass  # the cluster is gone, and with it all that is left of these tasks
        finally:
            self._leave()

    def __call__(self, wanted: Wanted, observe: Observer) -> Iterator[Run]:
        begun: set[str] = set()
        while specs := wanted():
            self._stop_all_but(specs)
            self._refresh(observe, specs[0])
            passed_over = begun | {flight.spec.id for flight in self.flights.values()}
            waiting = [spec for spec in specs if spec.id not in passed_over]
            for spec in waiting[: max(0, self.slots - len(self.flights))]:
                begun.add(spec.id)
                self._send(spec, observe)
            if not self.flights:
                return
            for run in self._until_something(observe):
                yield run
                self._stop_all_but(wanted())
        self._stop_all_but(())

    def _refresh(self, observe: Observer, spec: RunSpec) -> None:
        """See which nodes are there now; what waits for none that is left waits for others."""
        self.cluster.refresh()
        for text in self.cluster.remarks:
            observe(spec, Noticed(text))
        self.cluster.remarks.clear()
        for flight in tuple(self.flights.values()):
            if not flight.node and flight.nodes.isdisjoint(self.cluster.nodes):
                ray.cancel(flight.reference, force=True)
                self._start_again(flight, observe)

    def _send(self, spec: RunSpec, observe: Observer) -> None:
        """Start the task of a run, with its newest checkpoint."""
        checkpoint = None
        if self.job.checkpoints:
            looking = newest(spec, self.job.checkpoints)
            try:
                while True:
                    observe(spec, next(looking))
            except StopIteration as done:
                checkpoint = None if done.value is None else np.frombuffer(done.value, np.uint8)
        self.tasks += 1
        task = f"{spec.id}-{self.tasks}"
        threads = max(1, int(self.cluster.resources.cpu))
        terms = Terms(threads, self.pause, BUDGET / self.slots, self.job.weights is not None)
        options = self.start.options(name=f"ablab {spec.id}", label_selector=self.cluster.selector)
        reference = options.remote(wire.spec_value(spec), self._data(spec), checkpoint, terms, task, self.desk)
        self.flights[task] = Flight(spec, task, reference, frozenset(self.cluster.nodes))

    def _data(self, spec: RunSpec) -> Any:
        """The images, which Ray brings to each node once."""
        if spec.fingerprint not in self.data:
            dataset = self.job.load(spec.recipe)
            parts = [part for part in (dataset.train, dataset.test, dataset.val) if part is not None]
            size = sum(part.images.nbytes + part.labels.nbytes for part in parts)
            for node in self.cluster.nodes.values():
                if size > ROOM * node.memory:
                    raise InputError(
                        f"the images take {size / 1e6:,.0f} MB, and the object store of node {node.name} has "
                        f"{node.memory / 1e6:,.0f} MB: start Ray there with --object-store-memory={int(2 * size)}"
                    )
            self.data[spec.fingerprint] = ray.put(data_value(dataset))
        return self.data[spec.fingerprint]

    def _until_something(self, observe: Observer | None) -> Iterator[Run]:
        """Runs that are done, once there is anything to take in or a task was lost. At the end nobody observes."""
        working = {flight.reference: flight for flight in self.flights.values() if not flight.has_returned}
        ready, _ = ray.wait([self.coming, *working], num_returns=1, timeout=HEARTBEAT, fetch_local=False)
        lost = []
        for reference in ready:
            if reference in working:
                flight = working[reference]
                flight.has_returned = True  # what it has handed in may still lie on the desk
                if error := _error(reference):
                    lost.append((flight, error))
        if lost or self.coming in ready:
            yield from self._collected(observe)
        for flight, error in lost:
            if flight.task in self.flights:
                yield from self._collected(observe)  # all that it handed in is there now
            if self.flights.get(flight.task) is flight:
                self._lose(flight, error, observe)

    def _collected(self, observe: Observer | None) -> Iterator[Run]:
        try:
            items = ray.get(self.coming)
        except RayActorError:
            raise AblabError(
                "the actor between driver and tasks was lost; run the same command again to continue"
            ) from None
        self.coming = self.desk.collect.remote(HEARTBEAT)
        failed: AblabError | None = None
        for item in items:
            if flight := self.flights.get(item.task):
                try:
                    yield from self._taken(flight, item, observe)
                except AblabError as error:
                    failed = error  # told once all that came with it is taken in
        if failed:
            raise failed

    def _taken(self, flight: Flight, item: Item, observe: Observer | None) -> Iterator[Run]:
        answer = json.loads(item.line)
        if "file" in answer:
            self._keep(flight, answer["file"], item.content.tobytes())
        elif answer.get("event") in wire.KINDS:
            event = wire.event_of(answer)
            if isinstance(event, Started):
                flight.node = self.cluster.name(event.node)
                event = dataclasses.replace(event, node=flight.node)
            if observe and not flight.is_stopping:
                observe(flight.spec, event)
        else:
            del self.flights[flight.task]
            if answer.get("event") == "run":
                yield wire.run_of(answer)
            elif "error" in answer and not flight.is_stopping:
                where = f"run {flight.spec.id} on node {flight.node or 'unknown'}"
                raise AblabError(f"{where}: {answer['error']}").of(flight.spec.id)

    def _keep(self, flight: Flight, kind: str, content: bytes) -> None:
        """Write a file that a task handed in to the driver's disk."""
        spec, folder = flight.spec, self.job.checkpoints
        if kind == "weights" and self.job.weights:
            keep_packed(content, self.job.weights / f"{spec.id}.safetensors")
        elif kind == "checkpoint" and folder:
            write(checkpoint_path(Path(folder), spec.id), content)
            self.losses.pop(spec.id, None)

    def _lose(self, flight: Flight, error: RayError, observe: Observer | None) -> None:
        """Start a run again whose worker or node was lost; raise where that does not help."""
        spec, where = flight.spec, f" on node {flight.node}" if flight.node else ""
        if flight.is_stopping or observe is None:
            del self.flights[flight.task]
            return
        if isinstance(error, RayTaskError):
            del self.flights[flight.task]
            raise AblabError(f"run {spec.id}{where} failed: {_last_line(error)}").of(spec.id)
        self.losses[spec.id] = self.losses.get(spec.id, 0) + 1
        why, remedy = _cause(error, self.cluster.resources)
        if self.losses[spec.id] > LOSSES:
            del self.flights[flight.task]
            times = f"{self.losses[spec.id]} times ({type(error).__name__})"
            raise AblabError(f"run {spec.id}: its worker{where} {why} {times}: {remedy}").of(spec.id)
        observe(
            spec, Noticed(f"its worker{where} {why} ({type(error).__name__}); it continues from its last checkpoint")
        )
        self._start_again(flight, observe)

    def _start_again(self, flight: Flight, observe: Observer) -> None:
        del self.flights[flight.task]
        self.cluster.refresh(at_once=True)
        self._send(flight.spec, observe)

    def _stop_all_but(self, specs: Iterable[RunSpec]) -> None:
        useful = {spec.id for spec in specs}
        for flight in self.flights.values():
            if flight.spec.id not in useful and not flight.is_stopping:
                flight.is_stopping = True
                self.desk.stop.remote(flight.task)
                if not flight.node:
                    ray.cancel(flight.reference)  # it may be waiting for its turn

    def _leave(self) -> None:
        if self.is_ours:
            ray.shutdown()


def _error(reference: Any) -> RayError | None:
    """What ended a task; None if it came to its end by itself."""
    try:
        ray.get(reference)
    except RayError as error:
        ended: RayError = error
        return ended
    return None


def _cause(error: RayError, resources: Resources) -> tuple[str, str]:
    """What became of a worker, and what helps if it happens again and again."""
    less = f"give each run more of its node, such as cpu={2 * resources.cpu:g}, or lower batch"
    if isinstance(error, OutOfMemoryError):
        return "ran out of memory", less
    if isinstance(error, OutOfDiskError):
        return "found the disk full", "free space there, or start Ray with another --temp-dir"
    return "was lost", f"perhaps because memory ran out; {less}"


def _last_line(error: Exception) -> str:
    return str(error).strip().rpartition("\n")[2]
