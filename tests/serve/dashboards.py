"""A dashboard that really runs: its own process, a free port, a store with a study half done."""

import dataclasses
import http.client
import json
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from simulated import simulate, study

from ablab.records import DataFacts, Run, StudyText
from ablab.store import Store
from ablab.study import Plan

HOSTILE = "<script>__pwned=1</script>"
FINGERPRINT = "0123456789ab"
CLASSES = ('"><img src=x onerror=__pwned=1>', "</title><svg/onload=__pwned=1>", "cat")


@dataclass(frozen=True)
class Dashboard:
    """The address of a dashboard and how to ask it."""

    port: int
    token: str
    store: Path
    studies: int = 0  # as it counted them when it started

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.base}/?token={self.token}"

    def ask(self, path: str, method: str = "GET", *, address: str = "127.0.0.1", **headers: str) -> Any:
        """The answer, with its body read; headers are given by name, and the cookie is sent unless another is."""
        sent = {"Host": f"127.0.0.1:{self.port}", "Cookie": f"ablab-{self.port}={self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(address, self.port, timeout=30)
        connection.putrequest(method, path, skip_host=True)
        for name, value in sent.items():
            if value:
                connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer


def fill(folder: Path, *, most: int = 17) -> tuple[Plan, tuple[Run, ...]]:
    """Put a study with hostile names in a store, and the first so many of its runs."""
    it = study()
    text = it.text.replace('"wide"', f"'{HOSTILE}'").replace("Does batch norm", f"{HOSTILE} Does batch norm")
    it = study(text=text)
    planned, runs, _ = simulate(it, gains={"batch norm": 6.0, "dropout": 0.1})
    draw = random.Random(0)
    labels = tuple(draw.randrange(3) for _ in range(60))
    store = Store(folder)
    store.keep_data(DataFacts(FINGERPRINT, "phantom", CLASSES, labels))
    store.keep_study(StudyText(planned.hash, it.name, it.text, FINGERPRINT, len(it.variants)))
    kept = []
    for run in runs[:most]:
        answers = bytes(label if draw.random() < 0.7 else draw.randrange(3) for label in labels)
        test = dataclasses.replace(run.test, images=60) if run.test else None
        kept.append(dataclasses.replace(run, predictions=answers, test=test))
        store.add(kept[-1])
    return planned, tuple(kept)


def start(store: Path) -> tuple[subprocess.Popen[str], Dashboard]:
    command = [sys.executable, "-m", "ablab", "serve", "--port", "0", "--json", "--store", str(store)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    said = json.loads(process.stdout.readline())
    parts = urlsplit(said["url"])
    assert parts.port == said["port"]
    return process, Dashboard(said["port"], parse_qs(parts.query)["token"][0], store, said["studies"])


def end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(timeout=30)
    if process.stdout:
        process.stdout.close()
