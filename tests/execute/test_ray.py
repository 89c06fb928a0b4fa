"""Runs on a Ray cluster: what this process gives, to the last bit, whatever dies on the way."""

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass

import psutil
import pytest
import torch
from ray.exceptions import OutOfDiskError, OutOfMemoryError, WorkerCrashedError

from ablab.conduct import run_study
from ablab.data.dataset import Dataset, Examples
from ablab.data.sources.phantom import phantom
from ablab.errors import AblabError, InputError
from ablab.events import EpochDone, Noticed, Started
from ablab.execute import Job, choose, ray_cluster
from ablab.execute.kind import own_facts
from ablab.execute.ray import Flight, Ray
from ablab.execute.ray_cluster import Cluster, Node, Resources, faults
from ablab.recipe import Recipe
from ablab.records import RunSpec
from ablab.store import Store
from ablab.study import Study
from local_cluster import SOURCE, local_cluster

pytestmark = [pytest.mark.timeout(600)]

STUDY = """question = "Does batch norm help?"
data = "phantom(train=400, test=60)"
model = "simple-nn"
epochs = 6
batch = 50
threads = 1
keep = "weights"
[variants]
"batch norm" = "norm=batch"
[decide]
margin = 1.0
seeds = 3
"""


@dataclass(frozen=True)
class Tiny:
    """Gives the same small data."""

    def __call__(self, recipe):
        return phantom(train=200, test=60)


@pytest.fixture(scope="module")
def cluster():
    with local_cluster() as started:
        yield started


def timeless(run):
    curve = tuple(dataclasses.replace(row, seconds=0.0) for row in run.curve)
    cost = dataclasses.replace(run.cost, seconds=0.0, wall_seconds=0.0, memory=0)
    return dataclasses.replace(run, curve=curve, origin=None, cost=cost)


def outcome(result):
    return [(verdict.word, verdict.effect, verdict.low, verdict.high) for verdict in result.verdicts]


def runs_of(store):
    return {run.id: timeless(run) for run in store.runs(store.ids())}


class Watching:
    """An observer that keeps what it sees and does one thing when it comes to a place."""

    def __init__(self, when=lambda event: False, act=lambda: None):
        self.when, self.act, self.told = when, act, []

    def __call__(self, spec, event):
        self.told.append((spec, event))
        if self.when(event):
            self.when = lambda event: False
            self.act()

    @property
    def notes(self):
        return [event.text for _, event in self.told if isinstance(event, Noticed)]


def carried_out(folder, executor, watching=None, text=STUDY):
    store = Store(folder, create=True)
    study = Study.from_toml(text, "norm.toml")
    return run_study(study, store, show=lambda plan: watching or Watching(), executor=executor), store


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """The same study in this process."""
    result, store = carried_out(tmp_path_factory.mktemp("local"), "here")
    return outcome(result), runs_of(store), weights(store)


def weights(store):
    return {path.name: path.read_text().split()[0] for path in (store.folder / "weights").glob("*.sha256")}


def is_epoch(number):
    return lambda event: isinstance(event, EpochDone) and event.row.epoch == number


@pytest.mark.long
def test_a_worker_that_is_killed_changes_neither_a_bit_nor_the_verdict(cluster, local, tmp_path):
    watching = Watching(is_epoch(4), lambda: cluster.workers()[0].kill())
    result, store = carried_out(tmp_path, f"ray({cluster.address}, pause=0)", watching)
    assert (outcome(result), runs_of(store), weights(store)) == local
    assert any("its worker on node head was lost" in note for note in watching.notes)
    assert any("continues after epoch" in note for note in watching.notes)
    assert {event.node for _, event in watching.told if isinstance(event, Started)} == {"head"}
    assert not list((tmp_path / "checkpoints").glob("*.checkpoint"))


@pytest.mark.long
def test_a_node_that_is_killed_loses_nothing_but_the_epochs_after_its_last_checkpoint(cluster, local, tmp_path):
    cluster.start("second")

    def is_due(event):
        return is_epoch(4)(event) and any(getattr(one, "node", "") == "second" for _, one in watching.told)

    watching = Watching(is_due, lambda: cluster.nodes["second"].kill())
    result, store = carried_out(tmp_path, f"ray({cluster.address}, pause=0)", watching)
    assert (outcome(result), runs_of(store)) == local[:2]
    assert any("on node second was lost" in note for note in watching.notes)


