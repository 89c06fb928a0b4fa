"""`ablab WORDS` as a process of its own, forked from an interpreter that has the libraries already.

A training of a moment takes 5 seconds of a core: 2 to import torch, 1 for what torch imports later, 1 to take the
interpreter down. Forked, it takes 2. The process is a real one, with streams, folder, environment and exit code of its
own, and it imports ablab itself, from the folder that the caller names. Tests of starts and signals start Python.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[1] / "src"
LIBRARIES = "click jinja2 numpy PIL.Image pydantic rich.table safetensors.torch scipy.stats torch torch._dynamo"


def ablab(
    *words: str | Path, cwd: Path, package: Path = SOURCE, timeout: float = 240, **environment: str | None
) -> subprocess.CompletedProcess[str]:
    """What `ablab words…` printed in the folder `cwd`, with a cache of its own there.

    `package` is the folder above the package; what is None in the environment is not in it.
    """
    ours = {"ABLAB_CACHE": str(cwd / "cache"), "NO_COLOR": "1", "PYTHONPATH": str(package)}
    variables = {**os.environ, **ours, **environment}
    call = {
        "words": [str(word) for word in words],
        "cwd": str(cwd),
        "environment": {name: value for name, value in variables.items() if value is not None},
    }
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+", encoding="utf-8") as err:
        code = _ask(call, [out.fileno(), err.fileno()], timeout)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(["ablab", *call["words"]], code, out.read(), err.read())


def _ask(call: Mapping[str, Any], streams: list[int], timeout: float) -> int:
    """Have the call carried out with these streams; gives its exit code."""
    line = _parent()
    line.settimeout(timeout)
    socket.send_fds(line, [b"\n"], streams)
    line.sendall(json.dumps(call).encode() + b"\n")
    return int(line.makefile().readline())


@functools.cache
def _parent() -> socket.socket:
    """The line to the interpreter that has the libraries, started once for each process that runs tests."""
    ours, theirs = socket.socketpair()
    words = [sys.executable, __file__, str(theirs.fileno())]
    process = subprocess.Popen(words, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True)
    theirs.close()
    atexit.register(_end, process, ours)
    return ours


def _end(process: subprocess.Popen[bytes], line: socket.socket) -> None:
    line.close()
    process.terminate()
    process.wait()


def serve(line: socket.socket) -> None:
    """Fork a process for each call that arrives, until the other side is gone."""
    for library in LIBRARIES.split():
        importlib.import_module(library)
    _load_shape_rules()
    gc.freeze()  # a collection in a fork would copy every page that the two share
    requests = line.makefile()
    while True:
        _, streams, _, _ = socket.recv_fds(line, 1, 2)
        if not streams:
            return
        call = json.loads(requests.readline())
        pid = os.fork()
        if not pid:
            line.detach()
            _become(call, streams)
            return
        for stream in streams:
            os.close(stream)
        _, status = os.waitpid(pid, 0)
        line.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _load_shape_rules() -> None:
    """Have torch import what networks without numbers need, which it does at the first call."""
    import torch

    with torch.device("meta"):
        torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.ReLU())(torch.empty(1, 1, 8, 8))


def _become(call: Mapping[str, Any], streams: list[int]) -> None:
    """Be `python -m ablab words…`, and end without taking the interpreter down."""
    for ours, theirs in zip(streams, (1, 2), strict=True):
        os.dup2(ours, theirs)
        os.close(ours)
    os.chdir(call["cwd"])
    os.environ.clear()
    os.environ.update(call["environment"])
    sys.path[:1] = [call["cwd"], *filter(None, os.environ["PYTHONPATH"].split(os.pathsep))]
    sys.argv = ["ablab", *call["words"]]
    importlib.invalidate_caches()
    try:
        runpy.run_module("ablab", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(ended.code or 0))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(socket.socket(fileno=int(sys.argv[1])))
