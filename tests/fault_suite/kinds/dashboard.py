"""The dashboard under attack: requests that are not its user's, and thousands of connections that never end."""

import json
import random
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fault_suite.child import surroundings
from fault_suite.fault import HELD, Fault, Trial
from fault_suite.kinds.kills import TRAIN
from fault_suite.nursery import Nursery

MOST_SECONDS = 10.0  # for one answer


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[str]
    port: int
    token: str

    def answer(self, request: bytes, seconds: float = MOST_SECONDS) -> bytes | None:
        """The answer to raw bytes; None where there is none in time."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
                connection.sendall(request)
                parts = []
                while part := connection.recv(1 << 16):
                    parts.append(part)
                    if len(parts) == 1 and b"\r\n\r\n" in part and b"close" not in request:
                        break
                return b"".join(parts)
        except (ConnectionError, BrokenPipeError):
            return b""
        except TimeoutError:
            return None

    def own(self, path: str = "/") -> bytes:
        """A request of its user."""
        heads = f"Host: 127.0.0.1:{self.port}\r\nCookie: ablab-{self.port}={self.token}\r\nConnection: close"
        return f"GET {path} HTTP/1.1\r\n{heads}\r\n\r\n".encode()


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    command = [sys.executable, "-m", "ablab", "serve", "--port", "0", "--json"]
    with (folder / "serve.err").open("w") as errors:
        process = subprocess.Popen(
            command, cwd=folder, env=surroundings(folder), stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        assert process.stdout
        said = json.loads(process.stdout.readline())
        yield Server(process, said["port"], said["url"].partition("token=")[2])
    finally:
        process.terminate()
        process.communicate()


def foreign(server: Server, draw: random.Random) -> tuple[str, bytes]:
    """A request without the token, from elsewhere, or for what is no page."""
    host, cookie = f"127.0.0.1:{server.port}", f"Cookie: ablab-{server.port}={server.token}\r\n"
    odd = "".join(draw.choice("abc/.%\\?#&=;:@!~<>'\" \t\0é") for _ in range(draw.randrange(1, 60)))
    path = draw.choice(
        [
            "/",
            "/run/../../etc/passwd",
            "/static/..%2f..%2fapp.py",
            "//etc/passwd",
            "/%00",
            "/" + odd,
            "/" + "a" * 10_000,
        ]
    )
    line = f"{draw.choice(['GET', 'POST', 'PUT', 'TRACE', 'OPTIONS', ''])} {path} HTTP/1.1\r\n"
    kinds = {
        "no token": f"{line}Host: {host}\r\n",
        "a wrong token": f"{line}Host: {host}\r\nCookie: ablab-{server.port}={server.token[:-1]}x\r\n",
        "another host": f"{line}Host: evil.example\r\n{cookie}",
        "no host": f"{line}{cookie}",
        "two hosts": f"{line}Host: {host}\r\nHost: evil.example\r\n{cookie}",
        "another origin": f"{line}Host: {host}\r\nOrigin: http://evil.example\r\n{cookie}",
        "no origin at all": f"{line}Host: {host}\r\nOrigin: null\r\n{cookie}",
        "another site": f"{line}Host: {host}\r\nSec-Fetch-Site: cross-site\r\n{cookie}",
        "a header of 1 MB": f"{line}Host: {host}\r\nX: {'x' * (1 << 20)}\r\n",
        "a body of 1 GB": f"POST /study/x/stop HTTP/1.1\r\nHost: {host}\r\nContent-Length: {1 << 30}\r\n",
        "no HTTP": odd,
    }
    kind = draw.choice(list(kinds))
    return kind, f"{kinds[kind]}Connection: close\r\n\r\n".encode("utf-8", "replace")


def requests(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """Foreign requests: none is answered with data, and its user is answered after each hundred of them."""
    nursery.run(TRAIN, folder)
    draw = random.Random(21)
    with serving(folder) as server:
        secret = json.loads((folder / "out.txt").read_text().splitlines()[-1])["id"].encode()
        for at in range(number):
            kind, request = foreign(server, draw)
            answer = server.answer(request)
            what = f"request {at}, {kind}"
            if answer is None:
                yield Trial("hung", what)
            else:
                yield (
                    Trial("silent", f"{what}: {answer[:80]!r}") if secret in answer or b" 200 " in answer[:20] else HELD
                )
        seen = server.answer(server.own())
        yield HELD if seen and secret in seen else Trial("lost", f"the user's own request: {(seen or b'')[:80]!r}")
        yield HELD if "Traceback" not in (folder / "serve.err").read_text() else Trial("crashed", "a traceback")


def slow(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """Connections that send half a request and wait, while a training runs: its user is answered all the same."""
    nursery.run(TRAIN, folder)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(most[0], min(most[1], number + 200)), most[1]))
    with serving(folder) as server:
        held = []
        for at in range(number):
            try:
                held.append(socket.create_connection(("127.0.0.1", server.port), timeout=MOST_SECONDS))
                held[-1].sendall(b"GET / HTTP/1.1\r\nHost: 127")
            except OSError:
                pass  # a connection that is refused harms nobody
            if at % 100 == 99 or at == number - 1:
                yield answered(server, f"{at + 1} connections")
        trial = nursery.run([*TRAIN[:-3], "--seed", "9"], folder)
        yield HELD if trial.code == 0 else Trial("crashed", f"the training: {trial.code}")
        time.sleep(1.0)
        yield answered(server, "a while later")
        for one in held:
            one.close()
    size = (folder / "serve.err").stat().st_size
    yield HELD if size < 100_000 else Trial("silent", f"{size:,} bytes of errors on the terminal")


def answered(server: Server, what: str) -> Trial:
    """Whether its user is answered in time, the second time at the latest."""
    for _ in range(2):
        answer = server.answer(server.own())
        if answer and b" 200 " in answer[:20]:
            return HELD
    return Trial("hung", f"{what}: {answer[:60] if answer is not None else None!r}")


FAULTS = (
    Fault("foreign requests to the dashboard", 15, 250, requests),
    Fault("slow connections to the dashboard", 50, 2000, slow, is_long=True),
)
