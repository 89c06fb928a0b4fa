"""Ray on this machine, started for a test and stopped after it: a head, and as many more nodes as the test wants."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

RAY = Path(sys.executable).parent / "ray"
SOURCE = Path(__file__).parent.parent / "src"
STORE = 100_000_000  # bytes of a node's object store


@dataclass(frozen=True)
class RayNode:
    """The processes of one node: `ray start --block` and all that it started."""

    name: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process.poll() is not None:
            return
        processes = [psutil.Process(self.process.pid)]
        processes += processes[0].children(recursive=True)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()


@dataclass
class LocalCluster:
    """A cluster whose nodes are all on this machine."""

    folder: Path
    port: int
    client_port: int
    nodes: dict[str, RayNode] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self, name: str, *options: str, cpus: int = 1) -> RayNode:
        """Start a node; the first one is the head."""
        where = [f"--address={self.address}"] if self.nodes else ["--head", "--node-ip-address=127.0.0.1"]
        if not self.nodes:
            where += [f"--port={self.port}", f"--ray-client-server-port={self.client_port}"]
            where += [f"--temp-dir={self.folder}", "--include-dashboard=false"]
        words = [RAY, "start", "--block", *where, f"--node-name={name}", f"--num-cpus={cpus}", *options]
        words += [f"--object-store-memory={STORE}", "--disable-usage-stats"]
        env = {**os.environ, "PYTHONPATH": str(SOURCE), "RAY_TMPDIR": str(self.folder), "OMP_NUM_THREADS": "1"}
        log = self.folder / f"{name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(words, env=env, stdout=file, stderr=file, start_new_session=True)
        self.nodes[name] = RayNode(name, process)
        self._await(log, process)
        return self.nodes[name]

    def _await(self, log: Path, process: subprocess.Popen[bytes]) -> None:
        while b"Ray runtime started" not in log.read_bytes():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
                raise AssertionError(log.read_text(errors="replace"))

    def workers(self) -> list[psutil.Process]:
        """The processes that carry out runs now."""
        found = []
        for node in self.nodes.values():
            for process in (
                psutil.Process(node.process.pid).children(recursive=True) if node.process.poll() is None else ()
            ):
                with contextlib.suppress(psutil.Error):
                    if process.cmdline()[:1] and process.cmdline()[0].startswith("ray::ablab "):
                        found.append(process)
        return found


@contextlib.contextmanager
def local_cluster(*, cpus: int = 2) -> Iterator[LocalCluster]:
    """A cluster of one node, for as long as it is open."""
    folder = Path(tempfile.mkdtemp(prefix="ray"))  # a short path: Ray's sockets allow 107 characters
    cluster = LocalCluster(folder, _free_port(), _free_port())
    try:
        cluster.start("head", cpus=cpus)
        yield cluster
    finally:
        for node in reversed(cluster.nodes.values()):
            node.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
