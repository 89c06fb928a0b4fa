"""Nobody keeps the dashboard from its owner by opening connections and saying nothing."""

import contextlib
import logging
import socket
import threading

import psutil
import pytest
import uvicorn
from dashboards import end, start

from ablab.serve import limits
from ablab.serve.limits import MOST, WAITING, LimitedProtocol, Once

UNFINISHED = [
    b"",
    b"GET / HTTP/1.1\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: a",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
]


@pytest.fixture
def impatient(monkeypatch):
    """A server in this process that waits a tenth of a second for a request."""
    monkeypatch.setattr(limits, "PATIENCE", 0.1)

    async def nobody(scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(nobody, http=LimitedProtocol, backlog=WAITING, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield listener.getsockname()
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.mark.parametrize("said", UNFINISHED)
def test_a_request_that_is_never_finished_is_ended(impatient, said):
    with socket.create_connection(impatient) as connection, contextlib.suppress(ConnectionResetError):
        connection.sendall(said)
        assert connection.recv(100) == b""


def test_a_connection_may_ask_again_and_again(impatient):
    with socket.create_connection(impatient) as connection:
        for _ in range(3):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 204")


@pytest.mark.long
def test_a_thousand_slow_connections_leave_the_dashboard_to_its_owner(filled):
    process, dashboard = start(filled[0])
    with contextlib.ExitStack() as held:
        for number in range(1200):
            connection = held.enter_context(socket.create_connection(("127.0.0.1", dashboard.port)))
            with contextlib.suppress(OSError):  # ended already
                connection.sendall(UNFINISHED[number % len(UNFINISHED)])
        assert dashboard.ask("/").status == 200
        assert psutil.Process(process.pid).num_fds() < MOST + 3 * WAITING
        assert dashboard.ask("/").status == 200
    end(process)


def test_a_message_is_told_once():
    once = Once()
    records = [logging.LogRecord("uvicorn.error", 30, "", 0, text, (), None) for text in ("broken", "broken", "other")]
    assert [once.filter(record) for record in records] == [True, False, True]