@pytest.mark.long
@pytest.mark.parametrize(("blow", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_a_driver_that_is_stopped_leaves_no_task_behind_and_goes_on_when_it_is_run_again(
    blow, code, cluster, local, tmp_path
):
    (tmp_path / "norm.toml").write_text(STUDY)
    words = [
        sys.executable,
        "-m",
        "ablab",
        "run",
        "norm.toml",
        "--executor",
        f"ray({cluster.address}, pause=0)",
        "--json",
    ]
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    driver = subprocess.Popen(words, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seen = ""
    for line in driver.stdout:
        seen = line if '"event": "epoch"' in line else seen
        if '"epoch": 3,' in seen:
            driver.send_signal(blow)
            break
    driver.communicate(timeout=120)
    assert driver.returncode == code
    _, alive = psutil.wait_procs(cluster.workers(), timeout=60)
    assert not alive
    assert list((tmp_path / ".ablab" / "checkpoints").glob("*.checkpoint"))
    watching = Watching()
    result, store = carried_out(tmp_path / ".ablab", f"ray({cluster.address}, pause=0)", watching)
    assert (outcome(result), runs_of(store)) == local[:2]
    assert any("continues after epoch" in note for note in watching.notes)


@pytest.mark.long
def test_through_the_client_of_ray_runs_are_the_same(cluster, local, tmp_path):
    result, store = carried_out(tmp_path, f"ray(ray://127.0.0.1:{cluster.client_port}, pause=0)")
    assert (outcome(result), runs_of(store), weights(store)) == local


@pytest.mark.long
def test_a_run_that_fails_on_its_node_is_told_with_the_node(cluster, tmp_path):
    spec = RunSpec(Recipe.of({"train_images": 100_000}), 0, Tiny()(None).fingerprint)
    with (
        pytest.raises(AblabError, match=f"run {spec.id} on node .*only 180 training images"),
        Ray(Job(Tiny(), tmp_path), address=cluster.address) as execute,
    ):
        list(execute(lambda: [spec], Watching()))


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cpu": 64}, "a run needs 64 CPU, and no node has that much: the largest has 2 CPU and 0 GPU"),
        ({"gpu": 1}, "a run needs 1 CPU and 1 GPU, and no node has that"),
        ({"label": "zone=moon"}, 'no node of this cluster has the label "zone=moon"'),
    ],
)
def test_what_the_cluster_cannot_give_is_said_before_the_first_run(options, message, cluster, tmp_path):
    with pytest.raises(InputError, match=message), Ray(Job(Tiny(), tmp_path), address=cluster.address, **options):
        pass


@pytest.mark.parametrize("client", ["", "ray://"])
def test_an_address_where_nobody_answers_is_told_at_once(client, tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"{client}127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(AblabError, match="no Ray cluster answers there .Connection refused"):
            Ray(Job(Tiny(), tmp_path), address=address).__enter__()


@pytest.mark.parametrize(
    ("answer", "message"),
    [(b"SSH-2.0-OpenSSH_9.6\r\n", "something other than Ray answers there"), (b"", "no answer")],
)
def test_somebody_else_who_listens_is_not_taken_for_ray(answer, message, monkeypatch, tmp_path):
    monkeypatch.setattr(ray_cluster, "ANSWERING", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection = server.accept()[0]
            connection.sendall(answer)
            connections.append(connection)

        connections = []
        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(AblabError, match=message):
            Ray(Job(Tiny(), tmp_path), address=f"127.0.0.1:{server.getsockname()[1]}").__enter__()
        thread.join()
        for connection in connections:
            connection.close()


def test_where_no_cluster_runs_the_command_that_starts_one_is_told(monkeypatch, tmp_path):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    with pytest.raises(InputError, match="no Ray cluster runs on this machine: start one with: ray start --head"):
        Ray(Job(Tiny(), tmp_path)).__enter__()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ray(somewhere)", "give the address of a Ray cluster as auto, HOST:PORT, or ray://HOST:PORT"),
        ("ray(host:99999)", "give the address of a Ray cluster"),
        ("ray(host:1, cpu=0)", "cpu = 0 must be above 0"),
        ("ray(host:1, gpu=1.5)", "whole numbers above 1"),
        ("ray(host:1, label=fast)", "write label=KEY=VALUE"),
        ("ray(host:1, gpus=1)", "no option is called"),
    ],
)
def test_options_that_cannot_be_are_refused(text, message, tmp_path):
    with pytest.raises(InputError, match=message), choose(text, None, Job(Tiny(), tmp_path)):
        pass


def test_images_that_no_object_store_can_hold_are_refused_with_the_option_that_helps(tmp_path):
    million = Examples(torch.zeros(1, dtype=torch.uint8).expand(1_000_000, 3, 32, 32), torch.zeros(1_000_000))
    large = Dataset("large", ("a", "b"), million, million)
    executor = Ray(Job(lambda recipe: large, tmp_path), address="127.0.0.1:1")
    executor.cluster.nodes["a"] = node("a")
    with pytest.raises(InputError, match="the images take 6,152 MB, and the object store of node a has 100 MB"):
        executor._data(RunSpec(Recipe.of({}), 0, "0" * 64))


@pytest.mark.parametrize(
    ("error", "what", "remedy"),
    [
        (OutOfMemoryError("killed"), "ran out of memory 4 times", "such as cpu=2, or lower batch"),
        (OutOfDiskError("spilled"), "found the disk full 4 times", "free space there"),
        (WorkerCrashedError(), "was lost 4 times", "perhaps because memory ran out"),
    ],
)
def test_a_run_whose_worker_is_lost_again_and_again_is_named_with_what_helps(error, what, remedy, tmp_path):
    spec = RunSpec(Recipe.of({}), 0, "0" * 64)
    executor = Ray(Job(Tiny(), tmp_path), address="127.0.0.1:1")
    executor.flights["a"] = flight = Flight(spec, "a", None, frozenset(), node="head")
    executor.losses[spec.id] = 3
    with pytest.raises(AblabError, match=f"run {spec.id}: its worker on node head {what}") as caught:
        executor._lose(flight, error, Watching())
    assert remedy in str(caught.value)
    assert not executor.flights


FACTS = own_facts()


def node(name, slots=1, **changes):
    return Node(name, name, slots, 100e6, dataclasses.replace(FACTS, **changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ablab": "9.9"}, "node a has ablab 9.9 and this machine has ablab"),
        ({"torch": "1.0"}, "node a has torch 1.0 and this machine has torch"),
        ({"python": "2.7.1"}, "node a has Python 2.7 and this machine has Python"),
        ({"cores": 1}, "node a offers 2 CPUs and has 1: start Ray there with --num-cpus=1"),
    ],
)
def test_a_node_that_is_not_like_the_driver_is_told_in_one_sentence(changes, message):
    cores = {"cores": 2, **changes}
    (fault,) = faults(node("a", **cores), [{"NodeID": "a", "Resources": {"CPU": 2.0}}])
    assert message in fault


def test_all_runs_go_to_the_kind_of_nodes_that_has_the_most_room():
    slow, fast = FACTS.kind, dataclasses.replace(FACTS.kind, device="NVIDIA H100", precision="bf16")
    cluster = Cluster(Resources(1, 0), "")
    cluster.choose([node("a", 3, kind=slow), node("b", 2, kind=fast), node("c", 2, kind=fast)])
    assert (set(cluster.nodes), cluster.slots, cluster.kind) == ({"b", "c"}, 4, fast)
    assert "left out: a" in cluster.remarks[0]


@pytest.mark.parametrize(
    ("cpu", "gpu", "total", "room"),
    [
        (1, 0, {"CPU": 4.0}, 4),
        (2, 0, {"CPU": 5.0}, 2),
        (1, 0.25, {"CPU": 16.0, "GPU": 1.0}, 4),
        (8, 0.25, {"CPU": 16.0, "GPU": 1.0}, 2),
        (1, 1, {"CPU": 16.0}, 0),
        (0.1, 0, {"CPU": 0.3}, 3),
    ],
)
def test_a_node_has_room_for_as_many_runs_as_each_of_its_resources_allows(cpu, gpu, total, room):
    assert Resources(cpu, gpu).room(total) == room
